import { createHash, createHmac, hash, timingSafeEqual } from "node:crypto";

/** SHA-256 of the bytes or of the text in UTF-8. */
export const sha256 = (data: string | Uint8Array): Buffer =>
  Buffer.from(hash("sha256", data, "hex"), "hex");

/** SHA-256 in lower-case hexadecimal digits. */
export const sha256Hex = (data: string | Uint8Array): string => hash("sha256", data, "hex");

/** MD5 in lower-case hexadecimal digits: the form of an S3 entity tag, never a security measure. */
export const md5Hex = (data: string | Uint8Array): string => hash("md5", data, "hex");

/** HMAC-SHA-256 of the data under a secret. */
export const hmacSha256 = (secret: string | Uint8Array, data: string | Uint8Array): Buffer =>
  createHmac("sha256", secret).update(data).digest();

/** A hash fed piece by piece. */
export interface Hasher {
  update(data: Uint8Array): void;
  digest(): Buffer;
}

/** Starts a hash over a stream. */
export function createHasher(algorithm: "md5" | "sha1" | "sha256"): Hasher {
  const running = createHash(algorithm);
  return {
    update: (data) => void running.update(data),
    digest: () => running.digest(),
  };
}

/** Compares two secrets in a time that depends on their lengths only. */
export function equalSecrets(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

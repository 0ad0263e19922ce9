import { createHash, createHmac, hash, timingSafeEqual } from "node:crypto";

/** SHA-256 of the bytes or of the text in UTF-8. */
export const sha256 = (data: string | Uint8Array): Buffer =>
  Buffer.from(hash("sha256", data, "binary"), "latin1");

/** SHA-256 in lower-case hexadecimal digits. */
export const sha256Hex = (data: string | Uint8Array): string => hash("sha256", data, "hex");

/** MD5 in lower-case hexadecimal digits: the form of an S3 entity tag, never a security measure. */
export const md5Hex = (data: string | Uint8Array): string => hash("md5", data, "hex");

/** SHA-224, SHA-384 or SHA-512 in lower-case hexadecimal digits. */
export const sha2Hex = (bits: 224 | 384 | 512, data: Uint8Array): string =>
  hash(`sha${bits}`, data, "hex");

const blockBytes = 64;
const shortBytesMax = 1024;

/** A block of the key, and what is hashed behind it. Empty between two calls. */
const inner = Buffer.alloc(blockBytes + shortBytesMax);
const outer = Buffer.alloc(blockBytes + 32);

/**
 * HMAC-SHA-256 of the data under a secret (RFC 2104). Short data is hashed twice in place: an object of Node's for it
 * costs three times as much, and the collector as much again.
 */
export function hmacSha256(secret: string | Uint8Array, data: string | Uint8Array): Buffer {
  const key = typeof secret === "string" ? Buffer.from(secret) : secret;
  const bytes = typeof data === "string" ? Buffer.byteLength(data) : data.length;
  if (key.length > blockBytes || bytes > shortBytesMax) {
    return createHmac("sha256", key).update(data).digest();
  }
  for (let at = 0; at < blockBytes; at += 1) {
    const byte = at < key.length ? (key[at] ?? 0) : 0;
    inner[at] = byte ^ 0x36;
    outer[at] = byte ^ 0x5c;
  }
  if (typeof data === "string") inner.write(data, blockBytes);
  else inner.set(data, blockBytes);
  outer.write(
    hash("sha256", inner.subarray(0, blockBytes + bytes), "binary"),
    blockBytes,
    "latin1",
  );
  const mac = sha256(outer);
  inner.fill(0, 0, blockBytes + bytes);
  outer.fill(0);
  return mac;
}

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

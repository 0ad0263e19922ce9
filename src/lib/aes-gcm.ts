import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Random } from "./random.ts";

const nonceBytes = 12;
const tagBytes = 16;
/** Bytes of a key of AES-256. */
export const keyBytes = 32;

/** AES-256-GCM with a fresh nonce, which stands before what it encrypts; the tag stands behind. */
export function encryptGcm(
  plain: Uint8Array,
  key: Uint8Array,
  bound: Uint8Array,
  random: Random,
): Buffer {
  const nonce = random.bytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(bound);
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** The reverse; undefined where key, bytes or what they are bound to are others. */
export function decryptGcm(
  sealed: Uint8Array,
  key: Uint8Array,
  bound: Uint8Array,
): Buffer | undefined {
  if (sealed.length < nonceBytes + tagBytes) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonceBytes))
    .setAAD(bound)
    .setAuthTag(sealed.subarray(sealed.length - tagBytes));
  const plain = decipher.update(sealed.subarray(nonceBytes, sealed.length - tagBytes));
  try {
    return Buffer.concat([plain, decipher.final()]);
  } catch {
    return undefined;
  }
}

import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";
import type { Random } from "../lib/random.ts";

const nonceBytes = 12;
const tagBytes = 16;

/** A 256-bit key for one purpose, from a key that has several (HKDF-SHA-256). */
export function deriveKey(secret: Uint8Array, salt: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, salt, `bondstore ${purpose}`, 32));
}

/**
 * Wraps a few small secrets under a long-lived key: random nonce, ciphertext, tag (AES-256-GCM).
 * For data there are sealers, which count their nonces.
 */
export function wrapUnder(
  key: Uint8Array,
  plain: Uint8Array,
  bound: string,
  random: Random,
): Buffer {
  const nonce = random.bytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(bound));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Undoes `wrapUnder`; undefined when the bytes, the key or what they were bound to differ. */
export function unwrapUnder(
  key: Uint8Array,
  wrapped: Uint8Array,
  bound: string,
): Buffer | undefined {
  if (wrapped.length < nonceBytes + tagBytes) return undefined;
  const end = wrapped.length - tagBytes;
  const decipher = createDecipheriv("aes-256-gcm", key, wrapped.subarray(0, nonceBytes))
    .setAAD(Buffer.from(bound))
    .setAuthTag(wrapped.subarray(end));
  const plain = decipher.update(wrapped.subarray(nonceBytes, end));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return plain;
}

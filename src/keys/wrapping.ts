import { hkdfSync } from "node:crypto";
import { decryptGcm, encryptGcm } from "../lib/aes-gcm.ts";
import type { Random } from "../lib/random.ts";

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
  return encryptGcm(plain, key, Buffer.from(bound), random);
}

/** Undoes `wrapUnder`; undefined when the bytes, the key or what they were bound to differ. */
export function unwrapUnder(
  key: Uint8Array,
  wrapped: Uint8Array,
  bound: string,
): Buffer | undefined {
  return decryptGcm(wrapped, key, Buffer.from(bound));
}

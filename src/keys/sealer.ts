import { createCipheriv, createDecipheriv } from "node:crypto";
import { assert } from "../lib/assert.ts";
import { sha256 } from "../lib/hash.ts";
import type { Random } from "../lib/random.ts";
import { Corruption, type Sealer } from "../storage/store.ts";

const nonceBytes = 12;
const tagBytes = 16;

/** What a sealer adds to what it seals: nonce and tag. */
export const sealOverheadBytes = nonceBytes + tagBytes;

/** Seals so many times with one nonce prefix; after that a new prefix or a new key is due. */
const sealsMax = 2 ** 32;

/** A data key is named by what it is kept as: the same each time it is opened. */
export const sealerId = (wrapped: Uint8Array) =>
  sha256(wrapped).subarray(0, 16).toString("base64url");

/** A sealer that says when its key should be replaced. */
export interface CountingSealer extends Sealer {
  readonly exhausted: boolean;
}

type Lifetime = { readonly oneProcess: true } | { readonly manyOpenings: Random };

/**
 * The nonces of one key: a prefix of 64 bits and a counter of 32.
 * INVARIANT: none comes twice. A key that lives in one process only has the prefix zero; a key that is opened again and
 * again (an envelope's) draws a fresh random prefix at its first seal, and when the counter has run out.
 */
export function createNonces(lifetime: Lifetime, first = 0) {
  let prefix: Buffer | undefined = "oneProcess" in lifetime ? Buffer.alloc(8) : undefined;
  let count = first;
  return {
    get exhausted() {
      return count === sealsMax;
    },
    next(): Buffer {
      if (count === sealsMax) {
        assert("manyOpenings" in lifetime, "a data key is replaced before its counter runs out");
        prefix = undefined;
        count = 0;
      }
      if (!prefix) {
        assert("manyOpenings" in lifetime, "only envelopes draw a prefix");
        prefix = lifetime.manyOpenings.bytes(8);
      }
      const nonce = Buffer.allocUnsafe(nonceBytes);
      prefix.copy(nonce);
      nonce.writeUInt32BE(count, 8);
      count += 1;
      return nonce;
    },
  };
}

/** Seals with AES-256-GCM under one key. */
export function createSealer(id: string, key: Uint8Array, lifetime: Lifetime): CountingSealer {
  assert(key.length === 32, "data keys have 256 bits");
  const nonces = createNonces(lifetime);

  function sealPieces(plain: Uint8Array, bound: Uint8Array): readonly Buffer[] {
    const nonce = nonces.next();
    const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(bound);
    const sealed = cipher.update(plain);
    cipher.final();
    return [nonce, sealed, cipher.getAuthTag()];
  }

  return {
    id,
    get exhausted() {
      return nonces.exhausted;
    },
    sealPieces,
    seal: (plain, bound) =>
      Buffer.concat(sealPieces(plain, bound), plain.length + sealOverheadBytes),
    open(sealed, bound) {
      const end = sealed.length - tagBytes;
      if (end < nonceBytes) throw new Corruption("sealed bytes are cut short");
      const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, nonceBytes))
        .setAAD(bound)
        .setAuthTag(sealed.subarray(end));
      const plain = decipher.update(sealed.subarray(nonceBytes, end));
      try {
        decipher.final();
      } catch {
        throw new Corruption("sealed bytes are not what was written");
      }
      return plain;
    },
  };
}

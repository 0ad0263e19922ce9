import { createECDH, type KeyObject } from "node:crypto";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { assert } from "../../lib/assert.ts";
import type { Random } from "../../lib/random.ts";

/*
 * ECDSA over a digest that is given (FIPS 186-5, 6.4), which node:crypto does not offer: it hashes itself.
 *
 * Signing multiplies the base point with node:crypto, whose time does not depend on the number, and blinds what it
 * calculates with big integers, whose time does. Verifying handles nothing secret.
 */

/** By the name that OpenSSL gives a curve. */
const libraries: ReadonlyMap<string, typeof p256> = new Map([
  ["prime256v1", p256],
  ["secp384r1", p384],
  ["secp521r1", p521],
  ["secp256k1", secp256k1],
]);

function libraryOf(curve: string): typeof p256 {
  const library = libraries.get(curve);
  assert(library, "the curve signs by ECDSA");
  return library;
}

const number = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(bytes).toString("hex") || 0}`);
const bytes = (value: bigint, size: number): Buffer =>
  Buffer.from(value.toString(16).padStart(size * 2, "0"), "hex");

/** The leftmost bits of a digest, as many as the order has. */
function leftmost(digest: Uint8Array, orderBits: number): bigint {
  const excess = Math.max(digest.length * 8 - orderBits, 0);
  return number(digest) >> BigInt(excess);
}

function inverse(value: bigint, order: bigint): bigint {
  let [low, high] = [value % order, order];
  let [one, other] = [1n, 0n];
  while (low > 1n) {
    const quotient = high / low;
    [low, high] = [high % low, low];
    [one, other] = [other - quotient * one, one];
  }
  return ((one % order) + order) % order;
}

/** A number from 1 up to the order, near enough to evenly (FIPS 186-5, A.3.1). */
const draw = (random: Random, order: bigint, size: number): bigint =>
  (number(random.bytes(size + 8)) % (order - 1n)) + 1n;

/** Signs a digest, with a key of the curve of that name; answers r and s, each as long as the order. */
export function signDigest(
  curve: string,
  key: KeyObject,
  digest: Uint8Array,
  random: Random,
): Buffer {
  const { ORDER: order, BYTES: size, BITS: orderBits } = libraryOf(curve).Point.Fn;
  const secret = number(Buffer.from(key.export({ format: "jwk" }).d ?? "", "base64url"));
  for (;;) {
    const nonce = draw(random, order, size);
    const pair = createECDH(curve);
    pair.setPrivateKey(bytes(nonce, size));
    const r = number(pair.getPublicKey().subarray(1, 1 + size)) % order;
    const blind = draw(random, order, size);
    const blinded = (blind * leftmost(digest, orderBits) + ((blind * r) % order) * secret) % order;
    const s = (inverse((nonce * blind) % order, order) * blinded) % order;
    if (r !== 0n && s !== 0n) return Buffer.concat([bytes(r, size), bytes(s, size)]);
  }
}

/**
 * Whether a signature is one of the digest by the holder of the point: r and s, or both in DER. As for OpenSSL, the
 * greater of the two values of s is a signature too (ANSI X9.62).
 */
export function isSignedDigest(
  curve: string,
  point: Uint8Array,
  digest: Uint8Array,
  signature: Uint8Array,
  format: "compact" | "der",
): boolean {
  try {
    const how = { prehash: false, lowS: false, format };
    return libraryOf(curve).verify(signature, digest, point, how);
  } catch {
    return false;
  }
}

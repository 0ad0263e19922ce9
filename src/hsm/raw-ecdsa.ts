import { createECDH, type KeyObject } from "node:crypto";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import type { Random } from "../lib/random.ts";
import type { Curve } from "./curves.ts";

/*
 * ECDSA over a hash that is given (FIPS 186-5, 6.4), which node:crypto does not offer: it hashes itself.
 *
 * Signing multiplies the base point with node:crypto, whose time does not depend on the number, and blinds what it
 * calculates with big integers, whose time does. Verifying handles nothing secret.
 */

const verifiers = { "P-256": p256, "P-384": p384, "P-521": p521, secp256k1 } as const;

const number = (bytes: Uint8Array): bigint =>
  BigInt(`0x${Buffer.from(bytes).toString("hex") || 0}`);
const bytes = (value: bigint, size: number): Buffer =>
  Buffer.from(value.toString(16).padStart(size * 2, "0"), "hex");

/** The leftmost bits of a hash, as many as the order has. */
function leftmost(hash: Uint8Array, { bits }: Curve): bigint {
  const excess = Math.max(hash.length * 8 - bits, 0);
  return number(hash) >> BigInt(excess);
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

/** Signs a hash; answers r and s, each as long as the curve's numbers. */
export function signHash(
  curve: Curve & { readonly order: bigint },
  key: KeyObject,
  hash: Uint8Array,
  random: Random,
): Buffer {
  const { order, bytes: size } = curve;
  const secret = number(Buffer.from(key.export({ format: "jwk" }).d ?? "", "base64url"));
  for (;;) {
    const nonce = draw(random, order, size);
    const pair = createECDH(curve.node);
    pair.setPrivateKey(bytes(nonce, size));
    const r = number(pair.getPublicKey().subarray(1, 1 + size)) % order;
    const blind = draw(random, order, size);
    const blinded = (blind * leftmost(hash, curve) + ((blind * r) % order) * secret) % order;
    const s = (inverse((nonce * blind) % order, order) * blinded) % order;
    if (r !== 0n && s !== 0n) return Buffer.concat([bytes(r, size), bytes(s, size)]);
  }
}

/** Tells whether a signature of r and s is one of the hash by the holder of the point. */
export function isHashSignedBy(
  curve: Curve,
  point: Uint8Array,
  hash: Uint8Array,
  signature: Uint8Array,
): boolean {
  const verifier = verifiers[curve.jwk as keyof typeof verifiers];
  try {
    return verifier.verify(signature, hash, point, { prehash: false, lowS: false });
  } catch {
    return false;
  }
}

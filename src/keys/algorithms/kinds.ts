import { createHmac, type KeyObject } from "node:crypto";
import type { Random } from "../../lib/random.ts";
import type { KeySpecName } from "../key-specs.ts";
import { curves, ecdsa, edwards, generateEcc, generateEdwards } from "./ecc.ts";
import { generateMlDsa, generateMlKem, type MlDsaSpec, type MlKemSpec } from "./lattice.ts";
import { generateRsa, rsaSigning } from "./rsa.ts";

/** Material of a new key: a private key as PKCS#8 (DER), a seed, or plain bytes. */
export interface MadeMaterial {
  readonly bytes: Buffer;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey?: Buffer;
}

/** One signature algorithm over keys of OpenSSL. */
export interface Signing {
  /** Length of what MessageType DIGEST takes; absent where no digest is taken. */
  readonly digestBytes?: number;
  signMessage(key: KeyObject, message: Uint8Array): Promise<Buffer>;
  signDigest?(key: KeyObject, digest: Uint8Array): Promise<Buffer>;
  verifyMessage(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean;
  verifyDigest?(key: KeyObject, digest: Uint8Array, signature: Uint8Array): boolean;
}

/** Hashes of MAC keys, and how long their material is (KMS Developer Guide, "HMAC key specs"). */
export const hmacs: Readonly<Record<string, readonly [hash: string, bytes: number]>> = {
  HMAC_224: ["sha224", 28],
  HMAC_256: ["sha256", 32],
  HMAC_384: ["sha384", 48],
  HMAC_512: ["sha512", 64],
};

/** Makes the material of a key of this spec; undefined where this Bondstore cannot. */
export async function generateMaterial(
  spec: KeySpecName,
  random: Random,
): Promise<MadeMaterial | undefined> {
  if (spec === "SYMMETRIC_DEFAULT") return { bytes: random.bytes(32) };
  const [, bytes] = hmacs[spec] ?? [];
  if (bytes !== undefined) return { bytes: random.bytes(bytes) };
  if (spec.startsWith("RSA_")) return generateRsa(Number(spec.slice(4)));
  if (curves[spec]) return generateEcc(spec);
  if (spec === "ECC_NIST_EDWARDS25519") return generateEdwards();
  if (spec.startsWith("ML_DSA_")) return generateMlDsa(spec as MlDsaSpec, random);
  if (spec.startsWith("ML_KEM_")) return generateMlKem(spec as MlKemSpec, random);
  return undefined;
}

/** The MAC of a message under the material of a key of this spec (FIPS 198-1). */
export const macOf = (spec: KeySpecName, material: Uint8Array, message: Uint8Array): Buffer =>
  createHmac(hmacs[spec]?.[0] ?? "", material)
    .update(message)
    .digest();

/** The algorithm of this name for keys of this spec; undefined where this Bondstore has it not. */
export function signingOf(
  spec: KeySpecName,
  algorithm: string,
  random: Random,
): Signing | undefined {
  const [, scheme, bits] = /^RSASSA_(PKCS1_V1_5|PSS)_SHA_(\d{3})$/.exec(algorithm) ?? [];
  if (scheme !== undefined) {
    return rsaSigning(scheme === "PSS" ? "pss" : "pkcs1", `sha${bits}`, random);
  }
  if (algorithm === "ED25519_SHA_512") return edwards;
  const curve = curves[spec];
  return curve && algorithm.startsWith("ECDSA_") ? ecdsa(curve) : undefined;
}

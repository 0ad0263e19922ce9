import { ml_dsa44, ml_dsa65, ml_dsa87 } from "@noble/post-quantum/ml-dsa.js";
import { ml_kem512, ml_kem768, ml_kem1024 } from "@noble/post-quantum/ml-kem.js";
import { bits, objectId, sequence } from "../../lib/der.ts";
import type { Random } from "../../lib/random.ts";
import type { MadeMaterial } from "./kinds.ts";

/** ML-DSA (FIPS 204) by key spec, with the last arc of its object identifier (2.16.840.1.101.3.4.3). */
const signers = {
  ML_DSA_44: { scheme: ml_dsa44, arc: 17 },
  ML_DSA_65: { scheme: ml_dsa65, arc: 18 },
  ML_DSA_87: { scheme: ml_dsa87, arc: 19 },
} as const;

/** ML-KEM (FIPS 203), with the last arc of its object identifier (2.16.840.1.101.3.4.4). */
const encapsulators = {
  ML_KEM_512: { scheme: ml_kem512, arc: 1 },
  ML_KEM_768: { scheme: ml_kem768, arc: 2 },
  ML_KEM_1024: { scheme: ml_kem1024, arc: 3 },
} as const;

export type MlDsaSpec = keyof typeof signers;
export type MlKemSpec = keyof typeof encapsulators;

const [signatureArc, encapsulationArc] = [3, 4];
/** What EXTERNAL_MU is: the hash of public key and message that FIPS 204 calls µ. */
export const muBytes = 64;

/** The material is the seed that the key pair is made of. */
export function generateMlDsa(spec: MlDsaSpec, random: Random): MadeMaterial {
  const { scheme, arc } = signers[spec];
  const bytes = random.bytes(scheme.lengths.seed ?? 32);
  return { bytes, publicKey: spkiOf(signatureArc, arc, scheme.keygen(bytes).publicKey) };
}

export function generateMlKem(spec: MlKemSpec, random: Random): MadeMaterial {
  const { scheme, arc } = encapsulators[spec];
  const bytes = random.bytes(scheme.lengths.seed ?? 64);
  return { bytes, publicKey: spkiOf(encapsulationArc, arc, scheme.keygen(bytes).publicKey) };
}

/** Signs a message, or µ where it was hashed outside. */
export function signMlDsa(
  spec: MlDsaSpec,
  seed: Uint8Array,
  message: Uint8Array,
  isMu: boolean,
): Buffer {
  const { scheme } = signers[spec];
  const { secretKey } = scheme.keygen(seed);
  const signed = isMu
    ? scheme.internal.sign(message, secretKey, { externalMu: true })
    : scheme.sign(message, secretKey);
  secretKey.fill(0);
  return Buffer.from(signed);
}

export function verifyMlDsa(
  spec: MlDsaSpec,
  spki: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
  isMu: boolean,
): boolean {
  const { scheme } = signers[spec];
  const publicKey = rawOf(spki, scheme.lengths.publicKey ?? 0);
  if (signature.length !== scheme.lengths.signature) return false;
  return isMu
    ? scheme.internal.verify(signature, message, publicKey, { externalMu: true })
    : scheme.verify(signature, message, publicKey);
}

/** A fresh shared secret of 32 bytes, and what the holder of the private key opens it from. */
export function encapsulate(
  spec: MlKemSpec,
  spki: Uint8Array,
): { readonly secret: Buffer; readonly sealed: Buffer } {
  const { scheme } = encapsulators[spec];
  const made = scheme.encapsulate(rawOf(spki, scheme.lengths.publicKey ?? 0));
  return { secret: Buffer.from(made.sharedSecret), sealed: Buffer.from(made.cipherText) };
}

/** Undefined for what has not the length of a ciphertext; any other bytes open to something (FIPS 203, section 6.3). */
export function decapsulate(
  spec: MlKemSpec,
  seed: Uint8Array,
  sealed: Uint8Array,
): Buffer | undefined {
  const { scheme } = encapsulators[spec];
  if (sealed.length !== scheme.lengths.cipherText) return undefined;
  const { secretKey } = scheme.keygen(seed);
  const secret = Buffer.from(scheme.decapsulate(sealed, secretKey));
  secretKey.fill(0);
  return secret;
}

/** SubjectPublicKeyInfo (RFC 5280) of a raw public key. */
const spkiOf = (family: number, arc: number, raw: Uint8Array): Buffer =>
  sequence(sequence(objectId(`2.16.840.1.101.3.4.${family}.${arc}`)), bits(raw));

/** The raw key is what an SPKI of ours ends with. */
const rawOf = (spki: Uint8Array, size: number): Uint8Array => spki.subarray(spki.length - size);

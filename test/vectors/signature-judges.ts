import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { signingOf } from "../../src/keys/algorithms/kinds.ts";
import {
  generateMlDsa,
  type MlDsaSpec,
  signMlDsa,
  verifyMlDsa,
} from "../../src/keys/algorithms/lattice.ts";
import { type KeySpecName, keySpecs, specOf } from "../../src/keys/key-specs.ts";
import { type Random, systemRandom } from "../../src/lib/random.ts";
import type { Judge, Vector } from "../support/wycheproof.ts";

/** Randomness that is known: what is made of it, too. */
const given = (bytes: Buffer): Random => ({ ...systemRandom, bytes: () => Buffer.from(bytes) });

const publicKeyOf = (vector: Vector): KeyObject =>
  createPublicKey({ key: vector.bytes("publicKeyDer"), format: "der", type: "spki" });

/** Verifies the message and, where KMS takes one, its digest: both must say the same. */
function verifies(vector: Vector, spec: KeySpecName, algorithm: string): boolean | string {
  const signing = signingOf(spec, algorithm, systemRandom);
  if (!signing) return `${algorithm} is not built`;
  const [key, message, signature] = [
    publicKeyOf(vector),
    vector.bytes("msg"),
    vector.bytes("sig"),
  ] as const;
  const whole = signing.verifyMessage(key, message, signature);
  if (!signing.verifyDigest) return whole;
  const digest = createHash(hashOf(vector)).update(message).digest();
  if (signing.verifyDigest(key, digest, signature) !== whole) {
    throw new Error(`message and digest differ on ${vector}`);
  }
  return whole;
}

const hashOf = (vector: Vector): string => vector.text("sha").toLowerCase().replace("-", "");

export const ecdsa =
  (spec: KeySpecName): Judge =>
  (vector) =>
    verifies(vector, spec, specOf(spec).usages.SIGN_VERIFY?.[0] ?? "");

export const ed25519: Judge = (vector) =>
  verifies(vector, "ECC_NIST_EDWARDS25519", "ED25519_SHA_512");

const rsaSpec = (vector: Vector) => `RSA_${vector.number("keySize")}` as KeySpecName;

/** PKCS #1 v1.5, for keys and hashes of KMS. */
export const rsaPkcs1: Judge = (vector) =>
  verifies(vector, rsaSpec(vector), `RSASSA_PKCS1_V1_5_${vector.text("sha").replace("-", "_")}`);

/** PSS as KMS has it: the hash is the mask's too, and the salt as long. */
export const rsaPss: Judge = (vector) => {
  const hash = vector.text("sha");
  if (!["SHA-256", "SHA-384", "SHA-512"].includes(hash)) return "hash";
  if (vector.text("mgfSha") !== hash) return "mask";
  if (vector.number("sLen") * 8 !== Number(hash.slice(4))) return "salt length";
  if (!(rsaSpec(vector) in keySpecs)) return "key length";
  return verifies(vector, rsaSpec(vector), `RSASSA_PSS_${hash.replace("-", "_")}`);
};

/** Valid ones with another salt: KMS takes none of them. */
export const rsaPssOtherSalt: Judge = (vector) => {
  if (vector.result !== "valid") return "invalid with its own salt";
  const algorithm = `RSASSA_PSS_${vector.text("sha").replace("-", "_")}`;
  return verifies(vector, rsaSpec(vector), algorithm) === false;
};

export const mlDsaVerify =
  (spec: MlDsaSpec): Judge =>
  (vector) => {
    if (vector.has("ctx") && vector.text("ctx") !== "") return "context";
    if (vector.flags.includes("IncorrectPublicKeyLength")) {
      return "key length";
    }
    const [spki, message, signature] = [
      vector.bytes("publicKeyDer"),
      vector.bytes("msg"),
      vector.bytes("sig"),
    ] as const;
    const whole = verifyMlDsa(spec, spki, message, signature, false);
    const mu = muOf(vector.bytes("publicKey"), message);
    if (verifyMlDsa(spec, spki, mu, signature, true) !== whole) {
      throw new Error(`message and µ differ on ${vector}`);
    }
    return whole;
  };

/** FIPS 204, algorithm 7, lines 6 and 7, for an empty context. */
function muOf(publicKey: Buffer, message: Buffer): Buffer {
  const tr = createHash("shake256", { outputLength: 64 }).update(publicKey).digest();
  const hash = createHash("shake256", { outputLength: 64 });
  return hash.update(tr).update(Buffer.alloc(2)).update(message).digest();
}

/** The pair of the seed is theirs, their signature verifies under it, and what we sign does. */
export const mlDsaSign =
  (spec: MlDsaSpec): Judge =>
  (vector) => {
    if (vector.has("ctx") && vector.text("ctx") !== "") return "context";
    if (vector.flags.includes("IncorrectPrivateKeyLength")) {
      return "seed length";
    }
    const seed = vector.bytes("privateSeed");
    const spki = generateMlDsa(spec, given(seed)).publicKey ?? Buffer.alloc(0);
    const isMu = !vector.has("msg");
    const message = vector.bytes(isMu ? "mu" : "msg");
    const verify = (signature: Buffer) => verifyMlDsa(spec, spki, message, signature, isMu);
    const theirs = vector.bytes("publicKey");
    return (
      spki.subarray(-theirs.length).equals(theirs) &&
      verify(vector.bytes("sig")) &&
      verify(signMlDsa(spec, seed, message, isMu))
    );
  };

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { kindOfSpec, messageBytes } from "../../src/keys/algorithms/kinds.ts";
import { type KeySpecName, keySpecs, specOf } from "../../src/keys/key-specs.ts";
import type { Judge, Vector } from "../support/wycheproof.ts";
import { given, openPublic } from "./open.ts";

/** Verifies the message and, where KMS takes one, its digest: both must say the same. */
function verifies(vector: Vector, spec: KeySpecName, algorithm: string): boolean {
  const key = openPublic(spec, vector.bytes("publicKeyDer"));
  const [message, signature] = [vector.bytes("msg"), vector.bytes("sig")];
  const whole = key?.verify?.(message, signature, { algorithm, type: "RAW" }) ?? false;
  const form = { algorithm, type: "DIGEST" } as const;
  if (messageBytes(form) === undefined) return whole;
  const digest = createHash(hashOf(vector)).update(message).digest();
  assert.equal(key?.verify?.(digest, signature, form), whole, `the digest of ${vector}`);
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

/** Verifies the message and µ: both must say the same. */
export const mlDsaVerify =
  (spec: KeySpecName): Judge =>
  (vector) => {
    if (vector.has("ctx") && vector.text("ctx") !== "") return "context";
    const key = openPublic(spec, vector.bytes("publicKeyDer"));
    const [message, signature] = [vector.bytes("msg"), vector.bytes("sig")];
    const whole = key?.verify?.(message, signature, { algorithm, type: "RAW" }) ?? false;
    const mu = muOf(vector.bytes("publicKey"), message);
    const other = key?.verify?.(mu, signature, { algorithm, type: "EXTERNAL_MU" }) ?? false;
    assert.equal(other, whole, `µ of ${vector}`);
    return whole;
  };

const algorithm = "ML_DSA_SHAKE_256";

/** FIPS 204, algorithm 7, lines 6 and 7, for an empty context. */
function muOf(publicKey: Buffer, message: Buffer): Buffer {
  const tr = createHash("shake256", { outputLength: 64 }).update(publicKey).digest();
  const hash = createHash("shake256", { outputLength: 64 });
  return hash.update(tr).update(Buffer.alloc(2)).update(message).digest();
}

/** The pair of the seed is theirs, and without randomness we sign as they do. */
export const mlDsaSign =
  (spec: KeySpecName): Judge =>
  async (vector) => {
    if (vector.has("ctx") && vector.text("ctx") !== "") return "context";
    if (vector.flags.includes("IncorrectPrivateKeyLength")) return "seed length";
    const seed = vector.bytes("privateSeed");
    const made = await kindOfSpec(spec).generate(spec, given(seed));
    const theirs = vector.bytes("publicKey");
    if (!made?.publicKey?.subarray(-theirs.length).equals(theirs)) return false;
    const entropy = vector.has("rnd") ? vector.bytes("rnd") : Buffer.alloc(32);
    const key = kindOfSpec(spec).openPrivate(spec, seed, given(entropy));
    const isMu = !vector.has("msg");
    const form = { algorithm, type: isMu ? "EXTERNAL_MU" : "RAW" } as const;
    const signature = await key.sign?.(vector.bytes(isMu ? "mu" : "msg"), form);
    return signature?.equals(vector.bytes("sig")) ?? false;
  };

import {
  constants,
  createECDH,
  createPrivateKey,
  generateKeyPairSync,
  publicEncrypt,
} from "node:crypto";
import { kindOfSpec } from "../../src/keys/algorithms/kinds.ts";
import { unwrapByRsa } from "../../src/keys/import-wrapping.ts";
import { type KeySpecName, keySpecs } from "../../src/keys/key-specs.ts";
import { unwrapUnder } from "../../src/keys/wrapping.ts";
import { bits, objectId, sequence } from "../../src/lib/der.ts";
import { systemRandom } from "../../src/lib/random.ts";
import type { Judge, Vector } from "../support/wycheproof.ts";
import { given, openPublic } from "./open.ts";

const openPrivate = (spec: KeySpecName, material: Uint8Array) =>
  kindOfSpec(spec).openPrivate(spec, material, systemRandom);

/** Whether a function that answers undefined for a refusal comes to the output that the vector has. */
const comesTo = (expected: Buffer, made: Buffer | undefined): boolean =>
  made?.equals(expected) ?? false;

/** KMS answers whole MACs only; vectors have also their beginnings. */
export const hmac =
  (spec: KeySpecName): Judge =>
  (vector) => {
    const mac = openPrivate(spec, vector.bytes("key")).mac?.(vector.bytes("msg"));
    return comesTo(vector.bytes("tag"), mac?.subarray(0, vector.number("tagSize") / 8));
  };

export const oaep: Judge = async (vector) => {
  const hash = vector.text("sha");
  if (!["SHA-1", "SHA-256"].includes(hash)) return "hash";
  if (vector.text("mgfSha") !== hash) return "mask";
  const spec = `RSA_${vector.number("keySize")}` as KeySpecName;
  if (!(spec in keySpecs)) return "key length";
  if (vector.text("label") !== "") return "label";
  const key = openPrivate(spec, vector.bytes("privateKeyPkcs8"));
  const made = await key.decrypt?.(vector.bytes("ct"), `RSAES_OAEP_${hash.replace("-", "_")}`);
  return comesTo(vector.bytes("msg"), made);
};

export const ecdh =
  (spec: KeySpecName, curve: string): Judge =>
  (vector) => {
    const made = openPrivate(spec, pkcs8Of(vector, curve)).agree?.(vector.bytes("public"));
    return comesTo(vector.bytes("shared"), made);
  };

/** The scalar comes as an integer: with a zero before it, or shorter than the curve is. */
function pkcs8Of(vector: Vector, curve: string): Buffer {
  const text = vector.text("private");
  const pair = createECDH(curve);
  pair.setPrivateKey(Buffer.from(text.length % 2 === 0 ? text : `0${text}`, "hex"));
  const point = pair.getPublicKey();
  const size = (point.length - 1) / 2;
  const d = Buffer.concat([Buffer.alloc(size), pair.getPrivateKey()]).subarray(-size);
  const [x, y] = [point.subarray(1, 1 + size), point.subarray(1 + size)];
  const text64 = (bytes: Buffer) => bytes.toString("base64url");
  const jwk = { kty: "EC", crv: jwkCurves[curve] ?? "", x: text64(x), y: text64(y), d: text64(d) };
  return createPrivateKey({ key: jwk, format: "jwk" }).export({ format: "der", type: "pkcs8" });
}

const jwkCurves: Readonly<Record<string, string>> = {
  prime256v1: "P-256",
  secp384r1: "P-384",
  secp521r1: "P-521",
  secp256k1: "secp256k1",
};

/** The pair of the seed is theirs, and opens to the secret that they have; so do ciphertexts that were changed. */
export const mlKem =
  (spec: KeySpecName): Judge =>
  async (vector) => {
    const seed = vector.bytes("seed");
    if (seed.length !== 64) return "seed length";
    if (vector.has("ek") && !(await isPublicOf(spec, vector))) return false;
    return comesTo(vector.bytes("K"), openPrivate(spec, seed).decapsulate?.(vector.bytes("c")));
  };

export const mlKemKeys =
  (spec: KeySpecName): Judge =>
  (vector) =>
    isPublicOf(spec, vector);

async function isPublicOf(spec: KeySpecName, vector: Vector): Promise<boolean> {
  const raw = vector.bytes("ek");
  const made = await kindOfSpec(spec).generate(spec, given(vector.bytes("seed")));
  return made?.publicKey?.subarray(-raw.length).equals(raw) ?? false;
}

/** With the same randomness we encapsulate as they do, and to no key that is none (FIPS 203, section 7.2). */
export const mlKemEncapsulate =
  (spec: KeySpecName, arc: number): Judge =>
  (vector) => {
    const algorithm = sequence(objectId(`2.16.840.1.101.3.4.4.${arc}`));
    const spki = sequence(algorithm, bits(vector.bytes("ek")));
    try {
      const made = openPublic(spec, spki, given(vector.bytes("m")))?.encapsulate?.();
      return comesTo(vector.bytes("K"), made?.secret) && comesTo(vector.bytes("c"), made?.sealed);
    } catch {
      return false;
    }
  };

const wrapping = generateKeyPairSync("rsa", { modulusLength: 2048 });
const privateKey = wrapping.privateKey.export({ format: "der", type: "pkcs8" });

/** AES key wrap with padding, where KMS has it: behind the RSA wrapping of its key, in imported material. */
export const keyWrap: Judge = (vector) => {
  const [key, ct] = [vector.bytes("key"), vector.bytes("ct")] as const;
  if (key.length !== 32) return "key length";
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  const between = publicEncrypt({ key: wrapping.publicKey, padding, oaepHash: "sha256" }, key);
  const wrapped = Buffer.concat([between, ct]);
  const made = unwrapByRsa(privateKey, "RSA_AES_KEY_WRAP_SHA_256", wrapped);
  return comesTo(vector.bytes("msg"), made);
};

/** AES-GCM as wrapped keys have it: 256 bits, a nonce of 12 bytes, bound to a text. */
export const gcm: Judge = (vector) => {
  if (vector.number("keySize") !== 256) return "key length";
  if (vector.number("ivSize") !== 96) return "nonce length";
  const bound = vector.bytes("aad").toString();
  if (!Buffer.from(bound).equals(vector.bytes("aad"))) return "bound to no text";
  const wrapped = Buffer.concat([vector.bytes("iv"), vector.bytes("ct"), vector.bytes("tag")]);
  return comesTo(vector.bytes("msg"), unwrapUnder(vector.bytes("key"), wrapped, bound));
};

import {
  constants,
  createHash,
  createHmac,
  createSign,
  createVerify,
  type KeyObject,
  privateEncrypt,
  publicDecrypt,
  Sign,
  sign,
  verify,
} from "node:crypto";
import { isSignedDigest, signDigest } from "../keys/algorithms/ecdsa.ts";
import { isPss, saltBytesMax, signPss } from "../keys/algorithms/pss.ts";
import { equalSecrets } from "../lib/hash.ts";
import type { Random } from "../lib/random.ts";
import { type Attributes, bytesOf } from "./attributes.ts";
import { hashes } from "./ciphers.ts";
import { CKA, CKM } from "./constants.ts";
import type { MechanismParameter } from "./cryptoki.ts";
import { type Curve, findCurve, isEdwards, readPoint } from "./curves.ts";
import { demand } from "./refuse.ts";
import { collecting, nothing, type Running } from "./running.ts";

export interface SignatureStart {
  readonly signs: boolean;
  readonly key: KeyObject;
  /** Of the key's object. */
  readonly attributes: Attributes;
  readonly parameter: MechanismParameter | undefined;
  readonly random: Random;
}

type Hash = { readonly name: string; readonly mgf: number; readonly bytes: number };
const hashOf = (mechanism: number): Hash => {
  const hash = hashes.get(mechanism);
  demand(hash, "MECHANISM_PARAM_INVALID", "there is no such hash");
  return hash;
};

/** Signs what it was fed, or checks a signature of it. */
function deciding(
  signs: boolean,
  make: (data: Buffer) => Buffer,
  check: (data: Buffer, signature: Uint8Array) => boolean,
  size: number,
): (data: Buffer, signature?: Uint8Array) => Buffer {
  return (data, signature = nothing) => {
    if (signs) return make(data);
    demand(signature.length === size, "SIGNATURE_LEN_RANGE", `a signature has ${size} bytes`);
    demand(check(data, signature), "SIGNATURE_INVALID", "it is not a signature of this");
    return nothing;
  };
}

/** Work on the hash of what it is fed. */
function hashed(name: string, work: (data: Buffer, signature?: Uint8Array) => Buffer): Running {
  const running = createHash(name);
  return {
    update(data) {
      running.update(data);
      return nothing;
    },
    finish: (signature) => work(running.digest(), signature),
  };
}

export function digesting(mechanism: number): Running {
  return hashed(hashOf(mechanism).name, (digest) => digest);
}

/** HMAC (FIPS 198-1), whole. */
export function hmac(mechanism: number) {
  return ({ signs, key }: SignatureStart): Running => {
    const { name, bytes } = hashOf(mechanism);
    const running = createHmac(name, key);
    const work = deciding(signs, (mac) => mac, equalSecrets, bytes);
    return {
      update(data) {
        running.update(data);
        return nothing;
      },
      finish: (signature) => work(running.digest(), signature),
    };
  };
}

const modulusBytes = (key: KeyObject): number => (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
const padding = constants.RSA_PKCS1_PADDING;
const paddingBytesMin = 11;

/** DigestInfo of RFC 8017, 9.2, up to the hash. */
const digestInfo: ReadonlyMap<number, string> = new Map([
  [CKM.SHA_1, "3021300906052b0e03021a05000414"],
  [CKM.SHA224, "302d300d06096086480165030402040500041c"],
  [CKM.SHA256, "3031300d060960864801650304020105000420"],
  [CKM.SHA384, "3041300d060960864801650304020205000430"],
  [CKM.SHA512, "3051300d060960864801650304020305000440"],
]);

/** RSASSA-PKCS1-v1_5 over a DigestInfo that is given, or over the hash of the data. */
export function rsaPkcs1(mechanism?: number) {
  return ({ signs, key }: SignatureStart): Running => {
    const size = modulusBytes(key);
    const work = deciding(
      signs,
      (info) => privateEncrypt({ key, padding }, info),
      (info, signature) => info.equals(openPkcs1(key, signature)),
      size,
    );
    if (mechanism === undefined) return collecting(work, size - paddingBytesMin);
    const prefix = Buffer.from(digestInfo.get(mechanism) ?? "", "hex");
    return hashed(hashOf(mechanism).name, (digest, signature) =>
      work(Buffer.concat([prefix, digest]), signature),
    );
  };
}

function openPkcs1(key: KeyObject, signature: Uint8Array): Buffer {
  try {
    return publicDecrypt({ key, padding }, signature);
  } catch {
    return nothing;
  }
}

/** RSASSA-PSS over a hash that is given, or over the hash of the data; one hash for data and mask. */
export function rsaPss(mechanism?: number) {
  return ({ signs, key, parameter, random }: SignatureStart): Running => {
    demand(parameter?.kind === "pss", "MECHANISM_PARAM_INVALID", "PSS has parameters");
    const { saltBytes } = parameter;
    const hash = hashOf(parameter.hash);
    const same = hash.mgf === parameter.mgf && (mechanism ?? parameter.hash) === parameter.hash;
    demand(same, "MECHANISM_PARAM_INVALID", "one hash for data and mask");
    const fits =
      Number.isInteger(saltBytes) && saltBytes >= 0 && saltBytes <= saltBytesMax(key, hash.bytes);
    demand(fits, "MECHANISM_PARAM_INVALID", "the salt does not fit");
    const work = deciding(
      signs,
      (digest) => signPss(key, { hash: hash.name, digest, saltBytes }, random),
      (digest, signature) => isPss(key, { hash: hash.name, digest, saltBytes }, signature),
      modulusBytes(key),
    );
    if (mechanism !== undefined) return hashed(hash.name, work);
    return collecting((digest, signature) => {
      demand(digest.length === hash.bytes, "DATA_LEN_RANGE", `a hash has ${hash.bytes} bytes`);
      return work(digest, signature);
    }, hash.bytes);
  };
}

const curveOf = (attributes: Attributes): Curve => {
  const curve = findCurve(bytesOf(attributes, CKA.EC_PARAMS));
  demand(curve && !isEdwards(curve), "KEY_TYPE_INCONSISTENT", "the curve does not sign so");
  return curve;
};

const rawHashBytesMax = 64;

/** ECDSA over a hash that is given, or over the hash of the data; signatures are r and s. */
export function ecdsa(mechanism?: number) {
  return ({ signs, key, attributes, random }: SignatureStart): Running => {
    const curve = curveOf(attributes);
    const options = { key, dsaEncoding: "ieee-p1363" } as const;
    const size = 2 * curve.bytes;
    if (mechanism !== undefined) {
      const { name } = hashOf(mechanism);
      const running = signs ? createSign(name) : createVerify(name);
      return {
        update(data) {
          running.update(data);
          return nothing;
        },
        finish(signature = nothing) {
          if (running instanceof Sign) return running.sign(options);
          demand(signature.length === size, "SIGNATURE_LEN_RANGE", `a signature has ${size} bytes`);
          const signed = running.verify(options, signature);
          demand(signed, "SIGNATURE_INVALID", "it is not a signature of this");
          return nothing;
        },
      };
    }
    const point = readPoint(curve, bytesOf(attributes, CKA.EC_POINT)) ?? nothing;
    const make = (hash: Buffer) => signDigest(curve.node, key, hash, random);
    const check = (hash: Buffer, signature: Uint8Array) =>
      isSignedDigest(curve.node, point, hash, signature, "compact");
    return collecting(deciding(signs, make, check, size), rawHashBytesMax);
  };
}

/** Ed25519 (RFC 8032), pure. */
export function eddsa({ signs, key, parameter }: SignatureStart): Running {
  demand(parameter === undefined, "MECHANISM_PARAM_INVALID", "only pure Ed25519");
  const make = (data: Buffer) => sign(null, data, key);
  const check = (data: Buffer, signature: Uint8Array) => verify(null, data, key, signature);
  return collecting(deciding(signs, make, check, 64));
}

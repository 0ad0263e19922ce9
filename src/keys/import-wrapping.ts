import {
  constants,
  createDecipheriv,
  createPrivateKey,
  type KeyObject,
  privateDecrypt,
} from "node:crypto";
import type { Random } from "../lib/random.ts";
import { sm2 } from "./algorithms/sm2.ts";

/**
 * How material may be wrapped on its way here (KMS API reference, GetParametersForImport). `any`: it takes material of
 * any length, an RSA private key too.
 */
export const wrappingAlgorithms = {
  RSAES_OAEP_SHA_1: { hash: "sha1", any: false },
  RSAES_OAEP_SHA_256: { hash: "sha256", any: false },
  RSA_AES_KEY_WRAP_SHA_1: { hash: "sha1", any: true },
  RSA_AES_KEY_WRAP_SHA_256: { hash: "sha256", any: true },
  SM2PKE: { any: true },
} as const;

export type WrappingAlgorithm = keyof typeof wrappingAlgorithms;

export const isWrappingAlgorithm = (name: string): name is WrappingAlgorithm =>
  Object.hasOwn(wrappingAlgorithms, name);

export type WrappingKeySpec = "RSA_2048" | "RSA_3072" | "RSA_4096" | "SM2";

/** Whether a wrapping key does an algorithm. */
export const isWrappingPair = (algorithm: WrappingAlgorithm, spec: WrappingKeySpec): boolean =>
  (algorithm === "SM2PKE") === (spec === "SM2");

/** The alternative initial value of RFC 5649, section 3. */
const paddedIv = Buffer.from("a65959a6", "hex");
const aesKeyBytes = 32;

/**
 * Unwraps material by the private wrapping key (PKCS#8, DER). Undefined when anything about it is wrong: one answer
 * for every fault, so that nobody learns by trying.
 */
export async function unwrapMaterial(
  privateKey: Uint8Array,
  algorithm: WrappingAlgorithm,
  wrapped: Uint8Array,
  random: Random,
): Promise<Buffer | undefined> {
  if (algorithm !== "SM2PKE") return unwrapByRsa(privateKey, algorithm, wrapped);
  return sm2.openPrivate("SM2", privateKey, random).decrypt?.(wrapped, algorithm);
}

/** The same for an RSA wrapping key. */
export function unwrapByRsa(
  privateKey: Uint8Array,
  algorithm: Exclude<WrappingAlgorithm, "SM2PKE">,
  wrapped: Uint8Array,
): Buffer | undefined {
  const { hash, any } = wrappingAlgorithms[algorithm];
  const key = createPrivateKey({ key: Buffer.from(privateKey), format: "der", type: "pkcs8" });
  if (!any) return decryptOaep(key, hash, wrapped);
  const modulusBytes = modulusBytesOf(key);
  const aesKey = decryptOaep(key, hash, wrapped.subarray(0, modulusBytes));
  if (aesKey?.length !== aesKeyBytes) return undefined;
  const material = unwrapPadded(aesKey, wrapped.subarray(modulusBytes));
  aesKey.fill(0);
  return material;
}

const modulusBytesOf = (key: KeyObject): number =>
  (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;

/** RSAES-OAEP; undefined when it is not what the key encrypted, also by a zero that was left out in front. */
function decryptOaep(key: KeyObject, oaepHash: string, sealed: Uint8Array): Buffer | undefined {
  if (sealed.length !== modulusBytesOf(key)) return undefined;
  try {
    return privateDecrypt({ key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash }, sealed);
  } catch {
    return undefined;
  }
}

/** AES key wrap with padding (RFC 5649). */
function unwrapPadded(key: Buffer, wrapped: Uint8Array): Buffer | undefined {
  // OpenSSL takes an empty input for a question about lengths.
  if (wrapped.length < 16 || wrapped.length % 8 !== 0) return undefined;
  try {
    const decipher = createDecipheriv("id-aes256-wrap-pad", key, paddedIv);
    return Buffer.concat([decipher.update(wrapped), decipher.final()]);
  } catch {
    return undefined;
  }
}

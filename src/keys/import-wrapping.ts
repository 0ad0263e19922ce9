import {
  constants,
  createDecipheriv,
  createPrivateKey,
  type KeyObject,
  privateDecrypt,
} from "node:crypto";

/** How material may be wrapped on its way here (KMS API reference, GetParametersForImport). */
export const wrappingAlgorithms = {
  RSAES_OAEP_SHA_1: { hash: "sha1", aes: false },
  RSAES_OAEP_SHA_256: { hash: "sha256", aes: false },
  RSA_AES_KEY_WRAP_SHA_1: { hash: "sha1", aes: true },
  RSA_AES_KEY_WRAP_SHA_256: { hash: "sha256", aes: true },
} as const;

export type WrappingAlgorithm = keyof typeof wrappingAlgorithms;

export const isWrappingAlgorithm = (name: string): name is WrappingAlgorithm =>
  Object.hasOwn(wrappingAlgorithms, name);

/** Lengths of wrapping keys in bits, by the API's names. */
export const wrappingKeyBits = { RSA_2048: 2048, RSA_3072: 3072, RSA_4096: 4096 } as const;

/** The alternative initial value of RFC 5649, section 3. */
const paddedIv = Buffer.from("a65959a6", "hex");
const aesKeyBytes = 32;

/**
 * Unwraps material by the private wrapping key (PKCS#8, DER). Undefined when anything about it is wrong: one answer
 * for every fault, so that nobody learns by trying.
 */
export function unwrapMaterial(
  privateKey: Uint8Array,
  algorithm: WrappingAlgorithm,
  wrapped: Uint8Array,
): Buffer | undefined {
  const key = createPrivateKey({ key: Buffer.from(privateKey), format: "der", type: "pkcs8" });
  const { hash, aes } = wrappingAlgorithms[algorithm];
  if (!aes) return decryptOaep(key, hash, wrapped);
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

import { blocks, type CipherStart, counter, galois, oaep } from "./ciphers.ts";
import { CKF, CKK, CKM } from "./constants.ts";
import { rsaBits } from "./material.ts";
import type { Running } from "./running.ts";
import { ecdsa, eddsa, hmac, rsaPkcs1, rsaPss, type SignatureStart } from "./signatures.ts";

/** What this HSM can do by one mechanism. */
export interface MechanismRow {
  /** Sizes of keys: in bits, but in bytes for AES and other secrets. */
  readonly sizes: readonly [min: number, max: number];
  readonly flags: number;
  /** Types of keys that it works with, or makes. */
  readonly keyTypes: readonly number[];
  readonly cipher?: (start: CipherStart) => Running;
  readonly signature?: (start: SignatureStart) => Running;
}

const aesSizes = [16, 32] as const;
const rsaSizes = [rsaBits.min, rsaBits.max] as const;
const curveSizes = [256, 521] as const;
const edwardsSizes = [255, 255] as const;
const secretSizes = [16, 512] as const;
const noSizes = [0, 0] as const;
const crypts = CKF.ENCRYPT | CKF.DECRYPT;
const signs = CKF.SIGN | CKF.VERIFY;
const wraps = CKF.WRAP | CKF.UNWRAP;

const cipher = (
  sizes: readonly [number, number],
  keyType: number,
  start: (start: CipherStart) => Running,
): MechanismRow => ({ sizes, flags: crypts, keyTypes: [keyType], cipher: start });
const signature = (
  sizes: readonly [number, number],
  keyTypes: readonly number[],
  start: (start: SignatureStart) => Running,
): MechanismRow => ({ sizes, flags: signs, keyTypes, signature: start });
const digest: MechanismRow = { sizes: noSizes, flags: CKF.DIGEST, keyTypes: [] };
const only = (
  sizes: readonly [number, number],
  flags: number,
  ...keyTypes: readonly number[]
): MechanismRow => ({ sizes, flags, keyTypes });

const mac = (hash: number, keyType: number) =>
  signature(secretSizes, [keyType, CKK.GENERIC_SECRET], hmac(hash));
const rsa = (start: (start: SignatureStart) => Running) => signature(rsaSizes, [CKK.RSA], start);
const curve = (hash?: number) => signature(curveSizes, [CKK.EC], ecdsa(hash));

/**
 * Left out on purpose: decrypting and unwrapping by RSA PKCS #1 v1.5 (an oracle, Bleichenbacher 1998), raw RSA, wrapping in
 * modes of data (keys would come back changed), and MD5 and DES.
 */
export const mechanisms: ReadonlyMap<number, MechanismRow> = new Map([
  [CKM.RSA_PKCS_KEY_PAIR_GEN, only(rsaSizes, CKF.GENERATE_KEY_PAIR, CKK.RSA)],
  [CKM.RSA_PKCS, rsa(rsaPkcs1())],
  [CKM.SHA1_RSA_PKCS, rsa(rsaPkcs1(CKM.SHA_1))],
  [CKM.RSA_PKCS_OAEP, { ...cipher(rsaSizes, CKK.RSA, oaep), flags: crypts | wraps }],
  [CKM.RSA_PKCS_PSS, rsa(rsaPss())],
  [CKM.SHA256_RSA_PKCS, rsa(rsaPkcs1(CKM.SHA256))],
  [CKM.SHA384_RSA_PKCS, rsa(rsaPkcs1(CKM.SHA384))],
  [CKM.SHA512_RSA_PKCS, rsa(rsaPkcs1(CKM.SHA512))],
  [CKM.SHA256_RSA_PKCS_PSS, rsa(rsaPss(CKM.SHA256))],
  [CKM.SHA384_RSA_PKCS_PSS, rsa(rsaPss(CKM.SHA384))],
  [CKM.SHA512_RSA_PKCS_PSS, rsa(rsaPss(CKM.SHA512))],
  [CKM.SHA224_RSA_PKCS, rsa(rsaPkcs1(CKM.SHA224))],
  [CKM.SHA224_RSA_PKCS_PSS, rsa(rsaPss(CKM.SHA224))],
  [CKM.SHA_1, digest],
  [CKM.SHA_1_HMAC, mac(CKM.SHA_1, CKK.SHA_1_HMAC)],
  [CKM.SHA256, digest],
  [CKM.SHA256_HMAC, mac(CKM.SHA256, CKK.SHA256_HMAC)],
  [CKM.SHA224, digest],
  [CKM.SHA224_HMAC, mac(CKM.SHA224, CKK.SHA224_HMAC)],
  [CKM.SHA384, digest],
  [CKM.SHA384_HMAC, mac(CKM.SHA384, CKK.SHA384_HMAC)],
  [CKM.SHA512, digest],
  [CKM.SHA512_HMAC, mac(CKM.SHA512, CKK.SHA512_HMAC)],
  [
    CKM.GENERIC_SECRET_KEY_GEN,
    only(
      secretSizes,
      CKF.GENERATE,
      CKK.GENERIC_SECRET,
      CKK.SHA_1_HMAC,
      CKK.SHA224_HMAC,
      CKK.SHA256_HMAC,
      CKK.SHA384_HMAC,
      CKK.SHA512_HMAC,
    ),
  ],
  [CKM.EC_KEY_PAIR_GEN, only(curveSizes, CKF.GENERATE_KEY_PAIR, CKK.EC)],
  [CKM.ECDSA, curve()],
  [CKM.ECDSA_SHA1, curve(CKM.SHA_1)],
  [CKM.ECDSA_SHA224, curve(CKM.SHA224)],
  [CKM.ECDSA_SHA256, curve(CKM.SHA256)],
  [CKM.ECDSA_SHA384, curve(CKM.SHA384)],
  [CKM.ECDSA_SHA512, curve(CKM.SHA512)],
  [CKM.ECDH1_DERIVE, only(curveSizes, CKF.DERIVE, CKK.EC)],
  [CKM.EC_EDWARDS_KEY_PAIR_GEN, only(edwardsSizes, CKF.GENERATE_KEY_PAIR, CKK.EC_EDWARDS)],
  [CKM.EDDSA, signature(edwardsSizes, [CKK.EC_EDWARDS], eddsa)],
  [CKM.AES_KEY_GEN, only(aesSizes, CKF.GENERATE, CKK.AES)],
  [CKM.AES_ECB, cipher(aesSizes, CKK.AES, blocks("ecb", false))],
  [CKM.AES_CBC, cipher(aesSizes, CKK.AES, blocks("cbc", false))],
  [CKM.AES_CBC_PAD, cipher(aesSizes, CKK.AES, blocks("cbc", true))],
  [CKM.AES_CTR, cipher(aesSizes, CKK.AES, counter)],
  [CKM.AES_GCM, cipher(aesSizes, CKK.AES, galois)],
  [CKM.AES_KEY_WRAP, only(aesSizes, wraps, CKK.AES)],
  [CKM.AES_KEY_WRAP_PAD, only(aesSizes, wraps, CKK.AES)],
]);

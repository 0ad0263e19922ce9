/** What a key may be used for, as KMS names it. */
export type KeyUsage =
  | "ENCRYPT_DECRYPT"
  | "SIGN_VERIFY"
  | "GENERATE_VERIFY_MAC"
  | "KEY_AGREEMENT"
  | "ENCAPSULATE_DECAPSULATE";

/** Kinds of key; what one of them does is in `algorithms/`. */
export type KeyKind =
  | "symmetric"
  | "hmac"
  | "rsa"
  | "ecc"
  | "edwards"
  | "sm2"
  | "ml-dsa"
  | "ml-kem";

/** One spec of KMS keys (KMS Developer Guide, "Key spec reference"). */
export interface KeySpec {
  readonly kind: KeyKind;
  /** What the spec may be used for, and with which algorithms; the first usage is what KMS documents first. */
  readonly usages: { readonly [Usage in KeyUsage]?: readonly string[] };
}

const encrypting = { ENCRYPT_DECRYPT: ["RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256"] };
const rsa: KeySpec = {
  kind: "rsa",
  usages: {
    ...encrypting,
    SIGN_VERIFY: [
      "RSASSA_PKCS1_V1_5_SHA_256",
      "RSASSA_PKCS1_V1_5_SHA_384",
      "RSASSA_PKCS1_V1_5_SHA_512",
      "RSASSA_PSS_SHA_256",
      "RSASSA_PSS_SHA_384",
      "RSASSA_PSS_SHA_512",
    ],
  },
};
const nistCurve = (algorithm: string): KeySpec => ({
  kind: "ecc",
  usages: { SIGN_VERIFY: [algorithm], KEY_AGREEMENT: ["ECDH"] },
});
const hmac = (algorithm: string): KeySpec => ({
  kind: "hmac",
  usages: { GENERATE_VERIFY_MAC: [algorithm] },
});
const mlDsa: KeySpec = { kind: "ml-dsa", usages: { SIGN_VERIFY: ["ML_DSA_SHAKE_256"] } };
const mlKem: KeySpec = { kind: "ml-kem", usages: { ENCAPSULATE_DECAPSULATE: ["ML_KEM"] } };

/** Every spec, by its name in KMS. */
export const keySpecs = {
  SYMMETRIC_DEFAULT: { kind: "symmetric", usages: { ENCRYPT_DECRYPT: ["SYMMETRIC_DEFAULT"] } },
  HMAC_224: hmac("HMAC_SHA_224"),
  HMAC_256: hmac("HMAC_SHA_256"),
  HMAC_384: hmac("HMAC_SHA_384"),
  HMAC_512: hmac("HMAC_SHA_512"),
  RSA_2048: rsa,
  RSA_3072: rsa,
  RSA_4096: rsa,
  ECC_NIST_P256: nistCurve("ECDSA_SHA_256"),
  ECC_NIST_P384: nistCurve("ECDSA_SHA_384"),
  ECC_NIST_P521: nistCurve("ECDSA_SHA_512"),
  ECC_SECG_P256K1: { kind: "ecc", usages: { SIGN_VERIFY: ["ECDSA_SHA_256"] } },
  ECC_NIST_EDWARDS25519: {
    kind: "edwards",
    usages: { SIGN_VERIFY: ["ED25519_SHA_512", "ED25519_PH_SHA_512"] },
  },
  SM2: {
    kind: "sm2",
    usages: { ENCRYPT_DECRYPT: ["SM2PKE"], SIGN_VERIFY: ["SM2DSA"], KEY_AGREEMENT: ["ECDH"] },
  },
  ML_DSA_44: mlDsa,
  ML_DSA_65: mlDsa,
  ML_DSA_87: mlDsa,
  ML_KEM_512: mlKem,
  ML_KEM_768: mlKem,
  ML_KEM_1024: mlKem,
} as const satisfies Readonly<Record<string, KeySpec>>;

export type KeySpecName = keyof typeof keySpecs;

export const specOf = (name: KeySpecName): KeySpec => keySpecs[name];

import assert from "node:assert/strict";
import { test } from "node:test";
import { type Judge, judgeAll, type NotOurs, vectorFiles } from "../support/wycheproof.ts";
import {
  ecdh,
  gcm,
  hmac,
  keyWrap,
  mlKem,
  mlKemEncapsulate,
  mlKemKeys,
  oaep,
} from "./secret-judges.ts";
import {
  ecdsa,
  ed25519,
  mlDsaSign,
  mlDsaVerify,
  rsaPkcs1,
  rsaPss,
  rsaPssOtherSalt,
} from "./signature-judges.ts";

/** What is run: a file, how many vectors it has, who judges them, and how many are about what KMS's keys do not have. */
const sets: readonly (readonly [file: string, count: number, judge: Judge, notOurs?: NotOurs])[] = [
  ["ecdsa_secp256r1_sha256", 484, ecdsa("ECC_NIST_P256")],
  ["ecdsa_secp384r1_sha384", 504, ecdsa("ECC_NIST_P384")],
  ["ecdsa_secp521r1_sha512", 542, ecdsa("ECC_NIST_P521")],
  ["ecdsa_secp256k1_sha256", 476, ecdsa("ECC_SECG_P256K1")],
  ["ed25519", 151, ed25519],
  ["rsa_signature_2048_sha256", 259, rsaPkcs1],
  ["rsa_signature_2048_sha384", 258, rsaPkcs1],
  ["rsa_signature_2048_sha512", 259, rsaPkcs1],
  ["rsa_signature_3072_sha256", 259, rsaPkcs1],
  ["rsa_signature_3072_sha384", 259, rsaPkcs1],
  ["rsa_signature_3072_sha512", 260, rsaPkcs1],
  ["rsa_signature_4096_sha256", 258, rsaPkcs1],
  ["rsa_signature_4096_sha384", 259, rsaPkcs1],
  ["rsa_signature_4096_sha512", 259, rsaPkcs1],
  ["rsa_pss_2048_sha256_mgf1_32", 108, rsaPss],
  ["rsa_pss_2048_sha384_mgf1_48", 141, rsaPss],
  ["rsa_pss_3072_sha256_mgf1_32", 108, rsaPss],
  ["rsa_pss_4096_sha256_mgf1_32", 108, rsaPss],
  ["rsa_pss_4096_sha384_mgf1_48", 141, rsaPss],
  ["rsa_pss_4096_sha512_mgf1_64", 179, rsaPss],
  ["rsa_pss_misc", 150, rsaPss, { hash: 60, mask: 72, "salt length": 15 }],
  ["rsa_pss_2048_sha256_mgf1_0", 103, rsaPssOtherSalt, { "invalid with its own salt": 42 }],
  ["rsa_pss_4096_sha512_mgf1_32", 177, rsaPssOtherSalt, { "invalid with its own salt": 45 }],
  ["mldsa_44_verify", 180, mlDsaVerify("ML_DSA_44"), { context: 7 }],
  ["mldsa_65_verify", 210, mlDsaVerify("ML_DSA_65"), { context: 7 }],
  ["mldsa_87_verify", 241, mlDsaVerify("ML_DSA_87"), { context: 7 }],
  ["mldsa_44_sign_seed", 86, mlDsaSign("ML_DSA_44"), { context: 4, "seed length": 3 }],
  ["mldsa_65_sign_seed", 105, mlDsaSign("ML_DSA_65"), { context: 4, "seed length": 3 }],
  ["mldsa_87_sign_seed", 96, mlDsaSign("ML_DSA_87"), { context: 4, "seed length": 3 }],
  ["hmac_sha224", 172, hmac("HMAC_224")],
  ["hmac_sha256", 174, hmac("HMAC_256")],
  ["hmac_sha384", 174, hmac("HMAC_384")],
  ["hmac_sha512", 174, hmac("HMAC_512")],
  ["rsa_oaep_2048_sha1_mgf1sha1", 36, oaep, { label: 7 }],
  ["rsa_oaep_2048_sha256_mgf1sha256", 37, oaep, { label: 8 }],
  ["rsa_oaep_3072_sha256_mgf1sha256", 37, oaep, { label: 8 }],
  ["rsa_oaep_4096_sha256_mgf1sha256", 37, oaep, { label: 8 }],
  ["rsa_oaep_misc", 395, oaep, { hash: 229, "key length": 28, mask: 120 }],
  ["ecdh_secp256r1", 612, ecdh("ECC_NIST_P256", "prime256v1")],
  ["ecdh_secp384r1", 1047, ecdh("ECC_NIST_P384", "secp384r1")],
  ["ecdh_secp521r1", 916, ecdh("ECC_NIST_P521", "secp521r1")],
  ["ecdh_secp256k1", 752, ecdh("ECC_SECG_P256K1", "secp256k1")],
  ["mlkem_512", 200, mlKem("ML_KEM_512"), { "seed length": 20 }],
  ["mlkem_768", 201, mlKem("ML_KEM_768"), { "seed length": 20 }],
  ["mlkem_1024", 202, mlKem("ML_KEM_1024"), { "seed length": 20 }],
  ["mlkem_512_keygen_seed", 100, mlKemKeys("ML_KEM_512")],
  ["mlkem_768_keygen_seed", 100, mlKemKeys("ML_KEM_768")],
  ["mlkem_1024_keygen_seed", 100, mlKemKeys("ML_KEM_1024")],
  ["mlkem_512_encaps", 261, mlKemEncapsulate("ML_KEM_512", 1)],
  ["mlkem_768_encaps", 265, mlKemEncapsulate("ML_KEM_768", 2)],
  ["mlkem_1024_encaps", 269, mlKemEncapsulate("ML_KEM_1024", 3)],
  ["aes_kwp", 254, keyWrap, { "key length": 160 }],
  ["aes_gcm", 316, gcm, { "key length": 211, "nonce length": 39, "bound to no text": 18 }],
];

/** What is not run, and why. */
const elsewhere: readonly (readonly [files: RegExp, why: string])[] = [
  [/^(aegis|aria|ascon|camellia|chacha|kuznyechik|morus|seed|sm4|xchacha|aead_aes_siv)/, "ciphers"],
  [/^aes_(cbc|ccm|cmac|eax|ff1|gcm_siv|gmac|siv|wrap|xts)|^a\d+cbc|^c2sp_/, "modes of AES"],
  [/^(dsa|ed448|x25519|x448|fpe|pbes2|pbkdf2|primality|siphash|vmac|kmac)/, "algorithms"],
  [/^ec(dsa|dh)_(brainpool|secp(160|192|224))|^ec_prime_order/, "curves"],
  [/^ecdsa_\w+_(p1363|bitcoin)$|^ecdh_\w+_ecpoint$/, "forms of signatures and points"],
  [/^(ecdsa|rsa_\w+|hmac)_\w*(sha3_|shake|sha224|sha512_2|sm3|sha1$|sha1_)/, "hashes"],
  [/^ecdsa_secp(256.1_sha512|384r1_sha(256|512))$/, "curves with the hash of another"],
  [/^rsa_oaep_\d+_sha(384|512)_/, "hashes of OAEP"],
  [/^rsa_pkcs1_\d+$/, "encryption in PKCS #1 v1.5"],
  [/^rsa_pss_\w+_params$/, "public keys that say how they are used"],
  [/^rsa_signature_8192_/, "lengths of RSA keys"],
  [/^mldsa_\d+_sign_noseed$|^mlkem_\d+_semi_expanded_decaps$/, "private keys without their seed"],
  [/^hkdf/, "info that does not begin with our own words"],
];

for (const [file, count, judge, notOurs] of sets) {
  test(`Wycheproof: ${file}`, () => judgeAll(file, count, judge, notOurs));
}

test("every other file of Wycheproof is about something that KMS has not, and we say what", () => {
  const run = new Set(sets.map(([file]) => file));
  const rest = vectorFiles().filter((file) => !run.has(file));
  assert.deepEqual(
    rest.filter((file) => !elsewhere.some(([files]) => files.test(file))),
    [],
  );
  const idle = elsewhere.filter(([files]) => !rest.some((file) => files.test(file)));
  assert.deepEqual(idle, []);
});

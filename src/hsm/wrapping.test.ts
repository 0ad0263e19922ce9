import assert from "node:assert/strict";
import {
  createCipheriv,
  createHmac,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  verify,
} from "node:crypto";
import { test } from "node:test";
import {
  importAes,
  makeAes,
  makePair,
  refuses,
  startUser,
  template,
} from "../../test/support/hsm.ts";
import { data, publicKeyOf, work } from "../../test/support/hsm-work.ts";
import { CKG, CKK, CKM, CKO } from "./constants.ts";
import type { Mechanism } from "./cryptoki.ts";

test("keys go in and out under RSA-OAEP and AES key wrap", async (t) => {
  const user = await startUser(t);
  const { token, session } = user;
  // RFC 3394, 4.6, and RFC 5649, 6.
  const hex = (text: string) => Buffer.from(text, "hex");
  const vectors = [
    [
      CKM.AES_KEY_WRAP,
      "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
      "28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21",
      "00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f",
    ],
    [
      CKM.AES_KEY_WRAP_PAD,
      "5840df6e29b02af1ab493b705bf16ea1ae8338f4dcc176a8",
      "138bdeaa9b8fa7fc61f97742e72248ee5ae6ae5360d1ae6a5f54f373fa543b6a",
      "c37b7e6492584340bed12207808941155068f738",
    ],
  ] as const;
  for (const [type, wrapping, wrapped, value] of vectors) {
    const key = await importAes(user, hex(wrapping), { UNWRAP: true });
    const how = template({ CLASS: CKO.SECRET_KEY, KEY_TYPE: CKK.GENERIC_SECRET });
    const made = await token.unwrapKey(session, { type }, key, hex(wrapped), how);
    const mac = work(user, "sign", { type: CKM.SHA256_HMAC }, made, data);
    assert.deepEqual(mac, createHmac("sha256", hex(value)).update(data).digest());
  }
  const label = Buffer.from("label");
  const parameter = { kind: "oaep", hash: CKM.SHA256, mgf: CKG.MGF1_SHA256, label } as const;
  const oaep: Mechanism = { type: CKM.RSA_PKCS_OAEP, parameter };
  const bits = { MODULUS_BITS: 2048 };
  const [outer, inner] = await makePair(user, CKM.RSA_PKCS_KEY_PAIR_GEN, bits);
  const options = { key: publicKeyOf(user, outer), oaepHash: "sha256", oaepLabel: label };
  assert.deepEqual(
    work(user, "decrypt", oaep, inner, publicEncrypt(options, data.subarray(0, 99))),
    data.subarray(0, 99),
  );
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = privateKey.export({ format: "jwk" });
  const part = (text = "") => Buffer.from(text, "base64url");
  const rsa = { KEY_TYPE: CKK.RSA, MODULUS: part(jwk.n), PUBLIC_EXPONENT: part(jwk.e) };
  const open = await token.createObject(session, template({ CLASS: CKO.PUBLIC_KEY, ...rsa }));
  const sealed = work(user, "encrypt", oaep, open, data.subarray(0, 99));
  const opened = privateDecrypt({ key: privateKey, oaepHash: "sha256", oaepLabel: label }, sealed);
  assert.deepEqual(opened, data.subarray(0, 99));
  const whole = template({
    CLASS: CKO.PRIVATE_KEY,
    ...rsa,
    EXTRACTABLE: true,
    PRIVATE_EXPONENT: part(jwk.d),
    PRIME_1: part(jwk.p),
    PRIME_2: part(jwk.q),
    EXPONENT_1: part(jwk.dp),
    EXPONENT_2: part(jwk.dq),
    COEFFICIENT: part(jwk.qi),
  });
  const imported = await token.createObject(session, whole);
  const wrapping = await makeAes(user, { WRAP: true, UNWRAP: true });
  const padded = { type: CKM.AES_KEY_WRAP_PAD };
  const wrapped = await token.wrapKey(session, padded, wrapping, imported);
  const how = template({ CLASS: CKO.PRIVATE_KEY, KEY_TYPE: CKK.RSA, TOKEN: true });
  const back = await token.unwrapKey(session, padded, wrapping, wrapped, how);
  const signature = work(user, "sign", { type: CKM.SHA256_RSA_PKCS }, back, data);
  assert.ok(verify("sha256", data, publicKey, signature));
});

test("only keys of known kinds come in", async (t) => {
  const user = await startUser(t);
  const { token, session } = user;
  const foreign: readonly (readonly [number, KeyObject])[] = [
    [CKK.EC, generateKeyPairSync("ec", { namedCurve: "secp224r1" }).privateKey],
    [CKK.RSA, generateKeyPairSync("rsa", { modulusLength: 1024 }).privateKey],
    [CKK.RSA, generateKeyPairSync("rsa-pss", { modulusLength: 2048 }).privateKey],
    [CKK.EC_EDWARDS, generateKeyPairSync("ed448").privateKey],
    [CKK.EC, generateKeyPairSync("ed25519").privateKey],
  ];
  const value = Buffer.alloc(32, 5);
  const unwrapping = await importAes(user, value, { UNWRAP: true });
  const type = CKM.AES_KEY_WRAP_PAD;
  for (const [keyType, key] of foreign) {
    const cipher = createCipheriv("id-aes256-wrap-pad", value, Buffer.from("a65959a6", "hex"));
    const plain = key.export({ format: "der", type: "pkcs8" });
    const wrapped = Buffer.concat([cipher.update(plain), cipher.final()]);
    const how = template({ CLASS: CKO.PRIVATE_KEY, KEY_TYPE: keyType });
    const unwrap = () => token.unwrapKey(session, { type }, unwrapping, wrapped, how);
    await refuses(unwrap, "WRAPPED_KEY_INVALID", key.asymmetricKeyType);
  }
});

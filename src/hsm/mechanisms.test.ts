import assert from "node:assert/strict";
import {
  type CipherGCMTypes,
  constants,
  createCipheriv,
  createHash,
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
  sign,
  verify,
} from "node:crypto";
import { test } from "node:test";
import {
  importAes,
  makeAes,
  makePair,
  p256,
  refuses,
  startUser,
  template,
  type UserBench,
} from "../../test/support/hsm.ts";
import { CKA, CKG, CKK, CKM, CKO } from "./constants.ts";
import type { Mechanism, Work } from "./cryptoki.ts";
import { curves } from "./curves.ts";
import { mechanisms } from "./mechanisms.ts";

const data = Buffer.from("four windows of June, and one of July ".repeat(9));
const hashNames = {
  SHA_1: "sha1",
  SHA224: "sha224",
  SHA256: "sha256",
  SHA384: "sha384",
  SHA512: "sha512",
};
type HashName = keyof typeof hashNames;
const hashNamesOf = Object.keys(hashNames) as HashName[];

/** Work in pieces of uneven lengths. */
function work(
  { token, session }: UserBench,
  kind: Work,
  mechanism: Mechanism,
  key: number | undefined,
  input: Buffer,
  signature?: Buffer,
): Buffer {
  token.begin(session, kind, mechanism, key);
  const pieces: Buffer[] = [];
  for (let at = 0; at < input.length; at += 37) {
    pieces.push(Buffer.from(token.update(session, kind, input.subarray(at, at + 37))));
  }
  return Buffer.concat([...pieces, token.finish(session, kind, signature)]);
}

const publicKeyOf = ({ token, session }: UserBench, handle: number): KeyObject => {
  const [info] = token.attributes(session, handle, [CKA.PUBLIC_KEY_INFO]);
  assert.ok(info instanceof Uint8Array);
  return createPublicKey({ key: Buffer.from(info), format: "der", type: "spki" });
};

const tested = new Set<number>([
  CKM.RSA_PKCS_KEY_PAIR_GEN,
  CKM.EC_KEY_PAIR_GEN,
  CKM.EC_EDWARDS_KEY_PAIR_GEN,
  CKM.AES_KEY_GEN,
  // By the attacks.
  CKM.ECDH1_DERIVE,
]);

/** Signs and verifies by the HSM, and verifies by OpenSSL where it can. */
async function checkSignature(
  user: UserBench,
  mechanism: Mechanism,
  [outer, inner]: readonly [number, number],
  input: Buffer,
  isSigned?: (key: KeyObject, signature: Buffer) => boolean,
): Promise<void> {
  tested.add(mechanism.type);
  const why = `mechanism 0x${mechanism.type.toString(16)}`;
  const signature = work(user, "sign", mechanism, inner, input);
  if (isSigned) assert.ok(isSigned(publicKeyOf(user, outer), signature), why);
  work(user, "verify", mechanism, outer, input, signature);
  const changed = Buffer.from(signature);
  changed[8] = (changed[8] ?? 0) ^ 1;
  const check = (bytes: Buffer) => work(user, "verify", mechanism, outer, input, bytes);
  await refuses(() => check(changed), "SIGNATURE_INVALID", why);
  await refuses(() => check(signature.subarray(1)), "SIGNATURE_LEN_RANGE", why);
  const other = Buffer.from(input);
  other[0] = (other[0] ?? 0) ^ 1;
  const elsewhere = () => work(user, "verify", mechanism, outer, other, signature);
  await refuses(elsewhere, "SIGNATURE_INVALID", why);
}

test("RSA signs as OpenSSL verifies", async (t) => {
  const user = await startUser(t);
  const pair = await makePair(user, CKM.RSA_PKCS_KEY_PAIR_GEN, { MODULUS_BITS: 2048 });
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  for (const name of hashNamesOf) {
    const hash = hashNames[name];
    const plain = name === "SHA_1" ? CKM.SHA1_RSA_PKCS : CKM[`${name}_RSA_PKCS`];
    const byOpenSsl = (key: KeyObject, signature: Buffer) => verify(hash, data, key, signature);
    await checkSignature(user, { type: plain }, pair, data, byOpenSsl);
    const digest = createHash(hash).update(data).digest();
    const mgf = name === "SHA_1" ? CKG.MGF1_SHA1 : CKG[`MGF1_${name}`];
    for (const saltBytes of [0, digest.length]) {
      const parameter = { kind: "pss", hash: CKM[name], mgf, saltBytes } as const;
      const isPss = (key: KeyObject, signature: Buffer) =>
        verify(hash, data, { key, padding, saltLength: saltBytes }, signature);
      await checkSignature(user, { type: CKM.RSA_PKCS_PSS, parameter }, pair, digest, isPss);
      if (name === "SHA_1") continue;
      const type = CKM[`${name}_RSA_PKCS_PSS`];
      await checkSignature(user, { type, parameter }, pair, data, isPss);
    }
  }
  await checkSignature(user, { type: CKM.RSA_PKCS }, pair, data.subarray(0, 51));
});

test("ECDSA over a hash or over data signs as OpenSSL verifies, and the other way", async (t) => {
  const user = await startUser(t);
  for (const curve of curves.slice(0, 4)) {
    const params = { EC_PARAMS: curve.params };
    const pair = await makePair(user, CKM.EC_KEY_PAIR_GEN, params);
    for (const name of hashNamesOf) {
      const type = name === "SHA_1" ? CKM.ECDSA_SHA1 : CKM[`ECDSA_${name}`];
      const isSigned = (key: KeyObject, signature: Buffer) =>
        verify(hashNames[name], data, { key, dsaEncoding: "ieee-p1363" }, signature);
      await checkSignature(user, { type }, pair, data, isSigned);
      const digest = createHash(hashNames[name]).update(data).digest();
      await checkSignature(user, { type: CKM.ECDSA }, pair, digest, isSigned);
    }
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: curve.node });
    const { d = "", x = "", y = "" } = publicKey && privateKey.export({ format: "jwk" });
    const point = Buffer.concat([
      Buffer.from([4]),
      Buffer.from(x, "base64url"),
      Buffer.from(y, "base64url"),
    ]);
    const common = { KEY_TYPE: CKK.EC, EC_PARAMS: curve.params };
    const make = (values: Parameters<typeof template>[0]) =>
      user.token.createObject(user.session, template({ ...common, ...values }));
    const inner = await make({ CLASS: CKO.PRIVATE_KEY, VALUE: Buffer.from(d, "base64url") });
    const outer = await make({ CLASS: CKO.PUBLIC_KEY, EC_POINT: point });
    const signature = sign("sha256", data, { key: privateKey, dsaEncoding: "ieee-p1363" });
    const digest = createHash("sha256").update(data).digest();
    work(user, "verify", { type: CKM.ECDSA }, outer, digest, signature);
    await checkSignature(user, { type: CKM.ECDSA }, [outer, inner], digest);
  }
  const params = { EC_PARAMS: curves[4]?.params ?? p256 };
  const pair = await makePair(user, CKM.EC_EDWARDS_KEY_PAIR_GEN, params);
  await checkSignature(user, { type: CKM.EDDSA }, pair, data, (key, signature) =>
    verify(null, data, key, signature),
  );
});

test("hashes and MACs are those of OpenSSL", async (t) => {
  const user = await startUser(t);
  const value = Buffer.alloc(40, 7);
  for (const name of hashNamesOf) {
    const hash = hashNames[name];
    const digest = work(user, "digest", { type: CKM[name] }, undefined, data);
    assert.deepEqual(digest, createHash(hash).update(data).digest());
    tested.add(CKM[name]);
    const mac: Mechanism = { type: CKM[`${name}_HMAC`] };
    for (const KEY_TYPE of [CKK.GENERIC_SECRET, CKK[`${name}_HMAC`]]) {
      const values = { CLASS: CKO.SECRET_KEY, KEY_TYPE, VALUE: value };
      const key = await user.token.createObject(user.session, template(values));
      const expected = createHmac(hash, value).update(data).digest();
      assert.deepEqual(work(user, "sign", mac, key, data), expected);
      await checkSignature(user, mac, [key, key], data);
    }
  }
  const { token, session } = user;
  const generic = { type: CKM.GENERIC_SECRET_KEY_GEN };
  tested.add(generic.type);
  const made = await token.generateKey(session, generic, template({ VALUE_LEN: 32 }));
  await checkSignature(user, { type: CKM.SHA256_HMAC }, [made, made], data);
});

const whole = data.subarray(0, 320);

function plain(name: string, key: Buffer, iv: Buffer | null, type: number): Buffer {
  const cipher = createCipheriv(name, key, iv).setAutoPadding(type === CKM.AES_CBC_PAD);
  return Buffer.concat([cipher.update(whole), cipher.final()]);
}

function galois(name: string, key: Buffer, iv: Buffer): Buffer {
  const cipher = createCipheriv(name as CipherGCMTypes, key, iv).setAAD(data);
  return Buffer.concat([cipher.update(whole), cipher.final(), cipher.getAuthTag()]);
}

test("AES encrypts as OpenSSL does, in one piece and in many", async (t) => {
  const user = await startUser(t);
  const { token, session } = user;
  const iv = Buffer.alloc(16, 3);
  const modes: readonly (readonly [Mechanism, string, Buffer | null])[] = [
    [{ type: CKM.AES_ECB }, "ecb", null],
    [{ type: CKM.AES_CBC, parameter: { kind: "iv", iv } }, "cbc", iv],
    [{ type: CKM.AES_CBC_PAD, parameter: { kind: "iv", iv } }, "cbc", iv],
    [{ type: CKM.AES_CTR, parameter: { kind: "ctr", counterBits: 128, block: iv } }, "ctr", iv],
    [{ type: CKM.AES_GCM, parameter: { kind: "gcm", iv, aad: data, tagBits: 128 } }, "gcm", iv],
  ];
  for (const size of [16, 24, 32]) {
    const value = Buffer.alloc(size, 9);
    const key = await importAes(user, value);
    for (const [mechanism, mode, start] of modes) {
      tested.add(mechanism.type);
      const name = `aes-${size * 8}-${mode}`;
      const expected =
        mode === "gcm" ? galois(name, value, iv) : plain(name, value, start, mechanism.type);
      const sealed = work(user, "encrypt", mechanism, key, whole);
      assert.deepEqual(sealed, expected, name);
      assert.deepEqual(work(user, "decrypt", mechanism, key, sealed), whole);
      token.begin(session, "encrypt", mechanism, key);
      assert.deepEqual(token.once(session, "encrypt", whole), sealed);
    }
  }
  const made = await makeAes(user);
  const odd = () => work(user, "encrypt", { type: CKM.AES_ECB }, made, data.subarray(0, 17));
  await refuses(odd, "DATA_LEN_RANGE");
});

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
    tested.add(type);
    const key = await importAes(user, hex(wrapping), { UNWRAP: true });
    const how = template({ CLASS: CKO.SECRET_KEY, KEY_TYPE: CKK.GENERIC_SECRET });
    const made = await token.unwrapKey(session, { type }, key, hex(wrapped), how);
    const mac = work(user, "sign", { type: CKM.SHA256_HMAC }, made, data);
    assert.deepEqual(mac, createHmac("sha256", hex(value)).update(data).digest());
  }
  const label = Buffer.from("label");
  const parameter = { kind: "oaep", hash: CKM.SHA256, mgf: CKG.MGF1_SHA256, label } as const;
  const oaep: Mechanism = { type: CKM.RSA_PKCS_OAEP, parameter };
  tested.add(oaep.type);
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

test("there is no mechanism without a test", () => {
  assert.deepEqual(
    [...mechanisms.keys()].filter((type) => !tested.has(type)),
    [],
  );
});

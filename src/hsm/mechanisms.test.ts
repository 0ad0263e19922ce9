import assert from "node:assert/strict";
import {
  type CipherGCMTypes,
  constants,
  createCipheriv,
  createHash,
  createHmac,
  generateKeyPairSync,
  type KeyObject,
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
import { data, publicKeyOf, work } from "../../test/support/hsm-work.ts";
import { CKG, CKK, CKM, CKO } from "./constants.ts";
import type { Mechanism } from "./cryptoki.ts";
import { curves } from "./curves.ts";
import { mechanisms } from "./mechanisms.ts";

const hashNames = {
  SHA_1: "sha1",
  SHA224: "sha224",
  SHA256: "sha256",
  SHA384: "sha384",
  SHA512: "sha512",
};
type HashName = keyof typeof hashNames;
const hashNamesOf = Object.keys(hashNames) as HashName[];

const tested = new Set<number>([
  CKM.RSA_PKCS_KEY_PAIR_GEN,
  CKM.EC_KEY_PAIR_GEN,
  CKM.EC_EDWARDS_KEY_PAIR_GEN,
  CKM.AES_KEY_GEN,
  // By `wrapping.test.ts` and the attacks.
  CKM.RSA_PKCS_OAEP,
  CKM.AES_KEY_WRAP,
  CKM.AES_KEY_WRAP_PAD,
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

test("there is no mechanism without a test", () => {
  assert.deepEqual(
    [...mechanisms.keys()].filter((type) => !tested.has(type)),
    [],
  );
});

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { CKA, CKD, CKF, CKG, CKK, CKM, CKO, type CKR, CKU } from "../../src/hsm/constants.ts";
import type { Mechanism } from "../../src/hsm/cryptoki.ts";
import {
  acme,
  clusterId,
  importAes,
  logIn,
  makeAes,
  makePair,
  p256,
  refuses,
  setUp,
  soPin,
  startHsms,
  startUser,
  template,
  type UserBench,
} from "../support/hsm.ts";

type Values = Parameters<typeof template>[0];
const readWrite = CKF.SERIAL_SESSION | CKF.RW_SESSION;
const wrapPad: Mechanism = { type: CKM.AES_KEY_WRAP_PAD };
const oaep: Mechanism = {
  type: CKM.RSA_PKCS_OAEP,
  parameter: { kind: "oaep", hash: CKM.SHA256, mgf: CKG.MGF1_SHA256, label: Buffer.alloc(0) },
};
const unwrapped = (values: Values = {}) =>
  template({ CLASS: CKO.SECRET_KEY, KEY_TYPE: CKK.AES, ...values });
const wrappingKey = (user: UserBench, values: Values = {}) =>
  makeAes(user, { WRAP: true, UNWRAP: true, ...values });

test("nothing works before a partition is set up", async (t) => {
  const { hsms } = await startHsms(t);
  const token = hsms.find(acme, clusterId)?.connect("192.0.2.7");
  assert.ok(token);
  assert.deepEqual(token.slots(true), [0]);
  assert.equal(token.tokenInfo(0).flags & CKF.TOKEN_INITIALIZED, 0);
  await refuses(() => token.openSession(0, readWrite), "TOKEN_NOT_RECOGNIZED");
  await refuses(() => token.openSession(1, readWrite), "SLOT_ID_INVALID");
  await refuses(() => token.login(1, CKU.SO, soPin), "SESSION_HANDLE_INVALID");
  await refuses(() => token.random(1, 16), "SESSION_HANDLE_INVALID");
  assert.equal(hsms.find("444455556666", clusterId), undefined, "no other account has it");
});

test("no template makes a key that shows its value, or that strangers use", async (t) => {
  const user = await startUser(t);
  const { token, session } = user;
  for (const values of [{ SENSITIVE: false }, { PRIVATE: false }]) {
    for (const TOKEN of [true, false]) {
      await refuses(() => makeAes(user, { TOKEN, ...values }), "TEMPLATE_INCONSISTENT");
    }
    const value = Buffer.alloc(16, 7);
    await refuses(() => importAes(user, value, values), "TEMPLATE_INCONSISTENT");
  }
  for (const name of ["LOCAL", "ALWAYS_SENSITIVE", "NEVER_EXTRACTABLE"] as const) {
    await refuses(() => makeAes(user, { [name]: true }), "ATTRIBUTE_READ_ONLY", name);
  }
  const value = Buffer.alloc(32, 7);
  const imported = await importAes(user, value);
  const [, pair] = await makePair(user, CKM.RSA_PKCS_KEY_PAIR_GEN, { MODULUS_BITS: 2048 });
  const secrets = [
    CKA.VALUE,
    CKA.PRIVATE_EXPONENT,
    CKA.PRIME_1,
    CKA.PRIME_2,
    CKA.EXPONENT_1,
    CKA.EXPONENT_2,
    CKA.COEFFICIENT,
  ];
  for (const handle of [imported, pair]) {
    const shown = token.attributes(session, handle, secrets);
    assert.deepEqual(new Set(shown), new Set(["sensitive"]));
  }
  token.findObjectsInit(session, template({ VALUE: value }));
  assert.deepEqual(token.findObjects(session, 10), [], "a search does not tell a value");
  token.begin(session, "digest", { type: CKM.SHA256 });
  await refuses(() => token.digestKey(session, imported), "KEY_INDIGESTIBLE");
});

test("neither a change nor a copy weakens a key", async (t) => {
  const user = await startUser(t);
  const { token, session } = user;
  const key = await makeAes(user, { DECRYPT: false });
  const weaker: readonly Values[] = [
    { SENSITIVE: false },
    { EXTRACTABLE: true },
    { PRIVATE: false },
    { DECRYPT: true },
    { WRAP: true },
    { UNWRAP: true },
    { DERIVE: true },
    { LOCAL: false },
    { NEVER_EXTRACTABLE: false },
    { TRUSTED: true },
    { KEY_TYPE: CKK.GENERIC_SECRET },
  ];
  for (const values of weaker) {
    const why = JSON.stringify(values);
    const code = "ATTRIBUTE_READ_ONLY";
    await refuses(() => token.setAttributes(session, key, template(values)), code, why);
    await refuses(() => token.copyObject(session, key, template(values)), code, why);
  }
  const still = await makeAes(user, { MODIFIABLE: false, COPYABLE: false, DESTROYABLE: false });
  const other = template({ LABEL: "other" });
  await refuses(() => token.setAttributes(session, still, other), "ACTION_PROHIBITED");
  await refuses(() => token.copyObject(session, still, other), "ACTION_PROHIBITED");
  await refuses(() => token.destroyObject(session, still), "ACTION_PROHIBITED");
});

test("a key that wraps never decrypts, whatever way it is tried", async (t) => {
  const user = await startUser(t);
  const { token, session } = user;
  for (const use of ["ENCRYPT", "DECRYPT", "SIGN", "DERIVE", "EXTRACTABLE"] as const) {
    await refuses(() => wrappingKey(user, { [use]: true }), "TEMPLATE_INCONSISTENT", use);
  }
  const wrapping = await wrappingKey(user);
  const victim = await makeAes(user, { EXTRACTABLE: true });
  const wrapped = await token.wrapKey(session, wrapPad, wrapping, victim);
  const toggle = template({ WRAP: false, UNWRAP: false, DECRYPT: true });
  await refuses(() => token.setAttributes(session, wrapping, toggle), "ATTRIBUTE_READ_ONLY");
  await refuses(() => token.copyObject(session, wrapping, toggle), "ATTRIBUTE_READ_ONLY");
  const ecb = { type: CKM.AES_ECB };
  await refuses(() => token.begin(session, "decrypt", ecb, wrapping), "KEY_FUNCTION_NOT_PERMITTED");
  const outer = await wrappingKey(user);
  await refuses(() => token.wrapKey(session, wrapPad, outer, wrapping), "KEY_UNEXTRACTABLE");
  for (const values of [{ WRAP: true }, { UNWRAP: true, DECRYPT: true }, { SENSITIVE: false }]) {
    const how = unwrapped(values);
    const why = JSON.stringify(values);
    const unwrap = () => token.unwrapKey(session, wrapPad, wrapping, wrapped, how);
    await refuses(unwrap, "TEMPLATE_INCONSISTENT", why);
  }
  const back = await token.unwrapKey(session, wrapPad, wrapping, wrapped, unwrapped());
  const facts = [CKA.VALUE, CKA.LOCAL, CKA.ALWAYS_SENSITIVE, CKA.NEVER_EXTRACTABLE];
  assert.deepEqual(token.attributes(session, back, facts), ["sensitive", false, false, false]);
  const pair = (outer: Values, inner: Values) =>
    makePair(user, CKM.RSA_PKCS_KEY_PAIR_GEN, { MODULUS_BITS: 2048, ...outer }, inner);
  for (const inner of [{}, { DECRYPT: true }, { UNWRAP: true, EXTRACTABLE: true }]) {
    await refuses(() => pair({ WRAP: true }, inner), "TEMPLATE_INCONSISTENT");
  }
});

test("a key whose value is known outside wraps nothing, unless the officer trusts it", async (t) => {
  const user = await startUser(t);
  const { token, session } = user;
  const known = Buffer.alloc(32, 7);
  await refuses(() => importAes(user, known, { WRAP: true }), "TEMPLATE_INCONSISTENT");
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const { n = "", e = "" } = publicKey.export({ format: "jwk" });
  const own = template({
    CLASS: CKO.PUBLIC_KEY,
    KEY_TYPE: CKK.RSA,
    MODULUS: Buffer.from(n, "base64url"),
    PUBLIC_EXPONENT: Buffer.from(e, "base64url"),
    TOKEN: true,
    WRAP: true,
    LABEL: "partner",
  });
  const victim = await makeAes(user, { EXTRACTABLE: true, WRAP_WITH_TRUSTED: true });
  const other = await makeAes(user, { EXTRACTABLE: true });
  const imported = await token.createObject(session, own);
  for (const key of [victim, other]) {
    const wrap = () => token.wrapKey(session, oaep, imported, key);
    await refuses(wrap, "KEY_FUNCTION_NOT_PERMITTED");
  }
  const trust = template({ TRUSTED: true });
  await refuses(() => token.setAttributes(session, imported, trust), "ATTRIBUTE_READ_ONLY");
  const local = await wrappingKey(user);
  await refuses(() => token.wrapKey(session, wrapPad, local, victim), "KEY_NOT_WRAPPABLE");
  token.logout(session);
  await token.login(session, CKU.SO, soPin);
  await refuses(() => token.attributes(session, victim, [CKA.LABEL]), "OBJECT_HANDLE_INVALID");
  await token.setAttributes(session, imported, trust);
  const again = await logIn(user.cluster());
  const wrapped = await again.token.wrapKey(again.session, oaep, imported, victim);
  assert.equal(wrapped.length, 256);
});

test("no key is wrapped by an easier one, in a mode of data, or by what is no key of it", async (t) => {
  const user = await startUser(t);
  const { token, session } = user;
  const weak = await wrappingKey(user, { VALUE_LEN: 16 });
  const strong = await wrappingKey(user);
  const victim = await makeAes(user, { EXTRACTABLE: true });
  await refuses(() => token.wrapKey(session, wrapPad, weak, victim), "KEY_NOT_WRAPPABLE");
  const iv = { kind: "iv", iv: Buffer.alloc(16) } as const;
  for (const type of [CKM.AES_ECB, CKM.AES_CBC, CKM.AES_CBC_PAD, CKM.AES_GCM, CKM.RSA_PKCS]) {
    const mechanism = { type, parameter: iv };
    const wrap = () => token.wrapKey(session, mechanism, strong, victim);
    await refuses(wrap, "MECHANISM_INVALID");
    const open = () => token.unwrapKey(session, mechanism, strong, Buffer.alloc(32), unwrapped());
    await refuses(open, "MECHANISM_INVALID");
  }
  const data = await makeAes(user);
  await refuses(() => token.wrapKey(session, wrapPad, data, victim), "KEY_FUNCTION_NOT_PERMITTED");
  await refuses(() => token.wrapKey(session, wrapPad, strong, data), "KEY_UNEXTRACTABLE");
  const only = Buffer.alloc(8);
  only.writeUInt32LE(CKM.AES_KEY_WRAP);
  const narrow = await wrappingKey(user, { ALLOWED_MECHANISMS: only });
  await refuses(() => token.wrapKey(session, wrapPad, narrow, victim), "MECHANISM_INVALID");
  await token.wrapKey(session, { type: CKM.AES_KEY_WRAP }, narrow, victim);
});

test("neither unwrapping nor decrypting is an oracle", async (t) => {
  const user = await startUser(t);
  const { token, session } = user;
  for (const type of [CKM.RSA_PKCS, CKM.RSA_X_509]) {
    const flags = token.mechanisms(0).includes(type) ? token.mechanismInfo(0, type).flags : 0;
    assert.equal(flags & (CKF.DECRYPT | CKF.UNWRAP), 0);
  }
  const bits = { MODULUS_BITS: 2048 };
  const uses = [{ ...bits, WRAP: true }, { UNWRAP: true }] as const;
  const [outer, inner] = await makePair(user, CKM.RSA_PKCS_KEY_PAIR_GEN, ...uses);
  const victim = await makeAes(user, { EXTRACTABLE: true, VALUE_LEN: 24 });
  const wrapped = await token.wrapKey(session, oaep, outer, victim);
  const broken = Buffer.from(wrapped);
  broken[9] = (broken[9] ?? 0) ^ 1;
  const hmacKey = { KEY_TYPE: CKK.EC, CLASS: CKO.PRIVATE_KEY };
  const attempts: readonly (readonly [Buffer, Values])[] = [
    [broken, {}],
    [wrapped.subarray(1), {}],
    [Buffer.concat([wrapped, wrapped]), {}],
    [Buffer.alloc(0), {}],
    [wrapped, hmacKey],
  ];
  for (const [bytes, values] of attempts) {
    const open = () => token.unwrapKey(session, oaep, inner, bytes, unwrapped(values));
    await refuses(open, "WRAPPED_KEY_INVALID");
  }
  const short = unwrapped({ VALUE_LEN: 16 });
  const cut = () => token.unwrapKey(session, oaep, inner, wrapped, short);
  await refuses(cut, "TEMPLATE_INCONSISTENT", "a key is not cut short on its way in");
});

test("a shared secret is not told byte by byte, nor drawn out by points off the curve", async (t) => {
  const user = await startUser(t);
  const { token, session } = user;
  const values = [{ EC_PARAMS: p256 }, { DERIVE: true }] as const;
  const [outer, inner] = await makePair(user, CKM.EC_KEY_PAIR_GEN, ...values);
  const [point] = token.attributes(session, outer, [CKA.EC_POINT]);
  assert.ok(point instanceof Uint8Array);
  const derive = (publicData: Uint8Array, more: Values) => {
    const parameter = {
      kind: "ecdh",
      kdf: CKD.NULL,
      sharedData: Buffer.alloc(0),
      publicData,
    } as const;
    const mechanism = { type: CKM.ECDH1_DERIVE, parameter };
    const secret = template({ KEY_TYPE: CKK.GENERIC_SECRET, ...more });
    return token.deriveKey(session, mechanism, inner, secret);
  };
  for (const VALUE_LEN of [0, 1, 2, 15, 33]) {
    await refuses(() => derive(point, { VALUE_LEN }), "KEY_SIZE_RANGE");
  }
  const off = Buffer.from(point);
  off[off.length - 1] = (off[off.length - 1] ?? 0) ^ 1;
  await refuses(() => derive(off, {}), "ATTRIBUTE_VALUE_INVALID");
  await refuses(() => derive(point.subarray(5), {}), "MECHANISM_PARAM_INVALID");
  const derived = await derive(point, { VALUE_LEN: 32 });
  const facts = token.attributes(session, derived, [CKA.VALUE, CKA.LOCAL, CKA.VALUE_LEN]);
  assert.deepEqual(facts, ["sensitive", false, 32]);
  for (const VALUE_LEN of [1, 15, 513]) {
    const mechanism = { type: CKM.GENERIC_SECRET_KEY_GEN };
    const make = () => token.generateKey(session, mechanism, template({ VALUE_LEN }));
    await refuses(make, VALUE_LEN > 16 ? "ATTRIBUTE_VALUE_INVALID" : "KEY_SIZE_RANGE");
  }
});

test("a ciphertext that was changed, cut or has a short tag answers nothing of its plaintext", async (t) => {
  const user = await startUser(t);
  const { token, session } = user;
  const key = await makeAes(user);
  const iv = Buffer.alloc(12);
  const gcm = (tagBits: number) =>
    ({ type: CKM.AES_GCM, parameter: { kind: "gcm", iv, aad: iv, tagBits } }) as const;
  token.begin(session, "encrypt", gcm(128), key);
  const sealed = token.once(session, "encrypt", Buffer.alloc(100_000, 1));
  const changed = Buffer.from(sealed);
  changed[0] = (changed[0] ?? 0) ^ 1;
  for (const bytes of [changed, sealed.subarray(0, -1), sealed.subarray(1)]) {
    token.begin(session, "decrypt", gcm(128), key);
    assert.equal(token.update(session, "decrypt", bytes).length, 0, "nothing before the tag");
    await refuses(() => token.finish(session, "decrypt"), "ENCRYPTED_DATA_INVALID");
  }
  for (const tagBits of [0, 8, 32, 64, 95, 129]) {
    const begin = () => token.begin(session, "decrypt", gcm(tagBits), key);
    await refuses(begin, "MECHANISM_PARAM_INVALID", String(tagBits));
  }
  const block = Buffer.alloc(16, 0xff);
  const ctr = { type: CKM.AES_CTR, parameter: { kind: "ctr", counterBits: 32, block } } as const;
  token.begin(session, "encrypt", ctr, key);
  await refuses(() => token.once(session, "encrypt", Buffer.alloc(17)), "DATA_LEN_RANGE");
  await refuses(() => token.finish(session, "encrypt"), "OPERATION_NOT_INITIALIZED");
});

test("a handle is worth nothing in another connection, nor without its login", async (t) => {
  const user = await startUser(t);
  const { token, session } = user;
  const cluster = user.cluster();
  const key = await makeAes(user);
  const passing = await makeAes(user, { TOKEN: false });
  const stranger = cluster.connect("192.0.2.66");
  const aes = { type: CKM.AES_ECB };
  await refuses(() => stranger.begin(session, "encrypt", aes, key), "SESSION_HANDLE_INVALID");
  const own = stranger.openSession(0, readWrite);
  for (const handle of [key, passing]) {
    await refuses(() => stranger.begin(own, "encrypt", aes, handle), "KEY_HANDLE_INVALID");
    const look = () => stranger.attributes(own, handle, [CKA.LABEL]);
    await refuses(look, "OBJECT_HANDLE_INVALID");
    await refuses(() => stranger.destroyObject(own, handle), "OBJECT_HANDLE_INVALID");
  }
  const make = () => makeAes({ token: stranger, session: own }, { TOKEN: false });
  await refuses(make, "USER_NOT_LOGGED_IN");
  const later = await logIn(cluster);
  await refuses(
    () => later.token.begin(later.session, "encrypt", aes, passing),
    "KEY_HANDLE_INVALID",
  );
  token.begin(session, "encrypt", aes, key);
  token.logout(session);
  const goOn = () => token.once(session, "encrypt", Buffer.alloc(16));
  await refuses(goOn, "OPERATION_NOT_INITIALIZED", "work ends with the login");
  await setUp(cluster, 1);
  const second = later.token.openSession(1, readWrite);
  await refuses(() => later.token.begin(second, "encrypt", aes, key), "KEY_HANDLE_INVALID");
});

test("who may do what depends on who is logged in, and how the session was opened", async (t) => {
  const user = await startUser(t);
  const { token, session } = user;
  const cluster = user.cluster();
  const reader = cluster.connect("reader");
  const only = reader.openSession(0, CKF.SERIAL_SESSION);
  const officer = cluster.connect("officer");
  const full = officer.openSession(0, readWrite);
  await officer.login(full, CKU.SO, soPin);
  const cases: readonly (readonly [keyof typeof CKR, () => unknown])[] = [
    ["SESSION_PARALLEL_NOT_SUPPORTED", () => reader.openSession(0, 0)],
    ["SESSION_READ_ONLY_EXISTS", () => reader.login(only, CKU.SO, soPin)],
    ["SESSION_READ_WRITE_SO_EXISTS", () => officer.openSession(0, CKF.SERIAL_SESSION)],
    ["USER_ANOTHER_ALREADY_LOGGED_IN", () => token.login(session, CKU.SO, soPin)],
    ["USER_ALREADY_LOGGED_IN", () => officer.login(full, CKU.SO, soPin)],
    ["USER_TYPE_INVALID", () => reader.login(only, 7, soPin)],
    ["USER_NOT_LOGGED_IN", () => token.initPin(session, Buffer.from("eve:password"))],
    ["USER_NOT_LOGGED_IN", () => reader.logout(only)],
    ["PIN_LEN_RANGE", () => officer.initPin(full, Buffer.from("abc"))],
    ["PIN_LEN_RANGE", () => officer.initPin(full, Buffer.from("bob:abc"))],
    ["PIN_LEN_RANGE", () => officer.initPin(full, Buffer.alloc(129, 97))],
    ["PIN_INVALID", () => officer.initPin(full, Buffer.from(" :password"))],
    ["PIN_INVALID", () => token.setPin(session, Buffer.from("bob:abcd"), Buffer.from("bob:efgh"))],
    ["USER_NOT_LOGGED_IN", () => makeAes({ token: officer, session: full })],
    ["SESSION_EXISTS", () => officer.initToken(0, soPin, "again")],
  ];
  for (const [code, what] of cases) await refuses(what, code, what.toString());
});

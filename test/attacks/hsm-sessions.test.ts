import assert from "node:assert/strict";
import { test } from "node:test";
import { CKA, CKF, CKM, type CKR, CKU } from "../../src/hsm/constants.ts";
import { logIn, makeAes, refuses, setUp, soPin, startUser } from "../support/hsm.ts";

const readWrite = CKF.SERIAL_SESSION | CKF.RW_SESSION;

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

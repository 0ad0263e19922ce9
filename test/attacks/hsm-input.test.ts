import assert from "node:assert/strict";
import { test } from "node:test";
import { CKA, CKF, CKM, CKO, CKU } from "../../src/hsm/constants.ts";
import {
  type AttributeValue,
  type Cryptoki,
  CryptokiError,
  type Mechanism,
  type MechanismParameter,
  type Template,
  type Work,
} from "../../src/hsm/cryptoki.ts";
import { makeAes, makePair, p256, refuses, startUser, template } from "../support/hsm.ts";

const rounds = 4000;
const readWrite = CKF.SERIAL_SESSION | CKF.RW_SESSION;

/** Dice of Park and Miller: the same seed gives the same game. */
function createDice(seed: number) {
  let state = seed;
  const roll = (sides: number): number => {
    state = (state * 48_271) % 2_147_483_647;
    return state % sides;
  };
  const pick = <Part>(parts: readonly Part[]): Part => {
    const part = parts[roll(parts.length)];
    assert.ok(part !== undefined);
    return part;
  };
  return { roll, pick };
}

const attributeTypes = [...Object.values(CKA), 0x7777];
const mechanismTypes = [...Object.values(CKM), 0x7777];
const works: readonly Work[] = ["encrypt", "decrypt", "digest", "sign", "verify"];

test("whatever an application asks, it is answered by a code of PKCS #11", async (t) => {
  const user = await startUser(t);
  const { token, session } = user;
  const uses = { EXTRACTABLE: true };
  const handles = [
    0,
    await makeAes(user, uses),
    await makeAes(user, { WRAP: true, UNWRAP: true }),
    ...(await makePair(user, CKM.EC_KEY_PAIR_GEN, { EC_PARAMS: p256 }, { DERIVE: true, ...uses })),
    ...(await makePair(user, CKM.RSA_PKCS_KEY_PAIR_GEN, { MODULUS_BITS: 2048 }, uses)),
    9_999_999,
  ];
  const seed = 20_261_125;
  const { roll, pick } = createDice(seed);
  const bytes = () => Buffer.alloc(pick([0, 1, 8, 12, 16, 24, 32, 40, 65, 256, 300]), roll(256));
  const number = () =>
    pick([-1, 0, 1, 2, 3, 4, 16, 31, 32, 96, 128, 0.5, 2 ** 40, ...mechanismTypes]);
  const value = (): AttributeValue => pick([true, false, number(), bytes(), p256, bytes()]);
  const random = (): Template =>
    Array.from({ length: roll(6) }, () => ({ type: pick(attributeTypes), value: value() }));
  const likely = (): Template => [
    ...template({ CLASS: pick(Object.values(CKO)), KEY_TYPE: pick([0, 3, 0x10, 0x1f, 0x40]) }),
    ...template(pick([{ VALUE: bytes() }, { VALUE_LEN: number() }, { EC_PARAMS: p256 }, {}])),
    ...random(),
  ];
  const parameter = (): MechanismParameter =>
    pick<MechanismParameter>([
      { kind: "iv", iv: bytes() },
      { kind: "gcm", iv: bytes(), aad: bytes(), tagBits: number() },
      { kind: "ctr", counterBits: number(), block: bytes() },
      { kind: "pss", hash: number(), mgf: roll(7), saltBytes: number() },
      { kind: "oaep", hash: number(), mgf: roll(7), label: bytes() },
      { kind: "ecdh", kdf: roll(3), sharedData: bytes(), publicData: bytes() },
    ]);
  const mechanism = (): Mechanism => ({
    type: pick(mechanismTypes.filter((type) => type !== CKM.RSA_PKCS_KEY_PAIR_GEN)),
    ...(roll(3) > 0 && { parameter: parameter() }),
  });
  const handle = () => pick(handles);
  const games: readonly (() => unknown)[] = [
    () => token.createObject(session, likely()),
    () => token.copyObject(session, handle(), random()),
    () => token.setAttributes(session, handle(), random()),
    () => token.attributes(session, handle(), [number(), pick(attributeTypes)]),
    () => token.objectSize(session, handle()),
    () => token.findObjectsInit(session, random()),
    () => token.findObjects(session, number()),
    () => token.findObjectsFinal(session),
    () => token.begin(session, pick(works), mechanism(), handle()),
    () => token.begin(session, pick(works), mechanism(), handle()),
    () => token.once(session, pick(works), bytes(), bytes()),
    () => token.update(session, pick(works), bytes()),
    () => token.finish(session, pick(works), roll(2) ? bytes() : undefined),
    () => token.generateKey(session, mechanism(), likely()),
    () => token.generateKeyPair(session, mechanism(), random(), random()),
    () => token.wrapKey(session, mechanism(), handle(), handle()),
    () => token.unwrapKey(session, mechanism(), handle(), bytes(), likely()),
    () => token.deriveKey(session, mechanism(), handle(), likely()),
    () => token.random(session, number()),
    () => token.sessionInfo(number()),
    () => token.tokenInfo(number()),
    () => token.mechanismInfo(0, pick(mechanismTypes)),
  ];
  let refused = 0;
  for (let round = 0; round < rounds; round += 1) {
    const game = pick(games);
    try {
      await game();
    } catch (error) {
      refused += 1;
      const known = error instanceof CryptokiError;
      assert.ok(known, `seed ${seed}, round ${round}, ${game}: ${(error as Error).stack}`);
    }
  }
  assert.ok(refused > rounds / 10 && refused < rounds, "an empty check must not pass");
  assert.equal(user.cluster().partitions().length, 1, "nothing of it zeroized the partition");
});

test("an application has so much and no more", async (t) => {
  const user = await startUser(t);
  const { session } = user;
  const token: Cryptoki = user.token;
  const long = { DATA: Buffer.alloc(65_537) };
  const data = (VALUE: Uint8Array) =>
    token.createObject(session, template({ CLASS: CKO.DATA, VALUE, PRIVATE: false }));
  await refuses(() => data(long.DATA), "ATTRIBUTE_VALUE_INVALID");
  const many = Array.from({ length: 65 }, () => ({ type: CKA.LABEL, value: Buffer.alloc(1) }));
  await refuses(() => token.createObject(session, many), "TEMPLATE_INCONSISTENT");
  const twice = [...template({ CLASS: CKO.DATA }), ...template({ CLASS: CKO.DATA })];
  await refuses(() => token.createObject(session, twice), "TEMPLATE_INCONSISTENT");
  for (let count = 0; count < 4096; count += 1) await data(Buffer.alloc(1));
  await refuses(() => data(Buffer.alloc(1)), "DEVICE_MEMORY");
  await refuses(() => token.random(session, 65_537), "ARGUMENTS_BAD");
  for (let count = 1; count < 256; count += 1) token.openSession(0, readWrite);
  await refuses(() => token.openSession(0, readWrite), "SESSION_COUNT");
  token.closeSession(session);
  const next = token.openSession(0, readWrite);
  token.findObjectsInit(next, template({ CLASS: CKO.DATA }));
  assert.deepEqual(token.findObjects(next, 10), [], "objects of a session end with it");
  token.closeAllSessions(0);
  const after = token.openSession(0, readWrite);
  const login = token.login(after, CKU.USER, Buffer.from("alice:correct horse"));
  await login.then(() => token.logout(after));
});

test("what an application keeps in memory is counted in bytes, and given back", async (t) => {
  const user = await startUser(t);
  const token: Cryptoki = user.token;
  const keeper = token.openSession(0, readWrite);
  let { session } = user;
  const piece = Buffer.alloc(1 << 20);
  const large = () =>
    token.createObject(
      session,
      template({ CLASS: CKO.DATA, VALUE: Buffer.alloc(65_536), PRIVATE: false }),
    );
  const fill = async () => {
    const made: number[] = [];
    await refuses(async () => {
      for (;;) made.push(await large());
    }, "DEVICE_MEMORY");
    return made;
  };
  const made = await fill();
  assert.ok(made.length > 400 && made.length < 512, "32 MiB of 64 KiB each, and their attributes");
  const key = await makeAes(user);
  const gcm = { kind: "gcm", iv: Buffer.alloc(12), aad: Buffer.alloc(0), tagBits: 128 } as const;
  const begin = () => token.begin(session, "decrypt", { type: CKM.AES_GCM, parameter: gcm }, key);
  begin();
  await refuses(() => token.update(session, "decrypt", piece), "DEVICE_MEMORY");
  await refuses(() => token.finish(session, "decrypt"), "OPERATION_NOT_INITIALIZED");
  for (const object of made) await token.destroyObject(session, object);
  begin();
  for (let count = 0; count < 4; count += 1) token.update(session, "decrypt", piece);
  assert.equal((await fill()).length, made.length - 64, "what is decrypted waits for its tag");
  token.closeSession(session);
  session = token.openSession(0, readWrite);
  const again = await fill();
  assert.equal(again.length, made.length, "ended work and destroyed objects hold nothing");
  const aad = Buffer.alloc(65_537);
  const beyond = { type: CKM.AES_GCM, parameter: { ...gcm, aad } };
  await refuses(() => token.begin(keeper, "decrypt", beyond, key), "MECHANISM_PARAM_INVALID");
});

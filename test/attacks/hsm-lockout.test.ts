import assert from "node:assert/strict";
import { test } from "node:test";
import type { TrailEvent } from "../../src/audit/trail.ts";
import { CKF, CKM, CKR, CKU } from "../../src/hsm/constants.ts";
import { CryptokiError } from "../../src/hsm/cryptoki.ts";
import type { HsmCluster } from "../../src/hsm/hsm.ts";
import {
  acme,
  clusterId,
  logIn,
  makeAes,
  makePair,
  refuses,
  setUp,
  soPin,
  startHsms,
  startUser,
  userPin,
} from "../support/hsm.ts";

const readWrite = CKF.SERIAL_SESSION | CKF.RW_SESSION;
const wrong = Buffer.from("alice:wrong");

const detailOf = (event: TrailEvent | undefined) =>
  (event?.requestParameters as { detail?: string } | undefined)?.detail;

/** A guess over a connection of its own; answers the code. */
async function guess(cluster: HsmCluster, userType: number, pin: Uint8Array): Promise<number> {
  const token = cluster.connect("192.0.2.66");
  try {
    await token.login(token.openSession(0, readWrite), userType, pin);
    return CKR.OK;
  } catch (error) {
    assert.ok(error instanceof CryptokiError, String(error));
    return error.code;
  } finally {
    token.finalize();
  }
}

test("the third wrong PIN in a row, of whomever, destroys the partition", async (t) => {
  const bench = await startUser(t);
  const { token, session, vault, events } = bench;
  const cluster = bench.cluster();
  await makeAes(bench);
  const [partition] = cluster.partitions();
  assert.ok(partition);
  const secret = `hsm ${acme} ${clusterId} ${partition.serial}`;
  assert.ok(vault.find(secret));
  assert.equal(await guess(cluster, CKU.USER, wrong), CKR.PIN_INCORRECT);
  assert.ok(token.tokenInfo(0).flags & CKF.USER_PIN_COUNT_LOW);
  assert.equal(await guess(cluster, CKU.SO, wrong), CKR.PIN_INCORRECT);
  assert.ok(token.tokenInfo(0).flags & CKF.USER_PIN_FINAL_TRY);
  assert.equal(await guess(cluster, CKU.USER, Buffer.from("mallory:who")), CKR.PIN_LOCKED);
  assert.equal(vault.find(secret), undefined);
  assert.deepEqual(cluster.partitions(), []);
  assert.equal(token.tokenInfo(0).flags & CKF.TOKEN_INITIALIZED, 0);
  await refuses(() => token.random(session, 16), "SESSION_HANDLE_INVALID");
  const told = events.slice(-4).map(({ eventName, errorCode }) => [eventName, errorCode]);
  assert.deepEqual(told, [
    ["LoginFailed", "CKR_PIN_INCORRECT"],
    ["LoginFailed", "CKR_PIN_INCORRECT"],
    ["LoginFailed", "CKR_PIN_INCORRECT"],
    ["PartitionZeroized", undefined],
  ]);
  assert.deepEqual(
    [...cluster.log()].slice(-4).map(({ what }) => what),
    told.map(([name]) => name),
  );
  assert.equal(detailOf(events.at(-1)), "three failed logins");
  await setUp(cluster);
  assert.notEqual(cluster.partitions()[0]?.serial, partition.serial, "a serial is used once");
  assert.equal(cluster.partitions()[0]?.objects, 0);
});

test("a right PIN ends the row and its own name's count, and a start ends neither", async (t) => {
  const bench = await startUser(t);
  const cluster = bench.cluster();
  for (let round = 0; round < 3; round += 1) {
    assert.equal(await guess(cluster, CKU.USER, wrong), CKR.PIN_INCORRECT);
    assert.equal(await guess(cluster, CKU.SO, wrong), CKR.PIN_INCORRECT);
    assert.equal(await guess(cluster, CKU.USER, userPin), CKR.OK);
    assert.equal(await guess(cluster, CKU.SO, soPin), CKR.OK);
  }
  assert.equal(await guess(cluster, CKU.USER, wrong), CKR.PIN_INCORRECT);
  assert.equal(await guess(cluster, CKU.USER, wrong), CKR.PIN_INCORRECT);
  const again = (await bench.reopen()).find(acme, clusterId);
  assert.ok(again);
  assert.equal(await guess(again, CKU.USER, wrong), CKR.PIN_LOCKED);
});

test("who has a right PIN guesses no other's: own successes end only the own count", async (t) => {
  const bench = await startUser(t);
  const cluster = bench.cluster();
  const nobody = Buffer.from("mallory:who");
  for (let round = 0; round < 4; round += 1) {
    assert.equal(await guess(cluster, CKU.USER, nobody), CKR.PIN_INCORRECT);
    assert.equal(await guess(cluster, CKU.USER, userPin), CKR.OK);
  }
  for (let round = 0; round < 2; round += 1) {
    assert.equal(await guess(cluster, CKU.SO, wrong), CKR.PIN_INCORRECT);
    assert.equal(await guess(cluster, CKU.USER, userPin), CKR.OK);
  }
  const again = (await bench.reopen()).find(acme, clusterId);
  assert.ok(again);
  assert.equal(await guess(again, CKU.SO, wrong), CKR.PIN_LOCKED);
  assert.deepEqual(again.partitions(), []);
});

test("guesses at once over many connections are three, also with the right one among them", async (t) => {
  const bench = await startUser(t);
  const cluster = bench.cluster();
  const pins = Array.from({ length: 20 }, (_, at) => (at === 12 ? userPin : wrong));
  const codes = await Promise.all(pins.map((pin) => guess(cluster, CKU.USER, pin)));
  const count = (code: number) => codes.filter((one) => one === code).length;
  assert.deepEqual([count(CKR.PIN_INCORRECT), count(CKR.PIN_LOCKED), count(CKR.OK)], [2, 1, 0]);
  assert.equal(count(CKR.DEVICE_REMOVED), 17);
  assert.deepEqual(cluster.partitions(), []);
});

test("changing a PIN and emptying a partition are no way around the count", async (t) => {
  const bench = await startUser(t);
  const { token, session } = bench;
  const fresh = Buffer.from("alice:new words");
  await refuses(() => token.setPin(session, wrong, fresh), "PIN_INCORRECT");
  const stranger = bench.cluster().connect("192.0.2.66");
  const open = stranger.openSession(0, readWrite);
  await refuses(() => stranger.setPin(open, wrong, fresh), "PIN_INCORRECT");
  token.finalize();
  stranger.finalize();
  const third = bench.cluster().connect("192.0.2.66");
  await refuses(() => third.initToken(0, wrong, "mine"), "PIN_LOCKED");
  assert.deepEqual(bench.cluster().partitions(), []);
});

test("an emptied partition keeps neither keys nor users; its officer alone may", async (t) => {
  const bench = await startUser(t);
  await makeAes(bench);
  bench.token.finalize();
  const officer = bench.cluster().connect("officer");
  await officer.initToken(0, soPin, "again");
  const [partition] = bench.cluster().partitions();
  assert.deepEqual([partition?.label, partition?.users, partition?.objects], ["again", [], 0]);
  const session = officer.openSession(0, readWrite);
  await refuses(() => officer.login(session, CKU.USER, userPin), "USER_PIN_NOT_INITIALIZED");
});

test("who keeps the trail from being written guesses no more often, and changes nothing", async (t) => {
  const bench = await startUser(t);
  const cluster = bench.cluster();
  bench.trail.before = () => {
    throw new Error("the disk is full");
  };
  await assert.rejects(makeAes(bench), /the disk is full/);
  await assert.rejects(logIn(cluster), /the disk is full/);
  assert.equal(cluster.partitions()[0]?.objects, 0);
  for (let tries = 0; tries < 3; tries += 1) {
    await assert.rejects(guess(cluster, CKU.USER, wrong));
  }
  assert.deepEqual(cluster.partitions(), [], "the third is the end, recorded or not");
  bench.trail.before = () => undefined;
  const again = (await bench.reopen()).find(acme, clusterId);
  assert.deepEqual(again?.partitions(), []);
  const last = bench.events.at(-1);
  assert.deepEqual(
    [last?.eventName, detailOf(last)],
    ["PartitionZeroized", "a zeroization was cut short"],
  );
  await setUp(again as HsmCluster);
});

test("zeroizing ends what is under way: nothing is half made, and nothing comes back", async (t) => {
  const bench = await startUser(t);
  const { token, session, vault } = bench;
  const cluster = bench.cluster();
  const key = await makeAes(bench);
  token.begin(session, "encrypt", { type: CKM.AES_ECB }, key);
  const [partition] = cluster.partitions();
  const making = [
    makePair(bench, CKM.RSA_PKCS_KEY_PAIR_GEN, { MODULUS_BITS: 3072 }),
    makeAes(bench),
    logIn(cluster),
    cluster.connect("setup").initToken(1, soPin, "another"),
  ].map((one) =>
    one.then(
      () => "made",
      () => "refused",
    ),
  );
  await cluster.zeroize("the host's sensor reported tampering");
  await refuses(() => token.once(session, "encrypt", Buffer.alloc(16)), "SESSION_HANDLE_INVALID");
  const [pair] = await Promise.all(making);
  assert.equal(pair, "refused");
  assert.equal(vault.find(`hsm ${acme} ${clusterId} ${partition?.serial}`), undefined);
  const objects = bench.store.account(acme).table("hsm.objects");
  assert.deepEqual([...objects.range({ prefix: [partition?.serial ?? ""] })], []);
  const here = cluster.partitions().map(({ label }) => label);
  const again = (await bench.reopen()).find(acme, clusterId);
  assert.deepEqual(
    again?.partitions().map(({ label }) => label),
    here,
  );
});

test("a cluster goes once its partitions and its log are gone", async (t) => {
  const { hsms, ...bench } = await startHsms(t);
  const cluster = bench.cluster();
  await setUp(cluster);
  await assert.rejects(hsms.remove(acme, clusterId));
  await cluster.zeroize("its owner asked for it");
  await assert.rejects(hsms.remove(acme, clusterId));
  await cluster.clearLog();
  assert.deepEqual([...cluster.log()], []);
  await hsms.remove(acme, clusterId);
  assert.equal(hsms.find(acme, clusterId), undefined);
  assert.equal(bench.vault.find(`hsm ${acme} ${clusterId}`), undefined);
  assert.equal((await bench.reopen()).find(acme, clusterId), undefined);
});

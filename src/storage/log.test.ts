import assert from "node:assert/strict";
import { open, rename } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createFakeSealer } from "../../test/support/fake-sealers.ts";
import { alice, openTemporaryStore } from "../../test/support/temporary-store.ts";
import { until } from "../../test/support/until.ts";
import { Corruption } from "./store.ts";

test("a log gives back its records from any offset, also after a restart", async (t) => {
  const place = await openTemporaryStore(t);
  let log = await place.store.account(alice).log("events/1");
  const records = Array.from({ length: 50 }, (_, index) => Buffer.from(`record ${index}`));
  const firsts = await Promise.all(
    Array.from({ length: 10 }, (_, at) => log.append(records.slice(at * 5, at * 5 + 5), 1000 + at)),
  );
  assert.deepEqual(firsts, [0, 5, 10, 15, 20, 25, 30, 35, 40, 45]);
  for (const offset of [0, 7, 49, 50]) {
    const read = await log.read(offset, { records: 1000, bytes: 1e6 });
    assert.deepEqual(
      read.map(({ data }) => data.toString()),
      records.slice(offset).map(String),
    );
    assert.equal(read[0]?.offset, offset < 50 ? offset : undefined);
  }
  assert.deepEqual(
    (await log.read(3, { records: 4, bytes: 1e6 })).map(({ offset }) => offset),
    [3, 4, 5, 6],
  );
  assert.equal((await log.read(3, { records: 4, bytes: 0 })).length, 1);
  assert.equal(log.offsetAt(1003), 15);
  assert.equal(log.offsetAt(5000), 50);
  log = await (await place.reopen()).account(alice).log("events/1");
  assert.equal(log.nextOffset, 50);
  assert.equal(await log.append([Buffer.from("more")], 2000), 50);
  const all = await log.read(0, { records: 1000, bytes: 1e6 });
  assert.equal(all.length, 51);
  assert.equal(all[50]?.timeMs, 2000);
});

test("records are told of when they are synced and not before, in their order", async (t) => {
  const place = await openTemporaryStore(t);
  const log = await place.store.account(alice).log("events/1");
  const any = await open(import.meta.filename);
  const handles = Object.getPrototypeOf(any);
  await any.close();
  const syncs: (() => void)[] = [];
  t.mock.method(handles, "datasync", () => new Promise<void>((resolve) => syncs.push(resolve)));
  const syncing = async (count: number) => {
    await until("the sync", async () => syncs.length >= count);
    for (let turns = 0; turns < 20; turns += 1) await nextTurn();
    assert.equal(syncs.length, count);
  };
  const told: number[] = [];
  const append = (text: string) =>
    log.append([Buffer.from(text)], 1000).then((offset) => told.push(offset));
  const first = [append("a"), append("b")];
  await syncing(1);
  const second = [append("c"), append("d")];
  await syncing(1);
  assert.deepEqual([told, log.nextOffset], [[], 0]);
  syncs[0]?.();
  await Promise.all(first);
  await syncing(2);
  assert.deepEqual(told, [0, 1]);
  syncs[1]?.();
  await Promise.all(second);
  assert.deepEqual(told, [0, 1, 2, 3]);
});

test("a trimmed log begins exactly there and counts on, also after a restart", async (t) => {
  const place = await openTemporaryStore(t);
  let log = await place.store.account(alice).log("l");
  for (let at = 0; at < 5; at += 1)
    await log.append([Buffer.from("x"), Buffer.from("y")], at * 100);
  await log.trim(250);
  assert.equal(log.firstOffset, 6);
  assert.equal((await log.read(0, { records: 10, bytes: 1e6 }))[0]?.offset, 6);
  log = await (await place.reopen()).account(alice).log("l");
  assert.equal(log.firstOffset, 6);
  await log.trim(9999);
  assert.equal(log.firstOffset, 10);
  log = await (await place.reopen()).account(alice).log("l");
  assert.deepEqual([log.firstOffset, log.nextOffset], [10, 10]);
  assert.equal(await log.append([Buffer.from("z")], 1), 10);
});

test("a log whose next file could not be made goes on once it can be", async (t) => {
  const place = await openTemporaryStore(t);
  const log = await place.store.account(alice).log("l");
  await log.append([Buffer.from("old")], 100);
  const folder = join(place.directory, "logs");
  await rename(folder, `${folder}-away`);
  await assert.rejects(log.trim(200));
  await rename(`${folder}-away`, folder);
  assert.equal(await log.append([Buffer.from("new")], 300), 1);
  const read = await log.read(0, { records: 10, bytes: 1e6 });
  assert.deepEqual(
    read.map(({ data }) => data.toString()),
    ["new"],
  );
});

test("a removed log is gone, and one of the same name begins anew", async (t) => {
  const { store } = await openTemporaryStore(t);
  const account = store.account(alice);
  await (await account.log("l")).append([Buffer.from("x")], 1);
  await account.removeLog("l");
  const log = await account.log("l");
  assert.equal(log.nextOffset, 0);
  assert.deepEqual(await log.read(0, { records: 1, bytes: 1 }), []);
});

test("a caller's sealer is asked for at every read, and no one else opens its blocks", async (t) => {
  const { store } = await openTemporaryStore(t);
  const log = await store.account(alice).log("l");
  const sealer = createFakeSealer("own");
  await log.append([Buffer.from("x")], 1, sealer);
  const limits = { records: 1, bytes: 1 };
  const opened = await log.read(0, limits, () => sealer);
  assert.equal(opened[0]?.data.toString(), "x");
  await assert.rejects(log.read(0, limits), Corruption);
  await assert.rejects(
    log.read(0, limits, () => {
      throw new RangeError("disabled");
    }),
    RangeError,
  );
});

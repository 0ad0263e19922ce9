import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createFakeSealer, createFakeSealers } from "../../test/support/fake-sealers.ts";
import { DirectoryInUse } from "./directory-lock.ts";
import { openStore } from "./open-store.ts";
import { type BlobRef, Corruption, type Key, type Range, type Store } from "./store.ts";

const indexKey = Buffer.alloc(32, 7);

async function begin(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), "bondstore-storage-"));
  const open = () => openStore({ directory, sealers: createFakeSealers(), indexKey });
  let store: Store = await open();
  t.after(async () => {
    await store.close();
    await rm(directory, { recursive: true, force: true });
  });
  return {
    directory,
    get store() {
      return store;
    },
    async reopen() {
      await store.close();
      store = await open();
      return store;
    },
  };
}

async function bytesOf(read: Buffer | AsyncIterable<Buffer>): Promise<Buffer> {
  if (Buffer.isBuffer(read)) return read;
  const pieces: Buffer[] = [];
  for await (const piece of read) pieces.push(piece);
  return Buffer.concat(pieces);
}

const alice = "111111111111";
const bob = "222222222222";

test("a value is found by its key, in its account and table only, also after a restart", async (t) => {
  const place = await begin(t);
  const value = { name: "n", list: [1, 2.5, null, true], bytes: Buffer.from([0, 255]) };
  const table = place.store.account(alice).table<typeof value>("things");
  await place.store.transaction(() => table.put(["a", 1], value));
  assert.deepEqual(table.find(["a", 1]), value);
  assert.equal(place.store.account(bob).table("things").find(["a", 1]), undefined);
  assert.equal(place.store.account(alice).table("others").find(["a", 1]), undefined);
  assert.equal(place.store.system.table("things").find(["a", 1]), undefined);
  const again = (await place.reopen()).account(alice).table<typeof value>("things");
  assert.deepEqual(again.find(["a", 1]), value);
  assert.equal(again.find(["a", 2]), undefined);
});

test("a value that was found cannot be changed", async (t) => {
  const { store } = await begin(t);
  const table = store.account(alice).table<{ list: number[] }>("things");
  const given = { list: [1] };
  await store.transaction(() => table.put(["k"], given));
  given.list.push(2);
  assert.deepEqual(table.find(["k"]), { list: [1] });
  assert.throws(() => table.find(["k"])?.list.push(3), TypeError);
});

test("a transaction sees its own writes, others see them once it is on disk", async (t) => {
  const { store } = await begin(t);
  const table = store.account(alice).table<number>("numbers");
  await store.transaction(() => table.put(["a"], 1));
  const done = store.transaction(() => {
    table.put(["a"], 2);
    table.put(["b"], 3);
    assert.equal(table.find(["a"]), 2);
    assert.deepEqual(
      [...table.range()].map(({ value }) => value),
      [2, 3],
    );
    return table.remove(["b"]);
  });
  assert.equal(table.find(["a"]), 1);
  // One that is begun later builds on the one that is on its way.
  const next = store.transaction(() => table.put(["a"], (table.find(["a"]) ?? 0) + 10));
  assert.equal(await done, true);
  await next;
  assert.equal(table.find(["a"]), 12);
  assert.equal(table.find(["b"]), undefined);
});

test("a transaction that throws leaves nothing, and others go on", async (t) => {
  const { store } = await begin(t);
  const table = store.account(alice).table<number>("numbers");
  await store.transaction(() => table.put(["a"], 1));
  const failed = store.transaction(() => {
    table.put(["a"], 2);
    table.put(["b"], 2);
    throw new RangeError("no");
  });
  const other = store.transaction(() => table.put(["c"], table.find(["a"]) ?? 0));
  await assert.rejects(failed, RangeError);
  await other;
  assert.deepEqual(
    [...table.range()].map(({ key, value }) => [...key, value]),
    [
      ["a", 1],
      ["c", 1],
    ],
  );
});

test("writes outside a transaction, transactions in transactions and asynchronous bodies are refused", async (t) => {
  const { store } = await begin(t);
  const table = store.account(alice).table<number>("numbers");
  assert.throws(() => table.put(["a"], 1), /belong in a transaction/);
  await assert.rejects(
    store.transaction(async () => table.put(["a"], 1)),
    /synchronous/,
  );
  let inner: Promise<void> | undefined;
  await store.transaction(() => {
    inner = store.transaction(() => {});
    inner.catch(() => {});
  });
  await assert.rejects(inner ?? Promise.resolve(), /inside another/);
  assert.equal(table.find(["a"]), undefined);
});

const sorted: Key[] = [
  [-1e300],
  [-1],
  [-0.5],
  [0],
  [1],
  [1, "a"],
  [2],
  [10],
  [""],
  ["", "a"],
  ["\u0000"],
  ["a"],
  ["a", -1],
  ["a", "b"],
  ["a", "b", "c"],
  ["a\u0000"],
  ["a\u0000b"],
  ["ab"],
  ["b"],
  ["é"],
  ["\uffee"],
  ["😀"],
];

const ranges: readonly (readonly [title: string, range: Range, expected: readonly Key[]])[] = [
  ["everything, in order", {}, sorted],
  ["in reverse", { reverse: true }, sorted.toReversed()],
  ["a limit counts entries", { limit: 2 }, sorted.slice(0, 2)],
  [
    "a prefix takes the key itself and those that continue it",
    { prefix: ["a"] },
    [["a"], ["a", -1], ["a", "b"], ["a", "b", "c"]],
  ],
  ["from is inclusive", { from: ["ab"], before: ["é"] }, [["ab"], ["b"]]],
  [
    "after is exclusive",
    { after: ["a"], before: ["a\u0000"] },
    [
      ["a", -1],
      ["a", "b"],
      ["a", "b", "c"],
    ],
  ],
  [
    "limits hold in reverse",
    { prefix: ["a"], after: ["a"], before: ["a", "b", "c"], reverse: true },
    [
      ["a", "b"],
      ["a", -1],
    ],
  ],
  ["an empty range", { from: ["c"], before: ["c"] }, []],
];

test("ranges", async (t) => {
  const { store } = await begin(t);
  const table = store.account(alice).table<number>("sorted");
  await store.transaction(() => {
    for (const [index, key] of sorted.entries()) if (index % 2) table.put(key, index);
    for (const [index, key] of sorted.entries()) if (!(index % 2)) table.put(key, index);
  });
  for (const [title, range, expected] of ranges) {
    await t.test(title, () => {
      assert.deepEqual(
        [...table.range(range)].map(({ key }) => key),
        expected,
      );
    });
  }
});

test("a large table keeps its order through inserts and removals in any order", async (t) => {
  const place = await begin(t);
  const model = new Set<number>();
  let table = place.store.account(alice).table<number>("large");
  let seed = 1;
  const draw = (below: number) => {
    seed = (seed * 48271) % 2147483647;
    return seed % below;
  };
  for (let round = 0; round < 40; round += 1) {
    await place.store.transaction(() => {
      for (let count = 0; count < 250; count += 1) {
        const number = draw(4000);
        if (round % 4 === 3 ? draw(8) > 0 : draw(4) === 0) {
          assert.equal(table.remove(["n", number]), model.delete(number));
        } else {
          table.put(["n", number], number);
          model.add(number);
        }
      }
    });
  }
  const expected = [...model].sort((left, right) => left - right);
  assert.deepEqual(
    [...table.range()].map(({ value }) => value),
    expected,
  );
  table = (await place.reopen()).account(alice).table<number>("large");
  assert.deepEqual(
    [...table.range()].map(({ value }) => value),
    expected,
  );
  assert.deepEqual(
    [...table.range({ reverse: true })].map(({ value }) => value),
    expected.toReversed(),
  );
  await place.store.transaction(() => {
    for (const { key } of table.range()) table.remove(key);
  });
  assert.deepEqual([...table.range()], []);
});

test("neither keys, values, names of logs nor records lie in clear on disk", async (t) => {
  const { store, directory } = await begin(t);
  const account = store.account(alice);
  const table = account.table<string>("objects");
  const log = await account.log("plainword-log");
  await log.append([Buffer.from("plainword-record")], 1);
  const blob = await account.blobs.write(Buffer.alloc(100_000, "plainword-body"));
  await store.transaction(() => {
    account.blobs.keep(blob);
    for (let index = 0; index < 1000; index += 1)
      table.put([`plainword-key-${index}`], "plainword-value");
  });
  let checked = 0;
  for (const name of await readdir(directory, { recursive: true })) {
    assert.ok(!name.includes("plainword"), name);
    const content = await readFile(join(directory, name)).catch(() => Buffer.alloc(0));
    assert.ok(!content.includes("plainword"), name);
    checked += content.length;
  }
  assert.ok(checked > 200_000);
});

test("a directory is opened once", async (t) => {
  const { directory } = await begin(t);
  await assert.rejects(
    openStore({ directory, sealers: createFakeSealers(), indexKey }),
    DirectoryInUse,
  );
});

test("a log gives back its records from any offset, also after a restart", async (t) => {
  const place = await begin(t);
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

test("a trimmed log begins exactly there and counts on, also after a restart", async (t) => {
  const place = await begin(t);
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

test("a removed log is gone, and one of the same name begins anew", async (t) => {
  const { store } = await begin(t);
  const account = store.account(alice);
  await (await account.log("l")).append([Buffer.from("x")], 1);
  await account.removeLog("l");
  const log = await account.log("l");
  assert.equal(log.nextOffset, 0);
  assert.deepEqual(await log.read(0, { records: 1, bytes: 1 }), []);
});

test("a caller's sealer is asked for at every read, and no one else opens its blocks", async (t) => {
  const { store } = await begin(t);
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

const sizes = [0, 1, 16 * 1024, 16 * 1024 + 1, 64 * 1024, 64 * 1024 + 1, 3 * 1024 * 1024 + 7];

test("blobs of every size come back, whole and in ranges", async (t) => {
  const place = await begin(t);
  const kept: BlobRef[] = [];
  const bodyOf = (size: number) =>
    Buffer.from(Array.from({ length: size }, (_, at) => (at * 7919) >> 3));
  async function* pieces(body: Buffer) {
    for (let at = 0; at < body.length; at += 10_007) yield body.subarray(at, at + 10_007);
  }
  for (const size of sizes) {
    for (const source of [bodyOf(size), pieces(bodyOf(size))]) {
      const { blobs } = place.store.account(alice);
      const ref = await blobs.write(source);
      await place.store.transaction(() => blobs.keep(ref));
      kept.push(ref);
    }
  }
  const { blobs } = (await place.reopen()).account(alice);
  for (const ref of kept) {
    const body = bodyOf(ref.size);
    assert.ok(body.equals(await bytesOf(blobs.read(ref))), `size ${ref.size}`);
    for (const [start, end] of [
      [0, 1],
      [5, 70_000],
      [65_535, 65_537],
      [ref.size - 1, ref.size],
    ]) {
      if (start === undefined || end === undefined || start < 0 || end > ref.size) continue;
      const part = await bytesOf(blobs.read(ref, { start, end }));
      assert.ok(body.subarray(start, end).equals(part), `size ${ref.size}, ${start} to ${end}`);
    }
    assert.throws(() => blobs.read(ref, { start: 0, end: ref.size + 1 }));
    const { blobs: others } = place.store.account(bob);
    await assert.rejects(async () => bytesOf(others.read(ref)), Corruption);
  }
});

test("a blob that is not kept is gone after a restart; a removed one can be read by who found it before", async (t) => {
  const place = await begin(t);
  for (const size of [10, 200_000]) {
    const { blobs } = place.store.account(alice);
    const body = Buffer.alloc(size, 3);
    const [unkept, ref] = [await blobs.write(body), await blobs.write(body)];
    await place.store.transaction(() => blobs.keep(ref));
    await place.store.transaction(() => blobs.remove(ref));
    assert.ok(body.equals(await bytesOf(blobs.read(ref))));
    const reopened = (await place.reopen()).account(alice);
    for (const gone of [unkept, ref]) {
      await assert.rejects(async () => bytesOf(reopened.blobs.read(gone)), Corruption);
    }
    assert.deepEqual(await readdir(join(place.directory, "blobs")), []);
  }
});

test("a source that fails leaves nothing", async (t) => {
  const { store, directory } = await begin(t);
  async function* failing() {
    yield Buffer.alloc(2_000_000);
    throw new RangeError("gone away");
  }
  await assert.rejects(store.account(alice).blobs.write(failing()), RangeError);
  assert.deepEqual(await readdir(join(directory, "blobs")), []);
});

import assert from "node:assert/strict";
import { readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { createFakeSealers } from "../../test/support/fake-sealers.ts";
import {
  alice,
  bob,
  bytesOf,
  indexKey,
  openTemporaryStore,
} from "../../test/support/temporary-store.ts";
import { DirectoryInUse } from "./directory-lock.ts";
import { openStore } from "./open-store.ts";
import { Corruption, type Key, type Range } from "./store.ts";

test("a value is found by its key, in its account and table only, also after a restart", async (t) => {
  const place = await openTemporaryStore(t);
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
  const { store } = await openTemporaryStore(t);
  const table = store.account(alice).table<{ list: number[] }>("things");
  const given = { list: [1] };
  await store.transaction(() => table.put(["k"], given));
  given.list.push(2);
  assert.deepEqual(table.find(["k"]), { list: [1] });
  assert.throws(() => table.find(["k"])?.list.push(3), TypeError);
});

test("a transaction sees its own writes, others see them once it is on disk", async (t) => {
  const { store } = await openTemporaryStore(t);
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

test("transactions that share a sync are told of in the order in which they came", async (t) => {
  const { store } = await openTemporaryStore(t);
  const table = store.account(alice).table<number>("numbers");
  const told: number[] = [];
  const numbers = Array.from({ length: 20 }, (_, at) => at);
  await Promise.all(
    numbers.map(async (number) => {
      await store.transaction(() => table.put([number], number));
      told.push(number);
    }),
  );
  assert.deepEqual(told, numbers);
});

test("a transaction that throws leaves nothing, and others go on", async (t) => {
  const { store } = await openTemporaryStore(t);
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
  const { store } = await openTemporaryStore(t);
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
  const { store } = await openTemporaryStore(t);
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
  const place = await openTemporaryStore(t);
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
  const { store, directory } = await openTemporaryStore(t);
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

test("a wrong index key, or tables that are gone, lose no blob and no log", async (t) => {
  const place = await openTemporaryStore(t);
  const { directory } = place;
  const { blobs } = place.store.account(alice);
  const ref = await blobs.write(Buffer.alloc(100_000, 1));
  await place.store.transaction(() => blobs.keep(ref));
  await place.store.close();
  const sealers = createFakeSealers();
  const wrong = openStore({ directory, sealers, indexKey: Buffer.alloc(32, 8) });
  await assert.rejects(wrong, Corruption);
  await rename(join(directory, "tables"), join(directory, "aside"));
  await assert.rejects(openStore({ directory, sealers, indexKey }), Corruption);
  await rm(join(directory, "tables"), { recursive: true });
  await rename(join(directory, "aside"), join(directory, "tables"));
  const again = await place.reopen();
  assert.equal((await bytesOf(again.account(alice).blobs.read(ref))).length, 100_000);
});

test("a directory is opened once", async (t) => {
  const { directory } = await openTemporaryStore(t);
  await assert.rejects(
    openStore({ directory, sealers: createFakeSealers(), indexKey }),
    DirectoryInUse,
  );
});

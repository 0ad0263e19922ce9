import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { openStore } from "../../src/storage/open-store.ts";
import { type BlobRef, StorageFull, type Store } from "../../src/storage/store.ts";
import { createFakeSealers } from "../support/fake-sealers.ts";
import { bytesOf } from "../support/temporary-store.ts";

const account = "111111111111";
const sizeMebibytes = 48;
const mayMount = process.getuid?.() === 0 && process.platform === "linux";

async function mountSmallDisk(t: TestContext): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "bondstore-full-"));
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeMebibytes}m`, "tmpfs", directory]);
  t.after(async () => {
    execFileSync("umount", ["--lazy", directory]);
    await rm(directory, { recursive: true, force: true });
  });
  return directory;
}

const openAt = (directory: string): Promise<Store> =>
  openStore({ directory, sealers: createFakeSealers(), indexKey: Buffer.alloc(32, 9) });

/** Writes until the disk is full; answers how many writes were acknowledged. */
async function untilFull(write: (number: number) => Promise<unknown>): Promise<number> {
  for (let number = 0; number < 10_000; number += 1) {
    try {
      await write(number);
    } catch (error) {
      assert.ok(error instanceof StorageFull, String(error));
      return number;
    }
  }
  throw new assert.AssertionError({ message: "the disk is never full" });
}

/** Writes of one kind, with a way to check that all acknowledged ones are there. */
interface Kind {
  write(store: Store): Promise<void>;
  check(store: Store): Promise<void>;
}

function pairsOfRecords(): Kind {
  const value = "v".repeat(100_000);
  let written = 0;
  return {
    async write(store) {
      const number = written;
      await store.transaction(() => {
        store.account(account).table<string>("left").put([number], value);
        store.account(account).table<string>("right").put([number], value);
      });
      written += 1;
    },
    async check(store) {
      for (const name of ["left", "right"]) {
        const entries = [...store.account(account).table<string>(name).range()];
        assert.equal(entries.length, written, name);
        assert.ok(entries.every((entry) => entry.value === value));
      }
    },
  };
}

function recordsOfLog(): Kind {
  const record = Buffer.alloc(200_000, "r");
  let next = 0;
  return {
    async write(store) {
      const log = await store.account(account).log("l");
      assert.equal(await log.append([record], 1), next);
      next += 1;
    },
    async check(store) {
      const log = await store.account(account).log("l");
      assert.equal(log.nextOffset, next);
      const records = await log.read(0, { records: 1e6, bytes: 1e9 });
      assert.equal(records.length, next);
      assert.ok(records.every(({ data }) => data.equals(record)));
    },
  };
}

function largeBlobs(): Kind {
  const body = Buffer.alloc(300_000, "b");
  const refs: BlobRef[] = [];
  return {
    async write(store) {
      const { blobs } = store.account(account);
      const ref = await blobs.write(body);
      try {
        await store.transaction(() => blobs.keep(ref));
      } catch (error) {
        blobs.discard(ref);
        throw error;
      }
      refs.push(ref);
    },
    async check(store) {
      for (const ref of refs) {
        assert.ok(body.equals(await bytesOf(store.account(account).blobs.read(ref))));
      }
    },
  };
}

const kinds: readonly (readonly [title: string, make: () => Kind])[] = [
  ["transactions", pairsOfRecords],
  ["appends", recordsOfLog],
  ["blobs", largeBlobs],
];

for (const [title, make] of kinds) {
  const name = `${title} on a full disk are refused whole, and go on when there is room`;
  test(name, { skip: !mayMount }, async (t) => {
    const disk = await mountSmallDisk(t);
    const directory = join(disk, "data");
    const kind = make();
    let store = await openAt(directory);
    await kind.write(store);
    await writeFile(join(disk, "ballast"), Buffer.alloc(4 * 1024 * 1024));
    assert.ok((await untilFull(() => kind.write(store))) > 0);
    for (let count = 0; count < 3; count += 1) await assert.rejects(kind.write(store), StorageFull);
    await kind.check(store);
    await rm(join(disk, "ballast"));
    for (let count = 0; count < 3; count += 1) await kind.write(store);
    await kind.check(store);
    await store.close();
    store = await openAt(directory);
    await kind.check(store);
    await kind.write(store);
    await store.close();
  });
}

test("when a group of transactions fails, none of them leaves a trace", {
  skip: !mayMount,
}, async (t) => {
  const disk = await mountSmallDisk(t);
  const store = await openAt(join(disk, "data"));
  const table = store.account(account).table<number | string>("t");
  await store.transaction(() => table.put(["count"], 1));
  await writeFile(join(disk, "ballast"), Buffer.alloc(40 * 1024 * 1024));
  const large = store.transaction(() => table.put(["large"], "x".repeat(20_000_000)));
  const later: Promise<void>[] = [];
  const add = () => table.put(["count"], Number(table.find(["count"])) + 1);
  for (let count = 0; count < 5; count += 1) later.push(store.transaction(add));
  await assert.rejects(large, StorageFull);
  for (const each of later) await assert.rejects(each, StorageFull);
  assert.equal(table.find(["count"]), 1);
  assert.equal(table.find(["large"]), undefined);
  await store.transaction(add);
  assert.equal(table.find(["count"]), 2);
  await store.close();
});

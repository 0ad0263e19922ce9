import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore } from "../../../test/support/memory-store.ts";
import { BusyTables } from "./busy-tables.ts";
import { type TableRecord, tableRows, versionRows } from "./catalog.ts";
import { hasOldVersions, keptVersion, pruneVersions, putVersion, versionAt } from "./versions.ts";

const hourMs = 60 * 60 * 1000;
const account = "111111111111";
const made: TableRecord = {
  ...{ id: "i", schema: "default", name: "t", kind: "table", columns: [], partitionColumns: [] },
  ...{ comment: "", owner: "o", createdAtMs: 0, definedAtMs: 0, transactional: false },
  ...{ primaryKey: [], properties: {}, version: 0 },
};

/** A table that was written after these hours. */
async function written(...hours: readonly number[]) {
  const store = createMemoryStore();
  const own = store.account(account);
  await store.transaction(() => {
    tableRows(own).put(["p", "default", "t"], made);
    for (const hour of hours) {
      putVersion(own, {
        ...{
          projectId: "p",
          table: made,
          clock: { now: () => hour * hourMs },
          by: "o",
          operation: "INSERT",
        },
        ...{ added: [], change: (partitions) => partitions },
      });
    }
  });
  const table = () => tableRows(own).find(["p", "default", "t"]) ?? made;
  const prune = (hour: number, held = Number.POSITIVE_INFINITY) =>
    store.transaction(() => pruneVersions(own, table(), (hour - 24) * hourMs, held));
  const left = () => [...versionRows(own).range({ prefix: ["i"] })].map(({ value }) => value);
  return { own, table, prune, left };
}

test("a moment means the version that was the newest then; times do not go back, though the clock may", async () => {
  const { own, table, left } = await written(1, 3, 2, 9);
  assert.deepEqual(
    left().map(({ atMs }) => atMs / hourMs),
    [1, 3, 3, 9],
  );
  const at = (hour: number) => versionAt(own, table(), hour * hourMs);
  assert.deepEqual([-1, 0, 0.5, 1, 2.9, 3, 8, 9, 99].map(at), [
    ...[undefined, 0, 0, 1, 1, 3, 3, 4, 4],
  ]);
});

test("a version is read for a day after the next one; what is held stays until it is given back", async () => {
  const { own, table, prune, left } = await written(1, 2, 3, 40);
  const kept = (version: number, hour: number) =>
    keptVersion(own, table(), version, (hour - 24) * hourMs)?.version;
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, -1].map((version) => kept(version, 26.5)),
    [...[undefined, undefined, 2, 3, 4, undefined, undefined]],
  );
  const busy = new BusyTables();
  assert.equal(hasOldVersions(own, table(), 2 * hourMs), false, "a moment of grace");
  const giveBack = busy.hold([{ id: "i", version: 2 }]);
  await prune(30, busy.oldest("i"));
  assert.deepEqual(
    left().map(({ version }) => version),
    [2, 3, 4],
  );
  giveBack();
  giveBack();
  await prune(30, busy.oldest("i"));
  assert.deepEqual(
    left().map(({ version }) => version),
    [3, 4],
  );
  assert.equal(versionAt(own, table(), 1.5 * hourMs), 2, "what is gone is older than what is left");
  assert.equal(kept(2, 30), undefined);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore } from "../../../test/support/memory-store.ts";
import type { Parts } from "../../pipeline/call.ts";
import { type ProjectRecord, projectTable } from "../../projects/project.ts";
import { BusyTables } from "./busy-tables.ts";
import { type TableRecord, tableRows, type VersionRecord, versionRows } from "./catalog.ts";
import { droppedRows } from "./dropped-tables.ts";
import { Lifecycles } from "./lifecycles.ts";

const account = "111111111111";
const project = { id: "p", name: "sales", account, properties: {} } as unknown as ProjectRecord;
const tableOf = (told: Partial<TableRecord>) =>
  ({ schema: "default", properties: {}, ...told }) as TableRecord;

test("a round gives other work a turn before each table that it looks at", async () => {
  const store = createMemoryStore();
  const own = store.account(account);
  const names = Array.from({ length: 40 }, (_, at) => `t${at}`).sort();
  await store.transaction(() => {
    projectTable(own).put(["sales"], project);
    for (const name of names) {
      const table = tableOf({ id: name, name, lifecycleDays: 1 });
      tableRows(own).put(["p", "default", name], table);
    }
  });
  let turns = 0;
  const seen: (readonly [table: string, turns: number])[] = [];
  // Whoever is looked at is told, and in use: nothing else happens to it.
  class Watched extends BusyTables {
    override has(id: string): boolean {
      seen.push([id, turns]);
      return true;
    }
  }
  const parts = {
    store,
    clock: { now: () => 0 },
    directory: { accounts: () => [{ id: account }] },
  };
  const faults: unknown[] = [];
  const lifecycles = new Lifecycles(parts as unknown as Parts, new Watched(), (_, cause) =>
    faults.push(cause),
  );
  let over = false;
  const otherWork = (): void => {
    turns += 1;
    if (!over) setImmediate(otherWork);
  };
  setImmediate(otherWork);
  await lifecycles.round();
  over = true;
  assert.deepEqual(faults, []);
  assert.deepEqual(
    seen,
    names.map((name, at) => [name, at + 1]),
  );
});

test("a dropped table goes for good after a day, when nobody reads it any more", async () => {
  const store = createMemoryStore();
  const own = store.account(account);
  const table = tableOf({ id: "i", name: "t" });
  await store.transaction(() => {
    projectTable(own).put(["sales"], project);
    droppedRows(own).put(["p", "default", "t", "i"], { table, atMs: 0, labels: [] });
    versionRows(own).put(["i", 1], { version: 1, partitions: [] } as unknown as VersionRecord);
  });
  let hours = 23.9;
  const parts = {
    store,
    clock: { now: () => hours * 60 * 60 * 1000 },
    directory: { accounts: () => [{ id: account }] },
  };
  const busy = new BusyTables();
  const lifecycles = new Lifecycles(parts as unknown as Parts, busy, assert.ifError);
  const left = async () => {
    await lifecycles.round();
    return [droppedRows(own), versionRows(own)].map((rows) => [...rows.range()].length);
  };
  assert.deepEqual(await left(), [1, 1]);
  hours = 24.1;
  const giveBack = busy.hold([{ id: "i", version: 1 }]);
  assert.deepEqual(await left(), [1, 1]);
  giveBack();
  assert.deepEqual(await left(), [0, 0]);
});

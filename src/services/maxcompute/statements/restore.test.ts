import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore } from "../../../../test/support/memory-store.ts";
import type { PurgeTable, RestoreTable } from "../../../sql/tree-definition.ts";
import { BusyTables } from "../busy-tables.ts";
import { type TableRecord, tableRows, type VersionRecord, versionRows } from "../catalog.ts";
import { pruneVersions } from "../versions.ts";
import type { Doing } from "./execute.ts";
import { purge, restore } from "./restore.ts";

test("what is restored under another name is held while it is copied, and given back whatever comes of it", async () => {
  const store = createMemoryStore();
  const own = store.account("111111111111");
  const record = {
    id: "i",
    schema: "default",
    name: "t",
    kind: "table",
    version: 3,
    properties: {},
  } as unknown as TableRecord;
  await store.transaction(() => {
    tableRows(own).put(["p", "default", "t"], record);
    for (const version of [1, 2, 3]) {
      const partitions = [{ values: [], files: [{ id: `f${version}`, rows: 1 }] }];
      versionRows(own).put(["i", version], { version, atMs: 0, partitions } as never);
    }
  });
  const left = () =>
    [...versionRows(own).range({ prefix: ["i"] })].map(({ value }) => value.version);
  const busy = new BusyTables();
  // As the statement that found the newest version does.
  const giveBack = busy.hold([{ id: "i", version: 3 }]);
  const prune = () =>
    store.transaction(() => pruneVersions(own, record, Number.POSITIVE_INFINITY, busy.oldest("i")));
  const stop = new Error("nothing can be opened");
  const project = { id: "p", name: "p", account: "111111111111", properties: {} };
  const content = versionRows(own).find(["i", 3]) as VersionRecord;
  const catalog = {
    place: { project: "p", schema: "default", namespaces: false },
    findTable: ({ name }: { name: string }) => (name === "t" ? { id: "i" } : undefined),
    found: () => ({ project, store: own, record, content }),
    hasSchema: () => true,
  };
  const openerOf = async () => {
    await prune();
    throw stop;
  };
  const at = { line: 1, column: 1 };
  const named = (text: string) => ({ text, key: text, at });
  const statement = {
    ...{ kind: "restore", at, table: { parts: [named("t")], at }, as: named("u"), lsn: "2" },
    ...{ properties: [], partitions: [] },
  };
  const doing = {
    ...{ statement, target: { catalog } },
    call: {
      timeMs: 0,
      own: { busy, sealing: { openerOf } },
      parts: { projects: { find: () => project } },
    },
  };
  // Removing files is not what is tried: there are none.
  Object.defineProperty(own, "blobs", { value: { remove() {} } });
  await assert.rejects(restore(doing as unknown as Doing<RestoreTable>), stop);
  assert.deepEqual(left(), [2, 3], "the version under the copy has stayed");
  await prune();
  assert.deepEqual(left(), [3]);
  giveBack();
  assert.equal(busy.has("i"), false);
});

test("what is purged is gone, however many versions there were", async () => {
  const store = createMemoryStore();
  const own = store.account("111111111111");
  const newest = 2_500;
  const record = { id: "i", schema: "default", name: "t", kind: "table", version: newest };
  await store.transaction(() => {
    tableRows(own).put(["p", "default", "t"], record as TableRecord);
    for (let version = 1; version <= newest; version += 1) {
      versionRows(own).put(["i", version], { version, atMs: 0, partitions: [] } as never);
    }
  });
  const at = { line: 1, column: 1 };
  const catalog = {
    place: { project: "p", schema: "default", namespaces: false },
    findTable: () => ({ id: "i" }),
    found: () => ({ record }),
    hasSchema: () => true,
    droppedNamed: () => [],
  };
  const project = { id: "p", name: "p", account: "111111111111", properties: {} };
  const doing = {
    statement: { kind: "purge", at, table: { parts: [{ text: "t", key: "t", at }], at } },
    target: { catalog },
    call: { own: { busy: new BusyTables() }, parts: { store, projects: { find: () => project } } },
  };
  await purge(doing as unknown as Doing<PurgeTable>);
  const left = [...versionRows(own).range({ prefix: ["i"] })].map(({ value }) => value.version);
  assert.deepEqual(left, [newest]);
});

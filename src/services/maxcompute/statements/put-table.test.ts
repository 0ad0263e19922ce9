import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore } from "../../../../test/support/memory-store.ts";
import { tableRows, versionRows } from "../catalog.ts";
import type { OdpsCall } from "../find-project.ts";
import { putTable } from "./put-table.ts";

test("a table that a long statement makes is there from its commit on, not from the statement's begin", async () => {
  const store = createMemoryStore();
  const call = {
    ...{ timeMs: 1, account: "1", principal: { kind: "root", account: "1" } },
    parts: { store, clock: { now: () => 9 }, random: { uuid: () => "i" } },
  } as unknown as OdpsCall;
  const project = { id: "p", name: "p", account: "1" };
  const at = { line: 1, column: 1 };
  const where = { project, schema: "default", name: "t", at } as unknown as Parameters<
    typeof putTable
  >[0];
  const made = { kind: "table", columns: [], partitionColumns: [] } as const;
  const content = { operation: "CREATE TABLE AS", partitions: [], added: [] };
  await store.transaction(() => putTable(where, call, made, { content }));
  const own = store.account("1");
  assert.equal(tableRows(own).find(["p", "default", "t"])?.createdAtMs, 9);
  assert.equal(versionRows(own).find(["i", 1])?.atMs, 9);
});

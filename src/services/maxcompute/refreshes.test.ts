import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore } from "../../../test/support/memory-store.ts";
import type { Parts } from "../../pipeline/call.ts";
import { type ProjectRecord, projectTable } from "../../projects/project.ts";
import { type TableRecord, tableRows } from "./catalog.ts";
import type { Jobs } from "./jobs/jobs.ts";
import { noteRefresh, refreshRows } from "./materialized.ts";
import { Refreshes } from "./refreshes.ts";

const account = "111111111111";
const everyMinute = { enable_auto_refresh: "true", refresh_interval_minutes: "1" };

/** A clock with views, always outdated, in their projects; tells which of them begin each minute. */
async function clockOf(
  views: Readonly<Record<string, readonly string[]>>,
  startMs: number,
  properties: TableRecord["properties"] = everyMinute,
) {
  const store = createMemoryStore();
  const own = store.account(account);
  await store.transaction(() => {
    for (const [id, names] of Object.entries(views)) {
      projectTable(own).put([id], { id, name: id, account, properties: {} } as ProjectRecord);
      for (const name of names) {
        const view = { id: name, schema: "default", name, owner: `ALIYUN$${account}`, properties };
        const kind = "materialized view";
        const record = { ...view, kind, definedAtMs: startMs } as unknown as TableRecord;
        tableRows(own).put([id, "default", name], record);
        noteRefresh(own, id, view);
      }
    }
  });
  let minutes = 0;
  let begun: string[] = [];
  const running = new Set<string>();
  const accessKeys = { of: () => [{ id: "k", active: true }] };
  const parts = {
    projects: { find: () => undefined },
    ...{ store, clock: { now: () => startMs + minutes * 60_000 } },
    directory: {
      accounts: () => [{ id: account }],
      inAccount: () => ({ accessKeys, users: {} }),
      findAccount: () => ({ id: account }),
    },
    invoke: async (_service: string, _operation: string, asked: unknown) => {
      const [, name = ""] = /\.`(\w+)` REBUILD/.exec(JSON.stringify(asked)) ?? [];
      begun.push(name);
      return { created: `/projects/p/instances/${name}` };
    },
  };
  const jobs = { runs: (id: string) => running.has(id) };
  const onFault = (_: string, cause: unknown) => assert.ifError(cause);
  const clock = new Refreshes(parts as unknown as Parts, jobs as unknown as Jobs, onFault);
  return {
    ...{ running, store, own },
    async minute(passed = 1): Promise<string> {
      minutes += passed;
      begun = [];
      await clock.round();
      return begun.sort().join(" ");
    },
  };
}

test("ten begin in a minute, and those that are due longest: none keeps another from its turn", async () => {
  const many = Array.from({ length: 12 }, (_, at) => `m${String(at).padStart(2, "0")}`);
  const { minute } = await clockOf({ a: many, b: ["last"] }, 1_000);
  const first = await minute();
  assert.equal(first, many.slice(0, 10).join(" "));
  assert.match(await minute(), /^last m00 .* m10 m11$/);
});

test("while a view is made anew it does not begin again", async () => {
  const { minute, running } = await clockOf({ p: ["m", "n"] }, 0);
  assert.equal(await minute(), "m n");
  running.add("m");
  assert.deepEqual([await minute(), await minute()], ["n", "n"]);
  running.clear();
  assert.equal(await minute(), "m n");
});

test("what fell due while nothing ran is done once", async () => {
  const { minute } = await clockOf({ p: ["m"] }, 7 * 24 * 60 * 60_000);
  assert.deepEqual([await minute(), await minute(0), await minute(0.9)], ["m", "", ""]);
});

test("a table in a view's place is looked at no more", async () => {
  const { minute, store, own } = await clockOf({ p: ["m"] }, 0);
  await store.transaction(() => {
    const record = {
      id: "t",
      schema: "default",
      name: "m",
      kind: "table",
      properties: everyMinute,
    };
    tableRows(own).put(["p", "default", "m"], record as unknown as TableRecord);
  });
  assert.equal(await minute(), "");
  assert.deepEqual([...refreshRows(own).range()], []);
});

test("by a schedule a view is made anew when that says so, by clocks of the project's zone, and never between", async () => {
  const schedule = { enable_auto_refresh: "true", refresh_cron: "0 30 2 * * ?" };
  const startMs = Date.parse("2026-11-27T18:00:00Z");
  const { minute, store, own } = await clockOf({ p: ["m"] }, startMs, schedule);
  const key = ["p", "default", "m"];
  const change = (materialized: TableRecord["materialized"]) =>
    store.transaction(() => {
      const record = tableRows(own).find(key);
      if (record) tableRows(own).put(key, { ...record, ...(materialized && { materialized }) });
    });
  assert.deepEqual([await minute(29), await minute(1), await minute(1)], ["", "m", ""]);
  await change({ built: { atMs: startMs + 31 * 60_000, reads: [] } });
  assert.equal(await minute(24 * 60), "", "nothing has changed below");
  const gone = { project: "p", schema: "default", table: "none", tableId: "none", version: 1 };
  await change({ built: { atMs: startMs + 31 * 60_000, reads: [gone] } });
  assert.equal(await minute(60), "", "its time has passed");
  assert.equal(await minute(23 * 60), "m");
});

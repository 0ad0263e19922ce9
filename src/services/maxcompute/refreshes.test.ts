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
const properties = { enable_auto_refresh: "true", refresh_interval_minutes: "1" };

/** A clock with views, always outdated, in their projects; tells which of them begin each minute. */
async function clockOf(views: Readonly<Record<string, readonly string[]>>, startMs: number) {
  const store = createMemoryStore();
  const own = store.account(account);
  await store.transaction(() => {
    for (const [id, names] of Object.entries(views)) {
      projectTable(own).put([id], { id, name: id, account } as ProjectRecord);
      for (const name of names) {
        const view = { id: name, schema: "default", name, owner: `ALIYUN$${account}`, properties };
        const record = { ...view, kind: "materialized view" } as unknown as TableRecord;
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
    const record = { id: "t", schema: "default", name: "m", kind: "table", properties };
    tableRows(own).put(["p", "default", "m"], record as unknown as TableRecord);
  });
  assert.equal(await minute(), "");
  assert.deepEqual([...refreshRows(own).range()], []);
});

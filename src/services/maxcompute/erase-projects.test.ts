import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore } from "../../../test/support/memory-store.ts";
import type { Parts } from "../../pipeline/call.ts";
import { droppedProjects } from "../../projects/drop-project.ts";
import type { ProjectRecord } from "../../projects/project.ts";
import type { AccountStore, BlobRef } from "../../storage/store.ts";
import { type TableRecord, tableRows, type VersionRecord, versionRows } from "./catalog.ts";
import { ProjectEraser } from "./erase-projects.ts";
import { type InstanceRecord, instanceRows } from "./jobs/instance-record.ts";
import type { Jobs } from "./jobs/jobs.ts";
import type { ProjectEngines } from "./project-engines.ts";
import { dataKeyRows } from "./project-sealing.ts";

const account = "111111111111";
const dayMs = 24 * 60 * 60 * 1000;

/** A dropped project beside one that stays, each with 150 tables, jobs and a data key; `stopAt` ends it on its way. */
async function world() {
  const store = createMemoryStore();
  const removed: string[] = [];
  const ended: string[] = [];
  const grants = new Set(["gone", "stays"]);
  let [stopAt, steps, nowMs] = [Number.POSITIVE_INFINITY, 0, 0];
  const base = store.account(account);
  const own: AccountStore = {
    ...{ account, table: base.table, log: base.log, removeLog: base.removeLog },
    blobs: { remove: ({ id }: BlobRef) => removed.push(id) } as unknown as AccountStore["blobs"],
  };
  const step = () => {
    steps += 1;
    if (steps >= stopAt) throw new Error("killed");
  };
  const parts = {
    store: {
      account: () => own,
      transaction: (body: () => unknown) => {
        step();
        return store.transaction(body);
      },
    },
    clock: { now: () => nowMs },
    random: { uuid: () => "u" },
    region: "r",
    directory: { accounts: () => [{ id: account }] },
    keys: {
      volumes: {
        left: () =>
          [...grants].map((id) => ({
            ...{ keyArn: "k", grantId: id, context: { "aws:odps:project-id": id } },
          })),
        async retire(_: string, grantId: string) {
          step();
          grants.delete(grantId);
        },
      },
    },
  } as unknown as Parts;
  await store.transaction(() => {
    for (const id of ["gone", "stays"]) {
      for (let at = 0; at < 150; at += 1) {
        const table = { id: `${id}-${at}`, schema: "default", name: `t${at}` } as TableRecord;
        tableRows(own).put([id, "default", table.name], table);
        const files = [{ id: `f-${table.id}`, blob: { id: `${table.id}`, size: 1 }, rows: 1 }];
        const partitions = [{ values: [], files, createdAtMs: 0, modifiedAtMs: 0 }];
        versionRows(own).put([table.id, 1], { version: 1, partitions } as unknown as VersionRecord);
      }
      instanceRows(own).put([id, "1"], { id: "1", projectId: id } as InstanceRecord);
      const project = { id, name: id, account };
      dataKeyRows(own).put([`d-${id}`], { project, keyArn: "k", wrapped: Buffer.alloc(1) });
    }
    const project = { id: "gone", name: "gone", account } as ProjectRecord;
    droppedProjects(own).put(["gone"], { project, atMs: 0 });
  });
  const faults: unknown[] = [];
  const round = async (stop = Number.POSITIVE_INFINITY) => {
    [stopAt, steps] = [stop, 0];
    const jobs = { cancelOf: async (id: string) => ended.push(id) } as unknown as Jobs;
    const engines = { endOf: async (id: string) => ended.push(id) } as unknown as ProjectEngines;
    const eraser = new ProjectEraser(parts, { jobs, engines }, (_, cause) => faults.push(cause));
    await eraser.start();
    await eraser.stop();
  };
  const left = () => ({
    tables: [...tableRows(own).range()].map(({ key: [id] }) => id),
    versions: [...versionRows(own).range()].map(({ key: [id] }) => String(id).split("-")[0]),
    jobs: [...instanceRows(own).range()].map(({ key: [id] }) => id),
    keys: [...dataKeyRows(own).range()].map(({ key: [id] }) => id),
    grants: [...grants],
  });
  const late = () =>
    store.transaction(() =>
      instanceRows(own).put(["gone", "2"], { id: "2", projectId: "gone" } as InstanceRecord),
    );
  return {
    ...{ round, left, removed, ended, faults, own, late },
    later: (ms: number) => {
      nowMs = ms;
    },
  };
}

test("what a dropped project had is erased, wherever that was broken off, and nothing else", async () => {
  const each = (id: string, count: number) => Array.from({ length: count }, () => id);
  for (let stop = 1; ; stop += 1) {
    const { round, left, removed, faults } = await world();
    await round(stop);
    const broken = faults.length > 0;
    await round();
    assert.deepEqual(left(), {
      ...{ tables: each("stays", 150), versions: each("stays", 150), jobs: ["stays"] },
      ...{ keys: ["d-stays"], grants: ["stays"] },
    });
    assert.equal(new Set(removed).size, 150);
    assert.equal(removed.length, 150, "each body is removed once");
    assert.ok(removed.every((id) => id.startsWith("gone-")));
    if (!broken) break;
  }
});

test("what was under way may leave something for a day: it is erased, too", async () => {
  const { round, left, own, later, late, ended } = await world();
  await round();
  assert.deepEqual([...new Set(ended)], ["gone"]);
  await late();
  later(dayMs);
  await round();
  assert.deepEqual(left().jobs, ["stays"]);
  assert.equal([...droppedProjects(own).range()].length, 1);
  later(dayMs + dayMs / 8);
  await round();
  assert.equal([...droppedProjects(own).range()].length, 0);
});

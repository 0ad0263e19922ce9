import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProjectRecord } from "../../../projects/project.ts";
import type { Running } from "./in-cell.ts";
import { leave, sealLeft } from "./query.ts";

test("what a query left in the cell goes where it cannot be sealed", async () => {
  const there = new Set<string>();
  const engine = {
    async keep() {
      const files = ["a", null, "b"].map((value, at) => ({
        ...{ file: `k/${at}.parquet`, rows: 1, bytes: 1, values: [value] },
      }));
      for (const { file } of files) there.add(file);
      return { files };
    },
    remove: async (file: string) => void there.delete(file),
    progress: () => 0,
  };
  const cell = { engine, place: async () => undefined, seal: async () => ({ id: "f" }) };
  const running = {
    target: { catalog: { settings: new Map() }, project: { account: "1" }, store: { blobs: {} } },
    input: { job: { record: { id: "j" }, signal: new AbortController().signal } },
    call: {
      parts: { random: { bytes: () => Buffer.from("r") } },
      own: {
        engines: { use: (_: unknown, run: (there: unknown) => unknown) => run(cell) },
        functions: { use: (_: unknown, _calls: unknown, work: (links: []) => unknown) => work([]) },
      },
    },
  } as unknown as Running;
  const into = {} as ProjectRecord;
  await assert.rejects(
    leave({ sql: "SELECT 1", files: [] }, ["ds"], into, running),
    /dynamic partition value: the column ds is NULL/,
  );
  assert.deepEqual([...there], []);
});

test("what was sealed of it goes where the rest cannot be", async () => {
  const taken: string[] = [];
  const discarded: unknown[] = [];
  const cell = {
    async takeOut(file: string, rows: number) {
      taken.push(file);
      if (taken.length === 3) throw new Error("the disk is full");
      return { id: file, rows, blob: { id: file, size: 1 } };
    },
  };
  const files = ["a", "b", "c", "d"].map((file) => ({ file, rows: 1, bytes: 1, values: [file] }));
  const store = { blobs: { discard: ({ id }: { id: string }) => discarded.push(id) } };
  const into = { project: {}, store } as unknown as Parameters<typeof sealLeft>[3];
  await assert.rejects(sealLeft(cell as never, files, ["ds"], into), /the disk is full/);
  assert.deepEqual(
    [taken, discarded],
    [
      ["a", "b", "c"],
      ["a", "b"],
    ],
  );
});

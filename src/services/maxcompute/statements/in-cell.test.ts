import assert from "node:assert/strict";
import { test } from "node:test";
import type { ProjectRecord } from "../../../projects/project.ts";
import type { Running } from "./in-cell.ts";
import { leave } from "./query.ts";

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
    target: { catalog: { settings: new Map() }, project: { account: "1" } },
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

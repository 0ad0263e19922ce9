import assert from "node:assert/strict";
import { test } from "node:test";
import type { WarehouseEngine } from "../../engines/duckdb/engine.ts";
import type { ProjectRecord } from "../../projects/project.ts";
import { ProjectEngine } from "./project-engine.ts";

test("what came by a stream is not kept where its key has come to refuse", async () => {
  let isRefused = false;
  const blobs = new Set<string>();
  const engine = {
    async take(_what: unknown, _body: unknown, keep: (file: unknown) => Promise<unknown>) {
      const kept = await keep([]);
      isRefused = true;
      return { rows: 1, kept };
    },
  } as unknown as WarehouseEngine;
  const sealing = {
    async forWriting() {
      if (isRefused) throw new Error("the key is disabled");
      return { sealer: {} };
    },
  };
  const own = {
    write: async () => {
      blobs.add("b");
      return { id: "b", size: 1 };
    },
    discard: ({ id }: { readonly id: string }) => blobs.delete(id),
  };
  const parts = { store: { account: () => ({ blobs: own }) } };
  const around = { parts, account: "1", sealing, spark: {}, cluster: {} } as never;
  const cell = new ProjectEngine(engine, {} as never, around);
  async function* body(): AsyncGenerator<Buffer> {}
  const what = { columns: [], form: "record" } as const;
  await assert.rejects(cell.take(what, body(), {} as ProjectRecord), /the key is disabled/);
  assert.deepEqual([...blobs], []);
});

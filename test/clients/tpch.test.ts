import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { loadTpch, openTpch, tpchQueries, writeTpch } from "../support/tpch.ts";
import { startWorld } from "../support/warehouse.ts";

const scale = 0.01;

/** Numbers by ten digits, six of them behind the point: an average of decimals has no more, and DuckDB's is a double. */
function told(value: unknown): unknown {
  const number = typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  return typeof number === "number" ? Number(number.toFixed(6)).toPrecision(10) : value;
}

test("TPC-H's 22 queries, on tables that PyODPS has loaded, answer as DuckDB does, on Spark too", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "tpch-"));
  t.after(() => rm(folder, { recursive: true }));
  const duckdb = await openTpch();
  t.after(() => duckdb.closeSync());
  await writeTpch(duckdb, scale, folder);
  const { odps, root } = await startWorld(t, "tpch");
  const queries = tpchQueries();
  const out = await odps<{ answers: unknown[][][]; spark: unknown[][][] }>(
    root,
    "tpch",
    `${loadTpch(folder)}
queries = json.loads(${JSON.stringify(JSON.stringify(queries))})
out["answers"] = [rows(query) for query in queries]
out["spark"] = [rows(query, **{"hive.execution.engine": "spark"}) for query in queries]`,
  );
  assert.equal(out.answers.length, 22);
  for (const [at, answer] of out.answers.entries()) {
    const expected = await duckdb.runAndReadAll(`PRAGMA tpch(${at + 1})`);
    const rows = expected.getRowsJson().map((row) => row.map(told));
    assert.ok(rows.length > 0, `query ${at + 1} has an answer`);
    assert.deepEqual(
      answer.map((row) => row.map(told)),
      rows,
      `query ${at + 1}`,
    );
    assert.deepEqual(
      out.spark[at]?.map((row) => row.map(told)),
      rows,
      `query ${at + 1} on Spark`,
    );
  }
});

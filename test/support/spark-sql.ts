import assert from "node:assert/strict";
import { join } from "node:path";
import { findSpark } from "../../src/engines/spark/spark-home.ts";
import { createSparkSql, type SparkSql } from "../../src/engines/spark/sql/engine.ts";
import { startTestEngine } from "./duckdb.ts";
import { cache } from "./python.ts";

const mebi = 1024 * 1024;

/** Spark in a real cell beside a DuckDB's, on the same volume; all end with the test. */
export async function startTestSpark(
  t: Parameters<typeof startTestEngine>[0],
): Promise<Awaited<ReturnType<typeof startTestEngine>> & { spark: SparkSql; said: string[] }> {
  const started = await startTestEngine(t);
  const { volume, data } = started;
  const installed = findSpark(cache);
  assert.ok(installed, "Spark and Java are installed");
  const said: string[] = [];
  const runDirectory = join(volume.path, "../../run");
  const spark = createSparkSql({
    cell: { id: "project", volume, runDirectory, onLog: (line) => said.push(line) },
    ...{ ...installed, data },
    limits: {
      ...{ memoryBytes: 2048 * mebi, cpus: 2, processes: 512, openFiles: 4096 },
      workBytes: 256 * mebi,
    },
  });
  t.after(() => spark.stop());
  return { ...started, spark, said };
}

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { cache } from "../../../test/support/python.ts";
import { startCell } from "../../cells/cell.ts";
import { sparkCell, sparkFiles } from "./spark-cell.ts";
import { findSpark } from "./spark-home.ts";

const program = `
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.getOrCreate()
print("sum", spark.range(10).selectExpr("sum(id)").first()[0])
print("rdd", spark.sparkContext.parallelize([1, 2, 3], 2).map(lambda each: each + 1).sum())
spark.range(3).write.parquet("/work/rows")
print("rows", spark.read.parquet("/work/rows").count(), sys.argv[1])
sys.exit(3)
`;

test("Spark runs a program in a cell, and its end is told", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "spark-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const installed = findSpark(cache);
  assert.ok(installed, "npm test installs Spark and Java");
  const files = join(directory, "files");
  const spark = sparkCell({
    ...{
      ...installed,
      files,
      log: "warn",
      settings: { "spark.sql.shuffle.partitions": "1" },
    },
    limits: {
      memoryBytes: 1536 * 1024 ** 2,
      cpus: 1,
      processes: 512,
      workBytes: 2 ** 26,
      openFiles: 4096,
    },
    words: (inside) => [`${inside.path(sparkFiles)}/program.py`, "a word"],
  });
  writeFileSync(join(files, "program.py"), program);
  const lines: string[] = [];
  const cell = await startCell({
    ...{ id: "spark", runDirectory: join(directory, "run"), ports: [], ...spark },
    onLog: (line) => lines.push(line),
  });
  const { code } = await cell.exited;
  const told = lines.filter((line) => /^(sum|rdd|rows) /.test(line));
  assert.deepEqual([code, ...told], [3, "sum 45", "rdd 9", "rows 3 a word"], lines.join("\n"));
});

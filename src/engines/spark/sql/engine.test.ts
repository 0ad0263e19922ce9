import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOf } from "../../../../test/support/duckdb.ts";
import { startTestSpark } from "../../../../test/support/spark-sql.ts";

const settings = { timezone: "Asia/Shanghai" };

test("Spark reads what DuckDB has, and DuckDB what Spark leaves", async (t) => {
  const { engine, spark } = await startTestSpark(t);
  const sql =
    "select range::bigint as id, timestamptz '1500-01-01 00:00:00+00' as at from range(5)";
  await engine.keep({ id: "one", sql, file: "t/a/ds=%E4%BD%A0/one.parquet", settings });
  const files = await spark.run({
    ...{ id: "two", name: "answer", steps: [], ...settings },
    sql: "select id * 2 as c0, at as c1, decode(encode(ds, 'ISO-8859-1'), 'UTF-8') as c2 from data_0 order by id desc",
    tables: [
      {
        ...{ name: "data_0", base: "t/a", files: ["t/a/ds=%E4%BD%A0/one.parquet"] },
        schema: "id BIGINT, at TIMESTAMP, ds STRING",
      },
    ],
  });
  assert.equal(files, 1);
  await engine.put("s/0.parquet", spark.give("answer", 0));
  const back = "select * from '/work/data/s/0.parquet'";
  const { columns, rows } = await engine.keep({ id: "k", sql: back, file: "k.parquet", settings });
  assert.equal(rows, 5);
  const all = { from: 0, count: 10, files: ["k.parquet"], columns, form: "csv" } as const;
  assert.equal(
    (await bytesOf(engine.read({ ...all, timezone: "UTC" }))).toString(),
    `"c0","c1","c2"\n${[8, 6, 4, 2, 0].map((id) => `"${id}","1500-01-01 00:00:00","你"\n`).join("")}`,
  );
});

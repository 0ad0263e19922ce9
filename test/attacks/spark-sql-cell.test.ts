/**
 * What Spark runs is emitted by Bondstore itself; what is around it holds if that fails. A text that is no query, names
 * a file or calls Java is refused; files of other queries cannot be changed; errors and the log hold no values.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { SparkSql } from "../../src/engines/spark/sql/engine.ts";
import { startTestSpark } from "../support/spark-sql.ts";

let spark: SparkSql;
let said: readonly string[] = [];
const ends: (() => unknown)[] = [];
before(async () => {
  const started = await startTestSpark({ after: (end) => void ends.unshift(end) });
  ({ spark, said } = started);
  const settings = { timezone: "UTC" };
  await started.engine.keep({ id: "k", sql: "select 1 as a", file: "t/x/a.parquet", settings });
});

after(async () => {
  for (const end of ends) await end();
});

let jobs = 0;
const run = (sql: string, more: object = {}) => {
  jobs += 1;
  const id = `attack-${jobs}`;
  return spark.run({ id, name: id, sql, tables: [], timezone: "UTC", ...more });
};

const texts: readonly string[] = [
  "select * from parquet.`/data/t/x/a.parquet`",
  "select * from text.`/etc/passwd`",
  "select * from text.`file:///own/program.py`",
  "select reflect('java.lang.System', 'getenv', 'SPARK_HOME')",
  "select java_method('java.lang.Runtime', 'getRuntime')",
  "select try_reflect('java.lang.System', 'exit', 0)",
  "create table stolen using text location '/data'",
  "create temporary view stolen using text options (path '/own')",
  "create temporary function f as 'java.lang.String' using jar '/work/x.jar'",
  "insert overwrite directory '/work/out/x' using csv select 1",
  "with c as (select 1) insert overwrite directory '/work/x' using csv select * from c",
  "add jar '/work/x.jar'",
  "set spark.sql.runSQLOnFiles=true",
  "reset",
  "show tables",
  "cache table x as select 1",
  "execute immediate 'select 1'",
  "begin select 1; end",
  "select 1; select 2",
  "select transform(1) using '/spark/python3 -c 1' from range(1)",
  "select * from `data_0`",
];
for (const sql of texts) {
  test(`Spark refuses: ${sql}`, () => assert.rejects(run(sql), { message: "Execution Error: " }));
}

test("a text of one statement does not see what another was told, nor what it left", async () => {
  const tables = [{ name: "data_0", schema: "a INT", files: ["t/x/a.parquet"] }];
  assert.equal(await run("select a as c0 from data_0", { tables }), 1);
  await assert.rejects(run("select a as c0 from data_0"));
  await assert.rejects(async () => {
    for await (const _ of spark.give("../../data/t/x", 0)) assert.fail("it gave a file");
  });
});

test("an error tells its kind, and neither it nor the log a value", async () => {
  const secret = "cast(concat('sec', 'ret-value') as int)";
  await assert.rejects(run(`select ${secret} as c0`), { message: "Conversion Error: " });
  await assert.rejects(run(`select cast(concat('sec', 'ret-', id) as int) as c0 from range(9)`));
  await assert.rejects(run("select raise_error('secret-value') as c0"), {
    message: "Invalid Input Error: ",
  });
  assert.deepEqual(
    said.filter((line) => /sec|value/.test(line)),
    [],
  );
});

test("a job that does not end is ended when it is cancelled, and others go on", async () => {
  assert.equal(await run("select 1 as c0"), 1);
  const range = "range(1000000000)";
  const endless = run(`select sum(a.id * b.id) as c0 from ${range} a cross join ${range} b`);
  const id = `attack-${jobs}`;
  const timer = setInterval(() => void spark.cancel(id).catch(() => {}), 2_000);
  await assert.rejects(endless);
  clearInterval(timer);
  assert.equal(await run("select 1 as c0"), 1);
});

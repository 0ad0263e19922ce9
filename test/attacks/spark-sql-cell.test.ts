/**
 * What Spark runs is emitted by Bondstore itself; what is around it holds if that fails. A text that is no query, names
 * a file or calls Java is refused; files of other queries cannot be changed; errors and the log hold no values.
 */
import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { SparkSql } from "../../src/engines/spark/sql/engine.ts";
import { temporary } from "../support/bondstore.ts";
import { startSpark } from "../support/spark.ts";
import { startTestSpark } from "../support/spark-sql.ts";

let spark: SparkSql;
let volume = "";
let said: readonly string[] = [];
const ends: (() => unknown)[] = [];
before(async () => {
  const started = await startTestSpark({ after: (end) => void ends.unshift(end) });
  ({ spark, said } = started);
  volume = started.volume.path;
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
  return spark.run({ id, name: id, steps: [], sql, tables: [], timezone: "UTC", ...more });
};

/** Each is well written: a Spark without this cell's guards runs it, or says what stands beside it. */
const texts: readonly (readonly [sql: string, outside?: RegExp])[] = [
  ["select * from parquet.`/data/t/x/a.parquet`"],
  ["select * from text.`/etc/passwd`"],
  ["select * from text.`file:///own/program.py`"],
  ["select reflect('java.lang.System', 'getenv', 'HOME')"],
  ["select java_method('java.lang.Runtime', 'getRuntime')"],
  ["select try_reflect('java.lang.System', 'getenv', 'HOME')"],
  ["create table stolen using text location '/data'"],
  ["create temporary view stolen using text options (path '/own')"],
  ["create temporary function g() returns int return 1"],
  ["create temporary function f as 'java.lang.String' using jar '/work/x.jar'"],
  ["insert overwrite directory '/work/out/x' using csv select 1"],
  ["with c as (select 1) insert overwrite directory '/work/x' using csv select * from c"],
  ["add jar '/work/x.jar'"],
  ["set spark.sql.runSQLOnFiles=true"],
  ["reset"],
  ["show tables"],
  ["cache table x as select 1"],
  ["execute immediate 'select 1'"],
  ["begin select 1; end"],
  ["select 1; select 2", /PARSE_SYNTAX_ERROR/],
  ["select transform(1) using 'cat' as (one string) from range(1)"],
  ["select * from `data_0`"],
];
for (const [sql] of texts) {
  test(`Spark refuses: ${sql}`, async () => {
    await assert.rejects(run(sql), { message: "Execution Error: " });
    const steps = [{ name: "w1", sql }];
    await assert.rejects(run("select 1 as c0", { steps }), { message: "Execution Error: " });
  });
}

test("what Spark refuses in its cell runs where it is not held", async (t) => {
  const folder = temporary(t);
  const plain = startSpark();
  t.after(() => plain.close());
  for (const name of ["data", "own", "work"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "own/program.py"), "code");
  writeFileSync(join(folder, "work/x.jar"), "");
  const there = (sql: string) => sql.replace(/\/(data|own|work)\b/, `${folder}/$1`);
  await plain.ask(there("insert overwrite directory '/data/t/x/a.parquet' using parquet select 1"));
  await plain.ask("create temporary view data_0 as select 1 as a");
  for (const [sql, outside] of texts) {
    const answer = await plain.ask(there(sql));
    if (outside) assert.match("failed" in answer ? answer.failed : "", outside, sql);
    else assert.ok("rows" in answer, `${sql}: ${JSON.stringify(answer)}`);
  }
});

test("a text of one statement does not see what another was told, nor what it left", async () => {
  const tables = [{ name: "data_0", schema: "a INT", files: ["t/x/a.parquet"] }];
  assert.equal(await run("select a as c0 from data_0", { tables }), 1);
  const steps = [
    { name: "w1", sql: "select a, a + 1 as `b c` from data_0" },
    { name: "w2", sql: "select `b c` as b from w1" },
  ];
  assert.equal(await run("select b as c0 from w2", { tables, steps }), 1);
  for (const name of ["data_0", "w1", "w2"]) {
    await assert.rejects(run(`select * from ${name}`), { message: "Execution Error: " });
  }
  const there = readdirSync(volume, { recursive: true }).map(String);
  assert.ok(there.some((name) => name.endsWith(".parquet")));
  assert.deepEqual(
    there.filter((name) => name.includes("-steps")),
    [],
  );
  const stepped = `attack-${jobs - 3}`;
  const given = async (name: string, at: number) => {
    let size = 0;
    for await (const part of spark.give(name, at)) size += part.length;
    return size;
  };
  assert.ok((await given(stepped, 0)) > 0);
  for (const [name, at] of [
    ["../../data/t/x", 0],
    [stepped, 1],
  ] as const) {
    await assert.rejects(given(name, at), { name: "EngineLost" });
  }
});

test("an error tells its kind, and neither it nor the log a value", async () => {
  const secret = "cast(concat('sec', 'ret-value') as int)";
  await assert.rejects(run(`select ${secret} as c0`), { message: "Conversion Error: " });
  await assert.rejects(run("select cast(concat('sec', 'ret-', id) as int) as c0 from range(9)"), {
    message: "Conversion Error: ",
  });
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
  let over = false;
  void endless
    .catch(() => {})
    .finally(() => {
      over = true;
    });
  // Not by itself: it runs until it is cancelled.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  assert.equal(over, false);
  const timer = setInterval(() => void spark.cancel(id).catch(() => {}), 2_000);
  // Spark ends its task, or else its cell is ended.
  await assert.rejects(endless, ({ message }: Error) =>
    ["Execution Error: ", "the engine was stopped"].includes(message),
  );
  clearInterval(timer);
  assert.equal(await run("select 1 as c0"), 1);
});

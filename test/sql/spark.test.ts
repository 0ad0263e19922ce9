import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Catalog, CatalogTable } from "../../src/sql/catalog.ts";
import type { Selection } from "../../src/sql/plan.ts";
import { emitSpark, type SparkQuery } from "../../src/sql/spark/emit.ts";
import { SqlError } from "../../src/sql/sql-error.ts";
import { type SparkAnswer, startSpark } from "../support/spark.ts";
import { openTpch, tpchQueries, tpchTables, writeTpch } from "../support/tpch.ts";
import { ruleFiles } from "./rule-files.ts";
import { sampleCalls } from "./sample-calls.ts";
import { semantics } from "./semantics.ts";
import { edges } from "./statements.ts";
import { catalogOf, openWarehouse, parquetName, planOf, table, tables } from "./warehouse.ts";
import { writing } from "./writing.ts";

const scale = 0.01;
const callsAtOnce = 25;
const directory = mkdtempSync(join(tmpdir(), "spark-"));
const [warehouse, spark] = [await openWarehouse(), startSpark()];
after(() => {
  spark.close();
  warehouse.close();
  rmSync(directory, { recursive: true, force: true });
});

const viewOf = ({ id }: CatalogTable): string => `\`${id}\``;

/** Makes the tables known to Spark, each from the file that DuckDB wrote. */
async function bring(stored: readonly CatalogTable[], nameOf: (table: CatalogTable) => string) {
  for (const each of stored) {
    const path = join(directory, nameOf(each));
    const sql = `CREATE TEMPORARY VIEW ${viewOf(each)} USING parquet OPTIONS (path '${path}')`;
    assert.deepEqual(await spark.ask(sql), { rows: [] });
    if (each.project === "tpch") continue;
    assert.deepEqual(await spark.ask(`CACHE TABLE ${viewOf(each)}`), { rows: [] });
  }
}
await warehouse.writeParquet(directory);
await bring(
  tables.filter(({ kind }) => kind !== "view"),
  parquetName,
);

/** What changes from call to call, and what Spark is known to do otherwise. */
const notCompared: Readonly<Record<string, string>> = {
  rand: "random",
  random: "random",
  uuid: "random",
  unique_id: "random",
  sym_encrypt: "random",
  cluster_sample: "random",
  getdate: "the time of the call",
  now: "the time of the call",
  unix_timestamp: "the time of the call",
};
/** Statements that Spark refuses by itself. */
const refusedBySpark: readonly RegExp[] = [/UNSUPPORTED_CORRELATED_REFERENCE_DATA_TYPE/];

/** Numbers of floating point may differ in their last digit; nothing else may. */
function alike(left: unknown, right: unknown): boolean {
  if (Array.isArray(left) && Array.isArray(right))
    return left.length === right.length && left.every((each, place) => alike(each, right[place]));
  if (left !== null && right !== null && typeof left === "object" && typeof right === "object")
    return alike(Object.entries(left), Object.entries(right));
  if (typeof left !== "number" && typeof right !== "number") return left === right;
  const [first, second] = [Number(left), Number(right)];
  return first === second || Math.abs(first - second) <= 1e-12 * Math.abs(first);
}

let compared = 0;

const flat = catalogOf({ "odps.sql.allow.fullscan": "true" });

/** The plan, and its text for Spark where it has one. */
function planned(sql: string, catalog: Catalog) {
  const plan = planOf(sql, {}, catalog);
  assert.ok(plan.kind === "query");
  return inWords(plan.selection);
}

function inWords(selection: Selection) {
  try {
    return { selection, text: emitSpark(selection, viewOf) };
  } catch (error) {
    assert.ok(
      error instanceof SqlError && / is not built for Spark$/.test(error.reason),
      `${error}`,
    );
    return { selection, text: undefined };
  }
}

const isBuilt = (sql: string): boolean => planned(sql, flat).text !== undefined;

/** Asks both engines for the same plan. */
async function compare(sql: string, catalog: Catalog): Promise<void> {
  await compareSelection(planned(sql, catalog), sql);
}

async function compareSelection(
  { selection, text }: ReturnType<typeof inWords>,
  told: string,
): Promise<void> {
  if (text === undefined) return;
  const answer = await asked(text);
  if ("failed" in answer) {
    const { failed } = answer;
    assert.ok(
      refusedBySpark.some((known) => known.test(failed)),
      `${failed}\n${text.sql}`,
    );
    return;
  }
  const expected = await warehouse.rows(selection);
  const [rows, others] = /order by/i.test(told)
    ? [answer.rows, expected]
    : [answer.rows, expected].map((each) => each.toSorted(byText));
  if (!alike(rows, others)) assert.deepEqual(rows, others, text.sql);
  compared += 1;
}

/** Asks Spark; the rows of steps are kept as long. */
async function asked({ steps, sql }: SparkQuery): Promise<SparkAnswer> {
  const made: string[] = [];
  try {
    for (const step of steps) {
      const answer = await spark.ask(`CACHE TABLE ${step.name} AS ${step.sql}`);
      if ("failed" in answer) return answer;
      made.push(step.name);
    }
    return await spark.ask(sql);
  } finally {
    for (const name of made) await spark.ask(`DROP VIEW ${name}`);
  }
}

const byText = (left: unknown, right: unknown) =>
  JSON.stringify(left) < JSON.stringify(right) ? -1 : 1;

for (const [title, sql] of Object.values(semantics).flat())
  test(`alike: ${title}`, () => compare(sql, flat));
for (const [title, sql] of writing) {
  test(`alike: ${title}`, async () => {
    const plan = planOf(sql);
    assert.ok(plan.kind === "write");
    const before = compared;
    for (const { selection } of plan.writes) await compareSelection(inWords(selection), "");
    assert.equal(compared - before, plan.writes.length, "Spark has words for each write");
  });
}
test("MERGE refuses a row that matches twice", async () => {
  const plan = planOf(
    "MERGE INTO delta d USING u ON d.k = u.a WHEN MATCHED THEN UPDATE SET v = u.d",
  );
  assert.ok(plan.kind === "write" && plan.writes[0]);
  const answer = await asked(emitSpark(plan.writes[0].selection, viewOf));
  assert.match("failed" in answer ? answer.failed : "", /odps_said:/);
});
for (const sql of edges) test(`alike: ${sql}`, () => compare(sql, flat));
// Many calls are one query: each query costs Spark more than what it calculates.
for (const family of ["scalar", "aggregate", "window"]) {
  const calls = sampleCalls.filter(
    (call) => call.family === family && !Object.hasOwn(notCompared, call.name) && isBuilt(call.sql),
  );
  for (let from = 0; from < calls.length; from += callsAtOnce) {
    const some = calls.slice(from, from + callsAtOnce);
    const list = some.map(({ expression }, place) => `${expression} AS x${place}`).join(", ");
    test(`alike: ${some.map(({ signature }) => signature).join("; ")}`, async () => {
      await compare(`SELECT ${list} FROM t LIMIT 1`, flat);
      compared += some.length - 1;
    });
  }
}

// A rule alone may be about a table or a refusal; values of many rules are expressions.
for (const { file, title, rules } of ruleFiles().flat()) {
  if (rules.length < 2) continue;
  const values = rules.filter(
    ({ sql }) => /^SELECT (?!.*\bFROM [a-z])/s.test(sql) && !sql.includes("\n") && isBuilt(sql),
  );
  if (values.length === 0) continue;
  const list = values.map(({ sql }, place) => `${sql.slice("SELECT ".length)} AS x${place}`);
  test(`alike: ${file}: ${title}`, async () => {
    await compare(`SELECT ${list.join(", ")}`, flat);
    compared += values.length - 1;
  });
}

test("alike: TPC-H's 22 queries", async () => {
  const made = Object.entries(tpchTables).map(([name, columns]) =>
    table(name, columns.replaceAll(/, (?=\w+ )/g, "; "), "", { project: "tpch" }),
  );
  const duckdb = await openTpch();
  await writeTpch(duckdb, scale, directory);
  duckdb.closeSync();
  await bring(made, ({ name }) => `${name}.parquet`);
  await warehouse.readParquet(made, directory);
  const findTable: Catalog["findTable"] = ({ name }) => made.find((each) => each.name === name);
  const before = compared;
  for (const sql of tpchQueries()) await compare(sql, { ...flat, project: "tpch", findTable });
  assert.equal(compared - before, 22);
});

test("most statements were compared", () => assert.ok(compared > 350, `${compared}`));

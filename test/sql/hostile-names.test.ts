import assert from "node:assert/strict";
import { after, test } from "node:test";
import { emitDuckDb } from "../../src/sql/emit.ts";
import { openWarehouse, planOf } from "./warehouse.ts";

const warehouse = await openWarehouse();
after(() => warehouse.close());

/** What would reach files, settings or the machine if a name or a text went through unread. */
const refused: readonly string[] = [
  "SELECT read_csv('/etc/passwd')",
  "SELECT * FROM read_csv('/etc/passwd')",
  "SELECT * FROM TABLE(read_text('/etc/passwd'))",
  "SELECT * FROM duckdb_settings()",
  "SELECT * FROM `/etc/passwd`",
  "SELECT * FROM '/etc/passwd'",
  "SELECT * FROM information_schema.tables",
  "SELECT getenv('HOME')",
  "SELECT current_setting('TimeZone')",
  "SELECT odps_json_path('{}', '$')",
  "SELECT query('SELECT 1')",
  "PRAGMA database_list",
  "COPY t TO '/tmp/x'",
  "ATTACH '/tmp/x.db'",
  "SELECT a FROM t1",
  "SELECT `r2`.`a` FROM t",
  "SELECT a FROM t LATERAL VIEW read_text('/etc/passwd') x AS y",
  "SELECT a::bigint FROM t; INSTALL httpfs",
];

for (const sql of refused) {
  test(`refused: ${sql}`, () => {
    assert.throws(() => planOf(sql), { name: "SqlError" });
  });
}

const texts: readonly (readonly [title: string, literal: string, value: string])[] = [
  ["a quote", String.raw`'it\'s'`, "it's"],
  ["a doubled end", String.raw`'\'; DROP TABLE t; --'`, "'; DROP TABLE t; --"],
  ["a backslash at the end", String.raw`'a\\'`, "a\\"],
  ["double quotes", String.raw`"say \"x\""`, 'say "x"'],
  ["dollars and marks", "'$1 $W $$ :a ? \uE000D'", "$1 $W $$ :a ? \uE000D"],
  ["a name of ours", `'"t1" "w2"'`, '"t1" "w2"'],
];

for (const [title, literal, value] of texts) {
  test(`a text stays a text: ${title}`, async () => {
    const plan = planOf(`SELECT ${literal}, SUBSTR(${literal}, 1), MAX(${literal}) FROM t`);
    assert.equal(plan.kind, "query");
    if (plan.kind !== "query") return;
    assert.deepEqual(await warehouse.select(plan.selection), [[value, value, value].join(" | ")]);
  });
}

test("a text in an aggregate is not searched for marks", async () => {
  const text = "'\uE000W \uE000D $W'";
  const plan = planOf(
    `SELECT SUM(LENGTH(${text})) OVER (PARTITION BY 'it''s ${'"'}') FROM t LIMIT 1`,
  );
  assert.equal(plan.kind, "query");
  if (plan.kind === "query") assert.deepEqual(await warehouse.select(plan.selection), ["32"]);
});

test("an alias stays a name, whatever it says", () => {
  const plan = planOf('SELECT a AS `x"; DROP TABLE t; --` FROM t');
  assert.equal(plan.kind, "query");
  if (plan.kind !== "query") return;
  const sql = emitDuckDb(plan.selection, () => "r");
  assert.ok(sql.includes('AS "x""; drop table t; --"'), sql);
});

test("calls that write their arguments twice do not grow without end", () => {
  const nested = `${"SUBSTR(".repeat(60)}b${", a)".repeat(60)}`;
  assert.throws(() => planOf(`SELECT ${nested} FROM t`), /longer than/);
});

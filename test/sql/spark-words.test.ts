import assert from "node:assert/strict";
import { test } from "node:test";
import { emitSpark } from "../../src/sql/spark/emit.ts";
import { planOf } from "./warehouse.ts";

const words = (sql: string): string => {
  const plan = planOf(sql, { "odps.sql.allow.fullscan": "true" });
  assert.equal(plan.kind, "query");
  return plan.kind === "query" ? emitSpark(plan.selection, ({ id }) => `\`${id}\``).sql : "";
};

const refused: readonly (readonly [sql: string, what: string])[] = [
  ["SELECT HASH(c) FROM t", "type BIT"],
  ["SELECT TO_JSON(ARRAY(a)) FROM t", "function to_json with 1 arguments"],
  ["SELECT ts FROM moments", "type TIMESTAMP (in nanoseconds)"],
  ["SELECT JSON_PARSE(b) FROM t", "type JSON"],
  ["SELECT REGEXP_REPLACE('a', 'b', b, 0) FROM t", "function regexp_replace with a replacement"],
  ["SELECT b RLIKE '[[:alpha:]]' FROM t", "function regexp_matches with such a pattern"],
  ["SELECT b RLIKE b FROM t", "function regexp_matches with a pattern that is no constant"],
  ["SELECT DECODE(ENCODE(b, 'utf-16'), 'utf-16') FROM t", "function unicode"],
  ["SELECT TO_DATE(b, 'hh') FROM t", "function try_strptime with a mask without"],
  ["SELECT CHR(a) FROM t", "function chr"],
  ["SELECT a AS `x$y` FROM t", "a name with a dollar"],
];

for (const [sql, what] of refused) {
  test(`no words for Spark: ${sql}`, () => {
    assert.throws(
      () => words(sql),
      (error: Error) =>
        error.message.includes(what) && error.message.endsWith(" is not built for Spark"),
    );
  });
}

test("a text stays a text, and names no variable of Spark", () => {
  const text = words(String.raw`SELECT 'it\'s \\', '${"$"}{spark.app.name}' FROM t`);
  assert.ok(text.includes(String.raw`'it\'s \\'`), text);
  assert.ok(text.includes(String.raw`'\u0024{spark.app.name}'`), text);
  assert.ok(!text.includes("$"), text);
});

test("a name stays a name", () => {
  assert.ok(
    words("SELECT a AS `q``; DROP TABLE t; --` FROM t").includes("AS `q``; drop table t; --`"),
  );
});

test("what nests deep costs no more than its length", () => {
  const depth = 60;
  const text = words(
    `SELECT ${"(".repeat(depth)}(SELECT MAX(a) FROM t)${" + 1)".repeat(depth)} FROM u`,
  );
  assert.ok(text.length < 20_000, `${text.length}`);
});

test("macros that write their arguments many times do not grow without end", () => {
  const nested = `${"INITCAP(SPLIT_PART(".repeat(30)}b${", 'a', 1))".repeat(30)}`;
  const growing = `${"SPLIT(ARRAY_JOIN(".repeat(12)}ARRAY(b)${", ','), ',')".repeat(12)}`;
  assert.ok(words(`SELECT ${nested} FROM t`).length < 1_000_000);
  assert.throws(
    () => words(`SELECT ${growing} FROM t`),
    /longer|characters is not built for Spark/,
  );
});

test("a chain that is longer than reading may descend is refused", () => {
  const chain = Array.from({ length: 550 }, () => "b").join(" || ");
  assert.throws(() => words(`SELECT ${chain} FROM t`), /parentheses is not built for Spark/);
});

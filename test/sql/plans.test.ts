import assert from "node:assert/strict";
import { after, test } from "node:test";
import type { Plan } from "../../src/sql/plan.ts";
import { openWarehouse, planOf } from "./warehouse.ts";
import { writing } from "./writing.ts";

const warehouse = await openWarehouse();
after(() => warehouse.close());

const readsOf = ({ reads }: Plan): string[] =>
  reads.map(({ table, columns, through, partitions, metadataOnly }) => {
    const way = through.map(({ name }) => `${name}>`).join("");
    const chosen = table.partitionColumns.length > 0 ? ` ${partitions}` : "";
    return `${way}${table.project}.${table.name}(${columns.join(",")})${chosen}${metadataOnly ? " metadata" : ""}`;
  });

const reading: readonly (readonly [title: string, sql: string, reads: readonly string[]])[] = [
  [
    "columns of WHERE, ON and GROUP BY are read",
    "SELECT COUNT(*) FROM t JOIN u ON t.a = u.a WHERE c > 1 GROUP BY b",
    ["p.t(a,b,c)", "p.u(a,d)".replace(",d", "")],
  ],
  ["a star reads all columns", "SELECT * FROM t", ["p.t(a,b,c)"]],
  ["a count reads a table without its columns", "SELECT COUNT(*) FROM t", ["p.t()"]],
  ["a view and what is behind it", "SELECT a FROM v", ["p.v(a)", "v>p.t(a,b)"]],
  [
    "views behind views, and other projects",
    "SELECT a FROM vv",
    ["p.vv(a)", "vv>p.v(a)", "vv>v>p.t(a,b)"],
  ],
  ["a view's own project", "SELECT x FROM q.out", ["q.out(x)", "out>q.secret(x)"]],
  [
    "subqueries in every place",
    "SELECT (SELECT MAX(x) FROM q.secret) FROM t WHERE a IN (SELECT a FROM u) ORDER BY (SELECT MIN(k) FROM delta)",
    ["p.t(a)", "p.u(a)", "q.secret(x)", "p.delta(k)"],
  ],
  ["MAX_PT reads a table's partitions", "SELECT MAX_PT('sale')", ["p.sale(day) chosen metadata"]],
  [
    "an unused WITH reads nothing",
    "WITH w AS (SELECT * FROM q.secret) SELECT a FROM u",
    ["p.u(a)"],
  ],
  [
    "both queries of a recursive table are read",
    "WITH RECURSIVE r AS (SELECT a FROM t UNION ALL SELECT s.x FROM q.secret s JOIN r ON s.x > r.a) SELECT a FROM r",
    ["p.t(a)", "q.secret(x)"],
  ],
  [
    "PIVOT reads what it turns",
    "SELECT a FROM t PIVOT (MAX((SELECT MAX(x) FROM q.secret) + c) FOR b IN ('x'))",
    ["p.t(a,b,c)", "q.secret(x)"],
  ],
  [
    "UNPIVOT reads what it turns, what it repeats and what it names, in whatever part of it",
    "SELECT n FROM t UNPIVOT INCLUDE NULLS (v FOR n IN (a, c)) WHERE v > (SELECT MAX(x) FROM q.secret)",
    ["p.t(a,b,c)", "q.secret(x)"],
  ],
  [
    "UNPIVOT of a view reads what is behind it",
    "SELECT COUNT(*) FROM q.out UNPIVOT (v FOR n IN (x))",
    ["q.out(x)", "out>q.secret(x)"],
  ],
  [
    "UNPIVOT of a subquery reads no more than that",
    "SELECT n FROM (SELECT a FROM t) UNPIVOT (v FOR n IN (a))",
    ["p.t(a)"],
  ],
  ["a column that is replaced is not read", "SELECT * REPLACE (a + 1 AS b) FROM t", ["p.t(a,c)"]],
  [
    "a variable reads what its query reads",
    "@s := SELECT x FROM q.secret; SELECT * FROM @s",
    ["q.secret(x)"],
  ],
  ["a text that looks like SQL reads nothing", "SELECT 'SELECT * FROM q.secret'", []],
  [
    "a sample's columns and subqueries are read",
    "SELECT COUNT(*) FROM t TABLESAMPLE (BUCKET 1 OUT OF 2 ON b, (SELECT MAX(x) FROM q.secret))",
    ["p.t(b)", "q.secret(x)"],
  ],
  ["an alias hides a table's name", "SELECT secret.a FROM t secret", ["p.t(a)"]],
  [
    "conditions choose partitions",
    "SELECT shop FROM sale WHERE day = '2024-01-01' AND price > 1",
    ["p.sale(day,price,shop) chosen"],
  ],
  [
    "also from outside a subquery",
    "SELECT s FROM (SELECT shop s, day x FROM sale) k WHERE x > '2024'",
    ["p.sale(day,shop) chosen"],
  ],
  ["lambdas and windows", "SELECT SUM(c) OVER (PARTITION BY b ORDER BY a) FROM t", ["p.t(a,b,c)"]],
  ["EXPLAIN reads like its statement", "EXPLAIN SELECT y FROM q.secret", ["q.secret(y)"]],
];

for (const [title, sql, reads] of reading) {
  test(`reads: ${title}`, () => assert.deepEqual(readsOf(planOf(sql)), reads));
}

test("functions are told by name", () => {
  assert.deepEqual(planOf("SELECT SUM(LENGTH(b)), COUNT(*) FROM t").functions, [
    "count",
    "length",
    "sum",
  ]);
});

test("columns of a result are in lower case, with their types", () => {
  const plan = planOf("SELECT A, B AS Name, A / 2, COUNT(*) OVER (), a FROM t");
  assert.equal(plan.kind, "query");
  if (plan.kind !== "query") return;
  const columns = plan.selection.columns.map(({ name, type }) => `${name} ${type.kind}`);
  assert.deepEqual(columns, ["a bigint", "name string", "_c2 double", "_c3 bigint", "a_2 bigint"]);
});

for (const [title, sql, expected, rows] of writing) {
  test(`writes: ${title}`, async () => {
    const plan = planOf(sql);
    assert.equal(plan.kind, "write");
    if (plan.kind !== "write") return;
    const told = plan.writes.map(({ mode, table, staticPartition, dynamicPartition }) => {
      const fixed = staticPartition.map(({ column, value }) => `${column}=${value}`);
      return `${mode} ${table.project}.${table.name} [${fixed}] [${dynamicPartition}]`;
    });
    assert.deepEqual(told, expected);
    const written = await Promise.all(
      plan.writes.map(({ selection }) => warehouse.select(selection)),
    );
    assert.deepEqual(written.flat().sort(), rows);
  });
}

test("MERGE refuses a row that matches twice", async () => {
  const plan = planOf(
    "MERGE INTO delta d USING u ON d.k = u.a WHEN MATCHED THEN UPDATE SET v = u.d",
  );
  assert.equal(plan.kind, "write");
  if (plan.kind !== "write") return;
  const [write] = plan.writes;
  assert.ok(write);
  await assert.rejects(warehouse.select(write.selection), /odps_said:/);
});

test("DELETE and UPDATE read the columns they look at, and copy the others", () => {
  assert.deepEqual(readsOf(planOf("UPDATE delta SET v = 'x' WHERE k = 1")), ["p.delta(k)"]);
});

const defining: readonly (readonly [sql: string, tables: readonly string[]])[] = [
  ["DROP TABLE t", ["t"]],
  ["DROP TABLE IF EXISTS nosuch", []],
  ["ALTER TABLE sale ADD PARTITION (day='1', region='2')", ["sale"]],
  ["DESC t", ["t"]],
  ["CREATE TABLE fresh LIKE t", ["t"]],
  ["CLONE TABLE t TO u IF EXISTS OVERWRITE", ["t", "u"]],
  ["SHOW PARTITIONS sale", ["sale"]],
];

for (const [sql, expected] of defining) {
  test(`definitions: ${sql}`, () => {
    const plan = planOf(sql);
    assert.equal(plan.kind, "definition");
    if (plan.kind === "definition")
      assert.deepEqual(
        plan.tables.map(({ name }) => name),
        expected,
      );
  });
}

test("CREATE TABLE AS is made of a query", () => {
  const plan = planOf("CREATE TABLE p.fresh AS SELECT x FROM q.secret");
  assert.equal(plan.kind, "made-of-query");
  assert.deepEqual(readsOf(plan), ["q.secret(x)"]);
});

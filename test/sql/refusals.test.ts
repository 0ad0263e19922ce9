import assert from "node:assert/strict";
import { test } from "node:test";
import { SqlError } from "../../src/sql/sql-error.ts";
import { planOf } from "./warehouse.ts";

const semantic = (place: string, reason: string) =>
  `ODPS-0130071:[${place}] Semantic analysis exception - ${reason}`;

const refused: readonly (readonly [title: string, sql: string, message: string])[] = [
  [
    "an unknown table",
    "SELECT a FROM nosuch",
    "ODPS-0130131:[1,15] Table not found - table p.nosuch cannot be resolved",
  ],
  [
    "another project's unknown table",
    "SELECT a FROM q.t",
    "ODPS-0130131:[1,15] Table not found - table q.t cannot be resolved",
  ],
  ["an unknown column", "SELECT x FROM t", semantic("1,8", "column x cannot be resolved")],
  [
    "an unknown column of a table",
    "SELECT t.x FROM t",
    semantic("1,8", "column t.x cannot be resolved"),
  ],
  [
    "an alias in WHERE",
    "SELECT a AS k FROM t WHERE k > 1",
    semantic("1,28", "column k cannot be resolved"),
  ],
  [
    "a name of two tables",
    "SELECT a FROM t JOIN u ON t.a = u.a",
    semantic("1,8", "column reference a is ambiguous"),
  ],
  [
    "a column outside of GROUP BY",
    "SELECT a FROM t GROUP BY b",
    semantic("1,8", "column reference a should appear in GROUP BY key"),
  ],
  [
    "a column beside an aggregate",
    "SELECT a, COUNT(*) FROM t",
    semantic("1,8", "column reference a should appear in GROUP BY key"),
  ],
  [
    "an aggregate in WHERE",
    "SELECT a FROM t WHERE SUM(a) > 1",
    semantic("1,23", "aggregate function SUM cannot be used in WHERE"),
  ],
  [
    "an aggregate in an aggregate",
    "SELECT SUM(MAX(a)) FROM t",
    semantic("1,12", "aggregate function MAX cannot be used in another aggregate"),
  ],
  [
    "an unknown function",
    "SELECT frobnicate(a) FROM t",
    semantic("1,8", "function frobnicate cannot be resolved"),
  ],
  [
    "a function that is not built",
    "SELECT new_keyset(b) FROM t",
    semantic("1,8", "function new_keyset is not supported yet"),
  ],
  [
    "foreign code",
    "SELECT myudf(b) FROM t",
    semantic("1,8", "function p.myudf cannot be called: its class is not there"),
  ],
  [
    "too many arguments",
    "SELECT LENGTH(b, b) FROM t",
    semantic(
      "1,8",
      "function LENGTH cannot match any overloaded functions with (STRING, STRING), candidates are length(string) -> bigint; length(binary) -> bigint",
    ),
  ],
  [
    "a calculation with a list",
    "SELECT ARRAY(1) + 1",
    semantic("1,17", "invalid operand types ARRAY<INT> and INT for operator +"),
  ],
  [
    "a comparison without a common type",
    "SELECT a FROM t WHERE b > true",
    semantic("1,25", "type STRING and BOOLEAN cannot be compared by >"),
  ],
  [
    "inputs of a different width",
    "SELECT a FROM t UNION ALL SELECT a, d FROM u",
    semantic("1,17", "the inputs of UNION have 1 and 2 columns"),
  ],
  [
    "a view that reads itself",
    "SELECT a FROM loop",
    semantic("1,15", "view p.loop reads itself (in view p.loop)"),
  ],
  [
    "a partition without its values",
    "INSERT INTO sale SELECT 'a', 1, 'b'",
    semantic("1,1", "table p.sale is partitioned: partition column day must be given once"),
  ],
  [
    "a row that is too short",
    "INSERT INTO t SELECT 1",
    semantic(
      "1,1",
      "wrong columns count 1 in data source, requires 3 columns (includes dynamic partitions if any)",
    ),
  ],
  [
    "a value of another kind",
    "INSERT INTO t SELECT ARRAY(1), 'a', 1",
    semantic(
      "1,1",
      "a value of type ARRAY<INT> cannot be put into column a, which has type BIGINT",
    ),
  ],
  [
    "a change of a table without transactions",
    "DELETE FROM t WHERE a = 1",
    semantic("1,13", "table p.t is not transactional: UPDATE, DELETE and MERGE cannot change it"),
  ],
  [
    "a window function without a window",
    "SELECT ROW_NUMBER() FROM t",
    semantic("1,8", "window function row_number needs an OVER clause"),
  ],
  [
    "a view as a target",
    "INSERT INTO v SELECT 1, 'a'",
    semantic("1,13", "p.v is a view, and cannot be written to"),
  ],
  [
    "MAX_PT of a column",
    "SELECT MAX_PT(b) FROM t",
    semantic("1,8", "MAX_PT takes the name of a table as a constant text"),
  ],
  [
    "LIMIT that is no number",
    "SELECT a FROM t LIMIT a",
    semantic("1,23", "column a cannot be resolved").replace(
      "column a cannot be resolved",
      "LIMIT must be followed by a constant that is not negative",
    ),
  ],
];

for (const [title, sql, message] of refused) {
  test(`${title} is refused`, () => {
    assert.throws(
      () => planOf(sql),
      (error) =>
        error instanceof SqlError && error.message === message ? true : assert.fail(String(error)),
    );
  });
}

test("a partitioned table is not read as a whole unless the flag allows it", () => {
  const sql = "SELECT shop FROM sale WHERE price > 1";
  const words =
    /^ODPS-0130071:\[1,18\] .*Table\(p,sale\) is full scan with all partitions, please specify partition predicates\.$/;
  assert.throws(() => planOf(sql), { message: words });
  assert.throws(() => planOf(`${sql} OR day = '2024-01-01'`), { message: words });
  assert.equal(planOf(sql, { "odps.sql.allow.fullscan": "true" }).kind, "query");
});

test("ORDER BY needs LIMIT unless the flag says otherwise", () => {
  const sql = "SELECT a FROM t ORDER BY a";
  assert.throws(() => planOf(sql, { "odps.sql.validate.orderby.limit": "true" }), {
    message: /^ODPS-0130071:\[1,26\] .*ORDER BY must be used with a LIMIT clause/,
  });
  assert.equal(
    planOf(`${sql} LIMIT 1`, { "odps.sql.validate.orderby.limit": "true" }).kind,
    "query",
  );
});

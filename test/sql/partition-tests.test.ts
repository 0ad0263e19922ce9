import assert from "node:assert/strict";
import { test } from "node:test";
import { mayPass, type PartitionTest } from "../../src/sql/partition-tests.ts";
import type { Plan } from "../../src/sql/plan.ts";
import { planOf, table } from "./warehouse.ts";

/** What a query's WHERE says of the partitions of each table that it reads. */
function testsOf(plan: Plan): readonly string[] {
  assert.ok(plan.kind === "query");
  const told = ({ column, operator, values }: PartitionTest) =>
    `${column} ${operator} ${values.join("|")}`;
  return plan.selection.relations.flatMap((one) =>
    "table" in one ? [one.tests.map(told).join(", ")] : [],
  );
}

const said: readonly (readonly [title: string, sql: string, tests: readonly string[]])[] = [
  ["equality", "SELECT * FROM sale WHERE day = 'a' AND price > 1", ["day = a"]],
  ["either side", "SELECT * FROM sale WHERE 'a' <= day", ["day >= a"]],
  ["a list", "SELECT * FROM sale WHERE region IN ('a', 'b')", ["region = a|b"]],
  ["a range", "SELECT * FROM sale WHERE day BETWEEN 'a' AND 'b'", ["day >= a, day <= b"]],
  [
    "a join's own",
    "SELECT * FROM t JOIN sale s ON s.price = t.c WHERE s.day = 'a'",
    ["", "day = a"],
  ],
  [
    "each reading by itself",
    "SELECT * FROM sale a JOIN sale b ON a.shop = b.shop WHERE a.day = 'x' AND b.day = 'y'",
    ["day = x", "day = y"],
  ],
  ["a subquery's own", "SELECT * FROM (SELECT * FROM sale WHERE day = 'a') s", ["day = a"]],
  [
    "nothing from outside a subquery, whose rows may hang on others",
    "SELECT * FROM (SELECT day, ROW_NUMBER() OVER (ORDER BY shop) n FROM sale) s WHERE day = 'a'",
    [""],
  ],
  [
    "nothing of ON",
    "SELECT * FROM sale s LEFT JOIN t ON s.price = t.c AND s.day = 'a' WHERE s.day <> ''",
    ["", ""],
  ],
  ["nothing of OR", "SELECT * FROM sale WHERE day = 'a' OR day = 'b'", [""]],
  [
    "nothing of NOT",
    "SELECT * FROM sale WHERE day NOT IN ('a') AND day NOT BETWEEN 'a' AND 'b'",
    [""],
  ],
  [
    "nothing calculated",
    "SELECT * FROM sale WHERE CONCAT(day, '') = 'a' AND day = CONCAT('a', '')",
    [""],
  ],
  ["nothing of another kind", "SELECT * FROM sale WHERE day = 20260101", [""]],
  [
    "nothing of HAVING",
    "SELECT day, COUNT(*) FROM sale WHERE day <> '' GROUP BY day HAVING day = 'a'",
    [""],
  ],
];

for (const [title, sql, tests] of said) {
  test(`partitions are left out: ${title}`, () => {
    const flags = { "odps.sql.allow.fullscan": "true" };
    assert.deepEqual([...testsOf(planOf(sql, flags))].sort(), [...tests].sort());
  });
}

const { partitionColumns: columns } = table("x", "a bigint", "n bigint; s string");
const passing: readonly (readonly [tests: string, n: string, s: string, passes: boolean])[] = [
  ["n = 5", "5", "", true],
  ["n = 5", "05", "", true],
  ["n = 5", "6", "", false],
  ["n < 10", "9", "", true],
  ["n < 10", "10", "", false],
  ["n = 5", "not a number", "", true],
  ["s < b", "", "a", true],
  ["s >= b", "", "a", false],
  ["s = a|b", "", "b", true],
  ["s = a|b", "", "B", false],
  ["s < \u{10000}", "", "\uffff", true],
];

for (const [text, n, s, passes] of passing) {
  test(`a partition of ${n}${s} ${passes ? "may pass" : "fails"} ${text}`, () => {
    const [column = "", operator = "", values = ""] = text.split(" ");
    const one = {
      column,
      operator: operator as PartitionTest["operator"],
      values: values.split("|"),
    };
    assert.equal(mayPass([one], columns, [n, s]), passes);
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { sketch } from "../../test/support/tree-sketch.ts";
import { parseScript } from "./parse.ts";

const cases: readonly (readonly [title: string, text: string, expected: unknown])[] = [
  [
    "a table may be of a project and a schema",
    "select a from p.s.t x, p.t y",
    {
      kind: "select",
      items: ["a"],
      from: { kind: "join", type: "cross", left: "p.s.t as x", right: "p.t as y" },
    },
  ],
  [
    "time travel",
    "select a from t timestamp as of current_timestamp() x",
    {
      kind: "select",
      items: ["a"],
      from: {
        kind: "table",
        name: "t",
        asOf: { by: "timestamp", value: "current_timestamp()" },
        alias: "x",
      },
    },
  ],
  [
    "versions",
    "select a from t version as of 5",
    {
      kind: "select",
      items: ["a"],
      from: { kind: "table", name: "t", asOf: { by: "version", value: "5" } },
    },
  ],
  [
    "samples",
    "select a from t tablesample (bucket 1 out of 4 on a) x join u tablesample (10 percent) on true",
    {
      kind: "select",
      items: ["a"],
      from: {
        kind: "join",
        type: "inner",
        left: {
          kind: "table",
          name: "t",
          sample: { method: "bucket", amount: "1", outOf: "4", on: ["a"] },
          alias: "x",
        },
        right: { kind: "table", name: "u", sample: { method: "percent", amount: "10" } },
        on: "true",
      },
    },
  ],
  [
    "joins go from the left",
    "select 1 from a join b on a.x = b.x left outer join c using (x, y) cross join d natural join e",
    {
      kind: "select",
      items: ["1"],
      from: {
        kind: "join",
        type: "inner",
        natural: true,
        left: {
          kind: "join",
          type: "cross",
          left: {
            kind: "join",
            type: "left",
            left: { kind: "join", type: "inner", left: "a", right: "b", on: "(a.x = b.x)" },
            right: "c",
            using: ["x", "y"],
          },
          right: "d",
        },
        right: "e",
      },
    },
  ],
  [
    "outer joins",
    "select 1 from a right join b on true full outer join c on true",
    {
      kind: "select",
      items: ["1"],
      from: {
        kind: "join",
        type: "full",
        left: { kind: "join", type: "right", left: "a", right: "b", on: "true" },
        right: "c",
        on: "true",
      },
    },
  ],
  [
    "semi and anti joins",
    "select 1 from a left semi join b on a.x = b.x left anti join c on a.x = c.x",
    {
      kind: "select",
      items: ["1"],
      from: {
        kind: "join",
        type: "left-anti",
        left: { kind: "join", type: "left-semi", left: "a", right: "b", on: "(a.x = b.x)" },
        right: "c",
        on: "(a.x = c.x)",
      },
    },
  ],
  [
    "joins in parentheses",
    "select 1 from a join (b join c on true) on true",
    {
      kind: "select",
      items: ["1"],
      from: {
        kind: "join",
        type: "inner",
        left: "a",
        right: { kind: "join", type: "inner", left: "b", right: "c", on: "true" },
        on: "true",
      },
    },
  ],
  [
    "subqueries are tables",
    "select 1 from (select a from t) x (b), ((select 1) union all (select 2)) y",
    {
      kind: "select",
      items: ["1"],
      from: {
        kind: "join",
        type: "cross",
        left: {
          kind: "derived",
          query: { kind: "select", items: ["a"], from: "t" },
          alias: "x",
          columns: ["b"],
        },
        right: {
          kind: "derived",
          query: {
            kind: "set-operation",
            operator: "union",
            all: true,
            inputs: [
              { kind: "select", items: ["1"] },
              { kind: "select", items: ["2"] },
            ],
          },
          alias: "y",
        },
      },
    },
  ],
  [
    "VALUES is a table",
    "select a from values (1, 'x'), (2, 'y') t (a, b)",
    {
      kind: "select",
      items: ["a"],
      from: {
        kind: "derived",
        query: {
          kind: "values",
          rows: [
            ["1", "'x'"],
            ["2", "'y'"],
          ],
        },
        alias: "t",
        columns: ["a", "b"],
      },
    },
  ],
  [
    "lateral views",
    "select k from t lateral view outer explode(m) x as k, v lateral view posexplode(l) y as i, e",
    {
      kind: "select",
      items: ["k"],
      from: {
        kind: "lateral-view",
        input: {
          kind: "lateral-view",
          input: "t",
          outer: true,
          call: "explode(m)",
          columns: ["k", "v"],
          alias: "x",
        },
        call: "posexplode(l)",
        columns: ["i", "e"],
        alias: "y",
      },
    },
  ],
  [
    "table functions",
    "select a from table(f(1)) t (a)",
    {
      kind: "select",
      items: ["a"],
      from: { kind: "table-function", call: "f(1)", alias: "t", columns: ["a"] },
    },
  ],
  [
    "a variable is a table",
    "select a from @b c",
    { kind: "select", items: ["a"], from: { kind: "variable-table", name: "b", alias: "c" } },
  ],
];

for (const [title, text, expected] of cases) {
  test(title, () => {
    // One statement's tree, or the list of several.
    const trees = parseScript(text).statements.map(({ statement }) => sketch(statement));
    assert.deepEqual(trees.length === 1 ? trees[0] : trees, expected);
  });
}

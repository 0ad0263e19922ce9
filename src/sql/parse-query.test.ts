import assert from "node:assert/strict";
import { test } from "node:test";
import { sketch } from "../../test/support/tree-sketch.ts";
import { parseScript } from "./parse.ts";

const cases: readonly (readonly [title: string, text: string, expected: unknown])[] = [
  [
    "WITH names queries",
    "with a as (select 1), b (x) as (select 2) select * from a",
    {
      kind: "query",
      with: [
        { name: "a", query: { kind: "select", items: ["1"] } },
        { name: "b", columns: ["x"], query: { kind: "select", items: ["2"] } },
      ],
      body: { kind: "select", items: ["*"], from: "a" },
    },
  ],
  [
    "items have aliases with AS and without it",
    "select a as b, c d, t.*, * except (a), e as \"f\", json_tuple(g, 'x') as (h, i)",
    {
      kind: "select",
      items: [
        "a as b",
        "c as d",
        "t.*",
        "* except (a)",
        "e as f",
        { expression: "json_tuple(g, 'x')", aliases: ["h", "i"] },
      ],
    },
  ],
  [
    "hints are kept",
    "select /*+ MAPJOIN(a) */ distinct a from t",
    { kind: "select", hints: ["MAPJOIN(a)"], distinct: true, items: ["a"], from: "t" },
  ],
  [
    "all clauses of a selection",
    "select a from t where a > 1 group by a, b having count(*) > 1 qualify row_number() over w = 1 window w as (partition by a)",
    {
      kind: "select",
      items: ["a"],
      windows: [{ name: "w", window: { kind: "window", partitionBy: ["a"] } }],
      from: "t",
      where: "(a > 1)",
      groupBy: { items: ["a", "b"] },
      having: "(count(*) > 1)",
      qualify: "(row_number() over w = 1)",
    },
  ],
  [
    "orders",
    "select a from t order by a desc nulls last, b nulls first limit 10",
    {
      kind: "query",
      body: { kind: "select", items: ["a"], from: "t" },
      orderBy: [
        { expression: "a", descending: true, nulls: "last" },
        { expression: "b", nulls: "first" },
      ],
      limit: "10",
    },
  ],
  [
    "what distributes and sorts",
    "select a from t distribute by a, b sort by c desc",
    {
      kind: "query",
      body: { kind: "select", items: ["a"], from: "t" },
      distributeBy: ["a", "b"],
      sortBy: [{ expression: "c", descending: true }],
    },
  ],
  [
    "clusters",
    "select a from t cluster by a",
    { kind: "query", body: { kind: "select", items: ["a"], from: "t" }, clusterBy: ["a"] },
  ],
  [
    "LIMIT has an offset in two forms",
    "select 1 limit 2, 3; select 1 limit 3 offset 2",
    [
      { kind: "query", body: { kind: "select", items: ["1"] }, limit: "3", offset: "2" },
      { kind: "query", body: { kind: "select", items: ["1"] }, limit: "3", offset: "2" },
    ],
  ],
  [
    "grouping sets, cube and rollup",
    "select 1 from t group by a, grouping sets ((a, b), c, ()), cube (a, b), rollup ((a, b), c)",
    {
      kind: "select",
      items: ["1"],
      from: "t",
      groupBy: {
        items: [
          "a",
          { kind: "grouping-sets", sets: [["a", "b"], ["c"], []] },
          { kind: "cube", sets: [["a"], ["b"]] },
          { kind: "rollup", sets: [["a", "b"], ["c"]] },
        ],
      },
    },
  ],
  [
    "WITH ROLLUP takes the keys",
    "select 1 from t group by a, b with rollup",
    {
      kind: "select",
      items: ["1"],
      from: "t",
      groupBy: { items: [{ kind: "rollup", sets: [["a"], ["b"]] }] },
    },
  ],
  [
    "WITH CUBE takes the keys",
    "select 1 from t group by a, b with cube",
    {
      kind: "select",
      items: ["1"],
      from: "t",
      groupBy: { items: [{ kind: "cube", sets: [["a"], ["b"]] }] },
    },
  ],
  [
    "GROUPING SETS after the keys",
    "select 1 from t group by a, b grouping sets ((a), (a, b))",
    {
      kind: "select",
      items: ["1"],
      from: "t",
      groupBy: { items: [{ kind: "grouping-sets", sets: [["a"], ["a", "b"]], keys: ["a", "b"] }] },
    },
  ],
  [
    "unions stay flat",
    "select 1 union all select 2 union all select 3 union select 4",
    {
      kind: "set-operation",
      operator: "union",
      inputs: [
        {
          kind: "set-operation",
          operator: "union",
          all: true,
          inputs: [
            { kind: "select", items: ["1"] },
            { kind: "select", items: ["2"] },
            { kind: "select", items: ["3"] },
          ],
        },
        { kind: "select", items: ["4"] },
      ],
    },
  ],
  [
    "INTERSECT binds tighter, EXCEPT and MINUS are one",
    "select 1 except select 2 minus select 3 intersect all select 4",
    {
      kind: "set-operation",
      operator: "except",
      inputs: [
        { kind: "select", items: ["1"] },
        { kind: "select", items: ["2"] },
        {
          kind: "set-operation",
          operator: "intersect",
          all: true,
          inputs: [
            { kind: "select", items: ["3"] },
            { kind: "select", items: ["4"] },
          ],
        },
      ],
    },
  ],
  [
    "a tail belongs to the whole",
    "(select 1 limit 1) union all (select 2) order by 1 limit 3",
    {
      kind: "query",
      body: {
        kind: "set-operation",
        operator: "union",
        all: true,
        inputs: [
          { kind: "query", body: { kind: "select", items: ["1"] }, limit: "1" },
          { kind: "select", items: ["2"] },
        ],
      },
      orderBy: ["1"],
      limit: "3",
    },
  ],
  [
    "FROM may stand first",
    "from t select a where a > 1",
    { kind: "select", items: ["a"], from: "t", where: "(a > 1)" },
  ],
  [
    "TRANSFORM runs a command",
    "select transform (a, b) row format delimited fields terminated by ',' using 'python x.py' resources 'x.py' as (c string, d bigint) row format serde 'y' from t",
    {
      kind: "select",
      transform: {
        arguments: ["a", "b"],
        command: "python x.py",
        resources: ["x.py"],
        columns: [
          { name: "c", type: "string" },
          { name: "d", type: "bigint" },
        ],
        inputFormat: { properties: [{ key: "FIELDS TERMINATED BY", value: "," }] },
        outputFormat: { serde: "y" },
      },
      from: "t",
    },
  ],
];

for (const [title, text, expected] of cases) {
  test(title, () => {
    // One statement's tree, or the list of several.
    const trees = parseScript(text).statements.map(({ statement }) => sketch(statement));
    assert.deepEqual(trees.length === 1 ? trees[0] : trees, expected);
  });
}

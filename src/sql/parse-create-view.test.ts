import assert from "node:assert/strict";
import { test } from "node:test";
import { sketch } from "../../test/support/tree-sketch.ts";
import { parseScript } from "./parse.ts";

const cases: readonly (readonly [title: string, text: string, expected: unknown])[] = [
  [
    "CREATE VIEW",
    "create or replace view v (a comment 'x', b) comment 'y' as select 1, 2",
    {
      kind: "create-view",
      view: "v",
      orReplace: true,
      columns: [{ name: "a", comment: "x" }, { name: "b" }],
      comment: "y",
      query: { kind: "select", items: ["1", "2"] },
    },
  ],
  [
    "CREATE VIEW IF NOT EXISTS",
    "create view if not exists v as with a as (select 1) select * from a",
    {
      kind: "create-view",
      view: "v",
      ifNotExists: true,
      query: {
        kind: "query",
        with: [{ name: "a", query: { kind: "select", items: ["1"] } }],
        body: { kind: "select", items: ["*"], from: "a" },
      },
    },
  ],
  [
    "views with parameters",
    "create view v(@a bigint) as select @a as b",
    {
      kind: "create-view",
      view: "v",
      parameters: [{ name: "a", type: { kind: "type", type: "bigint" } }],
      query: { kind: "select", items: ["@a as b"] },
    },
  ],
  [
    "views of several steps",
    "create view v(@a bigint) returns @r table (b bigint) comment 'c' as begin @x := @a; @r := select @x end select 1",
    [
      {
        kind: "create-view",
        view: "v",
        parameters: [{ name: "a", type: { kind: "type", type: "bigint" } }],
        returns: { name: "r", columns: [{ name: "b", type: "bigint", nullable: true }] },
        comment: "c",
        assigned: [
          { kind: "assign", name: "x", value: "@a" },
          { kind: "assign", name: "r", value: { kind: "select", items: ["@x"] } },
        ],
        query: { kind: "select", items: ["*"], from: { kind: "variable-table", name: "r" } },
      },
      { kind: "select", items: ["1"] },
    ],
  ],
  [
    "CREATE MATERIALIZED VIEW",
    "create materialized view if not exists m lifecycle 7 build deferred (a, b) disable rewrite comment 'x' partitioned on (b) clustered by (a) into 2 buckets refresh every 10 minutes tblproperties ('c' = 'd') as select a, b from t",
    {
      kind: "create-materialized-view",
      view: "m",
      ifNotExists: true,
      buildDeferred: true,
      columns: [{ name: "a" }, { name: "b" }],
      rewriteDisabled: true,
      partitionedOn: ["b"],
      properties: [{ key: "c", value: "d" }],
      lifecycle: 7,
      comment: "x",
      clustering: { columns: ["a"], buckets: 2 },
      refreshMinutes: 10,
      query: { kind: "select", items: ["a", "b"], from: "t" },
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

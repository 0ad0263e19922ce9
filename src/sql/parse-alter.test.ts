import assert from "node:assert/strict";
import { test } from "node:test";
import { sketch } from "../../test/support/tree-sketch.ts";
import { parseScript } from "./parse.ts";

const cases: readonly (readonly [title: string, text: string, expected: unknown])[] = [
  [
    "ADD PARTITION",
    "alter table t add if not exists partition (ds = '1', hh = '2') location 'x' partition (ds = '3')",
    {
      kind: "alter-table",
      table: "t",
      action: {
        kind: "add-partitions",
        ifNotExists: true,
        partitions: [
          {
            spec: [
              { column: "ds", value: "'1'" },
              { column: "hh", value: "'2'" },
            ],
            location: "x",
          },
          { spec: [{ column: "ds", value: "'3'" }] },
        ],
      },
    },
  ],
  [
    "DROP PARTITION compares",
    "alter table t drop if exists partition (ds < '5', hh = '3'), partition (ds = '9')",
    {
      kind: "alter-table",
      table: "t",
      action: {
        kind: "drop-partitions",
        ifExists: true,
        partitions: [["(ds < '5')", "(hh = '3')"], ["(ds = '9')"]],
      },
    },
  ],
  [
    "RENAME TO",
    "alter table p.t rename to u",
    { kind: "alter-table", table: "p.t", action: { kind: "rename", to: "u" } },
  ],
  [
    "ADD COLUMNS",
    "alter table t add columns if not exists (a bigint, b string comment 'x')",
    {
      kind: "alter-table",
      table: "t",
      action: {
        kind: "add-columns",
        ifNotExists: true,
        columns: [
          { name: "a", type: "bigint", nullable: true },
          { name: "b", type: "string", nullable: true, comment: "x" },
        ],
      },
    },
  ],
  [
    "DROP COLUMN",
    "alter table t drop column a; alter table t drop columns a, b",
    [
      { kind: "alter-table", table: "t", action: { kind: "drop-columns", columns: ["a"] } },
      { kind: "alter-table", table: "t", action: { kind: "drop-columns", columns: ["a", "b"] } },
    ],
  ],
  [
    "CHANGE COLUMN",
    "alter table t change column a b string comment 'x' after c; alter table t change a a comment 'y' first; alter table t change column a null",
    [
      {
        kind: "alter-table",
        table: "t",
        action: {
          kind: "change-column",
          column: "a",
          name: "b",
          type: "string",
          comment: "x",
          place: { after: "c" },
        },
      },
      {
        kind: "alter-table",
        table: "t",
        action: { kind: "change-column", column: "a", name: "a", comment: "y", place: {} },
      },
      {
        kind: "alter-table",
        table: "t",
        action: { kind: "change-column", column: "a", name: "a", nullable: true },
      },
    ],
  ],
  [
    "CHANGE COLUMN renames",
    "alter table t change column a rename to b",
    { kind: "alter-table", table: "t", action: { kind: "change-column", column: "a", name: "b" } },
  ],
  [
    "SET",
    "alter table t set comment 'x'; alter table t set lifecycle 3; alter table t set tblproperties ('a' = 'b')",
    [
      { kind: "alter-table", table: "t", action: { kind: "set-comment", comment: "x" } },
      { kind: "alter-table", table: "t", action: { kind: "set-lifecycle", days: 3 } },
      {
        kind: "alter-table",
        table: "t",
        action: { kind: "set-properties", properties: [{ key: "a", value: "b" }] },
      },
    ],
  ],
  [
    "TOUCH",
    "alter table t touch; alter table t touch partition (ds = '1')",
    [
      { kind: "alter-table", table: "t", action: { kind: "touch" } },
      {
        kind: "alter-table",
        table: "t",
        action: { kind: "touch", partition: [{ column: "ds", value: "'1'" }] },
      },
    ],
  ],
  [
    "PARTITION RENAME",
    "alter table t partition (ds = '1') rename to partition (ds = '2')",
    {
      kind: "alter-table",
      table: "t",
      action: {
        kind: "rename-partition",
        partition: [{ column: "ds", value: "'1'" }],
        to: [{ column: "ds", value: "'2'" }],
      },
    },
  ],
  [
    "MERGE PARTITION",
    "alter table t merge if exists partition (ds > '1'), partition (ds = '1') overwrite partition (ds = '3') purge",
    {
      kind: "alter-table",
      table: "t",
      action: {
        kind: "merge-partitions",
        ifExists: true,
        partitions: [["(ds > '1')"], ["(ds = '1')"]],
        into: [{ column: "ds", value: "'3'" }],
        overwrite: true,
        purge: true,
      },
    },
  ],
  [
    "EXCHANGE PARTITION",
    "alter table t exchange partition (ds = '1') with table u",
    {
      kind: "alter-table",
      table: "t",
      action: {
        kind: "exchange-partition",
        partition: [{ column: "ds", value: "'1'" }],
        with: "u",
      },
    },
  ],
  [
    "CHANGEOWNER",
    "alter table t changeowner to 'ALIYUN$x'",
    { kind: "alter-table", table: "t", action: { kind: "change-owner", owner: "ALIYUN$x" } },
  ],
  [
    "lifecycles are switched",
    "alter table t enable lifecycle; alter table t partition (ds = '1') disable lifecycle",
    [
      { kind: "alter-table", table: "t", action: { kind: "enable-lifecycle" } },
      {
        kind: "alter-table",
        table: "t",
        action: { kind: "disable-lifecycle", partition: [{ column: "ds", value: "'1'" }] },
      },
    ],
  ],
  [
    "upkeep",
    "alter table t merge smallfiles; alter table t partition (ds = '1') merge smallfiles; alter table t compact major; alter table t partition (ds = '1') compact minor",
    [
      { kind: "alter-table", table: "t", action: { kind: "merge-small-files" } },
      {
        kind: "alter-table",
        table: "t",
        action: { kind: "merge-small-files", partition: [{ column: "ds", value: "'1'" }] },
      },
      { kind: "alter-table", table: "t", action: { kind: "compact", mode: "major" } },
      {
        kind: "alter-table",
        table: "t",
        action: { kind: "compact", mode: "minor", partition: [{ column: "ds", value: "'1'" }] },
      },
    ],
  ],
  [
    "clustering",
    "alter table t clustered by (a) into 4 buckets; alter table t not clustered",
    [
      {
        kind: "alter-table",
        table: "t",
        action: { kind: "set-clustering", clustering: { columns: ["a"], buckets: 4 } },
      },
      { kind: "alter-table", table: "t", action: { kind: "set-clustering" } },
    ],
  ],
  [
    "views",
    "alter view v rename to w; alter view v changeowner to 'x'; alter view v set comment 'y'",
    [
      { kind: "alter-view", view: "v", action: { kind: "rename", to: "w" } },
      { kind: "alter-view", view: "v", action: { kind: "change-owner", owner: "x" } },
      { kind: "alter-view", view: "v", action: { kind: "set-comment", comment: "y" } },
    ],
  ],
  [
    "materialized views",
    "alter materialized view m rebuild partition (ds = '1'), partition (ds > '2'); alter materialized view m disable lifecycle; alter materialized view m enable rewrite; alter materialized view m set lifecycle 3",
    [
      {
        kind: "alter-materialized-view",
        view: "m",
        action: { kind: "rebuild", partitions: [["(ds = '1')"], ["(ds > '2')"]] },
      },
      { kind: "alter-materialized-view", view: "m", action: { kind: "disable-lifecycle" } },
      { kind: "alter-materialized-view", view: "m", action: { kind: "enable-rewrite" } },
      { kind: "alter-materialized-view", view: "m", action: { kind: "set-lifecycle", days: 3 } },
    ],
  ],
];

for (const [title, text, expected] of cases) {
  test(title, () => {
    // One statement's tree, or the list of several.
    const trees = parseScript(text).statements.map(({ statement }) => sketch(statement));
    assert.deepEqual(trees.length === 1 ? trees[0] : trees, expected);
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { sketch } from "../../test/support/tree-sketch.ts";
import { parseScript } from "./parse.ts";

const cases: readonly (readonly [title: string, text: string, expected: unknown])[] = [
  [
    "CREATE TABLE",
    "create table if not exists p.t (a bigint not null default 1 comment 'x', b array<string>, c decimal(10, 2) generated always as (a + 1), d string null primary key, primary key (a) not enforced) comment 'y' partitioned by (ds string comment 'z') range clustered by (a) sorted by (a desc, b) into 8 buckets stored as aliorc tblproperties (\"transactional\" = \"true\", 'write.bucket.num' = 16) lifecycle 7",
    {
      kind: "create-table",
      table: "p.t",
      ifNotExists: true,
      columns: [
        { name: "a", type: "bigint", default: { expression: "1", text: "1" }, comment: "x" },
        { name: "b", type: "array<string>", nullable: true },
        { name: "c", type: "decimal(10,2)", nullable: true, generated: "(a + 1)" },
        { name: "d", type: "string", nullable: true, primaryKey: true },
      ],
      primaryKey: ["a"],
      partitionColumns: [{ name: "ds", type: "string", nullable: true, comment: "z" }],
      properties: [
        { key: "transactional", value: "true" },
        { key: "write.bucket.num", value: "16" },
      ],
      comment: "y",
      clustering: {
        range: true,
        columns: ["a"],
        sortedBy: [{ column: "a", descending: true }, { column: "b" }],
        buckets: 8,
      },
      storedAs: "aliorc",
      lifecycle: 7,
    },
  ],
  [
    "automatic partitions",
    "create table t (d datetime) auto partitioned by (trunc_time(d, 'day') as c)",
    {
      kind: "create-table",
      table: "t",
      columns: [{ name: "d", type: "datetime", nullable: true }],
      autoPartition: "trunc_time(d, 'day')",
    },
  ],
  [
    "CREATE TABLE AS",
    "create table t lifecycle 3 as select 1 as a",
    {
      kind: "create-table",
      table: "t",
      lifecycle: 3,
      query: { kind: "select", items: ["1 as a"] },
    },
  ],
  [
    "CREATE TABLE LIKE",
    "create table if not exists t like p.u lifecycle 3",
    { kind: "create-table-like", table: "t", ifNotExists: true, like: "p.u", lifecycle: 3 },
  ],
  [
    "external tables",
    "create external table t (a string) stored by 'x' with serdeproperties ('b' = 'c') location 'oss://d' using 'e.jar, f.jar'",
    {
      kind: "create-table",
      table: "t",
      external: true,
      columns: [{ name: "a", type: "string", nullable: true }],
      serdeProperties: [{ key: "b", value: "c" }],
      resources: ["e.jar", "f.jar"],
      storedBy: "x",
      location: "oss://d",
    },
  ],
  [
    "rows with delimiters",
    "create external table t (a string) row format delimited fields terminated by ',' lines terminated by '\\n' stored as textfile location 'oss://d'",
    {
      kind: "create-table",
      table: "t",
      external: true,
      columns: [{ name: "a", type: "string", nullable: true }],
      delimiters: [
        { key: "FIELDS TERMINATED BY", value: "," },
        { key: "LINES TERMINATED BY", value: "\n" },
      ],
      storedAs: "textfile",
      location: "oss://d",
    },
  ],
  [
    "DROP",
    "drop table if exists p.t; drop view v; drop materialized view if exists m; drop function f; drop schema p.s; drop table t purge",
    [
      { kind: "drop", type: "table", name: "p.t", ifExists: true },
      { kind: "drop", type: "view", name: "v" },
      { kind: "drop", type: "materialized-view", name: "m", ifExists: true },
      { kind: "drop", type: "function", name: "f" },
      { kind: "drop", type: "schema", name: "p.s" },
      { kind: "drop", type: "table", name: "t", purge: true },
    ],
  ],
  [
    "functions of classes",
    "create function f as 'com.x.F' using 'a.jar, b.jar'; create temporary function g as 'h'",
    [
      {
        kind: "create-function",
        function: "f",
        className: "com.x.F",
        resources: ["a.jar", "b.jar"],
      },
      { kind: "create-function", function: "g", temporary: true, className: "h" },
    ],
  ],
  [
    "functions of SQL",
    "create or replace sql function if not exists f(@a bigint, @b any) returns @c bigint as @a + 1",
    {
      kind: "create-sql-function",
      function: "f",
      orReplace: true,
      ifNotExists: true,
      parameters: [
        { name: "a", type: { kind: "type", type: "bigint" } },
        { name: "b", type: { kind: "any" } },
      ],
      returns: { kind: "type", type: "bigint" },
      body: "(@a + 1)",
    },
  ],
  [
    "functions of SQL may be queries",
    "create sql function f(@a table (b bigint)) returns table (b bigint) as select * from @a",
    {
      kind: "create-sql-function",
      function: "f",
      parameters: [
        {
          name: "a",
          type: { kind: "table", columns: [{ name: "b", type: "bigint", nullable: true }] },
        },
      ],
      returns: { kind: "table", columns: [{ name: "b", type: "bigint", nullable: true }] },
      body: { kind: "select", items: ["*"], from: { kind: "variable-table", name: "a" } },
    },
  ],
  [
    "CREATE SCHEMA",
    "create schema if not exists p.s comment 'x'",
    { kind: "create-schema", schema: "p.s", ifNotExists: true, comment: "x" },
  ],
  [
    "TRUNCATE",
    "truncate table t; truncate table t partition (ds = '1'), partition (ds = '2')",
    [
      { kind: "truncate", table: "t" },
      {
        kind: "truncate",
        table: "t",
        partitions: [[{ column: "ds", value: "'1'" }], [{ column: "ds", value: "'2'" }]],
      },
    ],
  ],
  [
    "CLONE",
    "clone table p.t partition (ds = '1'), partition (ds = '2') to q.u if exists overwrite; clone table t to u if exists ignore",
    [
      {
        kind: "clone",
        source: "p.t",
        partitions: [[{ column: "ds", value: "'1'" }], [{ column: "ds", value: "'2'" }]],
        target: "q.u",
        ifExists: "overwrite",
      },
      { kind: "clone", source: "t", target: "u", ifExists: "ignore" },
    ],
  ],
  [
    "RESTORE",
    "restore table t partition (ds = '1') to lsn '5' as u; restore table t ('LSN' = '6')",
    [
      {
        kind: "restore",
        table: "t",
        partitions: [[{ column: "ds", value: "'1'" }]],
        lsn: "5",
        as: "u",
      },
      { kind: "restore", table: "t", properties: [{ key: "LSN", value: "6" }] },
    ],
  ],
  [
    "ANALYZE",
    "analyze table t partition (ds = '1') compute statistics for columns (a, b, A); analyze table t delete statistics for columns; show statistic t columns (a)",
    [
      {
        kind: "analyze",
        table: "t",
        partition: [{ column: "ds", value: "'1'" }],
        action: "compute",
        columns: ["A", "b"],
      },
      { kind: "analyze", table: "t", action: "delete" },
      { kind: "show-statistic", table: "t", columns: ["a"] },
    ],
  ],
  [
    "USE",
    "use p; use schema s",
    [
      { kind: "use", type: "project", name: "p" },
      { kind: "use", type: "schema", name: "s" },
    ],
  ],
  [
    "SHOW",
    "show tables in p like 'a*'; show partitions t partition (ds = '1'); show create table p.t; show functions; show history for table t; show schemas; show views; show columns from t",
    [
      { kind: "show", what: "tables", in: "p", like: "a*" },
      { kind: "show", what: "partitions", table: "t", partition: [{ column: "ds", value: "'1'" }] },
      { kind: "show", what: "create-table", table: "p.t" },
      { kind: "show", what: "functions" },
      { kind: "show", what: "history", table: "t" },
      { kind: "show", what: "schemas" },
      { kind: "show", what: "views" },
      { kind: "show", what: "columns", table: "t" },
    ],
  ],
  [
    "DESC",
    "desc t; describe extended p.t partition (ds = '1'); desc function f; desc schema s",
    [
      { kind: "describe", type: "table", name: "t" },
      {
        kind: "describe",
        type: "table",
        name: "p.t",
        extended: true,
        partition: [{ column: "ds", value: "'1'" }],
      },
      { kind: "describe", type: "function", name: "f" },
      { kind: "describe", type: "schema", name: "s" },
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

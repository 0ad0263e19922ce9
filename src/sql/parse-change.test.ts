import assert from "node:assert/strict";
import { test } from "node:test";
import { sketch } from "../../test/support/tree-sketch.ts";
import { parseScript } from "./parse.ts";

const cases: readonly (readonly [title: string, text: string, expected: unknown])[] = [
  [
    "INSERT",
    "insert into t select 1",
    { kind: "insert", mode: "into", table: "t", source: { kind: "select", items: ["1"] } },
  ],
  [
    "INSERT OVERWRITE with static and dynamic partitions",
    "insert overwrite table p.t partition (ds = '1', hh) if not exists select a, hh from u",
    {
      kind: "insert",
      mode: "overwrite",
      table: "p.t",
      partition: [{ column: "ds", value: "'1'" }, { column: "hh" }],
      ifNotExists: true,
      source: { kind: "select", items: ["a", "hh"], from: "u" },
    },
  ],
  [
    "INSERT with columns and VALUES",
    "insert into t partition (ds = '1') (a, b) values (1, 'x'), (2, null)",
    {
      kind: "insert",
      mode: "into",
      table: "t",
      partition: [{ column: "ds", value: "'1'" }],
      columns: ["a", "b"],
      source: {
        kind: "values",
        rows: [
          ["1", "'x'"],
          ["2", "null"],
        ],
      },
    },
  ],
  [
    "WITH before INSERT belongs to its query",
    "with a as (select 1) insert into t (select * from a)",
    {
      kind: "insert",
      mode: "into",
      table: "t",
      source: {
        kind: "query",
        with: [{ name: "a", query: { kind: "select", items: ["1"] } }],
        body: { kind: "select", items: ["*"], from: "a" },
      },
    },
  ],
  [
    "several inserts share a source",
    "from (select 1 as a) s insert overwrite table x select a insert into y partition (ds = 'z') select a where a > 1 limit 3",
    {
      kind: "multi-insert",
      inserts: [
        {
          kind: "insert",
          mode: "overwrite",
          table: "x",
          source: {
            kind: "select",
            items: ["a"],
            from: { kind: "derived", query: { kind: "select", items: ["1 as a"] }, alias: "s" },
          },
        },
        {
          kind: "insert",
          mode: "into",
          table: "y",
          partition: [{ column: "ds", value: "'z'" }],
          source: {
            kind: "query",
            body: {
              kind: "select",
              items: ["a"],
              from: { kind: "derived", query: { kind: "select", items: ["1 as a"] }, alias: "s" },
              where: "(a > 1)",
            },
            limit: "3",
          },
        },
      ],
    },
  ],
  [
    "UPDATE",
    "update t set a = 1, t.b = c + 1 where d = 2",
    {
      kind: "update",
      table: "t",
      set: [
        { column: ["a"], value: "1" },
        { column: ["t", "b"], value: "(c + 1)" },
      ],
      where: "(d = 2)",
    },
  ],
  [
    "UPDATE from another table",
    "update t x set a = u.a from u where x.id = u.id",
    {
      kind: "update",
      table: "t",
      set: [{ column: ["a"], value: "u.a" }],
      alias: "x",
      from: "u",
      where: "(x.id = u.id)",
    },
  ],
  ["DELETE", "delete from t where a = 1", { kind: "delete", table: "t", where: "(a = 1)" }],
  [
    "MERGE",
    "merge into t using (select * from s) b on t.id = b.id when matched and b.x = 1 then update set t.v = b.v when matched then delete when not matched then insert (id, v) values (b.id, b.v)",
    {
      kind: "merge",
      table: "t",
      using: { kind: "derived", query: { kind: "select", items: ["*"], from: "s" }, alias: "b" },
      on: "(t.id = b.id)",
      branches: [
        {
          matched: true,
          condition: "(b.x = 1)",
          action: { kind: "update", set: [{ column: ["t", "v"], value: "b.v" }] },
        },
        { matched: true, action: { kind: "delete" } },
        { action: { kind: "insert", columns: ["id", "v"], values: ["b.id", "b.v"] } },
      ],
    },
  ],
  [
    "MERGE inserts all columns",
    "merge into t as a using s as b on a.id = b.id when not matched then insert values *",
    {
      kind: "merge",
      table: "t",
      using: "s as b",
      on: "(a.id = b.id)",
      branches: [{ action: { kind: "insert", values: ["*"] } }],
      alias: "a",
    },
  ],
  [
    "UNLOAD a query",
    "unload from (select a from t) into location 'oss://b/c' stored by 'x' with serdeproperties ('d' = 'e')",
    {
      kind: "unload",
      source: { kind: "select", items: ["a"], from: "t" },
      location: "oss://b/c",
      storedBy: "x",
      serdeProperties: [{ key: "d", value: "e" }],
    },
  ],
  [
    "UNLOAD a table",
    "unload from t partition (ds = '1') into location 'oss://b/c' row format serde 'x' stored as parquet properties ('d' = 'e')",
    {
      kind: "unload",
      source: { kind: "table", name: "t", partition: [{ column: "ds", value: "'1'" }] },
      location: "oss://b/c",
      storedAs: "parquet",
      rowFormatSerde: "x",
      properties: [{ key: "d", value: "e" }],
    },
  ],
  [
    "LOAD into a table",
    "load overwrite table t from location 's3://b/c' stored by 'x' with serdeproperties ('d' = 'e')",
    {
      kind: "load",
      mode: "overwrite",
      table: "t",
      location: "s3://b/c",
      storedBy: "x",
      serdeProperties: [{ key: "d", value: "e" }],
    },
  ],
  [
    "LOAD into partitions",
    "load into table p.t partition (ds = '1', region) from location 's3://b/c' row format serde 'x' stored as parquet",
    {
      kind: "load",
      mode: "into",
      table: "p.t",
      partition: [{ column: "ds", value: "'1'" }, { column: "region" }],
      location: "s3://b/c",
      storedAs: "parquet",
      rowFormatSerde: "x",
    },
  ],
  [
    "SET takes all up to the semicolon",
    'set odps.sql.a.b = true ; set x={"a":[1, 2]} ;',
    [
      { kind: "set", key: "odps.sql.a.b", value: "true" },
      { kind: "set", key: "x", value: '{"a":[1, 2]}' },
    ],
  ],
  [
    "EXPLAIN",
    "explain insert into t select 1",
    {
      kind: "explain",
      statement: {
        kind: "insert",
        mode: "into",
        table: "t",
        source: { kind: "select", items: ["1"] },
      },
    },
  ],
  [
    "variables of a script",
    "@a := select 1; @b bigint := 1 + 2; @c table (x bigint) := select * from @a; @d := cache on (select 2)",
    [
      { kind: "assign", name: "a", value: { kind: "select", items: ["1"] } },
      { kind: "assign", name: "b", type: { kind: "type", type: "bigint" }, value: "(1 + 2)" },
      {
        kind: "assign",
        name: "c",
        type: { kind: "table", columns: [{ name: "x", type: "bigint", nullable: true }] },
        value: { kind: "select", items: ["*"], from: { kind: "variable-table", name: "a" } },
      },
      { kind: "assign", name: "d", cache: true, value: { kind: "select", items: ["2"] } },
    ],
  ],
  [
    "functions of a script",
    "function f(@a bigint, @b table (c string)) returns string as concat(@a, 'x')",
    {
      kind: "create-sql-function",
      function: "f",
      temporary: true,
      parameters: [
        { name: "a", type: { kind: "type", type: "bigint" } },
        {
          name: "b",
          type: { kind: "table", columns: [{ name: "c", type: "string", nullable: true }] },
        },
      ],
      returns: { kind: "type", type: "string" },
      body: "concat(@a, 'x')",
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

import assert from "node:assert/strict";
import { test } from "node:test";
import { resolveScript } from "./script.ts";
import type { ScriptStore } from "./stores.ts";

const tables = `
CREATE TABLE orders (id BIGINT) WITH ('connector' = 'kinesis', 'stream' = 'orders', 'format' = 'json');
CREATE TABLE sums (id BIGINT) WITH ('connector' = 'filesystem', 'path' = 's3://inside/sums');
CREATE TABLE away (id BIGINT) WITH ('connector' = 'filesystem', 'path' = 's3a://outside');
CREATE TABLE shown (id BIGINT) WITH ('connector' = 'print');
`;
const shown = (store: ScriptStore) => ("name" in store ? store.name : store.kind);

/** Each move as `orders > inside`, and each statement that is not clear as `line: reason`. */
function told(script: string): readonly string[] {
  const { moves, unclear } = resolveScript(script);
  return [
    ...moves.map(({ from, into }) => `${from.map(shown).sort().join("+")} > ${shown(into)}`),
    ...unclear.map(({ line, reason }) => `${line}: ${reason}`),
  ];
}

/** What follows the four tables, of lines 2 to 5. */
const clear: readonly (readonly [string, string, readonly string[]])[] = [
  ["an INSERT", "INSERT INTO sums SELECT * FROM orders", ["orders > inside"]],
  ["any case, any spacing", "insert\n overwrite\tsums(id)select*from orders", ["orders > inside"]],
  [
    "backquotes, and names in full",
    "INSERT INTO `default_catalog`.default_database.`sums` SELECT `orders`.`id` FROM `default_database`.`orders`",
    ["orders > inside"],
  ],
  ["of values", "INSERT INTO sums VALUES (1)", [" > inside"]],
  [
    "tables of a function, a join, a subquery and a table expression",
    "INSERT INTO shown WITH x AS (SELECT * FROM sums) SELECT * FROM x, TABLE(TUMBLE(TABLE orders, DESCRIPTOR(t), INTERVAL '1' DAY)) WHERE id IN (TABLE away)",
    ["inside+orders+outside > log"],
  ],
  [
    "a column that is called like a table counts as the table",
    "INSERT INTO sums SELECT away FROM orders",
    ["orders+outside > inside"],
  ],
  [
    "a view of a view",
    "CREATE VIEW v (id) COMMENT 'x' AS SELECT * FROM orders; CREATE TEMPORARY VIEW IF NOT EXISTS w AS SELECT * FROM v; INSERT INTO away SELECT * FROM w",
    ["orders > outside"],
  ],
  [
    "a statement set",
    "EXECUTE STATEMENT SET BEGIN INSERT INTO sums SELECT * FROM orders; INSERT INTO away SELECT 1; END",
    ["orders > inside", " > outside"],
  ],
  [
    "a statement set of before",
    "BEGIN STATEMENT SET; INSERT INTO sums SELECT * FROM orders; END",
    ["orders > inside"],
  ],
  ["a query shows its rows", "SELECT * FROM orders", ["orders > log"]],
  [
    "a table that is like another has its options, too",
    "CREATE TEMPORARY TABLE more WITH ('path' = 's3://outside/') LIKE sums (EXCLUDING CONSTRAINTS); INSERT INTO more SELECT * FROM orders",
    ["orders > outside"],
  ],
  [
    "unless they are excluded",
    "CREATE TABLE none WITH ('connector' = 'blackhole') LIKE orders (EXCLUDING OPTIONS INCLUDING ALL); INSERT INTO none SELECT * FROM orders",
    ["orders > nothing"],
  ],
  [
    "a table of a query",
    "CREATE TABLE made PARTITIONED BY (id) WITH ('connector' = 'filesystem', 'path' = 's3://outside/x') AS SELECT * FROM orders",
    ["orders > outside"],
  ],
  [
    "another database",
    "CREATE DATABASE d; USE d; CREATE TABLE orders WITH ('connector' = 'datagen'); INSERT INTO default_database.sums SELECT * FROM orders",
    [" > inside"],
  ],
  [
    "comments, and what looks like one",
    "INSERT INTO sums /* INTO away */ -- INTO away\n// INTO away\n SELECT '--', '/*', `orders`.`id` FROM orders /* '*/",
    ["orders > inside"],
  ],
  [
    "what moves nothing",
    "SHOW TABLES; EXPLAIN INSERT INTO away SELECT * FROM orders; DROP TABLE IF EXISTS x; SET 'table.exec.state.ttl' = '1 d'; SET parallelism.default = 2; RESET",
    [],
  ],
  [
    "hints that change no options",
    "INSERT INTO sums SELECT /*+ BROADCAST(orders) */ * FROM orders",
    ["orders > inside"],
  ],
];

for (const [title, script, expected] of clear) {
  test(`clear: ${title}`, () => assert.deepEqual(told(tables + script), expected));
}

const twice = "it makes a name that the script has made before";
const unknown = "the options of connector";
const unclear: readonly (readonly [string, string, string])[] = [
  [
    "an unknown connector",
    "CREATE TABLE k WITH ('connector' = 'kafka')",
    "connector 'kafka' is not known",
  ],
  [
    "a connector of Object's",
    "CREATE TABLE k WITH ('connector' = 'constructor')",
    "connector 'constructor'",
  ],
  ["no connector", "CREATE TABLE k (id INT)", "it names no connector"],
  [
    "older options",
    "CREATE TABLE k WITH ('connector' = 'print', 'Connector.type' = 'x')",
    "it has older options",
  ],
  ["two streams", "CREATE TABLE k WITH ('connector' = 'kinesis', 'stream' = 'a,b')", unknown],
  [
    "a stream twice",
    "CREATE TABLE k WITH ('connector' = 'kinesis', 'stream' = 'a', 'stream.arn' = 'b')",
    unknown,
  ],
  [
    "a file of the cell",
    "CREATE TABLE k WITH ('connector' = 'filesystem', 'path' = 'file:///work/x')",
    unknown,
  ],
  [
    "credentials in a path",
    "CREATE TABLE k WITH ('connector' = 'filesystem', 'path' = 's3://inside@outside/')",
    unknown,
  ],
  [
    "a port in a path",
    "CREATE TABLE k WITH ('connector' = 'filesystem', 'path' = 's3://inside:80/')",
    unknown,
  ],
  [
    "an option twice",
    "CREATE TABLE k WITH ('connector' = 'print', 'connector' = 'print')",
    "its options",
  ],
  ["a string in two pieces", "CREATE TABLE k WITH ('connector' = 'pri' 'nt')", "its options"],
  [
    "a string with escapes",
    "CREATE TABLE k WITH ('connector' = U&'\\0070rint')",
    "a string has a prefix",
  ],
  ["a placeholder", "CREATE TABLE k WITH ('connector' = 'kinesis', 'stream' = '$x')", unknown],
  ["a name made twice", "CREATE TABLE orders WITH ('connector' = 'print')", twice],
  ["in another case", "CREATE TEMPORARY VIEW ORDERS AS SELECT 1", twice],
  [
    "in full",
    "CREATE TABLE IF NOT EXISTS default_database.orders WITH ('connector' = 'print')",
    twice,
  ],
  ["like itself", "CREATE TABLE k LIKE k", "what it is LIKE"],
  ["LIKE in other words", "CREATE TABLE k LIKE sums (KEEPING OPTIONS)", "what it takes"],
  [
    "a hint with options",
    "INSERT INTO sums /*+ OPTIONS('path' = 's3://outside') */ SELECT 1",
    "a hint",
  ],
  [
    "in backquotes",
    "INSERT INTO sums /*+ `Options`('path' = 's3://outside') */ SELECT 1",
    "a hint",
  ],
  ["an unknown table", "INSERT INTO nowhere SELECT * FROM orders", "what it writes into"],
  ["a table that is no name", "INSERT INTO TABLE sums SELECT 1", "what it writes into"],
  [
    "a view that is written",
    "CREATE VIEW v AS SELECT 1; INSERT INTO v SELECT * FROM orders",
    "what it writes into",
  ],
  ["EXECUTE", "EXECUTE INSERT INTO sums SELECT 1", "EXECUTE is not followed"],
  ["ALTER", "ALTER TABLE sums SET ('path' = 's3://outside')", "ALTER is not followed"],
  ["DROP", "DROP TABLE IF EXISTS sums", "it drops something"],
  ["a function", "CREATE FUNCTION f AS 'x.Y'", "CREATE FUNCTION is not followed"],
  [
    "a system function",
    "CREATE TEMPORARY SYSTEM FUNCTION f AS 'x.Y'",
    "CREATE SYSTEM is not followed",
  ],
  ["a catalog", "CREATE CATALOG c WITH ('type' = 'generic_in_memory')", "CREATE CATALOG is not"],
  ["another catalog", "USE CATALOG c", "it leaves the catalog"],
  ["a database elsewhere", "USE c.d", "it leaves the catalog"],
  ["a JAR", "ADD JAR 's3://inside/x.jar'", "ADD is not followed"],
  ["a setting of code", "SET 'pipeline.jars' = 's3://inside/x.jar'", "it sets pipeline.jars"],
  ["a setting of state", "SET 'execution.checkpointing.dir' = 's3://outside'", "it sets execution"],
  ["another dialect", "SET table.sql-dialect = hive", "it sets table.sql-dialect"],
  ["a setting in two", "SET 'table.exec.x' 'y' = 'z'", "it is no SET that is known"],
  ["a plan", "COMPILE PLAN 's3://outside/p' FOR INSERT INTO sums SELECT 1", "COMPILE is not"],
  ["a double quote", 'INSERT INTO sums SELECT "x"', "a character or quotation"],
  ["a string without end", "INSERT INTO sums SELECT 'x", "a character or quotation"],
  ["a comment without end", "INSERT INTO sums SELECT 1 /***/", "a character or quotation"],
  ["a star that closes nothing", "/***/ SELECT 1; /* x", "a character or quotation"],
  ["letters that a terminal changes", "INSERT INTO `sum\u00e9` SELECT 1", "a name has letters"],
  [
    "a name that is filled in",
    "INSERT INTO `{{BONDSTORE_ENDPOINT}}` SELECT 1",
    "a name has letters",
  ],
  ["a control character", "INSERT INTO sums\u0007 SELECT 1", "a character or quotation"],
  ["one in a comment", "/* \u0015 */ SELECT 1", "a control character"],
  ["a return alone", "-- x\rINSERT INTO away SELECT 1", "a control character"],
];

for (const [title, script, reason] of unclear) {
  test(`not clear: ${title}`, () => {
    const found = resolveScript(tables + script).unclear;
    assert.equal(found.length >= 1, true, "it is taken as clear");
    assert.ok(
      found.some((one) => one.reason.startsWith(reason) || one.reason.includes(reason)),
      JSON.stringify(found),
    );
  });
}

test("a script is told by statement and line", () => {
  const { moves } = resolveScript(
    `${tables}\n-- one more\nINSERT INTO sums\nSELECT * FROM orders;`,
  );
  assert.deepEqual(
    moves.map(({ statement, line }) => [statement, line]),
    [[5, 8]],
  );
});

test("what a comment of three stars hides from Flink is not taken for what runs", () => {
  const path = "'path' = /***/ 's3://inside/x' --*/ 's3://outside/x'\n";
  const script = `CREATE TABLE k WITH ('connector' = 'filesystem', ${path}); INSERT INTO k SELECT * FROM orders`;
  assert.deepEqual(told(tables + script), ["orders > outside"]);
});

test("a script with very many stores or views is read in its time", () => {
  const many = Array.from(
    { length: 500 },
    (_, at) => `CREATE TABLE t${at} WITH ('connector'='kinesis','stream'='s${at}');`,
  );
  const found = resolveScript(many.join(""));
  assert.match(found.unclear[0]?.reason ?? "", /more than 64 buckets and streams/);
});

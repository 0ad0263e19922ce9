import assert from "node:assert/strict";
import { join } from "node:path";
import { BLOB, DuckDBBlobValue, DuckDBInstance, DuckDBScalarFunction } from "@duckdb/node-api";
import { type OwnFunction, ownFunctions } from "../../src/engines/duckdb/own-functions.ts";
import type { Catalog, CatalogTable } from "../../src/sql/catalog.ts";
import { emitDuckDb } from "../../src/sql/emit.ts";
import { parseScript } from "../../src/sql/parse.ts";
import { parseType } from "../../src/sql/parse-type.ts";
import type { Plan, Selection } from "../../src/sql/plan.ts";
import { duckDbPrelude } from "../../src/sql/prelude.ts";
import { resolveStatement } from "../../src/sql/resolve.ts";
import type { Column } from "../../src/sql/types.ts";

const columnsOf = (text: string): Column[] =>
  text === ""
    ? []
    : text.split("; ").map((column) => {
        const [name = "", type = ""] = column.split(/ (.*)/s);
        return { name, type: parseType(type), nullable: true };
      });

/** A table of project p, with columns as `name type; name type`. */
export function table(
  name: string,
  columns: string,
  partitionColumns = "",
  more: Partial<CatalogTable> = {},
): CatalogTable {
  return {
    project: "p",
    schema: "default",
    name,
    id: `id-${more.project ?? "p"}-${name}`,
    kind: "table",
    columns: columnsOf(columns),
    partitionColumns: columnsOf(partitionColumns),
    transactional: false,
    primaryKey: [],
    ...more,
  };
}

function view(name: string, columns: string, text: string, project = "p"): CatalogTable {
  const written = { text, project, schema: "default", namespaces: false };
  return table(name, columns, "", { kind: "view", project, view: written });
}

/** Small tables of projects p and q, and views over them. */
export const tables: readonly CatalogTable[] = [
  table("t", "a bigint; b string; c double"),
  table("u", "a bigint; d string"),
  table("sale", "shop string; price double; customer string", "day string; region string"),
  table("moments", "dt datetime; d date; ts timestamp; s string"),
  table("deep", "id bigint; l array<bigint>; m map<string,bigint>; r struct<x:bigint,y:string>"),
  table("money", "m decimal(10,2); n decimal(38,18)"),
  table("delta", "k bigint; v string; w double", "", { transactional: true, primaryKey: ["k"] }),
  table('od"d', 'we"ird bigint'),
  table("secret", "x bigint; y string", "", { project: "q" }),
  view("v", "a bigint; b string", "SELECT a, b FROM t WHERE a > 1"),
  view("vv", "a bigint", "SELECT a FROM v"),
  view("loop", "a bigint", "SELECT a FROM loop"),
  view("out", "x bigint", "SELECT x FROM secret", "q"),
];

const contents: Readonly<Record<string, string>> = {
  t: "(1, 'one', 1.5), (2, 'two', NULL), (3, NULL, 3.5), (NULL, 'none', 0.5)",
  u: "(1, 'x'), (1, 'y'), (3, 'z'), (9, 'w')",
  sale: `('s1', 10, 'ann', '2024-01-01', 'eu'), ('s2', 20, 'bob', '2024-01-01', 'us'),
    ('s1', 30, 'cid', '2024-01-02', 'eu')`,
  moments: `('2024-01-31 10:20:30.123', '2024-02-29', '2024-01-31 02:20:30.123456789', '2024-03-01 00:00:00')`,
  deep: "(1, [3, 1, 2], map {'k': 7}, {x: 5, y: 'why'}), (2, NULL, NULL, NULL)",
  money: "(1.50, 2.25), (NULL, 3)",
  delta: "(1, 'one', 1), (2, 'two', 2), (3, 'three', 3)",
  'od"d': "(1), (2)",
  secret: "(42, 'hidden')",
};

/** A catalog of the tables above. */
export function catalogOf(flags: Readonly<Record<string, string>> = {}): Catalog {
  const defaults = { "odps.sql.validate.orderby.limit": "false" };
  return {
    project: "p",
    schema: "default",
    settings: new Map(Object.entries({ ...defaults, ...flags })),
    findTable: ({ project = "p", name }) =>
      tables.find((each) => each.project === project && each.name === name),
    findInserted: () => undefined,
    findVersion: (table, wanted) =>
      wanted.kind === "version" && wanted.version < 3
        ? { ...table, version: wanted.version }
        : undefined,
    findCommand: () => undefined,
    findLocation: () => assert.fail("nothing lies outside of a test"),
    findFunction: ({ name }) =>
      name === "myudf"
        ? { project: "p", schema: "default", name, id: name, why: "its class is not there" }
        : undefined,
    account: "111122223333",
    hasPartition: ({ name }, values) => name === "sale" && values.join() === "2024-01-01,eu",
    maxPartition: ({ name }) => (name === "sale" ? "2024-01-02" : undefined),
  };
}

/** What a text's last statement means; earlier ones may assign variables. */
export function planOf(
  text: string,
  flags: Readonly<Record<string, string>> = {},
  catalog: Catalog = catalogOf(flags),
): Plan {
  const statements = parseScript(text).statements.map(({ statement }) => statement);
  const variables = statements.filter((statement) => statement.kind === "assign");
  const last = statements.at(-1);
  if (!last) throw new Error("the text has no statement");
  return resolveStatement(last, catalog, variables);
}

const duckTypes: Readonly<Record<string, string>> = {
  string: "VARCHAR",
  datetime: "TIMESTAMPTZ",
  timestamp: "TIMESTAMP_NS",
};
const duckType = (text: string): string =>
  duckTypes[text] ??
  text
    .replace(/\bstring\b/g, "VARCHAR")
    .replace(/array<(\w+)>/, "$1[]")
    .replace(/map<(.*)>/, "MAP($1)")
    .replace(/struct<x:bigint,y:(\w+)>/, "STRUCT(x BIGINT, y $1)");

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
const storedName = (stored: CatalogTable) => quoted(`${stored.project}.${stored.name}`);

/** The file of a table's rows, where they were written for another engine. */
export const parquetName = ({ id }: CatalogTable) => `${id.replaceAll('"', "")}.parquet`;

/** A DuckDB with the tables, as a cell has it: in Shanghai's time, with our prelude. */
export async function openWarehouse() {
  const { typeText } = await import("../../src/sql/types.ts");
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'Asia/Shanghai'");
  for (const own of ownFunctions) connection.registerScalarFunction(scalarOf(own));
  for (const statement of duckDbPrelude) await connection.run(statement);
  for (const stored of tables) {
    if (stored.kind === "view") continue;
    const columns = [...stored.columns, ...stored.partitionColumns].map(
      ({ name, type }) => `${quoted(name)} ${duckType(typeText(type))}`,
    );
    await connection.run(`CREATE TABLE ${storedName(stored)} (${columns.join(", ")})`);
    await connection.run(`INSERT INTO ${storedName(stored)} VALUES ${contents[stored.name]}`);
  }
  const rowsOf = async (sql: string) => (await connection.runAndReadAll(sql)).getRowsJson();
  const ask = async (sql: string): Promise<string[]> =>
    (await rowsOf(sql)).map((row) => row.map(shown).join(" | "));
  const rows = (selection: Selection) => rowsOf(emitDuckDb(selection, storedName));
  const select = (selection: Selection) => ask(emitDuckDb(selection, storedName));
  const writeParquet = async (directory: string): Promise<void> => {
    for (const stored of tables) {
      if (stored.kind === "view") continue;
      const path = join(directory, parquetName(stored)).replaceAll("'", "''");
      await connection.run(`COPY ${storedName(stored)} TO '${path}' (FORMAT parquet)`);
    }
  };
  const readParquet = async (stored: readonly CatalogTable[], directory: string) => {
    for (const each of stored) {
      const path = join(directory, `${each.name}.parquet`).replaceAll("'", "''");
      await connection.run(`CREATE VIEW ${storedName(each)} AS FROM read_parquet('${path}')`);
    }
  };
  return { ask, rows, select, writeParquet, readParquet, close: () => connection.closeSync() };
}

const scalarOf = ({ name, parameters, random, calculate }: OwnFunction) =>
  DuckDBScalarFunction.create({
    ...{ name, returnType: BLOB, volatile: random === true },
    parameterTypes: Array.from({ length: parameters }, () => BLOB),
    mainFunction(_info, input, output) {
      for (let row = 0; row < input.rowCount; row += 1) {
        const given = Array.from({ length: 3 }, (_, at) => {
          const value = at < parameters ? input.getColumnVector(at).getItem(row) : undefined;
          return value instanceof DuckDBBlobValue ? value.bytes : new Uint8Array(0);
        });
        const [first = none, second = none, third = none] = given;
        output.setItem(row, new DuckDBBlobValue(calculate(first, second, third)));
      }
      output.flush();
    },
  });

const none = new Uint8Array(0);

const shown = (value: unknown): string =>
  value === null ? "NULL" : typeof value === "string" ? value : JSON.stringify(value);

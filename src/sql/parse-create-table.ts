import type { Cursor } from "./cursor.ts";
import {
  ifNotExists,
  parseClustering,
  parseDays,
  parseDelimiters,
  parseNames,
  parseProperties,
  parseResources,
} from "./parse-clauses.ts";
import { parseColumn } from "./parse-column.ts";
import type { Creation } from "./parse-create.ts";
import { parseExpression } from "./parse-expression.ts";
import { isQueryStart, parseQuery } from "./parse-query.ts";
import type { ColumnDefinition, CreateTable, CreateTableLike, Name } from "./tree.ts";

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
type Draft = Writable<Omit<CreateTable, "kind" | "at" | "table" | "ifNotExists" | "external">>;

/** Clauses after the columns, by the words that begin them. Their order is free; none may come twice. */
const clauses: readonly (readonly [words: string, read: (cursor: Cursor, draft: Draft) => void])[] =
  [
    ["COMMENT", (cursor, draft) => (draft.comment = cursor.string())],
    ["PARTITIONED BY", (cursor, draft) => readPartitionColumns(cursor, draft)],
    ["AUTO PARTITIONED BY", (cursor, draft) => readAutoPartition(cursor, draft)],
    ["STORED AS", (cursor, draft) => (draft.storedAs = cursor.name("a format").text)],
    ["STORED BY", (cursor, draft) => (draft.storedBy = cursor.string())],
    ["ROW FORMAT SERDE", (cursor, draft) => (draft.rowFormatSerde = cursor.string())],
    ["ROW FORMAT DELIMITED", (cursor, draft) => (draft.delimiters = parseDelimiters(cursor))],
    ["WITH SERDEPROPERTIES", (cursor, draft) => (draft.serdeProperties = parseProperties(cursor))],
    ["LOCATION", (cursor, draft) => (draft.location = cursor.string())],
    ["USING", (cursor, draft) => (draft.resources = parseResources(cursor))],
    ["TBLPROPERTIES", (cursor, draft) => (draft.properties = parseProperties(cursor))],
    ["LIFECYCLE", (cursor, draft) => (draft.lifecycle = parseDays(cursor))],
  ];
const clauseWords = clauses.map(([words, read]) => ({ words: words.split(" "), read }));

/** Reads CREATE [EXTERNAL] TABLE from its name on. */
export function parseCreateTable(
  cursor: Cursor,
  { at, orReplace }: Creation,
  external: boolean,
): CreateTable | CreateTableLike {
  const unlessThere = ifNotExists(cursor);
  const table = cursor.objectName("a table");
  const draft: Draft = {
    orReplace,
    columns: [],
    primaryKey: [],
    partitionColumns: [],
    delimiters: [],
    serdeProperties: [],
    resources: [],
    properties: [],
  };
  const like = cursor.take("LIKE") ? cursor.objectName("a table") : undefined;
  if (!like && cursor.is("(") && !isQueryStart(cursor.peek()) && cursor.peek().key !== "(") {
    readColumns(cursor, draft);
  }
  readClauses(cursor, draft);
  const made = { at, table, external, ifNotExists: unlessThere } as const;
  if (like) {
    const { storedBy, location, properties, lifecycle } = draft;
    return {
      kind: "create-table-like",
      ...made,
      like,
      properties,
      ...(storedBy !== undefined && { storedBy }),
      ...(location !== undefined && { location }),
      ...(lifecycle !== undefined && { lifecycle }),
    };
  }
  const begins = cursor.take("AS") || isQueryStart(cursor.token);
  if (begins) draft.query = parseQuery(cursor);
  if (draft.columns.length === 0 && !draft.query) {
    cursor.fail(...(cursor.is("(") ? [] : ['"("', '"AS"', '"LIKE"']));
  }
  return { kind: "create-table", ...made, ...draft };
}

function readClauses(cursor: Cursor, draft: Draft): void {
  const read = new Set<object>();
  for (;;) {
    const clustering = read.has(parseClustering) ? undefined : parseClustering(cursor);
    if (clustering) {
      read.add(parseClustering);
      draft.clustering = clustering;
      continue;
    }
    const clause = clauseWords.find(({ words }) => cursor.areNext(...words));
    if (!clause) return;
    if (read.has(clause)) cursor.fail();
    read.add(clause);
    cursor.takeAll(...clause.words);
    clause.read(cursor, draft);
  }
}

/** The columns, and between them PRIMARY KEY (..), with or without CONSTRAINT and its name. */
function readColumns(cursor: Cursor, draft: Draft): void {
  const columns: ColumnDefinition[] = [];
  cursor.group(() => {
    const constraint = cursor.is("CONSTRAINT") && cursor.peek(2).key === "PRIMARY";
    if (constraint) {
      cursor.next();
      cursor.name();
    }
    if (cursor.takeAll("PRIMARY", "KEY")) draft.primaryKey = readPrimaryKey(cursor);
    else columns.push(parseColumn(cursor));
  });
  draft.columns = columns;
}

function readPrimaryKey(cursor: Cursor): Name[] {
  const names = parseNames(cursor);
  // MaxCompute takes these words and enforces the key only in Delta tables.
  cursor.takeAll("NOT", "ENFORCED");
  return names;
}

function readPartitionColumns(cursor: Cursor, draft: Draft): void {
  draft.partitionColumns = cursor.group(() => parseColumn(cursor));
}

function readAutoPartition(cursor: Cursor, draft: Draft): void {
  cursor.expect("(");
  const expression = parseExpression(cursor);
  const name = cursor.take("AS") ? cursor.name() : undefined;
  cursor.expect(")");
  draft.autoPartition = { expression, ...(name && { name }) };
}

import type { Cursor } from "./cursor.ts";
import { ifNotExists, parseNames, parsePartition } from "./parse-clauses.ts";
import { isQueryStart, parseQuery, parseQueryFrom, parseWith } from "./parse-query.ts";
import { parseRelation } from "./parse-relation.ts";
import { parseError } from "./sql-error.ts";
import type { CommonTable, Insert, Name, Query, Relation, Statement } from "./tree.ts";

/** As many outputs as MaxCompute lets share a source. */
const insertsMax = 255;

/** Reads what begins with WITH, FROM, SELECT, VALUES or a parenthesis: a query, or inserts that share a source. */
export function parseQueryStatement(cursor: Cursor): Statement {
  const common = parseWith(cursor);
  if (cursor.is("INSERT")) return parseInsert(cursor, common);
  if (!cursor.is("FROM")) return { ...parseQuery(cursor, common) };
  const { at } = cursor.next();
  const from = parseRelation(cursor);
  if (cursor.is("SELECT")) return parseQueryFrom(cursor, from, common);
  const inserts: Insert[] = [];
  while (cursor.is("INSERT")) {
    if (inserts.length === insertsMax) {
      throw parseError(cursor.at, `a statement has at most ${insertsMax} inserts`);
    }
    inserts.push(parseInsert(cursor, common, from));
  }
  if (inserts.length === 0) cursor.fail('"INSERT"', '"SELECT"');
  return { kind: "multi-insert", at, inserts };
}

/** Reads INSERT INTO|OVERWRITE; `from` is the source that it shares with others. */
export function parseInsert(
  cursor: Cursor,
  common: readonly CommonTable[] = [],
  from?: Relation,
): Insert {
  const { at } = cursor.expect("INSERT");
  const mode = cursor.take("OVERWRITE") ? "overwrite" : "into";
  if (mode === "into" && !cursor.take("INTO")) cursor.fail('"INTO"', '"OVERWRITE"');
  cursor.take("TABLE");
  const table = cursor.objectName("a table");
  const before = parseColumns(cursor);
  const partition = cursor.is("PARTITION") ? parsePartition(cursor, true) : undefined;
  const unlessThere = partition !== undefined && ifNotExists(cursor);
  const columns = before.length > 0 ? before : parseColumns(cursor);
  return {
    kind: "insert",
    at,
    mode,
    table,
    ...(partition && { partition }),
    ifNotExists: unlessThere,
    columns,
    source: parseSource(cursor, common, from),
  };
}

/** `(a, b)` before the query, unless the parenthesis begins the query. */
function parseColumns(cursor: Cursor): Name[] {
  const next = cursor.is("(") ? cursor.peek() : undefined;
  return next && next.key !== "(" && !isQueryStart(next) ? parseNames(cursor) : [];
}

function parseSource(cursor: Cursor, common: readonly CommonTable[], from?: Relation): Query {
  if (from) return parseQueryFrom(cursor, from, common);
  return parseQuery(cursor, common);
}

import type { Cursor } from "./cursor.ts";
import {
  ifNotExists,
  parseClustering,
  parseDays,
  parseNames,
  parseProperties,
  parseViewColumns,
} from "./parse-clauses.ts";
import type { Creation } from "./parse-create.ts";
import { parseParameters } from "./parse-function.ts";
import { parseQuery } from "./parse-query.ts";
import type { CreateMaterializedView, CreateView, Query, Range } from "./tree.ts";

/** Reads CREATE VIEW from its name on. */
export function parseCreateView(cursor: Cursor, { at, orReplace }: Creation): CreateView {
  const unlessThere = ifNotExists(cursor);
  const view = cursor.objectName("a view");
  const takesParameters = cursor.is("(") && cursor.peek().kind === "variable";
  const parameters = takesParameters ? parseParameters(cursor) : [];
  const columns = cursor.is("(") ? parseViewColumns(cursor) : [];
  const comment = cursor.take("COMMENT") ? cursor.string() : undefined;
  cursor.expect("AS");
  return {
    kind: "create-view",
    at,
    view,
    orReplace,
    ifNotExists: unlessThere,
    columns,
    parameters,
    ...(comment !== undefined && { comment }),
    ...parseViewQuery(cursor),
  };
}

function parseViewQuery(cursor: Cursor): { query: Query; queryRange: Range } {
  const { start } = cursor.token;
  const query = parseQuery(cursor);
  return { query, queryRange: { start, end: cursor.lastEnd } };
}

/** Reads CREATE MATERIALIZED VIEW from its name on. */
export function parseMaterializedView(
  cursor: Cursor,
  { at, orReplace }: Creation,
): CreateMaterializedView {
  const unlessThere = ifNotExists(cursor);
  const view = cursor.objectName("a view");
  const lifecycle = cursor.take("LIFECYCLE") ? parseDays(cursor) : undefined;
  const buildDeferred = cursor.takeAll("BUILD", "DEFERRED");
  const columns = cursor.is("(") ? parseViewColumns(cursor) : [];
  const rewriteDisabled = cursor.takeAll("DISABLE", "REWRITE");
  const comment = cursor.take("COMMENT") ? cursor.string() : undefined;
  const on = cursor.takeAll("PARTITIONED", "ON") || cursor.takeAll("PARTITIONED", "BY");
  const partitionedOn = on ? parseNames(cursor) : [];
  const clustering = parseClustering(cursor);
  const refresh = cursor.is("REFRESH") ? parseRefresh(cursor) : undefined;
  const properties = cursor.take("TBLPROPERTIES") ? parseProperties(cursor) : [];
  cursor.expect("AS");
  return {
    kind: "create-materialized-view",
    at,
    view,
    orReplace,
    ifNotExists: unlessThere,
    buildDeferred,
    columns,
    rewriteDisabled,
    partitionedOn,
    properties,
    ...(lifecycle !== undefined && { lifecycle }),
    ...(comment !== undefined && { comment }),
    ...(clustering && { clustering }),
    ...(refresh !== undefined && { refresh }),
    ...parseViewQuery(cursor),
  };
}

/** REFRESH and its words up to TBLPROPERTIES or AS. */
function parseRefresh(cursor: Cursor): string {
  const { start } = cursor.token;
  const ends = () => cursor.is("TBLPROPERTIES") || cursor.is("AS");
  while (!ends() && (cursor.token.kind === "word" || cursor.token.kind === "number")) cursor.next();
  return cursor.text.slice(start, cursor.lastEnd);
}

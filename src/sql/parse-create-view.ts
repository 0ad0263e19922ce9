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
  const refreshMinutes = cursor.takeAll("REFRESH", "EVERY") ? parseInterval(cursor) : undefined;
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
    ...(refreshMinutes !== undefined && { refreshMinutes }),
    ...parseViewQuery(cursor),
  };
}

const minutesOf: Readonly<Record<string, number>> = { MINUTE: 1, HOUR: 60, DAY: 24 * 60 };

/** `20 MINUTES`, `1 HOUR`: in minutes. */
function parseInterval(cursor: Cursor): number {
  const count = cursor.integer();
  for (const [unit, minutes] of Object.entries(minutesOf)) {
    if (cursor.take(unit) || cursor.take(`${unit}S`)) return count * minutes;
  }
  return cursor.fail('"MINUTES"', '"HOURS"', '"DAYS"');
}

import type { Cursor } from "./cursor.ts";
import { parseAssignment } from "./parse-assignment.ts";
import {
  ifNotExists,
  parseClustering,
  parseDays,
  parseNames,
  parseProperties,
  parseViewColumns,
} from "./parse-clauses.ts";
import type { Creation } from "./parse-create.ts";
import { parseParameters, parseParameterType, parseVariable } from "./parse-function.ts";
import { parseQuery } from "./parse-query.ts";
import { parseError } from "./sql-error.ts";
import type {
  AssignVariable,
  CreateMaterializedView,
  CreateView,
  Expression,
  Name,
  Query,
  Range,
} from "./tree.ts";
import { emptyTail } from "./tree-query.ts";

/** Reads CREATE VIEW from its name on. */
export function parseCreateView(cursor: Cursor, { at, orReplace }: Creation): CreateView {
  const unlessThere = ifNotExists(cursor);
  const view = cursor.objectName("a view");
  const takesParameters = cursor.is("(") && cursor.peek().kind === "variable";
  const signature = takesParameters ? parseSignature(cursor) : { parameters: [] };
  const columns = !takesParameters && cursor.is("(") ? parseViewColumns(cursor) : [];
  const comment = cursor.take("COMMENT") ? cursor.string() : undefined;
  cursor.expect("AS");
  const { returns } = signature;
  const body =
    returns && cursor.is("BEGIN") ? parseBlock(cursor, returns.name) : parseViewQuery(cursor);
  return {
    kind: "create-view",
    at,
    view,
    orReplace,
    ifNotExists: unlessThere,
    columns,
    assigned: [],
    ...signature,
    ...(comment !== undefined && { comment }),
    ...body,
  };
}

type Signature = Pick<CreateView, "parameters" | "signatureRange" | "returns">;

/** `(@a TABLE (k STRING), @b BIGINT) [RETURNS @r TABLE (..)]`. */
function parseSignature(cursor: Cursor): Signature {
  const { start } = cursor.token;
  const parameters = parseParameters(cursor);
  const returns = cursor.take("RETURNS") ? parseReturned(cursor) : undefined;
  const signatureRange = { start, end: cursor.lastEnd };
  return { parameters, signatureRange, ...(returns && { returns }) };
}

function parseReturned(cursor: Cursor): CreateView["returns"] {
  const name = parseVariable(cursor);
  const type = parseParameterType(cursor);
  return type.kind === "table" ? { name, columns: type.columns } : cursor.fail('"TABLE"');
}

const assignedMax = 200;

/** `BEGIN @x := ..; @r := ..; END`: variables, of which one is what the view gives. */
function parseBlock(
  cursor: Cursor,
  returned: Name,
): Pick<CreateView, "query" | "queryRange" | "assigned"> {
  const { at, start } = cursor.expect("BEGIN");
  const assigned: AssignVariable[] = [];
  for (;;) {
    while (cursor.take(";"));
    if (cursor.take("END")) break;
    assigned.push(parseAssignment(cursor));
    if (assigned.length > assignedMax) {
      throw parseError(at, `a view has at most ${assignedMax} variables`);
    }
    if (!cursor.is("END")) cursor.expect(";");
  }
  cursor.blockEnd = cursor.lastEnd;
  const star: Expression = { kind: "star", at, qualifier: [], except: [] };
  const body: Query["body"] = {
    ...({ kind: "select", at, hints: [], distinct: false, windows: [] } as const),
    items: [{ at, expression: star }],
    from: { kind: "variable-table", at, name: returned },
  };
  const query: Query = { kind: "query", at, ...emptyTail, body };
  return { query, queryRange: { start, end: cursor.lastEnd }, assigned };
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

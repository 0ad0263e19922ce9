import type { Cursor } from "./cursor.ts";
import { parseExpression } from "./parse-expression.ts";
import { parseParameterType, parseVariable } from "./parse-function.ts";
import { isQueryStart, parseQuery } from "./parse-query.ts";
import type { AssignVariable, ParameterType, Position, Query } from "./tree.ts";
import { emptyTail } from "./tree-query.ts";

/** `@a [type] := query or expression`; with a type alone it is declared: NULL, or a table without rows. */
export function parseAssignment(cursor: Cursor): AssignVariable {
  const { at } = cursor.token;
  const name = parseVariable(cursor);
  const type = cursor.is(":=") ? undefined : parseParameterType(cursor);
  if (type && type.kind !== "any" && !cursor.is(":=")) {
    return { kind: "assign", at, name, type, value: unassigned(type, at) };
  }
  cursor.expect(":=");
  const cache = parseCache(cursor);
  // A query in parentheses is a query here too, unless a type says that one value is meant.
  const found = isQueryStart(cursor.token) ? parseQuery(cursor) : parseExpression(cursor);
  const value = found.kind === "subquery" && type?.kind !== "type" ? found.query : found;
  return {
    kind: "assign",
    at,
    name,
    ...(cache !== undefined && { cache }),
    ...(type && { type }),
    value,
  };
}

/** What a variable holds that was declared and not assigned yet. */
export function unassigned(
  type: Exclude<ParameterType, { kind: "any" }>,
  at: Position,
): AssignVariable["value"] {
  if (type.kind === "type") return { kind: "null", at };
  const none: Query["body"] = {
    ...{ kind: "select", at, hints: [], distinct: false, windows: [] },
    items: type.columns.map(() => ({ at, expression: { kind: "null", at } })),
    where: { kind: "boolean", at, value: false },
  };
  return { kind: "query", at, ...emptyTail, body: none };
}

function parseCache(cursor: Cursor): boolean | undefined {
  if (cursor.takeAll("CACHE", "ON")) return true;
  return cursor.takeAll("CACHE", "OFF") ? false : undefined;
}

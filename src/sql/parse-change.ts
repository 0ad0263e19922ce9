import type { Cursor } from "./cursor.ts";
import { parseStar } from "./parse-call.ts";
import { parseNames } from "./parse-clauses.ts";
import { parseExpression } from "./parse-expression.ts";
import { parseRelation } from "./parse-relation.ts";
import { parseError } from "./sql-error.ts";
import type { Assignment, Delete, Merge, MergeBranch, Update } from "./tree.ts";

/** UPDATE t SET a = 1 [FROM ..] [WHERE ..]. */
export function parseUpdate(cursor: Cursor): Update {
  const { at } = cursor.expect("UPDATE");
  const table = cursor.objectName("a table");
  const alias = cursor.alias();
  const set = parseSet(cursor);
  const from = cursor.take("FROM") ? parseRelation(cursor) : undefined;
  const where = cursor.take("WHERE") ? parseExpression(cursor) : undefined;
  return {
    kind: "update",
    at,
    table,
    set,
    ...(alias && { alias }),
    ...(from && { from }),
    ...(where && { where }),
  };
}

function parseSet(cursor: Cursor): Assignment[] {
  cursor.expect("SET");
  return cursor.list(() => parseAssigned(cursor)).flat();
}

/** `a = 1`, or `(a, b) = (1, 2)`. */
function parseAssigned(cursor: Cursor): Assignment[] {
  const { at } = cursor.token;
  const several = cursor.is("(");
  const one = () => cursor.objectName("a column").parts;
  const value = () => parseExpression(cursor);
  const columns = several ? cursor.group(one) : [one()];
  cursor.expect("=");
  const values = several ? cursor.group(value) : [value()];
  const counts = `${columns.length} columns are set, and ${values.length} values are given`;
  if (values.length !== columns.length) throw parseError(at, counts);
  return values.map((value, place) => ({ column: columns[place] ?? [], value }));
}

/** DELETE FROM t [WHERE ..]. */
export function parseDelete(cursor: Cursor): Delete {
  const { at } = cursor.expect("DELETE");
  cursor.expect("FROM");
  const table = cursor.objectName("a table");
  const alias = cursor.alias();
  const where = cursor.take("WHERE") ? parseExpression(cursor) : undefined;
  return { kind: "delete", at, table, ...(alias && { alias }), ...(where && { where }) };
}

/** MERGE INTO t USING source ON condition WHEN .. THEN .. */
export function parseMerge(cursor: Cursor): Merge {
  const { at } = cursor.expect("MERGE");
  cursor.expect("INTO");
  const table = cursor.objectName("a table");
  const alias = cursor.alias();
  cursor.expect("USING");
  const using = parseRelation(cursor);
  cursor.expect("ON");
  const on = parseExpression(cursor);
  const branches: MergeBranch[] = [];
  while (cursor.is("WHEN")) branches.push(parseBranch(cursor));
  if (branches.length === 0) cursor.fail('"WHEN"');
  return { kind: "merge", at, table, using, on, branches, ...(alias && { alias }) };
}

function parseBranch(cursor: Cursor): MergeBranch {
  const { at } = cursor.expect("WHEN");
  const matched = !cursor.take("NOT");
  cursor.expect("MATCHED");
  const condition = cursor.take("AND") ? parseExpression(cursor) : undefined;
  cursor.expect("THEN");
  return { at, matched, ...(condition && { condition }), action: parseAction(cursor, matched) };
}

function parseAction(cursor: Cursor, matched: boolean): MergeBranch["action"] {
  if (!matched) {
    cursor.expect("INSERT");
    const columns = cursor.is("(") ? parseNames(cursor) : [];
    cursor.expect("VALUES");
    const star = parseStar(cursor);
    const values = star ? [star] : cursor.group(() => parseExpression(cursor));
    return { kind: "insert", columns, values };
  }
  if (cursor.take("DELETE")) return { kind: "delete" };
  if (!cursor.take("UPDATE")) cursor.fail('"UPDATE"', '"DELETE"');
  return { kind: "update", set: parseSet(cursor) };
}

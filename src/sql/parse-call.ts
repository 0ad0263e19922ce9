import type { Cursor } from "./cursor.ts";
import { parseExpression } from "./parse-expression.ts";
import { isTimeUnit, parseTimeUnit } from "./parse-literal.ts";
import { parseWindow } from "./parse-window.ts";
import type { CallExpression, Expression, Name, OrderItem, StarExpression } from "./tree.ts";

const trimmed: ReadonlyMap<string, string> = new Map([
  ["BOTH", "trim"],
  ["LEADING", "ltrim"],
  ["TRAILING", "rtrim"],
]);

/** Reads a call from its parenthesis on, with what aggregates and window functions carry. */
export function parseCall(cursor: Cursor, qualifier: readonly Name[], name: Name): Expression {
  if (qualifier.length === 0 && name.key === "extract" && isTimeUnit(cursor, 1)) {
    if (cursor.peek(2).key === "FROM") return parseExtract(cursor, name);
  }
  if (qualifier.length === 0 && name.key === "trim" && trimmed.has(cursor.peek().key)) {
    return parseTrim(cursor, name);
  }
  return parsePlainCall(cursor, qualifier, name);
}

/** A call and nothing else: what LATERAL VIEW and FROM take. */
export function parsePlainCall(
  cursor: Cursor,
  qualifier: readonly Name[],
  name: Name,
): CallExpression {
  cursor.expect("(");
  cursor.enter();
  const distinct = cursor.take("DISTINCT");
  if (!distinct && cursor.is("ALL")) cursor.next();
  const given = cursor.is(")") ? [] : cursor.list(() => parseArgument(cursor));
  const inside = parseNulls(cursor);
  cursor.expect(")");
  cursor.leave();
  const withinGroup = cursor.takeAll("WITHIN", "GROUP") ? parseGroupOrder(cursor) : undefined;
  const filter = cursor.areNext("FILTER", "(") ? parseFilter(cursor) : undefined;
  const ignoreNulls = inside ?? parseNulls(cursor);
  const over = cursor.is("OVER") ? parseOver(cursor) : undefined;
  return {
    kind: "call",
    at: (qualifier[0] ?? name).at,
    qualifier,
    name,
    distinct,
    arguments: given,
    ...(withinGroup && { withinGroup }),
    ...(filter && { filter }),
    ...(ignoreNulls !== undefined && { ignoreNulls }),
    ...(over && { over }),
  };
}

function parseArgument(cursor: Cursor): Expression {
  return parseStar(cursor) ?? parseExpression(cursor);
}

/** `*` or `t.*` when it comes next, without EXCEPT. */
export function parseStar(cursor: Cursor): StarExpression | undefined {
  const { at } = cursor.token;
  let distance = 0;
  if (!cursor.is("*")) {
    if (!cursor.isName()) return undefined;
    // `a.b.*` has a point after every name; three names are the most that a table has.
    while (distance < 6 && cursor.peek(distance + 1).key === ".") distance += 2;
    if (distance === 0 || cursor.peek(distance).key !== "*") return undefined;
  }
  const qualifier: Name[] = [];
  while (!cursor.take("*")) {
    qualifier.push(cursor.anyName());
    cursor.expect(".");
  }
  return { kind: "star", at, qualifier, except: [] };
}

function parseNulls(cursor: Cursor): boolean | undefined {
  if (cursor.takeAll("IGNORE", "NULLS")) return true;
  return cursor.takeAll("RESPECT", "NULLS") ? false : undefined;
}

function parseGroupOrder(cursor: Cursor): OrderItem[] {
  cursor.expect("(");
  cursor.expect("ORDER", "BY");
  const order = cursor.list(() => parseOrderItem(cursor));
  cursor.expect(")");
  return order;
}

function parseFilter(cursor: Cursor): Expression {
  cursor.expect("FILTER");
  cursor.expect("(", "WHERE");
  cursor.enter();
  const condition = parseExpression(cursor);
  cursor.leave();
  cursor.expect(")");
  return condition;
}

function parseOver(cursor: Cursor): CallExpression["over"] {
  cursor.expect("OVER");
  return cursor.is("(") ? parseWindow(cursor) : cursor.name();
}

/** One key of ORDER BY and SORT BY. */
export function parseOrderItem(cursor: Cursor): OrderItem {
  const expression = parseExpression(cursor);
  const descending = cursor.take("DESC");
  if (!descending) cursor.take("ASC");
  if (!cursor.take("NULLS")) return { expression, descending };
  if (cursor.take("FIRST")) return { expression, descending, nulls: "first" };
  if (cursor.take("LAST")) return { expression, descending, nulls: "last" };
  return cursor.fail('"FIRST"', '"LAST"');
}

function parseExtract(cursor: Cursor, { at }: Name): Expression {
  cursor.expect("(");
  cursor.enter();
  const unit = parseTimeUnit(cursor);
  cursor.expect("FROM");
  const operand = parseExpression(cursor);
  cursor.leave();
  cursor.expect(")");
  return { kind: "extract", at, unit, operand };
}

/** TRIM(BOTH 'x' FROM text) is the call trim(text, 'x'). */
function parseTrim(cursor: Cursor, written: Name): Expression {
  cursor.expect("(");
  cursor.enter();
  const name = trimmed.get(cursor.next().key) ?? written.key;
  const characters = cursor.is("FROM") ? undefined : parseExpression(cursor);
  cursor.expect("FROM");
  const operand = parseExpression(cursor);
  cursor.leave();
  cursor.expect(")");
  return {
    kind: "call",
    at: written.at,
    qualifier: [],
    name: { ...written, key: name },
    distinct: false,
    arguments: characters ? [operand, characters] : [operand],
  };
}

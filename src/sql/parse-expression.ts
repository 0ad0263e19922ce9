import type { Cursor } from "./cursor.ts";
import { parsePrimary } from "./parse-primary.ts";
import { isQueryStart, parseQuery, parseQueryAfter } from "./parse-query.ts";
import type { BinaryOperator, Expression, LikeExpression, Name } from "./tree.ts";

/** How tightly operators bind, from loose to tight. */
const level = {
  or: 1,
  and: 2,
  not: 3,
  compare: 4,
  is: 5,
  bitOr: 6,
  bitAnd: 7,
  concat: 8,
  add: 9,
  multiply: 10,
  bitXor: 11,
  unary: 12,
} as const;

/** Arithmetic alone: what may stand between BETWEEN and its AND. */
export const arithmetic = level.is;

const binaryOperators: ReadonlyMap<string, readonly [number, BinaryOperator]> = new Map([
  ["=", [level.compare, "="]],
  ["==", [level.compare, "="]],
  ["<>", [level.compare, "<>"]],
  ["!=", [level.compare, "<>"]],
  ["<", [level.compare, "<"]],
  ["<=", [level.compare, "<="]],
  [">", [level.compare, ">"]],
  [">=", [level.compare, ">="]],
  ["<=>", [level.compare, "<=>"]],
  ["|", [level.bitOr, "|"]],
  ["&", [level.bitAnd, "&"]],
  ["||", [level.concat, "||"]],
  ["+", [level.add, "+"]],
  ["-", [level.add, "-"]],
  ["*", [level.multiply, "*"]],
  ["/", [level.multiply, "/"]],
  ["%", [level.multiply, "%"]],
  ["DIV", [level.multiply, "div"]],
  ["^", [level.bitXor, "^"]],
]);

/** Operators that are words and their kin: each has a reader of its own. */
const otherOperators: ReadonlyMap<string, number> = new Map([
  ["OR", level.or],
  ["AND", level.and],
  ["&&", level.and],
  ["LIKE", level.compare],
  ["ILIKE", level.compare],
  ["RLIKE", level.compare],
  ["REGEXP", level.compare],
  ["IN", level.compare],
  ["BETWEEN", level.compare],
  ["IS", level.is],
]);
const negatable: ReadonlySet<string> = new Set([
  "LIKE",
  "ILIKE",
  "RLIKE",
  "REGEXP",
  "IN",
  "BETWEEN",
]);
const prefixes: ReadonlyMap<string, "-" | "+" | "~" | "not"> = new Map([
  ["-", "-"],
  ["+", "+"],
  ["~", "~"],
  ["NOT", "not"],
  ["!", "not"],
]);

/** Reads an expression whose operators bind tighter than `min`. */
export function parseExpression(cursor: Cursor, min = 0): Expression {
  let left = parsePrefix(cursor);
  for (;;) {
    const { key } = cursor.token;
    const binary = binaryOperators.get(key);
    if (binary) {
      const [power, operator] = binary;
      if (power <= min) return left;
      const { at } = cursor.next();
      cursor.chained += 1;
      left = { kind: "binary", at, operator, left, right: parseExpression(cursor, power) };
      continue;
    }
    const negated = key === "NOT" && negatable.has(cursor.peek().key);
    const power = negated ? level.compare : otherOperators.get(key);
    if (power === undefined || power <= min) return left;
    cursor.chained += 1;
    left = parseOther(cursor, left, negated);
  }
}

function parsePrefix(cursor: Cursor): Expression {
  const { key, at } = cursor.token;
  const operator = prefixes.get(key);
  if (!operator) return parsePrimary(cursor);
  cursor.next();
  cursor.enter();
  // NOT takes a whole comparison, a sign only what stands beside it.
  const operand = parseExpression(cursor, operator === "not" ? level.not : level.unary);
  cursor.leave();
  return { kind: "unary", at, operator, operand };
}

function parseOther(cursor: Cursor, left: Expression, negated: boolean): Expression {
  const { key } = cursor.token;
  if (key === "OR") return parseLogical(cursor, left, "or", ["OR"], level.or);
  if (key === "AND" || key === "&&") {
    return parseLogical(cursor, left, "and", ["AND", "&&"], level.and);
  }
  if (key === "IS") return parseIs(cursor, left);
  if (negated) cursor.next();
  if (cursor.is("IN")) return parseIn(cursor, left, negated);
  if (cursor.is("BETWEEN")) {
    const { at } = cursor.next();
    const low = parseExpression(cursor, arithmetic);
    cursor.expect("AND");
    const high = parseExpression(cursor, arithmetic);
    return { kind: "between", at, negated, operand: left, low, high };
  }
  return parseLike(cursor, left, negated);
}

function parseLogical(
  cursor: Cursor,
  first: Expression,
  kind: "and" | "or",
  words: readonly string[],
  power: number,
): Expression {
  const { at } = cursor.token;
  const operands = [first];
  while (words.some((word) => cursor.take(word))) operands.push(parseExpression(cursor, power));
  return { kind, at, operands };
}

function parseIs(cursor: Cursor, operand: Expression): Expression {
  const { at } = cursor.expect("IS");
  const negated = cursor.take("NOT");
  if (cursor.takeAll("DISTINCT", "FROM")) {
    const right = parseExpression(cursor, arithmetic);
    return { kind: "distinct", at, negated, left: operand, right };
  }
  for (const test of ["null", "true", "false"] as const) {
    if (cursor.take(test.toUpperCase())) return { kind: "is", at, negated, operand, test };
  }
  return cursor.fail('"NULL"', '"TRUE"', '"FALSE"', '"DISTINCT FROM"');
}

function parseIn(cursor: Cursor, operand: Expression, negated: boolean): Expression {
  const { at } = cursor.expect("IN");
  cursor.expect("(");
  cursor.enter();
  const first = parseBracketed(cursor);
  if (first.kind === "subquery" && cursor.is(")")) {
    cursor.next();
    cursor.leave();
    return { kind: "in-query", at, negated, operand, query: first.query };
  }
  const list = [first];
  while (cursor.take(",")) list.push(parseExpression(cursor));
  cursor.expect(")");
  cursor.leave();
  return { kind: "in-list", at, negated, operand, list };
}

/** What stands after an opening parenthesis: a query, or an expression that may begin with a query. */
export function parseBracketed(cursor: Cursor): Expression {
  const { at } = cursor.token;
  if (isQueryStart(cursor.token)) return { kind: "subquery", at, query: parseQuery(cursor) };
  const found = parseExpression(cursor);
  if (found.kind !== "subquery") return found;
  return { ...found, query: parseQueryAfter(cursor, found.query) };
}

/** LIKE ANY (..) is true when one pattern fits, LIKE ALL (..) when each does. */
function logicalOf(cursor: Cursor): "or" | "and" | undefined {
  if (cursor.areNext("ANY", "(")) return "or";
  return cursor.areNext("ALL", "(") ? "and" : undefined;
}

function parseLike(cursor: Cursor, operand: Expression, negated: boolean): Expression {
  const { key, at } = cursor.next();
  const operator: LikeExpression["operator"] =
    key === "LIKE" ? "like" : key === "ILIKE" ? "ilike" : "rlike";
  const several = operator === "like" && logicalOf(cursor);
  if (several && negated) throw cursor.unsupported("NOT LIKE with ANY or ALL");
  if (several) {
    cursor.next();
    const patterns = cursor.group(() => parseExpression(cursor));
    const operands = patterns.map(
      (pattern): Expression => ({ kind: "like", at, operator, negated, operand, pattern }),
    );
    return operands.length === 1 && operands[0] ? operands[0] : { kind: several, at, operands };
  }
  const pattern = parseExpression(cursor, arithmetic);
  const escaped = cursor.take("ESCAPE") ? parseExpression(cursor, arithmetic) : undefined;
  return {
    kind: "like",
    at,
    operator,
    negated,
    operand,
    pattern,
    ...(escaped && { escape: escaped }),
  };
}

/** `x -> body`, when the parameters are read and the arrow comes next. */
export function parseLambda(cursor: Cursor, parameters: readonly Name[]): Expression {
  const { at } = cursor.expect("->");
  cursor.enter();
  const body = parseExpression(cursor);
  cursor.leave();
  return { kind: "lambda", at, parameters, body };
}

import type { Cursor } from "./cursor.ts";
import { parseCall } from "./parse-call.ts";
import { parseBracketed, parseExpression, parseLambda } from "./parse-expression.ts";
import { isLiteralStart, parseLiteral } from "./parse-literal.ts";
import { parseQuery } from "./parse-query.ts";
import { parseSqlType } from "./parse-type.ts";
import { parseError } from "./sql-error.ts";
import type { Expression, Name, NameExpression } from "./tree.ts";
import { callableWords, operandWords } from "./words.ts";

const partsMax = 20;

/** Reads an operand with its accesses: `a.b`, `f(x)[1].c`. */
export function parsePrimary(cursor: Cursor): Expression {
  let found = parseOperand(cursor);
  for (;;) {
    if (cursor.is("[")) {
      const { at } = cursor.next();
      cursor.enter();
      const index = parseExpression(cursor);
      cursor.leave();
      cursor.expect("]");
      found = { kind: "element", at, of: found, index };
    } else if (cursor.is(".")) {
      const { at } = cursor.next();
      found = { kind: "field", at, of: found, name: cursor.anyName("a field") };
    } else return found;
    cursor.chained += 1;
  }
}

function parseOperand(cursor: Cursor): Expression {
  const { kind, key, at } = cursor.token;
  if (isLiteralStart(cursor)) return parseLiteral(cursor);
  if (kind === "variable") {
    const { value } = cursor.next();
    return { kind: "variable", at, name: { text: value, key: value.toLowerCase(), at } };
  }
  if (key === "(") return parseParentheses(cursor);
  switch (key) {
    case "CASE":
      return parseCase(cursor);
    case "CAST":
    case "SAFE_CAST":
      if (cursor.peek().key === "(") return parseCast(cursor);
      break;
    case "EXISTS":
      return parseExists(cursor);
    default:
  }
  if (callableWords.has(key) && cursor.peek().key === "(") {
    return parseCall(cursor, [], cursor.anyName());
  }
  if (!cursor.isName() && !operandWords.has(key)) return cursor.fail("an expression");
  return parseName(cursor);
}

/** A name, or a call when a parenthesis follows it. */
function parseName(cursor: Cursor): Expression {
  const first = cursor.anyName();
  if (cursor.is("->")) return parseLambda(cursor, [first]);
  if (cursor.is(":") && cursor.isName(cursor.peek())) {
    cursor.next();
    return parseCall(cursor, [first], cursor.anyName());
  }
  const parts = [first];
  while (cursor.is(".") && cursor.peek().kind !== "symbol") {
    cursor.next();
    if (parts.length === partsMax)
      throw parseError(cursor.at, `a name has at most ${partsMax} parts`);
    parts.push(cursor.anyName());
  }
  if (cursor.is("(")) {
    return parseCall(cursor, parts.slice(0, -1), parts.at(-1) ?? first);
  }
  return { kind: "name", at: first.at, parts };
}

/** `(expression)`, `(query)`, `(a, b)` before IN, and `(x, y) -> body`. */
function parseParentheses(cursor: Cursor): Expression {
  const { at } = cursor.expect("(");
  cursor.enter();
  if (cursor.is(")") && cursor.peek().key === "->") {
    cursor.next();
    cursor.leave();
    return parseLambda(cursor, []);
  }
  const items = [parseBracketed(cursor)];
  while (cursor.take(",")) items.push(parseExpression(cursor));
  cursor.expect(")");
  cursor.leave();
  if (cursor.is("->")) return parseLambda(cursor, parametersOf(cursor, items));
  const [only] = items;
  return only && items.length === 1 ? only : { kind: "row", at, items };
}

function parametersOf(cursor: Cursor, items: readonly Expression[]): Name[] {
  const isPlain = (item: Expression): item is NameExpression =>
    item.kind === "name" && item.parts.length === 1;
  return items.map((item) => {
    const name = isPlain(item) ? item.parts[0] : undefined;
    return name ?? cursor.fail();
  });
}

function parseCase(cursor: Cursor): Expression {
  const { at } = cursor.expect("CASE");
  cursor.enter();
  const operand = cursor.is("WHEN") ? undefined : parseExpression(cursor);
  const branches: { when: Expression; result: Expression }[] = [];
  while (cursor.take("WHEN")) {
    const when = parseExpression(cursor);
    cursor.expect("THEN");
    branches.push({ when, result: parseExpression(cursor) });
  }
  if (branches.length === 0) cursor.fail('"WHEN"');
  const otherwise = cursor.take("ELSE") ? parseExpression(cursor) : undefined;
  cursor.expect("END");
  cursor.leave();
  return {
    kind: "case",
    at,
    branches,
    ...(operand && { operand }),
    ...(otherwise && { otherwise }),
  };
}

function parseCast(cursor: Cursor): Expression {
  const { at, key } = cursor.next();
  cursor.expect("(");
  cursor.enter();
  const operand = parseExpression(cursor);
  cursor.expect("AS");
  const type = parseSqlType(cursor);
  cursor.expect(")");
  cursor.leave();
  return { kind: "cast", at, operand, type, ...(key === "SAFE_CAST" && { safe: true }) };
}

function parseExists(cursor: Cursor): Expression {
  const { at } = cursor.expect("EXISTS");
  cursor.expect("(");
  cursor.enter();
  const query = parseQuery(cursor);
  cursor.expect(")");
  cursor.leave();
  return { kind: "exists", at, query };
}

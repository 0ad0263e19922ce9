import { isLambda, readCall, readLambda } from "./calls.ts";
import { units } from "./dates.ts";
import { element, slice } from "./functions.ts";
import { readSubquery } from "./queries.ts";
import {
  checkLength,
  listOf,
  type Reader,
  refuseSpark,
  sparkName,
  sparkText,
  type Words,
} from "./reader.ts";
import { readType } from "./types.ts";

/** How tightly an operator binds, and Spark's words for it where they are others. */
const operators: Readonly<Record<string, readonly [power: number, spark?: string]>> = {
  OR: [1],
  AND: [2],
  "=": [5],
  "<>": [5],
  "<": [5],
  ">": [5],
  "<=": [5],
  ">=": [5],
  "||": [7],
  "&": [7],
  "|": [7],
  "<<": [7, "shiftleft($1, CAST($2 AS INT))"],
  ">>": [7, "shiftright($1, CAST($2 AS INT))"],
  "+": [8],
  "-": [8],
  "*": [9],
  // DuckDB divides in floating point, decimals too.
  "/": [9, "(CAST($1 AS DOUBLE) / CAST($2 AS DOUBLE))"],
  "//": [9, "($1 div $2)"],
  "%": [9],
};
const [notPower, isPower, inPower, unaryPower] = [3, 4, 6, 10];

/** Above AND: bounds of BETWEEN and of frames. */
export const operandPower = 7;

/** Reads an expression of DuckDB, as far as operators bind at least so tightly. */
export function readExpression(reader: Reader, power = 0): Words {
  let left = prefix(reader);
  for (;;) {
    const next = infix(reader, left, power);
    if (!next) return left;
    checkLength(next);
    left = next;
  }
}

const sqlOf = (reader: Reader, power = 0): string => readExpression(reader, power).sql;

function infix(reader: Reader, left: Words, power: number): Words | undefined {
  const { kind, key } = reader.peek();
  if (kind !== "word" && kind !== "symbol") return undefined;
  const operator = Object.hasOwn(operators, key) ? operators[key] : undefined;
  if (operator) {
    const [own, spark] = operator;
    if (own <= power) return undefined;
    reader.next();
    const right = sqlOf(reader, own);
    return { sql: spark ? place(spark, [left.sql, right]) : `(${left.sql} ${key} ${right})` };
  }
  if (key === "IS" && isPower > power) return readIs(reader, left);
  if (key === "BETWEEN" && inPower > power) {
    reader.next();
    const low = sqlOf(reader, operandPower - 1);
    reader.expect("AND");
    return { sql: `(${left.sql} BETWEEN ${low} AND ${sqlOf(reader, operandPower - 1)})` };
  }
  const negated = key === "NOT" && /^(IN|LIKE|ILIKE)$/.test(reader.peek(1).key);
  if ((negated || /^(IN|LIKE|ILIKE)$/.test(key)) && inPower > power) {
    if (negated) reader.next();
    return readMembership(reader, left, negated ? "NOT " : "");
  }
  return undefined;
}

/** Puts words into a template of ours. */
export function place(template: string, values: readonly string[]): string {
  return template.replace(/\$(\d)/g, (_, digit) => values[Number(digit) - 1] ?? "NULL");
}

function readIs(reader: Reader, left: Words): Words {
  reader.next();
  const not = reader.takes("NOT") ? "NOT " : "";
  if (reader.takes("DISTINCT", "FROM")) {
    return { sql: `(${left.sql} IS ${not}DISTINCT FROM ${sqlOf(reader, inPower)})` };
  }
  return { sql: `(${left.sql} IS ${not}${reader.next().key})` };
}

function readMembership(reader: Reader, left: Words, not: string): Words {
  const { key } = reader.next();
  if (key === "IN") {
    const list = reader.holdsQuery() ? readSubquery(reader) : inParentheses(reader);
    return { sql: `(${left.sql} ${not}IN (${list}))` };
  }
  const pattern = sqlOf(reader, inPower);
  reader.expect("ESCAPE");
  const escaping = reader.next();
  if (escaping.kind !== "text" || escaping.value.length !== 1)
    refuseSpark("LIKE with an ESCAPE that is not one constant character");
  return { sql: `(${left.sql} ${not}${key} ${pattern} ESCAPE ${sparkText(escaping.value)})` };
}

/** Expressions in parentheses, with commas between them. */
export function inParentheses(reader: Reader): string {
  reader.expect("(");
  const list = listOf(reader, sqlOf).join(", ");
  reader.expect(")");
  return list;
}

function prefix(reader: Reader): Words {
  const { kind, key, value } = reader.peek();
  switch (kind) {
    case "text":
      reader.next();
      return { sql: sparkText(value), literal: value };
    case "number":
      reader.next();
      return { sql: value, literal: Number(value) };
    case "name":
      return { sql: readColumn(reader) };
    case "symbol":
      return symbolPrefix(reader, key);
    case "word":
      return postfix(reader, wordPrefix(reader, key));
    default:
      return refuseSpark("an expression without an end");
  }
}

/** A column of a relation. */
function readColumn(reader: Reader): string {
  const parts = [sparkName(reader.next().value)];
  while (reader.takes(".")) parts.push(sparkName(reader.next().value));
  return parts.join(".");
}

function symbolPrefix(reader: Reader, key: string): Words {
  if (key === "-" || key === "~") {
    reader.next();
    const operand = readExpression(reader, unaryPower - 1);
    const negated =
      key === "-" && typeof operand.literal === "number" ? { literal: -operand.literal } : {};
    return { sql: `(${key}${operand.sql})`, ...negated };
  }
  if (key === "[") {
    reader.next();
    const list = reader.takes("]") ? [] : listOf(reader, sqlOf);
    if (list.length > 0) reader.expect("]");
    return postfix(reader, { sql: `array(${list.join(", ")})` });
  }
  if (key !== "(") return refuseSpark(`\`${key}\` at the start of an expression`);
  const inside = reader.holdsQuery() ? readSubquery(reader) : inParentheses(reader);
  return postfix(reader, { sql: `(${inside})` });
}

function wordPrefix(reader: Reader, key: string): Words {
  switch (key) {
    case "NULL":
    case "TRUE":
    case "FALSE":
      return { sql: reader.next().key };
    case "NOT":
      reader.next();
      return { sql: `(NOT ${sqlOf(reader, notPower - 1)})` };
    case "CASE":
      return readCase(reader);
    case "CAST":
    case "TRY_CAST":
      return readCast(reader);
    case "EXISTS":
      reader.next();
      return { sql: `EXISTS (${readSubquery(reader)})` };
    case "INTERVAL":
      return readInterval(reader);
    case "EXTRACT":
      return readExtract(reader);
    default:
      break;
  }
  if (isLambda(reader)) return readLambda(reader);
  if (reader.peek(1).key === "(") return readCall(reader);
  const { value } = reader.next();
  return reader.meanings.get(value) ?? refuseSpark(`\`${value}\``);
}

function readCase(reader: Reader): Words {
  reader.next();
  const parts = ["CASE"];
  if (reader.peek().key !== "WHEN") parts.push(sqlOf(reader));
  while (reader.takes("WHEN")) {
    const test = sqlOf(reader);
    reader.expect("THEN");
    parts.push(`WHEN ${test} THEN ${sqlOf(reader)}`);
  }
  if (reader.takes("ELSE")) parts.push(`ELSE ${sqlOf(reader)}`);
  reader.expect("END");
  return { sql: `${parts.join(" ")} END` };
}

function readCast(reader: Reader): Words {
  const { key } = reader.next();
  reader.expect("(");
  const value = sqlOf(reader);
  reader.expect("AS");
  const type = readType(reader);
  reader.expect(")");
  return { sql: `${key}(${value} AS ${type})` };
}

/** One of each unit that intervals are multiplied by. */
const intervals: Readonly<Record<string, string>> = {
  YEAR: "INTERVAL '1' YEAR",
  QUARTER: "INTERVAL '3' MONTH",
  MONTH: "INTERVAL '1' MONTH",
  WEEK: "INTERVAL '7' DAY",
  DAY: "INTERVAL '1' DAY",
  HOUR: "INTERVAL '1' HOUR",
  MINUTE: "INTERVAL '1' MINUTE",
  SECOND: "INTERVAL '1' SECOND",
  MILLISECOND: "INTERVAL '0.001' SECOND",
  MICROSECOND: "INTERVAL '0.000001' SECOND",
};

function readInterval(reader: Reader): Words {
  reader.next();
  const amount = readExpression(reader, unaryPower);
  const unit = reader.next().key;
  const one = Object.hasOwn(intervals, unit) ? intervals[unit] : undefined;
  if (!one) return refuseSpark(`an interval of ${unit}`);
  return { sql: amount.literal === 1 ? one : `(${amount.sql} * ${one})` };
}

function readExtract(reader: Reader): Words {
  reader.next();
  reader.expect("(");
  const unit = reader.next().value;
  if (!units.has(unit)) refuseSpark(`EXTRACT of ${unit}`);
  reader.expect("FROM");
  const value = sqlOf(reader);
  reader.expect(")");
  return { sql: `extract(${unit.toUpperCase()} FROM ${value})` };
}

function postfix(reader: Reader, value: Words): Words {
  let { sql } = value;
  let changed = false;
  for (;;) {
    if (reader.takes(".")) sql = `(${sql}).${sparkName(reader.next().value)}`;
    else if (reader.takes("[")) {
      const index = sqlOf(reader);
      if (reader.takes(":")) {
        const to = reader.peek().key === "]" ? `size(${sql})` : sqlOf(reader);
        sql = place(slice, [sql, index, to]);
      } else sql = place(element, [sql, index]);
      reader.expect("]");
    } else if (reader.takes("AT", "TIME", "ZONE")) return refuseSpark("AT TIME ZONE");
    else return changed ? { sql } : value;
    changed = true;
  }
}

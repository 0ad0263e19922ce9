import type { Cursor } from "./cursor.ts";
import { arithmetic, parseExpression } from "./parse-expression.ts";
import { parsePrimary } from "./parse-primary.ts";
import { parseError } from "./sql-error.ts";
import { type Expression, type Position, type TimeUnit, timeUnits } from "./tree.ts";

const dated: ReadonlyMap<string, "date" | "datetime" | "timestamp" | "timestamp_ntz"> = new Map([
  ["DATE", "date"],
  ["DATETIME", "datetime"],
  ["TIMESTAMP", "timestamp"],
  ["TIMESTAMP_NTZ", "timestamp_ntz"],
]);
const plainWords: ReadonlySet<string> = new Set(["TRUE", "FALSE", "NULL"]);
const units: ReadonlyMap<string, TimeUnit> = new Map(
  timeUnits.flatMap((unit) => [
    [unit.toUpperCase(), unit] as const,
    [`${unit.toUpperCase()}S`, unit] as const,
  ]),
);

const written = /^(\d+|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)([a-z]*)$/i;

/** Whether a literal comes next: words such as DATE are literals only before a string. */
export function isLiteralStart(cursor: Cursor): boolean {
  const { kind, key } = cursor.token;
  if (kind === "string" || kind === "number") return true;
  if (kind !== "word") return false;
  if (plainWords.has(key)) return true;
  if (key === "INTERVAL") return isInterval(cursor);
  return (dated.has(key) || key === "X" || key === "JSON") && cursor.peek().kind === "string";
}

function isInterval(cursor: Cursor): boolean {
  const next = cursor.peek();
  if (next.kind === "string" || next.kind === "number") return true;
  if (next.key === "(" || next.key === "-") return true;
  return cursor.isName(next) && units.has(cursor.peek(2).key);
}

/** Reads the literal that `isLiteralStart` has seen. */
export function parseLiteral(cursor: Cursor): Expression {
  const { kind, key, at } = cursor.token;
  if (kind === "string") return { kind: "string", at, value: adjacentStrings(cursor) };
  if (kind === "number") return parseNumber(cursor);
  cursor.next();
  if (key === "NULL") return { kind: "null", at };
  if (key === "TRUE" || key === "FALSE") return { kind: "boolean", at, value: key === "TRUE" };
  if (key === "INTERVAL") {
    // A sign and a multiplication belong to the value; a unit ends it.
    const operand = cursor.is("-") ? parseExpression(cursor, arithmetic) : parsePrimary(cursor);
    const unit = parseTimeUnit(cursor);
    if (!cursor.take("TO")) return { kind: "interval", at, value: operand, unit };
    return { kind: "interval", at, value: operand, unit, to: parseTimeUnit(cursor) };
  }
  const type = dated.get(key);
  if (type) return { kind: type, at, value: cursor.string() };
  if (key === "JSON") return jsonOf(cursor.string(), at);
  const hex = cursor.string();
  if (!/^([0-9a-f]{2})*$/i.test(hex))
    throw parseError(at, `invalid binary literal '${hex.slice(0, 60)}'`);
  return { kind: "bytes", at, hex };
}

/** `JSON '{"a": 1}'` is a call of JSON_PARSE. */
function jsonOf(value: string, at: Position): Expression {
  const name = { text: "json_parse", key: "json_parse", at };
  const text = { kind: "string", at, value } as const;
  return { kind: "call", at, qualifier: [], name, distinct: false, arguments: [text] };
}

/** Strings beside each other are one. */
function adjacentStrings(cursor: Cursor): string {
  let value = cursor.next().value;
  while (cursor.token.kind === "string") value += cursor.next().value;
  return value;
}

function parseNumber(cursor: Cursor): Expression {
  const { value, at } = cursor.token;
  const [, digits = "", suffix = ""] = written.exec(value) ?? [];
  const whole = /^\d+$/.test(digits);
  const letters = suffix.toLowerCase();
  if (!digits) cursor.fail();
  cursor.next();
  if (letters === "bd") return { kind: "decimal", at, text: numberText(digits) };
  if (letters === "" && !whole) return { kind: "double", at, text: numberText(digits) };
  if (letters === "") return { kind: "integer", at, digits };
  if (whole && (letters === "y" || letters === "s" || letters === "l")) {
    return { kind: "integer", at, digits, suffix: letters };
  }
  throw parseError(at, `invalid token '${value}'`);
}

/** `1.` and `.5` with the zero that other engines ask for. */
const numberText = (digits: string) => digits.replace(/^\./, "0.").replace(/\.(?=e|$)/i, ".0");

/** YEAR, DAYS and the like. */
export function parseTimeUnit(cursor: Cursor): TimeUnit {
  const unit = units.get(cursor.token.key);
  if (!unit) return cursor.fail("a unit of time");
  cursor.next();
  return unit;
}

/** Whether a unit of time comes `distance` pieces after the current one. */
export function isTimeUnit(cursor: Cursor, distance: number): boolean {
  return units.has(cursor.peek(distance).key);
}

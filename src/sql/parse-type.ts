import { Cursor } from "./cursor.ts";
import { parseError } from "./sql-error.ts";
import type { Position } from "./tree.ts";
import { type PlainType, plainTypes, type SqlType, type StructField } from "./types.ts";

type PlainTypes = ReadonlyMap<string, PlainType>;

/** Every type that a column of a result may have. */
const told: PlainTypes = new Map(plainTypes.map((kind) => [kind.toUpperCase(), kind]));
/** Those that a statement may name: `void` is that of a bare NULL only. */
const named: PlainTypes = new Map([
  ...[...told].filter(([, kind]) => kind !== "void"),
  ["INTEGER", "int"],
]);
const precisionMax = 38;
const scaleMax = 18;

/**
 * Reads a type that stands alone, as tables, tunnels and results tell it: the inverse of `typeText`. Throws `SqlError`.
 */
export function parseType(text: string): SqlType {
  const cursor = new Cursor(text);
  const type = parseSqlType(cursor, told);
  return cursor.atEnd() ? type : cursor.fail("the end of the type");
}

/** Reads a type, such as `ARRAY<STRUCT<a:BIGINT, b:DECIMAL(10,2)>>`. */
export function parseSqlType(cursor: Cursor, plain: PlainTypes = named): SqlType {
  const { key, at } = cursor.token;
  const kind = plain.get(key);
  if (kind) {
    cursor.next();
    return { kind };
  }
  switch (key) {
    case "DECIMAL":
    case "NUMERIC":
      cursor.next();
      return parseDecimal(cursor);
    case "CHAR":
    case "VARCHAR":
      cursor.next();
      return parseSized(cursor, key === "CHAR" ? "char" : "varchar");
    case "ARRAY":
    case "MAP":
    case "STRUCT":
      cursor.next();
      return parseNested(cursor, key, plain);
    default:
      if (cursor.token.kind !== "word") return cursor.fail("a type");
      throw parseError(at, `invalid type '${cursor.token.value}'`);
  }
}

function parseNested(cursor: Cursor, key: "ARRAY" | "MAP" | "STRUCT", plain: PlainTypes): SqlType {
  cursor.enter();
  cursor.expect("<");
  let type: SqlType;
  if (key === "ARRAY") type = { kind: "array", element: parseSqlType(cursor, plain) };
  else if (key === "MAP") {
    const of = parseSqlType(cursor, plain);
    cursor.expect(",");
    type = { kind: "map", key: of, value: parseSqlType(cursor, plain) };
  } else type = { kind: "struct", fields: cursor.list(() => parseField(cursor, plain)) };
  cursor.expect(">");
  cursor.leave();
  return type;
}

/** Comments of fields are read and, as in a table's description, not kept. */
function parseField(cursor: Cursor, plain: PlainTypes): StructField {
  const name = cursor.anyName().key;
  cursor.expect(":");
  const type = parseSqlType(cursor, plain);
  if (cursor.take("COMMENT")) cursor.string();
  return { name, type };
}

function parseDecimal(cursor: Cursor): SqlType {
  if (!cursor.take("(")) return { kind: "decimal", precision: precisionMax, scale: scaleMax };
  const precision = between(cursor, 1, precisionMax);
  const scale = cursor.take(",") ? between(cursor, 0, Math.min(precision, scaleMax)) : 0;
  cursor.expect(")");
  return { kind: "decimal", precision, scale };
}

function parseSized(cursor: Cursor, kind: "char" | "varchar"): SqlType {
  cursor.expect("(");
  const length = between(cursor, 1, kind === "char" ? 255 : 65_535);
  cursor.expect(")");
  return { kind, length };
}

function between(cursor: Cursor, min: number, max: number): number {
  const at: Position = cursor.at;
  const value = cursor.integer();
  if (value >= min && value <= max) return value;
  throw parseError(at, `invalid token '${value}', expect a number from ${min} to ${max}`);
}

import { quoteName } from "./quote.ts";
import type { SqlType } from "./types.ts";

const plainNames: Readonly<Partial<Record<SqlType["kind"], string>>> = {
  tinyint: "TINYINT",
  smallint: "SMALLINT",
  int: "INTEGER",
  bigint: "BIGINT",
  float: "FLOAT",
  double: "DOUBLE",
  boolean: "BOOLEAN",
  string: "VARCHAR",
  char: "VARCHAR",
  varchar: "VARCHAR",
  binary: "BLOB",
  date: "DATE",
  datetime: "TIMESTAMPTZ",
  timestamp: "TIMESTAMP_NS",
  timestamp_ntz: "TIMESTAMP_NS",
  interval_year_month: "INTERVAL",
  interval_day_time: "INTERVAL",
  json: "JSON",
  void: "INTEGER",
};

/** A type in DuckDB's words, where `plain` words what has no parts. */
export function typeName(type: SqlType, plain: (type: SqlType) => string): string {
  const inner = (each: SqlType) => typeName(each, plain);
  switch (type.kind) {
    case "array":
      return `${inner(type.element)}[]`;
    case "map":
      return `MAP(${inner(type.key)}, ${inner(type.value)})`;
    case "struct":
      return `STRUCT(${type.fields.map((field) => `${quoteName(field.name)} ${inner(field.type)}`).join(", ")})`;
    default:
      return plain(type);
  }
}

/** The DuckDB type of values of a type. */
export const duckDbType = (type: SqlType): string => typeName(type, plainName);

/** The same for a type without parts. */
export const plainName = (type: SqlType): string =>
  type.kind === "decimal"
    ? `DECIMAL(${type.precision}, ${type.scale})`
    : (plainNames[type.kind] ?? "VARCHAR");

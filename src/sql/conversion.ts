import { duckDbType } from "./duckdb-types.ts";
import { quoteName, quoteText } from "./quote.ts";
import { isInstant, isInteger, isNumber, isText, sameType } from "./type-rules.ts";
import type { SqlType } from "./types.ts";

/** A DuckDB expression with MaxCompute's type. INVARIANT: the text stands for itself, inside any other expression. */
export interface Typed {
  readonly sql: string;
  readonly type: SqlType;
  /** What a literal says, where it is one. */
  readonly literal?: string | bigint | number | boolean | null;
}

const tried = (sql: string, type: SqlType) => `TRY_CAST(${sql} AS ${duckDbType(type)})`;

/** NULL as a value of a type. */
export const nullOf = (type: SqlType): string => `CAST(NULL AS ${duckDbType(type)})`;

type Way = (sql: string, from: SqlType, to: SqlType) => string | undefined;

function toText(sql: string, from: SqlType): string | undefined {
  switch (from.kind) {
    case "float":
    case "double":
      return `odps_number_text(${sql})`;
    case "decimal":
      return `odps_decimal_text(${sql})`;
    case "datetime":
      return `odps_datetime_text(${sql})`;
    case "timestamp":
      return `odps_timestamp_text(${sql})`;
    case "timestamp_ntz":
      return `odps_ntz_text(${sql})`;
    case "binary":
      return `TRY(decode(${sql}))`;
    case "json":
      return `json_extract_string(${sql}, '$')`;
    case "array":
    case "map":
    case "struct":
      return undefined;
    default:
      return `CAST(${sql} AS VARCHAR)`;
  }
}

const toNumber: Way = (sql, from, to) => {
  if (isText(from)) {
    if (!isInteger(to)) return tried(`trim(${sql})`, to);
    const whole = `odps_text_bigint(${sql})`;
    return to.kind === "bigint" ? whole : tried(whole, to);
  }
  if (from.kind === "boolean") return `CAST(CAST(${sql} AS INTEGER) AS ${duckDbType(to)})`;
  if (!isNumber(from)) return undefined;
  // DuckDB rounds where MaxCompute cuts.
  return isInteger(to) && !isInteger(from) ? tried(`trunc(${sql})`, to) : tried(sql, to);
};

const toBoolean: Way = (sql, from) => {
  // Every text but the empty one is true, also 'false'.
  if (isText(from)) return `(${sql} <> '')`;
  return isNumber(from) ? `(${sql} <> 0)` : undefined;
};

/** Moments, by where they come from; a date and a datetime are told in the session's time zone. */
const toInstant: Readonly<Record<string, Way>> = {
  date: (sql, from) => {
    if (isText(from)) return `odps_text_date(${sql})`;
    if (from.kind === "timestamp") return `CAST(odps_utc_datetime(${sql}) AS DATE)`;
    return isInstant(from) ? `CAST(${sql} AS DATE)` : undefined;
  },
  datetime: (sql, from) => {
    if (isText(from)) return `odps_text_datetime(${sql})`;
    if (from.kind === "timestamp") return `odps_utc_datetime(${sql})`;
    if (from.kind === "timestamp_ntz") return `CAST(CAST(${sql} AS TIMESTAMP) AS TIMESTAMPTZ)`;
    return isInstant(from) ? `CAST(${sql} AS TIMESTAMPTZ)` : undefined;
  },
  timestamp: (sql, from) => {
    if (isText(from)) return `odps_local_timestamp(${tried(sql, { kind: "timestamp" })})`;
    if (from.kind === "timestamp_ntz") return `odps_local_timestamp(${sql})`;
    if (from.kind === "date") return `odps_datetime_timestamp(CAST(${sql} AS TIMESTAMPTZ))`;
    return from.kind === "datetime" ? `odps_datetime_timestamp(${sql})` : undefined;
  },
  timestamp_ntz: (sql, from, to) => {
    if (isText(from)) return tried(sql, to);
    if (from.kind === "timestamp") return `odps_timestamp_local(${sql})`;
    if (from.kind === "datetime") return `CAST(CAST(${sql} AS TIMESTAMP) AS TIMESTAMP_NS)`;
    return from.kind === "date" ? `CAST(${sql} AS TIMESTAMP_NS)` : undefined;
  },
};

function toNested(sql: string, from: SqlType, to: SqlType): string | undefined {
  if (from.kind === "array" && to.kind === "array") {
    const element = convertSql("odps_item", from.element, to.element);
    return element && `list_transform(${sql}, lambda odps_item: ${element})`;
  }
  if (from.kind === "map" && to.kind === "map") {
    const key = convertSql("odps_item.key", from.key, to.key);
    const value = convertSql("odps_item.value", from.value, to.value);
    if (!key || !value) return undefined;
    const entry = `struct_pack(k := ${key}, v := ${value})`;
    return `map_from_entries(list_transform(map_entries(${sql}), lambda odps_item: ${entry}))`;
  }
  if (from.kind !== "struct" || to.kind !== "struct") return undefined;
  if (from.fields.length !== to.fields.length) return undefined;
  const fields = to.fields.map(({ name, type }, index) => {
    const field = from.fields[index];
    const path = `struct_extract(${sql}, ${quoteText(field?.name ?? "")})`;
    const value = field && convertSql(path, field.type, type);
    return value && `${quoteName(name)} := ${value}`;
  });
  if (fields.some((field) => field === undefined)) return undefined;
  return `CASE WHEN ${sql} IS NOT NULL THEN struct_pack(${fields.join(", ")}) END`;
}

/** How a value is converted, NULL where it cannot be. Undefined: the types do not convert at all. */
function convertSql(sql: string, from: SqlType, to: SqlType): string | undefined {
  if (sameType(from, to)) return sql;
  if (from.kind === "void") return nullOf(to);
  const instant = Object.hasOwn(toInstant, to.kind) ? toInstant[to.kind] : undefined;
  if (instant) return instant(sql, from, to);
  if (isNumber(to)) return toNumber(sql, from, to);
  switch (to.kind) {
    case "string":
      return isText(from) ? sql : toText(sql, from);
    case "char":
    case "varchar": {
      const text = isText(from) ? sql : toText(sql, from);
      return text && `left(${text}, ${to.length})`;
    }
    case "boolean":
      return toBoolean(sql, from, to);
    case "binary":
      return isText(from) ? `encode(${sql})` : undefined;
    case "json":
      return isText(from) ? tried(sql, to) : `to_json(${sql})`;
    default:
      return toNested(sql, from, to);
  }
}

/** CAST, explicit or implied. Undefined: MaxCompute knows no such conversion. */
export function convert(value: Typed, to: SqlType): Typed | undefined {
  if (sameType(value.type, to)) return value;
  const sql = convertSql(value.sql, value.type, to);
  if (sql === undefined) return undefined;
  return { sql, type: to };
}

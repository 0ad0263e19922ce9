import { duckDbType, plainName, typeName } from "../../sql/duckdb-types.ts";
import type { SqlType } from "../../sql/types.ts";
import { childTypes, type Form } from "./tunnel/vectors.ts";

/** The DuckDB type whose values lie in memory as the codecs of a form expect them. */
export const codecType = (type: SqlType, form: Form): string =>
  typeName(type, (each) => codecName(each, form));

function codecName(type: SqlType, form: Form): string {
  switch (type.kind) {
    case "decimal":
      return form === "record" ? "VARCHAR" : `DECIMAL(38, ${type.scale})`;
    case "datetime":
      return "TIMESTAMP_MS";
    case "json":
    case "void":
      return "VARCHAR";
    default:
      return plainName(type);
  }
}

const narrowDigitsMax = 17;

/**
 * Whether decimals on their way in are narrowed from Arrow's 128 bits to 64. A digit is left, so that DuckDB casts them
 * to the column's type, and refuses those that do not fit.
 */
export const isNarrow = (type: SqlType, form: Form): boolean =>
  type.kind === "decimal" && form === "arrow" && type.precision <= narrowDigitsMax;

/** The DuckDB type that values on their way in have until they are cast to their own. */
export const stageType = (type: SqlType, form: Form): string =>
  typeName(type, (each) =>
    each.kind === "decimal" && isNarrow(each, form)
      ? `DECIMAL(${narrowDigitsMax + 1}, ${each.scale})`
      : codecName(each, form),
  );

/** An expression that turns a column into the text that MaxCompute's results show. */
export function textOf(column: string, type: SqlType): string {
  switch (type.kind) {
    case "datetime":
      return `strftime(CAST(${column} AS TIMESTAMP WITH TIME ZONE), '%Y-%m-%d %H:%M:%S')`;
    case "timestamp":
      return `odps_timestamp_text(${column})`;
    case "binary":
      return `hex(${column})`;
    case "array":
    case "map":
    case "struct":
      return `CAST(to_json(${column}) AS VARCHAR)`;
    default:
      return `CAST(${outOfFile(column, type)} AS VARCHAR)`;
  }
}

/** An expression that turns a column into what stands for it in JSON: a number, true or false, or a text. */
export function jsonOf(column: string, type: SqlType): string {
  switch (type.kind) {
    case "tinyint":
    case "smallint":
    case "int":
    case "bigint":
    case "decimal":
    case "boolean":
      return outOfFile(column, type);
    case "float":
    case "double":
      // JSON has no other numbers.
      return `CASE WHEN isfinite(${column}) THEN to_json(${column}) ELSE to_json(CAST(${column} AS VARCHAR)) END`;
    default:
      return textOf(column, type);
  }
}

const isInterval = ({ kind }: SqlType): boolean => kind.startsWith("interval_");

/**
 * An expression that turns a value of a query into what a file keeps of it. Parquet has no negative intervals and none
 * finer than a millisecond: a file keeps their parts.
 */
export function intoFile(column: string, type: SqlType): string {
  if (!isInterval(type)) {
    refuseInner(type);
    return column;
  }
  const part = (name: string) => `date_part('${name}', ${column})`;
  const whole = (value: string, kind: string) => `CAST(${value} AS ${kind})`;
  const parts = {
    months: whole(`${part("year")} * 12 + ${part("month")}`, "INTEGER"),
    days: whole(part("day"), "INTEGER"),
    micros: whole(
      `(${part("hour")} * 60 + ${part("minute")}) * 60000000 + ${part("microsecond")}`,
      "BIGINT",
    ),
  };
  const fields = Object.entries(parts).map(([name, value]) => `${name} := ${value}`);
  return `CASE WHEN ${column} IS NULL THEN NULL ELSE struct_pack(${fields.join(", ")}) END`;
}

/** The DuckDB type of what a file keeps of a value: `intoFile` makes it. */
export const fileType = (type: SqlType): string =>
  isInterval(type) ? "STRUCT(months INTEGER, days INTEGER, micros BIGINT)" : duckDbType(type);

/** An expression that turns what a file keeps into a value of its type. */
export function outOfFile(column: string, type: SqlType): string {
  if (!isInterval(type)) return `CAST(${column} AS ${duckDbType(type)})`;
  const parts = ["to_months", "to_days", "to_microseconds"];
  const fields = ["months", "days", "micros"];
  return `(${parts.map((part, at) => `${part}(${column}.${fields[at]})`).join(" + ")})`;
}

function refuseInner(type: SqlType): void {
  for (const child of childTypes(type)) {
    if (isInterval(child)) throw new Error("an interval inside of another value cannot be kept");
    refuseInner(child);
  }
}

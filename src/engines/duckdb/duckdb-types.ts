import type { SqlType } from "../../sql/types.ts";
import { childTypes, type Form } from "./tunnel/vectors.ts";

/** Puts a name in quotes, as DuckDB reads it. */
export const quotedName = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Puts a text in quotes, as DuckDB reads it. */
export const quotedText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

const storedNames: Readonly<Partial<Record<SqlType["kind"], string>>> = {
  boolean: "BOOLEAN",
  tinyint: "TINYINT",
  smallint: "SMALLINT",
  int: "INTEGER",
  bigint: "BIGINT",
  float: "FLOAT",
  double: "DOUBLE",
  date: "DATE",
  datetime: "TIMESTAMP WITH TIME ZONE",
  timestamp: "TIMESTAMP_NS",
  timestamp_ntz: "TIMESTAMP_NS",
  interval_year_month: "INTERVAL",
  interval_day_time: "INTERVAL",
  string: "VARCHAR",
  char: "VARCHAR",
  varchar: "VARCHAR",
  json: "JSON",
  binary: "BLOB",
  void: "VARCHAR",
};

function typeName(type: SqlType, plain: (type: SqlType) => string): string {
  const inner = (each: SqlType) => typeName(each, plain);
  switch (type.kind) {
    case "array":
      return `${inner(type.element)}[]`;
    case "map":
      return `MAP(${inner(type.key)}, ${inner(type.value)})`;
    case "struct":
      return `STRUCT(${type.fields.map((field) => `${quotedName(field.name)} ${inner(field.type)}`).join(", ")})`;
    default:
      return plain(type);
  }
}

/** The DuckDB type in which a project's files keep values of a type. */
export const storedType = (type: SqlType): string =>
  typeName(type, (each) =>
    each.kind === "decimal"
      ? `DECIMAL(${each.precision}, ${each.scale})`
      : (storedNames[each.kind] ?? "VARCHAR"),
  );

/** The DuckDB type whose values lie in memory as the codecs of a form expect them. */
export const codecType = (type: SqlType, form: Form): string =>
  typeName(type, (each) => {
    switch (each.kind) {
      case "decimal":
        return form === "record" ? "VARCHAR" : `DECIMAL(38, ${each.scale})`;
      case "datetime":
        return "TIMESTAMP_MS";
      case "json":
        return "VARCHAR";
      default:
        return storedNames[each.kind] ?? "VARCHAR";
    }
  });

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
  isInterval(type) ? "STRUCT(months INTEGER, days INTEGER, micros BIGINT)" : storedType(type);

/** An expression that turns what a file keeps into a value of its type. */
export function outOfFile(column: string, type: SqlType): string {
  if (!isInterval(type)) return `CAST(${column} AS ${storedType(type)})`;
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

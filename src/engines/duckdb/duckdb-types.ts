import type { SqlType } from "../../sql/types.ts";
import type { Form } from "./tunnel/vectors.ts";

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
    case "binary":
      return `hex(${column})`;
    case "array":
    case "map":
    case "struct":
      return `CAST(to_json(${column}) AS VARCHAR)`;
    default:
      return `CAST(CAST(${column} AS ${storedType(type)}) AS VARCHAR)`;
  }
}

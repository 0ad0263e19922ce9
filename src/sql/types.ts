/** Types without parameters, by MaxCompute's names in lower case (MaxCompute 2.0 data type edition). */
export const plainTypes = [
  "tinyint",
  "smallint",
  "int",
  "bigint",
  "float",
  "double",
  "boolean",
  "string",
  "binary",
  "date",
  "datetime",
  "timestamp",
  "timestamp_ntz",
  "interval_year_month",
  "interval_day_time",
  "json",
  "void",
] as const;

export type PlainType = (typeof plainTypes)[number];

export interface StructField {
  readonly name: string;
  readonly type: SqlType;
}

/** A type of MaxCompute SQL. `void` is that of a bare NULL. */
export type SqlType =
  | { readonly kind: PlainType }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: "char" | "varchar"; readonly length: number }
  | { readonly kind: "array"; readonly element: SqlType }
  | { readonly kind: "map"; readonly key: SqlType; readonly value: SqlType }
  | { readonly kind: "struct"; readonly fields: readonly StructField[] };

/** A column as a table or a result has it. */
export interface Column {
  /** In lower case. */
  readonly name: string;
  readonly type: SqlType;
  readonly comment?: string;
  /** The text of a constant that stands where INSERT tells no value. */
  readonly default?: string;
  /** False: NOT NULL. */
  readonly nullable: boolean;
  /** Of AUTO PARTITIONED BY: which column's moments are cut to which unit. */
  readonly generated?: { readonly from: string; readonly unit: TruncUnit };
}

/** Units to which TRUNC_TIME cuts. */
export type TruncUnit = "year" | "month" | "day" | "hour";

/** A type in MaxCompute's words, in lower case: `parseType` reads it. */
export function typeText(type: SqlType): string {
  switch (type.kind) {
    case "decimal":
      return `decimal(${type.precision},${type.scale})`;
    case "char":
    case "varchar":
      return `${type.kind}(${type.length})`;
    case "array":
      return `array<${typeText(type.element)}>`;
    case "map":
      return `map<${typeText(type.key)},${typeText(type.value)}>`;
    case "struct":
      return `struct<${type.fields.map(fieldText).join(",")}>`;
    default:
      return type.kind;
  }
}

const fieldText = ({ name, type }: StructField): string =>
  `${/^[A-Za-z_]\w*$/.test(name) ? name : `\`${name.replaceAll("`", "``")}\``}:${typeText(type)}`;

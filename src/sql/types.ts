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
  /** False: NOT NULL. */
  readonly nullable: boolean;
}

const nestingMax = 20;
const defaultDecimal = { precision: 38, scale: 18 } as const;

/**
 * Reads a type as clients write it: `array<struct<a:bigint,b:decimal(10,2)>>`, in either case, spaces allowed. Throws
 * an `Error` whose message says what is wrong and where.
 */
export function parseType(text: string): SqlType {
  const tokens = text.match(/[A-Za-z_][A-Za-z0-9_]*|`[^`]+`|\d+|[<>(),:]|\S/g) ?? [];
  let at = 0;
  const fail = (what: string): never => {
    throw new Error(`the type \`${text.slice(0, 200)}\` is not understood: ${what}`);
  };
  const next = (): string => tokens[at++] ?? fail("it ends too early");
  const expect = (token: string): void => {
    const found = next();
    if (found !== token) fail(`\`${token}\` is expected before \`${found}\``);
  };
  const take = (token: string): boolean => {
    if (tokens[at] !== token) return false;
    at += 1;
    return true;
  };
  const number = (min: number, max: number): number => {
    const found = next();
    const value = Number(found);
    if (!/^\d+$/.test(found) || value < min || value > max) {
      fail(`\`${found}\` is not a number from ${min} to ${max}`);
    }
    return value;
  };
  const read = (depth: number): SqlType => {
    if (depth > nestingMax) fail(`it is nested deeper than ${nestingMax}`);
    const name = next().toLowerCase();
    const plain = plainTypes.find((kind) => kind === name);
    if (plain) return { kind: plain };
    if (name === "decimal") {
      if (!take("(")) return { kind: "decimal", ...defaultDecimal };
      const precision = number(1, 38);
      const scale = take(",") ? number(0, Math.min(precision, 18)) : 0;
      expect(")");
      return { kind: "decimal", precision, scale };
    }
    if (name === "char" || name === "varchar") {
      expect("(");
      const length = number(1, name === "char" ? 255 : 65_535);
      expect(")");
      return { kind: name, length };
    }
    if (name === "array") {
      expect("<");
      const element = read(depth + 1);
      expect(">");
      return { kind: "array", element };
    }
    if (name === "map") {
      expect("<");
      const key = read(depth + 1);
      expect(",");
      const value = read(depth + 1);
      expect(">");
      return { kind: "map", key, value };
    }
    if (name === "struct") {
      expect("<");
      const fields: StructField[] = [];
      do {
        const field = next().replace(/^`|`$/g, "").toLowerCase();
        expect(":");
        fields.push({ name: field, type: read(depth + 1) });
      } while (take(","));
      expect(">");
      return { kind: "struct", fields };
    }
    return fail(`there is no type \`${name}\``);
  };
  const type = read(0);
  if (at < tokens.length) fail(`\`${tokens[at]}\` is too much`);
  return type;
}

/** A type in MaxCompute's words, in lower case: the inverse of `parseType`. */
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
      return `struct<${type.fields.map(({ name, type }) => `${name}:${typeText(type)}`).join(",")}>`;
    default:
      return type.kind;
  }
}

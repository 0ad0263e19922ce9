import { duckDbType } from "../duckdb-types.ts";
import type { SqlType } from "../types.ts";
import { openReader, type Reader, refuseSpark, sparkName } from "./reader.ts";

/**
 * Spark's words for DuckDB's types. What is missing has no type there that holds the same values: moments in
 * nanoseconds, JSON, intervals that mix months and days.
 */
const types: Readonly<Record<string, string>> = {
  TINYINT: "TINYINT",
  SMALLINT: "SMALLINT",
  INTEGER: "INT",
  BIGINT: "BIGINT",
  HUGEINT: "DECIMAL(38, 0)",
  FLOAT: "FLOAT",
  DOUBLE: "DOUBLE",
  BOOLEAN: "BOOLEAN",
  VARCHAR: "STRING",
  BLOB: "BINARY",
  DATE: "DATE",
  TIMESTAMPTZ: "TIMESTAMP",
  TIMESTAMP: "TIMESTAMP_NTZ",
};

const wordedTypes: Readonly<Record<string, string>> = {
  TIMESTAMP_NS: "TIMESTAMP (in nanoseconds)",
};

/** The type of Spark that holds the values of one of ours. */
export const sparkType = (type: SqlType): string =>
  readType(openReader(duckDbType(type), { made: 0 }));

/** Reads a type of DuckDB and answers Spark's. */
export function readType(reader: Reader): string {
  let type = readPlain(reader);
  while (reader.takes("[", "]")) type = `ARRAY<${type}>`;
  return type;
}

function readPlain(reader: Reader): string {
  const { key } = reader.next();
  if (key === "DECIMAL") {
    reader.expect("(");
    const precision = reader.next().value;
    reader.expect(",");
    const scale = reader.next().value;
    reader.expect(")");
    return `DECIMAL(${precision}, ${scale})`;
  }
  if (key === "MAP") {
    reader.expect("(");
    const keys = readType(reader);
    reader.expect(",");
    const values = readType(reader);
    reader.expect(")");
    return `MAP<${keys}, ${values}>`;
  }
  if (key === "STRUCT") {
    reader.expect("(");
    const fields: string[] = [];
    do {
      const { value } = reader.next();
      fields.push(`${sparkName(value)}: ${readType(reader)}`);
    } while (reader.takes(","));
    reader.expect(")");
    return `STRUCT<${fields.join(", ")}>`;
  }
  const type = Object.hasOwn(types, key) ? types[key] : undefined;
  return type ?? refuseSpark(`type ${wordedTypes[key] ?? key}`);
}

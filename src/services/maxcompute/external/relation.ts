import { fileType, outOfFile } from "../../../engines/duckdb/duckdb-types.ts";
import { fileText } from "../../../engines/duckdb/files.ts";
import { jsonMember, valueOfJson } from "../../../sql/functions/json.ts";
import { quoteName, quoteText } from "../../../sql/quote.ts";
import type { Column, SqlType } from "../../../sql/types.ts";
import type { TableRecord } from "../catalog.ts";
import { checkReadable, type ExternalFormat, isNested } from "./format.ts";

/** The rows of external objects as DuckDB reads them from their copies: the columns asked for. */
export function externalRelationSql(
  files: readonly string[],
  format: ExternalFormat,
  { columns, partitionColumns }: Pick<TableRecord, "columns" | "partitionColumns">,
  wanted: readonly string[],
): string {
  const asked = [...columns, ...partitionColumns].filter(({ name }) => wanted.includes(name));
  const list = (items: readonly string[]) => items.join(", ") || "1 AS _";
  if (files.length === 0) {
    const none = asked.map(
      ({ name, type }) => `CAST(NULL AS ${fileType(type)}) AS ${quoteName(name)}`,
    );
    return `(SELECT ${list(none)} WHERE false)`;
  }
  const names = files.map(fileText).join(", ");
  const values = asked.map(
    ({ name, type }) => `${outOfFile(quoteName(name), type)} AS ${quoteName(name)}`,
  );
  return `(SELECT ${list(values)} FROM ${readSql(names, format, columns, partitionColumns.length > 0)})`;
}

function readSql(
  names: string,
  format: ExternalFormat,
  columns: readonly Column[],
  isParted: boolean,
): string {
  const parted = `hive_partitioning = ${isParted}, hive_types_autocast = false`;
  if (format.kind === "parquet") {
    return `read_parquet([${names}], union_by_name = true, ${parted})`;
  }
  if (format.kind === "json") {
    checkReadable(format, columns);
    const values = columns.map(
      ({ name, type }) => `${jsonValue(name, type)} AS ${quoteName(name)}`,
    );
    const lines = `read_ndjson_objects([${names}], compression = 'uncompressed', ${parted})`;
    return `(SELECT * EXCLUDE ("json"), ${values.join(", ")} FROM ${lines})`;
  }
  const shape = columns.map(({ name }) => `${quoteText(name)}: 'VARCHAR'`);
  const options = [
    `columns = {${shape.join(", ")}}`,
    `delim = ${quoteText(format.delimiter)}`,
    "quote = '\"', escape = '\"', auto_detect = false, header = false, null_padding = true",
    `nullstr = ${quoteText(format.null)}`,
    ...(format.headerLines > 0 ? [`skip = ${format.headerLines}`] : []),
    ...(format.gzip ? ["compression = 'gzip'"] : []),
    parted,
  ];
  return `read_csv([${names}], ${options.join(", ")})`;
}

/** The value of a member of a line: its text, or what is inside of it. */
function jsonValue(name: string, type: SqlType): string {
  const member = jsonMember('"json"', name);
  if (type.kind === "json") return member;
  return isNested(type) ? valueOfJson(member, type) : `json_extract_string(${member}, '$')`;
}

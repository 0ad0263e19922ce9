import { ServiceError } from "../../pipeline/operation.ts";
import { type Column, typeText } from "../../sql/types.ts";
import { type FileRecord, type PartitionRecord, storedName, type TableRecord } from "./catalog.ts";

/** A file of a table, as it is called in the cell. */
export interface PlacedFile {
  readonly name: string;
  readonly record: FileRecord;
}

const componentMax = 240;

/**
 * A value of a partition column as part of a path: DuckDB reads it from there, and leaves out the files of partitions
 * that a query does not ask for.
 */
function component(column: string, value: string): string {
  const encoded = encodeURIComponent(value).replace(
    /[!'()*.~]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  const text = `${column}=${encoded}`;
  if (text.length <= componentMax) return text;
  throw new ServiceError(
    "ODPS-0130071",
    `ODPS-0130071: Semantic analysis exception - the partition value \`${value.slice(0, 64)}…\` is too long`,
  );
}

/** Where the files of some partitions lie in the cell. */
export const placedFiles = (
  { id, partitionColumns }: Pick<TableRecord, "id" | "partitionColumns">,
  partitions: readonly PartitionRecord[],
): readonly PlacedFile[] =>
  partitions.flatMap(({ values, files }) => {
    const path = partitionColumns.map(({ name }, at) => component(name, values[at] ?? ""));
    return files.map((record) => ({
      name: ["t", id, ...path, `${record.id}.parquet`].join("/"),
      record,
    }));
  });

/** DuckDB's name of a type in which a column is kept. */
export function storedType({ type }: Pick<Column, "type">): string {
  switch (type.kind) {
    case "string":
    case "char":
    case "varchar":
      return "VARCHAR";
    case "binary":
      return "BLOB";
    case "datetime":
      return "TIMESTAMPTZ";
    case "timestamp":
    case "timestamp_ntz":
      return "TIMESTAMP_NS";
    case "int":
      return "INTEGER";
    case "interval_day_time":
    case "interval_year_month":
      return "INTERVAL";
    case "void":
      return "VARCHAR";
    case "array":
      return `${storedType({ type: type.element })}[]`;
    case "map":
      return `MAP(${storedType({ type: type.key })}, ${storedType({ type: type.value })})`;
    case "struct":
      return `STRUCT(${type.fields
        .map((field) => `${quoteName(field.name)} ${storedType(field)}`)
        .join(", ")})`;
    default:
      return typeText(type).toUpperCase();
  }
}

export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/**
 * The rows of a table at one version as DuckDB reads them: the columns asked for, those of partitions too. A file that
 * is older than a column has NULL there.
 */
export function relationSql(
  table: TableRecord,
  files: readonly PlacedFile[],
  wanted: readonly string[],
): string {
  const columns = [...table.columns, ...table.partitionColumns].filter(({ name }) =>
    wanted.includes(name),
  );
  const typed = (column: Column, sql: string) =>
    `CAST(${sql} AS ${storedType(column)}) AS ${quoteName(column.name)}`;
  // A query may ask for no column at all, and only count.
  const list = (of: (column: Column) => string) => columns.map(of).join(", ") || "1 AS _";
  if (files.length === 0) {
    return `(SELECT ${list((column) => typed(column, "NULL"))} WHERE false)`;
  }
  const parted = table.partitionColumns.length > 0;
  const names = files.map(({ name }) => quoteText(`/work/data/${name}`)).join(", ");
  const options = [
    ...(parted ? ["hive_partitioning = true", "hive_types_autocast = false"] : []),
    ...(table.altered ? ["union_by_name = true"] : []),
  ].map((option) => `, ${option}`);
  const read = `read_parquet([${names}]${options.join("")})`;
  if (!parted && !table.altered) {
    return `(SELECT ${list((column) => quoteName(column.name))} FROM ${read})`;
  }
  return `(SELECT ${list((column) => typed(column, quoteName(storedName(table, column.name))))} FROM ${read})`;
}

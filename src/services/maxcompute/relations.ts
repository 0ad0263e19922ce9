import { fileType, outOfFile } from "../../engines/duckdb/duckdb-types.ts";
import { fileText } from "../../engines/duckdb/files.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import { quoteName } from "../../sql/quote.ts";
import type { Column } from "../../sql/types.ts";
import { type FileRecord, type PartitionRecord, storedName, type TableRecord } from "./catalog.ts";

/** A file of a table, as it is called in the cell. */
export interface PlacedFile {
  readonly name: string;
  readonly record: FileRecord;
}

const componentMax = 240;
const pathMax = 300;
/** As much of a path may one character of a value become. */
const encodedMax = 9;

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
  throw tooLong();
}

/** Says nothing of the value, which may be one of a row. */
const tooLong = () =>
  new ServiceError(
    "ODPS-0130071",
    `ODPS-0130071: Semantic analysis exception - a partition value is too long: with its column's name ${componentMax} characters, all together ${pathMax}, are the most, of which any but letters and digits take three or more`,
  );

/** The values of a partition as a path in the cell. Refuses those that are too long for one. */
export function partitionPath(
  { partitionColumns }: Pick<TableRecord, "partitionColumns">,
  values: readonly string[],
): string {
  const path = partitionColumns.map(({ name }, at) => component(name, values[at] ?? "")).join("/");
  if (path.length > pathMax) throw tooLong();
  return path;
}

/** Refuses partitions that a table has not had before and that could be called by their values in no cell. */
export function checkPartitions(
  table: Pick<TableRecord, "partitionColumns">,
  partitions: readonly PartitionRecord[],
  before: readonly PartitionRecord[] = [],
): void {
  const names = table.partitionColumns.reduce((sum, { name }) => sum + name.length + 2, 0);
  const isLong = ({ values }: PartitionRecord) =>
    values.reduce((sum, { length }) => sum + encodedMax * length, names) > componentMax;
  const long = partitions.filter(isLong);
  if (long.length === 0) return;
  const known = new Set(before);
  for (const one of long) if (!known.has(one)) partitionPath(table, one.values);
}

/** Where the files of some partitions lie in the cell. */
export const placedFiles = (
  { id, partitionColumns }: Pick<TableRecord, "id" | "partitionColumns">,
  partitions: readonly PartitionRecord[],
): readonly PlacedFile[] =>
  partitions.flatMap(({ values, files }) => {
    const path = partitionPath({ partitionColumns }, values);
    return files.map((record) => ({
      name: ["t", id, ...(path === "" ? [] : [path]), `${record.id}.parquet`].join("/"),
      record,
    }));
  });

/**
 * The rows of a table at one version as DuckDB reads them: the columns asked for, those of partitions too. A file that
 * is older than a column has NULL there.
 */
export function relationSql(
  table: TableRecord,
  files: readonly PlacedFile[],
  wanted: readonly string[],
): string {
  const asked = ({ name }: Column) => wanted.includes(name);
  const columns = table.columns.filter(asked);
  const partitionColumns = table.partitionColumns.filter(asked);
  const stored = ({ name }: Column) => quoteName(storedName(table, name));
  const typed = ({ name, type }: Column, sql: string) =>
    `${outOfFile(sql, type)} AS ${quoteName(name)}`;
  const list = (items: readonly string[]) => items.join(", ") || "1 AS _";
  const empty = columns.map((one) => `CAST(NULL AS ${fileType(one.type)}) AS ${stored(one)}`);
  const all = [...columns, ...partitionColumns].map((one) => typed(one, stored(one)));
  if (files.length === 0) {
    const parts = partitionColumns.map((one) => `CAST(NULL AS VARCHAR) AS ${stored(one)}`);
    return `(SELECT ${list(all)} FROM (SELECT ${list([...empty, ...parts])} WHERE false))`;
  }
  const names = files.map(({ name }) => fileText(name)).join(", ");
  const options = [
    ...(table.partitionColumns.length > 0
      ? ["hive_partitioning = true", "hive_types_autocast = false"]
      : []),
    ...(table.altered ? ["union_by_name = true"] : []),
  ].map((option) => `, ${option}`);
  const read = `read_parquet([${names}]${options.join("")})`;
  // Perhaps no file has a column that was added since.
  const from =
    table.altered && empty.length > 0
      ? `(SELECT * FROM ${read} UNION ALL BY NAME SELECT ${empty.join(", ")} WHERE false)`
      : read;
  return `(SELECT ${list(all)} FROM ${from})`;
}

import { outOfFile } from "../../../engines/duckdb/duckdb-types.ts";
import { fileText } from "../../../engines/duckdb/files.ts";
import type { SparkTable } from "../../../engines/spark/sql/questions.ts";
import type { Selection } from "../../../sql/plan.ts";
import { quoteName } from "../../../sql/quote.ts";
import { emitSpark } from "../../../sql/spark/emit.ts";
import { refuseSpark, sparkName } from "../../../sql/spark/reader.ts";
import { sparkType } from "../../../sql/spark/types.ts";
import { SqlError } from "../../../sql/sql-error.ts";
import { storedName, type TableRecord } from "../catalog.ts";
import type { StatementInput } from "../jobs/run-statement.ts";
import { type PlacedFile, placedFiles } from "../relations.ts";
import type { CellQuery, Running } from "./in-cell.ts";
import { asked, isMade } from "./made-relation.ts";
import { type SparkCopy, sparkCopy, type WantedCopy } from "./spark-copies.ts";

/** What Hive calls the engine of a query; MaxCompute's users know it from there. */
const engineFlag = "hive.execution.engine";

const isSpark = (settings: ReadonlyMap<string, string>): boolean =>
  settings.get(engineFlag)?.toLowerCase() === "spark";

/** Whether a job asks for Spark itself: it gets it, or an error. */
export const askedForSpark = (
  settings: ReadonlyMap<string, string>,
  session: StatementInput["session"],
): boolean => session.own.has(engineFlag) && isSpark(settings);

/** Whether a statement shall run on Spark: because its job says so, or because its project does where that is possible. */
export function sparkWanted({ target, input, call }: Running): "must" | "may" | undefined {
  const { settings } = target.catalog;
  if (askedForSpark(settings, input.session)) return "must";
  return isSpark(settings) && call.own.engines.hasSpark ? "may" : undefined;
}

/**
 * A selection as Spark runs it, and the text with which DuckDB reads what Spark leaves. What Spark has no words for is
 * refused; undefined where the statement may run on DuckDB then.
 */
export async function emittedForSpark(
  selection: Selection,
  running: Running,
): Promise<CellQuery | undefined> {
  const wanted = sparkWanted(running);
  if (wanted === undefined) return undefined;
  const written = writtenOrNot(selection, running, wanted);
  if (!written) return undefined;
  const { wantedCopies, ...query } = written;
  const copies: SparkCopy[] = [];
  for (const one of wantedCopies) copies.push(await sparkCopy(one, running.target.catalog));
  return { ...query, copies };
}

function writtenOrNot(
  selection: Selection,
  running: Running,
  wanted: "must" | "may",
): WrittenForSpark | undefined {
  try {
    return writtenForSpark(selection, running);
  } catch (error) {
    if (wanted === "may" && error instanceof SqlError) return undefined;
    throw error;
  }
}

/** A query in Spark's words, before anything outside was looked at for it. */
interface WrittenForSpark extends CellQuery {
  readonly wantedCopies: readonly WantedCopy[];
}

/** A selection in Spark's words, whether or not it shall run there. */
export function writtenForSpark(selection: Selection, { target, call }: Running): WrittenForSpark {
  if (selection.calls.length > 0) return refuseSpark("a function of a user");
  const files: PlacedFile[] = [];
  const tables: SparkTable[] = [];
  const wantedCopies: WantedCopy[] = [];
  // The rows come back under numbers: names are the user's, and Spark has rules for those of files.
  const numbered = selection.columns.map((column, at) => ({ ...column, name: `c${at}` }));
  const query = emitSpark({ ...selection, columns: numbered }, (table, columns, planned) => {
    const found = target.catalog.found(table);
    const { record } = found;
    if (isMade(record)) {
      const name = `t/${record.id}/${call.parts.random.bytes(8).toString("hex")}.parquet`;
      wantedCopies.push({ name, found, relation: planned });
      return copyRelation(record, name, columns, tables);
    }
    const placed = placedFiles(record, asked(found, planned));
    files.push(...placed);
    return relation(record, placed, columns, tables);
  });
  const name = call.parts.random.bytes(8).toString("hex");
  const list = selection.columns.map(
    (column, at) => `${outOfFile(`"c${at}"`, column.type)} AS ${quoteName(column.name)}`,
  );
  return {
    sql: `SELECT ${list.join(", ")} FROM read_parquet(${fileText(`s/${name}/*.parquet`)})`,
    files,
    spark: { name, ...query, tables },
    wantedCopies,
  };
}

/** The rows of a copy as Spark reads them. */
function copyRelation(
  { columns, partitionColumns }: TableRecord,
  file: string,
  wanted: readonly string[],
  tables: SparkTable[],
): string {
  const name = `data_${tables.length}`;
  const all = [...columns, ...partitionColumns].filter((one) => wanted.includes(one.name));
  const schema = all.map((one) => `${sparkName(one.name)} ${sparkType(one.type)}`);
  tables.push({ name, schema: schema.join(", ") || noColumns, files: [file] });
  const list = all.map((one) => sparkName(one.name));
  return `(SELECT ${list.join(", ") || "1 AS `_`"} FROM ${name})`;
}

/** Rows are counted by a column that no file need have. */
const noColumns = "`_` INT";

/** The rows of a table as Spark reads them: a view of its files, and its columns by their names of today. */
function relation(
  record: TableRecord,
  files: readonly PlacedFile[],
  wanted: readonly string[],
  tables: SparkTable[],
): string {
  const stored = (name: string) => sparkName(storedName(record, name));
  const columns = record.columns.filter(({ name }) => wanted.includes(name));
  const parted = record.partitionColumns.filter(({ name }) => wanted.includes(name));
  if (files.length === 0) {
    const all = [...columns, ...parted];
    const empty = all.map(
      (one) => `CAST(NULL AS ${sparkType(one.type)}) AS ${sparkName(one.name)}`,
    );
    return `(SELECT ${empty.join(", ") || "1 AS `_`"} WHERE false)`;
  }
  const name = `data_${tables.length}`;
  const schema = [
    ...columns.map((one) => `${stored(one.name)} ${sparkType(one.type)}`),
    ...record.partitionColumns.map((one) => `${stored(one.name)} STRING`),
  ];
  const base = record.partitionColumns.length > 0 && { base: `t/${record.id}` };
  tables.push({
    name,
    schema: schema.join(", ") || noColumns,
    ...base,
    files: files.map((one) => one.name),
  });
  const list = [
    ...columns.map((one) => `${stored(one.name)} AS ${sparkName(one.name)}`),
    // Spark reads a path's `%E4` as one character for each byte.
    ...parted.map(
      (one) =>
        `CAST(decode(encode(${stored(one.name)}, 'ISO-8859-1'), 'UTF-8') AS ${sparkType(one.type)}) AS ${sparkName(one.name)}`,
    ),
  ];
  return `(SELECT ${list.join(", ") || "1 AS `_`"} FROM ${name})`;
}

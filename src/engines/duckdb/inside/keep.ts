import { basename, relative } from "node:path";
import duckdb, { type Connection, type Database, type DataChunk } from "@duckdb/node-bindings";
import { quoteName, quoteText } from "../../../sql/quote.ts";
import type { Column, SqlType } from "../../../sql/types.ts";
import { intoFile, jsonOf, textOf } from "../duckdb-types.ts";
import type { KeepQuestion, Kept, KeptFile } from "../questions.ts";
import { childTypes } from "../tunnel/vectors.ts";
import { countProgress, prepareSelect, sqlTypeOf, withConnection } from "./binding.ts";
import { readVector } from "./read-vector.ts";
import type { Store } from "./store.ts";

const partitionsMax = 10_000;
/** Groups of this size let a reader skip, and a writer hold little. */
export const rowGroupRows = 122_880;
/**
 * How rows are written, as COPY has it: all parts of a file in the same way. What Parquet's second version knows takes
 * less room and half the time to read; but few other programs do, and Spark none of it for floating points.
 */
export function parquetOptions(columns: readonly Column[], reader: "us" | "others"): string[] {
  const isOld = reader === "others" || columns.some(({ type }) => hasFloats(type));
  return [
    "FORMAT parquet",
    "COMPRESSION zstd",
    "COMPRESSION_LEVEL 1",
    `ROW_GROUP_SIZE ${rowGroupRows}`,
    `PARQUET_VERSION ${isOld ? "V1" : "V2"}`,
  ];
}

const hasFloats = (type: SqlType): boolean =>
  type.kind === "double" || type.kind === "float" || childTypes(type).some(hasFloats);

/** A job that runs, as far as others may touch it. */
export interface Running {
  progress(): number;
  cancel(): void;
}

/** Says what columns a query has, without running it. */
export const describe = (database: Database, sql: string): Promise<readonly Column[]> =>
  withConnection(database, "UTC", async (connection) => columnsOf(connection, sql));

/** Runs a query and leaves its rows in one file, or in one for each value of the columns that part them. */
export function keep(
  database: Database,
  store: Store,
  question: KeepQuestion,
  started: (running: Running) => void,
): Promise<Kept> {
  const { id, sql, settings } = question;
  return withConnection(database, settings.timezone, async (connection) => {
    await countProgress(connection);
    // An interrupt between two queries is lost: it is said again until the job has ended.
    let cancelling: NodeJS.Timeout | undefined;
    started({
      progress: () => Math.max(0, Math.min(1, duckdb.query_progress(connection).percentage / 100)),
      cancel() {
        duckdb.interrupt(connection);
        cancelling ??= setInterval(() => duckdb.interrupt(connection), interruptMs);
      },
    });
    try {
      const columns = await columnsOf(connection, sql);
      if (cancelling) throw new Error(cancelled);
      return await store.withHalf(id, async (half) => {
        const written = await write(connection, question, columns, half);
        return { columns, ...(await publish(written, question, store)) };
      });
    } catch (error) {
      throw cancelling ? new Error(cancelled) : error;
    } finally {
      clearInterval(cancelling);
    }
  });
}

const interruptMs = 50;
const cancelled = "the query was cancelled";

/** Moves what a query has written to its place. */
async function publish(
  written: readonly Written[],
  { file, partitionBy = [] }: KeepQuestion,
  store: Store,
): Promise<Omit<Kept, "columns">> {
  if (written.length > partitionsMax) {
    throw new Error(`the rows part into ${written.length} files, more than ${partitionsMax}`);
  }
  const files: KeptFile[] = [];
  for (const { path, rows, values } of written) {
    const name = partitionBy.length === 0 ? file : `${file}/${files.length}.parquet`;
    files.push({ file: name, rows, values, bytes: await store.publish(path, name) });
  }
  const sum = (of: (each: KeptFile) => number) =>
    files.reduce((total, each) => total + of(each), 0);
  return { files, rows: sum(({ rows }) => rows), bytes: sum(({ bytes }) => bytes) };
}

/** The columns of a query, each with a name of its own as the file has it. */
async function columnsOf(connection: Connection, sql: string): Promise<readonly Column[]> {
  const prepared = await prepareSelect(connection, sql);
  const names = new Set<string>();
  const count = duckdb.prepared_statement_column_count(prepared);
  return Array.from({ length: count }, (_, at) => {
    const told = duckdb.prepared_statement_column_name(prepared, at).toLowerCase();
    let name = told;
    for (let more = 1; names.has(name); more += 1) name = `${told}_${more}`;
    names.add(name);
    const type = sqlTypeOf(duckdb.prepared_statement_column_logical_type(prepared, at));
    return { name, type, nullable: true };
  });
}

function textOptions(text: NonNullable<KeepQuestion["text"]>): readonly string[] {
  if (text === "json") return ["FORMAT json"];
  const { delimiter, null: none, gzip } = text;
  return [
    "FORMAT csv",
    "HEADER false",
    `DELIMITER ${quoteText(delimiter)}`,
    `NULLSTR ${quoteText(none)}`,
    ...(gzip ? ["COMPRESSION gzip"] : []),
  ];
}

interface Written {
  readonly path: string;
  readonly rows: number;
  readonly values: readonly (string | null)[];
}

async function write(
  connection: Connection,
  { sql, partitionBy = [], text, leaves = false }: KeepQuestion,
  columns: readonly Column[],
  half: string,
): Promise<readonly Written[]> {
  for (const name of partitionBy) {
    if (!columns.some((column) => column.name === name)) {
      throw new Error(`the query has no column \`${name}\` to part its rows by`);
    }
  }
  const names = columns.map(({ name }) => quoteName(name)).join(", ");
  const options = [
    ...(text ? textOptions(text) : parquetOptions(columns, leaves ? "others" : "us")),
    // Of text DuckDB tells the number of rows alone, and it is not parted.
    ...(text ? [] : ["RETURN_STATS"]),
    ...(partitionBy.length > 0 ? [`PARTITION_BY (${partitionBy.map(quoteName).join(", ")})`] : []),
  ];
  // On lines of its own: a comment at the query's end takes nothing else along.
  const values = columns.map(({ name, type }) => {
    const column = quoteName(name);
    const form = text === "json" ? jsonOf : text ? textOf : intoFile;
    return `${form(column, type)} AS ${column}`;
  });
  const copy = `COPY (SELECT ${values.join(", ")} FROM (\n${sql}\n) AS kept(${names})) TO ${quoteText(half)} (${options.join(", ")})`;
  const result = await duckdb.query(connection, copy);
  const written: Written[] = [];
  for (;;) {
    const chunk = await duckdb.fetch_chunk(result);
    const rows = chunk ? duckdb.data_chunk_get_size(chunk) : 0;
    if (!chunk || rows === 0) return written;
    written.push(
      ...(text
        ? [{ path: half, rows: Number(countsIn(chunk, 0, rows)[0]), values: [] }]
        : writtenIn(chunk, rows, partitionBy, half)),
    );
  }
}

/** The numbers of a column of a result. */
const countsIn = (chunk: DataChunk, column: number, rows: number): BigInt64Array => {
  const vector = duckdb.data_chunk_get_vector(chunk, column);
  const { bytes } = readVector({ kind: "bigint" }, "record", vector, { from: 0, to: rows });
  return new BigInt64Array(bytes.buffer);
};

/** What `RETURN_STATS` tells: file name, row count, sizes, statistics, and keys of the partition. */
function writtenIn(
  chunk: DataChunk,
  rows: number,
  partitionBy: readonly string[],
  half: string,
): Written[] {
  const column = (at: number) => duckdb.data_chunk_get_vector(chunk, at);
  const all = { from: 0, to: rows };
  const text = { kind: "string" } as const;
  const paths = readVector(text, "record", column(0), all);
  const counts = countsIn(chunk, 1, rows);
  const keys = readVector({ kind: "map", key: text, value: text }, "record", column(5), all);
  return Array.from({ length: rows }, (_, row) => {
    const path = textAt(paths, row) ?? "";
    const [entries] = keys.children;
    const [names, values] = entries?.children ?? [];
    const found = new Map<string, string | null>();
    for (let at = keys.offsets[row] ?? 0; at < (keys.offsets[row + 1] ?? 0); at += 1) {
      if (names && values) found.set(textAt(names, at) ?? "", textAt(values, at));
    }
    if (relative(half, path).startsWith("..")) throw new Error(`unexpected file ${basename(path)}`);
    return {
      path,
      rows: Number(counts[row]),
      values: partitionBy.map((name) => found.get(name) ?? null),
    };
  });
}

function textAt(vector: ReturnType<typeof readVector>, row: number): string | null {
  if (vector.valid && !(((vector.valid[row >> 3] ?? 0) >> (row & 7)) & 1)) return null;
  const { bytes, offsets } = vector;
  return Buffer.from(bytes).toString("utf8", offsets[row], offsets[row + 1]);
}

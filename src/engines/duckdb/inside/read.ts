import duckdb, { type Connection, type Database } from "@duckdb/node-bindings";
import { quoteName, quoteText } from "../../../sql/quote.ts";
import type { SqlType } from "../../../sql/types.ts";
import { codecType, outOfFile, textOf } from "../duckdb-types.ts";
import type { ReadQuestion } from "../questions.ts";
import { createArrowWriter } from "../tunnel/arrow-writer.ts";
import { createCsvWriter, linesWriter } from "../tunnel/csv-writer.ts";
import { createRecordWriter } from "../tunnel/record-writer.ts";
import type { Form, Vector } from "../tunnel/vectors.ts";
import { chunksOf, withConnection } from "./binding.ts";
import { readVector } from "./read-vector.ts";
import type { Store } from "./store.ts";

/** Turns batches of rows into the bytes of a form. */
interface Writer {
  head?(): Buffer;
  write(batch: readonly Vector[]): Iterable<Buffer>;
  end?(): Buffer;
}

const text: SqlType = { kind: "string" };

/** Forms in which values are texts. */
const isText = (form: ReadQuestion["form"]): form is "csv" | "text" =>
  form === "csv" || form === "text";

/** Hands stored rows to `send`, which answers when there is room for more. */
export function read(
  database: Database,
  store: Store,
  question: ReadQuestion,
  send: (bytes: Buffer) => Promise<void>,
): Promise<void> {
  const { form, columns, timezone = "UTC" } = question;
  const zone = isText(form) ? timezone : "UTC";
  return withConnection(database, zone, async (connection) => {
    const writer = writerOf(question);
    const head = writer.head?.();
    if (head && head.length > 0) await send(head);
    const types = columns.map(({ type }) => (isText(form) ? text : type));
    for await (const batch of batches(connection, store, question, types)) {
      for (const bytes of writer.write(batch)) await send(bytes);
    }
    const end = writer.end?.();
    if (end) await send(end);
  });
}

function writerOf({ form, columns: stored, named, buffers }: ReadQuestion): Writer {
  const columns = stored.map((column, at) => ({ ...column, name: named?.[at] ?? column.name }));
  switch (form) {
    case "csv":
      return createCsvWriter(columns.map(({ name }) => name));
    case "text":
      return linesWriter;
    case "record":
      return createRecordWriter(columns);
    default:
      return createArrowWriter(columns, form, buffers);
  }
}

/** Rows of a chunk are taken at once unless their texts are long. */
const batchBytesMax = 32 * 1024 * 1024;
const longRows = 16;

async function* batches(
  connection: Connection,
  store: Store,
  question: ReadQuestion,
  types: readonly SqlType[],
): AsyncGenerator<readonly Vector[]> {
  const form: Form = question.form === "record" || isText(question.form) ? "record" : "arrow";
  let skip = question.from;
  let left = question.count;
  for (const file of question.files) {
    if (left <= 0) return;
    const source = sourceOf(store.path(file), question);
    const shape = await shapeOf(connection, source);
    if (skip >= shape.rows) {
      skip -= shape.rows;
      continue;
    }
    const count = Math.min(left, shape.rows - skip);
    const range = count < shape.rows ? ` LIMIT ${count} OFFSET ${skip}` : "";
    const sql = `${selectOf(source, shape, question)}${range}`;
    for await (const { chunk, rows } of chunksOf(connection, sql)) {
      const step = textBytes(chunk, types, rows) > batchBytesMax ? longRows : rows;
      for (let from = 0; from < rows; from += step) {
        const range = { from, to: Math.min(rows, from + step) };
        yield types.map((type, at) =>
          readVector(type, form, duckdb.data_chunk_get_vector(chunk, at), range),
        );
      }
    }
    left -= count;
    skip = 0;
  }
}

/** How long the texts of a chunk's outermost columns are together. */
function textBytes(
  chunk: Parameters<typeof duckdb.data_chunk_get_vector>[0],
  types: readonly SqlType[],
  rows: number,
): number {
  let sum = 0;
  for (const [at, { kind }] of types.entries()) {
    if (!["string", "binary", "json"].includes(kind)) continue;
    const vector = duckdb.data_chunk_get_vector(chunk, at);
    const data = duckdb.vector_get_data(vector, 16 * rows);
    const words = new Uint32Array(data.buffer, data.byteOffset, 4 * rows);
    for (let row = 0; row < rows; row += 1) {
      if (duckdb.validity_row_is_valid === undefined) break;
      sum += words[4 * row] ?? 0;
    }
  }
  return sum;
}

interface Source {
  readonly path: string;
  readonly relation: string;
}

const sourceOf = (path: string, { inPaths = false }: ReadQuestion): Source => ({
  path,
  relation: `read_parquet(${quoteText(path)}, hive_partitioning = ${inPaths}, hive_types_autocast = false)`,
});

/** How many rows a file has, and its columns by their names in lower case. */
interface Shape {
  readonly rows: number;
  readonly names: ReadonlyMap<string, string>;
}

/** Files are written once, and clients read results again and again. */
const shapes = new Map<string, Shape>();
const shapesMax = 10_000;

async function shapeOf(connection: Connection, { path, relation }: Source): Promise<Shape> {
  const known = shapes.get(relation);
  if (known) return known;
  const prepared = await duckdb.prepare(connection, `SELECT * FROM ${relation}`);
  const names = new Map<string, string>();
  for (let at = 0; at < duckdb.prepared_statement_column_count(prepared); at += 1) {
    const name = duckdb.prepared_statement_column_name(prepared, at);
    names.set(name.toLowerCase(), name);
  }
  const shape = { rows: await rowsOf(connection, path), names };
  if (shapes.size >= shapesMax) shapes.clear();
  shapes.set(relation, shape);
  return shape;
}

async function rowsOf(connection: Connection, path: string): Promise<number> {
  const sql = `SELECT num_rows::BIGINT FROM parquet_file_metadata(${quoteText(path)})`;
  for await (const { chunk } of chunksOf(connection, sql)) {
    const data = duckdb.vector_get_data(duckdb.data_chunk_get_vector(chunk, 0), 8);
    return Number(new BigInt64Array(data.buffer, data.byteOffset, 1)[0]);
  }
  return 0;
}

function selectOf({ relation }: Source, { names }: Shape, { columns, form }: ReadQuestion): string {
  const expressions = columns.map(({ name, type }) => expressionOf(names.get(name), type, form));
  return `SELECT ${expressions.join(", ")} FROM ${relation}`;
}

function expressionOf(name: string | undefined, type: SqlType, form: ReadQuestion["form"]): string {
  if (name === undefined)
    return `CAST(NULL AS ${isText(form) ? "VARCHAR" : codecType(type, form === "record" ? "record" : "arrow")})`;
  const column = quoteName(name);
  if (isText(form)) return textOf(column, type);
  return `CAST(${outOfFile(column, type)} AS ${codecType(type, form === "record" ? "record" : "arrow")})`;
}

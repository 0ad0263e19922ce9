import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline, Readable } from "node:stream";
import { createInflate } from "node:zlib";
import duckdb, {
  type Appender,
  type Connection,
  type Database,
  type DataChunk,
} from "@duckdb/node-bindings";
import { duckDbType } from "../../../sql/duckdb-types.ts";
import { quoteName, quoteText } from "../../../sql/quote.ts";
import type { Column, SqlType } from "../../../sql/types.ts";
import { intoFile, stageType } from "../duckdb-types.ts";
import { type Compression, readColumns, type Taken, type TakeQuestion } from "../questions.ts";
import { createArrowReader } from "../tunnel/arrow-reader.ts";
import { opened } from "../tunnel/compression/compressions.ts";
import { createRecordReader, type StreamReader } from "../tunnel/record-reader.ts";
import type { Form, Vector } from "../tunnel/vectors.ts";
import { withConnection } from "./binding.ts";
import { fillVector } from "./fill-vector.ts";
import { parquetOptions } from "./keep.ts";
import type { Store } from "./store.ts";

const questionBytesMax = 8 * 1024 * 1024;

/** Takes a stream of the tunnel into a file. The body is a question and, after it, the stream. */
export async function answerTake(
  database: Database,
  store: Store,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const parts: AsyncIterator<Buffer> = request[Symbol.asyncIterator]();
  const { question, rest } = await head(parts);
  const body = plain(withRest(rest, parts), question.compression);
  const taken = await take(database, store, question, body);
  response.end(JSON.stringify(taken));
}

/** Reads the question: its length in four bytes, and itself. */
async function head(
  parts: AsyncIterator<Buffer>,
): Promise<{ question: TakeQuestion; rest: Buffer }> {
  let bytes = Buffer.alloc(0);
  const more = async (count: number) => {
    if (count > questionBytesMax) throw new Error("the question is too long");
    while (bytes.length < count) {
      const { value, done } = await parts.next();
      if (done) throw new Error("the question ends too early");
      bytes = Buffer.concat([bytes, value]);
    }
  };
  await more(4);
  const end = 4 + bytes.readUInt32BE();
  await more(end);
  const asked = JSON.parse(bytes.toString("utf8", 4, end));
  const question: TakeQuestion = { ...asked, columns: readColumns(asked.columns) };
  return { question, rest: bytes.subarray(end) };
}

async function* withRest(rest: Buffer, parts: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  if (rest.length > 0) yield rest;
  for (;;) {
    const { value, done } = await parts.next();
    if (done) return;
    yield value;
  }
}

function plain(
  body: AsyncIterable<Buffer>,
  compression: Compression | undefined,
): AsyncIterable<Uint8Array> {
  if (compression === undefined) return body;
  return compression === "deflate" ? inflate(body) : opened(body, compression);
}

async function* inflate(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const inflater = createInflate();
  pipeline(Readable.from(body), inflater, () => {});
  for await (const part of inflater) yield part;
}

/** Reads a stream to its end and leaves its rows in one file, or nothing. */
function take(
  database: Database,
  store: Store,
  { file, columns, form }: TakeQuestion,
  body: AsyncIterable<Uint8Array>,
): Promise<Taken> {
  return withConnection(database, "UTC", async (connection) => {
    const reader = readerOf(form, columns);
    const stage = await openStage(connection, columns, form);
    for await (const part of body) for (const batch of reader.push(part)) stage.append(batch);
    for (const batch of reader.end()) stage.append(batch);
    stage.close();
    return store.withHalf("take", async (half) => {
      const stored = columns.map(
        ({ name, type }, at) =>
          `${intoFile(`CAST(c${at} AS ${duckDbType(type)})`, type)} AS ${quoteName(name)}`,
      );
      const copy = `COPY (SELECT ${stored.join(", ")} FROM temp.taken) TO ${quoteText(half)}`;
      await duckdb.query(connection, `${copy} (${parquetOptions.join(", ")})`);
      return { rows: stage.rows(), bytes: await store.publish(half, file) };
    });
  });
}

const readerOf = (form: Form, columns: readonly Column[]): StreamReader =>
  form === "record" ? createRecordReader(columns) : createArrowReader(columns);

/** Where rows wait for the end of their stream: DuckDB puts on disk what does not fit in memory. */
interface Stage {
  append(batch: readonly Vector[]): void;
  close(): void;
  rows(): number;
}

async function openStage(
  connection: Connection,
  columns: readonly Column[],
  form: Form,
): Promise<Stage> {
  const fields = columns.map(({ type }, at) => `c${at} ${stageType(type, form)}`);
  await duckdb.query(connection, `CREATE TEMP TABLE taken (${fields.join(", ")})`);
  const appender = duckdb.appender_create_ext(connection, "temp", null, "taken");
  const types = columns.map((_, at) => duckdb.appender_column_type(appender, at));
  // One for all: chunks are freed when JavaScript's memory is cleaned up, which knows nothing of their size.
  const chunk = duckdb.create_data_chunk(types);
  let rows = 0;
  return {
    append(batch) {
      append(appender, chunk, columns, form, batch);
      rows += batch[0]?.count ?? 0;
    },
    close: () => duckdb.appender_close_sync(appender),
    rows: () => rows,
  };
}

function append(
  appender: Appender,
  chunk: DataChunk,
  columns: readonly Column[],
  form: Form,
  batch: readonly Vector[],
): void {
  duckdb.data_chunk_reset(chunk);
  duckdb.data_chunk_set_size(chunk, batch[0]?.count ?? 0);
  for (const [at, vector] of batch.entries()) {
    const type: SqlType = columns[at]?.type ?? { kind: "void" };
    fillVector(type, form, vector, duckdb.data_chunk_get_vector(chunk, at));
  }
  duckdb.append_data_chunk(appender, chunk);
}

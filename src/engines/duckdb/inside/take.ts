import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { pipeline, Readable } from "node:stream";
import { createInflate } from "node:zlib";
import type { Database } from "@duckdb/node-bindings";
import { notePassed } from "../../../lib/passed-bytes.ts";
import type { Column } from "../../../sql/types.ts";
import { type Compression, readColumns, type TakeQuestion } from "../questions.ts";
import { streamRows } from "../stream-error.ts";
import { createArrowReader } from "../tunnel/arrow-reader.ts";
import { opened } from "../tunnel/compression/compressions.ts";
import { createRecordReader, type StreamReader } from "../tunnel/record-reader.ts";
import { withConnection } from "./binding.ts";
import { endStream, readToItsEnd, type Sender, sender } from "./bodies.ts";
import { type RowFile, withRowFile } from "./row-file.ts";
import type { OpenRowSource } from "./row-source.ts";
import { messageOf } from "./tell-keep.ts";

const questionBytesMax = 8 * 1024 * 1024;

/** What takes streams. */
export interface TakeParts {
  readonly database: Database;
  /** Directory in memory where parts of files are between DuckDB and the way out. */
  readonly memory: string;
  readonly openSource: OpenRowSource;
}

/**
 * Takes a stream of the tunnel and answers with one file of its rows, part by part. The body is a question and, after
 * it, the stream.
 */
export async function answerTake(
  parts: TakeParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const pieces: AsyncIterator<Buffer> = request[Symbol.asyncIterator]();
  const { question, rest } = await head(pieces);
  const body = plain(withRest(rest, pieces), question.compression);
  let out: Sender | undefined;
  // The answer begins with the first part: what is refused before is an answer of its own.
  const send = (bytes: Buffer): Promise<void> => {
    out ??= sender(response, undefined);
    return out.send(bytes);
  };
  try {
    const rows = await take(parts, question, body, send);
    endStream(response, undefined, { [streamRows]: String(rows) });
  } catch (error) {
    if (!out) throw error;
    endStream(response, messageOf(error));
    readToItsEnd(request);
  }
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
    notePassed(value.length);
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

let taken = 0;

/** Reads a stream to its end and sends its rows as one file; answers how many there are. */
function take(
  { database, memory, openSource }: TakeParts,
  { columns, form }: TakeQuestion,
  body: AsyncIterable<Uint8Array>,
  send: (bytes: Buffer) => Promise<void>,
): Promise<number> {
  taken += 1;
  const part = join(memory, `${taken}.parquet`);
  return withConnection(database, "UTC", async (connection) => {
    const reader = readerOf(form, columns);
    const source = await openSource(connection, columns, form === "record" ? form : "arrow");
    try {
      const how = { columns, source, written: () => reader.release(), send };
      return await withRowFile(connection, part, how, (file) => fill(file, reader, body));
    } finally {
      source.close();
    }
  });
}

async function fill(
  file: RowFile,
  reader: StreamReader,
  body: AsyncIterable<Uint8Array>,
): Promise<number> {
  for await (const part of body) {
    for (const batch of reader.push(part)) await file.append(batch);
  }
  for (const batch of reader.end()) await file.append(batch);
  return file.end();
}

const readerOf = (form: TakeQuestion["form"], columns: readonly Column[]): StreamReader =>
  form === "record" ? createRecordReader(columns) : createArrowReader(columns, form);

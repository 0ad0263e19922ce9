import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline, Readable } from "node:stream";
import { createInflate } from "node:zlib";
import type { Database } from "@duckdb/node-bindings";
import { notePassed } from "../../../lib/passed-bytes.ts";
import type { Column } from "../../../sql/types.ts";
import { type Compression, readColumns, type Taken, type TakeQuestion } from "../questions.ts";
import { createArrowReader } from "../tunnel/arrow-reader.ts";
import { opened } from "../tunnel/compression/compressions.ts";
import { createRecordReader, type StreamReader } from "../tunnel/record-reader.ts";
import { withConnection } from "./binding.ts";
import { withRowFile } from "./row-file.ts";
import type { OpenRowSource } from "./row-source.ts";
import type { Store } from "./store.ts";

const questionBytesMax = 8 * 1024 * 1024;

/** What takes streams. */
export interface TakeParts {
  readonly database: Database;
  readonly store: Store;
  readonly openSource: OpenRowSource;
}

/** Takes a stream of the tunnel into a file. The body is a question and, after it, the stream. */
export async function answerTake(
  parts: TakeParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const pieces: AsyncIterator<Buffer> = request[Symbol.asyncIterator]();
  const { question, rest } = await head(pieces);
  const body = plain(withRest(rest, pieces), question.compression);
  const taken = await take(parts, question, body);
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

/** Reads a stream to its end and leaves its rows in one file, or nothing. */
function take(
  { database, store, openSource }: TakeParts,
  { file, columns, form }: TakeQuestion,
  body: AsyncIterable<Uint8Array>,
): Promise<Taken> {
  return withConnection(database, "UTC", async (connection) => {
    const reader = readerOf(form, columns);
    const source = await openSource(connection, columns, form === "record" ? form : "arrow");
    try {
      return await store.withHalf("take", async (half) => {
        const how = { columns, source, written: reader.release };
        const rows = await withRowFile(connection, half, how, async (rowFile) => {
          for await (const part of body) {
            for (const batch of reader.push(part)) await rowFile.append(batch);
          }
          for (const batch of reader.end()) await rowFile.append(batch);
          return rowFile.end();
        });
        return { rows, bytes: await store.publish(half, file) };
      });
    } finally {
      source.close();
    }
  });
}

const readerOf = (form: TakeQuestion["form"], columns: readonly Column[]): StreamReader =>
  form === "record" ? createRecordReader(columns) : createArrowReader(columns, form);

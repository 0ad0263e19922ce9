import { Table, tableToIPC } from "apache-arrow";
import type { Column, SqlType } from "../../../sql/types.ts";
import { encodeBatch } from "./arrow-message.ts";
import { type ArrowForm, arrowSchema } from "./arrow-types.ts";
import { createFrameWriter } from "./chunk-frames.ts";
import {
  type BufferCompression,
  bufferCompressions,
  bufferCompressor,
} from "./compression/compressions.ts";
import { momentOf, putNumber } from "./moments.ts";
import { childTypes, isValid, storageOf, type Vector, wordsOf } from "./vectors.ts";

/** Turns rows into Arrow's stream: framed and without its schema for the tunnel, whole and bare for a preview. */
export interface ArrowWriter {
  head(): Buffer;
  write(batch: readonly Vector[]): Iterable<Buffer>;
  end(): Buffer;
}

const endOfStream = Buffer.from("ffffffff00000000", "hex");

/** Starts a stream of these columns. */
export function createArrowWriter(
  columns: readonly Column[],
  form: ArrowForm,
  compression?: BufferCompression,
): ArrowWriter {
  const pack = compression && bufferCompressor(compression);
  const message = (vectors: readonly Vector[]): readonly Uint8Array[] => {
    const batch: Batch = { nodes: [], buffers: [], form };
    for (const [at, { type }] of columns.entries()) {
      const vector = vectors[at];
      if (vector) addVector(type, vector, batch);
    }
    const rows = vectors[0]?.count ?? 0;
    if (!pack) return encodeBatch(rows, batch);
    const buffers = batch.buffers.map(pack);
    return encodeBatch(rows, { ...batch, buffers, codec: bufferCompressions[compression] });
  };
  if (form !== "arrow") {
    const whole = Buffer.from(tableToIPC(new Table(arrowSchema(columns, form)), "stream"));
    return {
      head: () => whole.subarray(0, schemaLength(whole)),
      *write(batch) {
        yield Buffer.concat(message(batch));
      },
      end: () => endOfStream,
    };
  }
  const frames = createFrameWriter();
  return {
    head: () => Buffer.alloc(0),
    *write(batch) {
      for (const part of message(batch)) yield* frames.write(part);
    },
    end: () => Buffer.concat([...frames.write(endOfStream), frames.end()]),
  };
}

/** The schema comes first: a mark, the length of its description, and that. */
const schemaLength = (stream: Buffer): number => 8 + stream.readInt32LE(4);

/** What a batch is made of: how many rows and missing values each vector has, and its memory. */
interface Batch {
  readonly nodes: [rows: number, missing: number][];
  readonly buffers: Uint8Array[];
  readonly form: ArrowForm;
}

const none = new Uint8Array(0);

function addVector(type: SqlType, vector: Vector, batch: Batch): void {
  addNode(vector, batch);
  const { count, bytes, offsets, children } = vector;
  switch (type.kind) {
    case "boolean":
      batch.buffers.push(packed(bytes, count));
      return;
    case "interval_year_month": {
      const words = wordsOf(vector);
      batch.buffers.push(
        bytesOf(Int32Array.from({ length: count }, (_, at) => words[4 * at] ?? 0)),
      );
      return;
    }
    case "interval_day_time":
      addMoments(vector, batch, intervalMoments(wordsOf(vector)));
      return;
    case "timestamp":
    case "timestamp_ntz":
      if (batch.form === "preview") addMoments(vector, batch, instantMoments(wordsOf(vector)));
      else batch.buffers.push(bytes);
      return;
    default:
  }
  const storage = storageOf(type, "arrow");
  if (storage === "bytes" || storage === "list") batch.buffers.push(bytesOf(offsets));
  if (storage === "bytes" || typeof storage === "number") {
    batch.buffers.push(typeof storage === "number" ? bytes.subarray(0, storage * count) : bytes);
  }
  for (const [at, child] of childTypes(type).entries()) {
    const inner = children[at];
    if (inner) addVector(child, inner, batch);
  }
}

/** Rows, missing values, and the bits that say which are missing. */
function addNode(vector: Vector, { nodes, buffers }: Batch): void {
  const { count, valid } = vector;
  let missing = 0;
  if (valid) for (let row = 0; row < count; row += 1) if (!isValid(vector, row)) missing += 1;
  nodes.push([count, missing]);
  buffers.push(valid && missing > 0 ? valid.subarray(0, Math.ceil(count / 8)) : none);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Int32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function packed(flags: Uint8Array, count: number): Uint8Array {
  const bits = new Uint8Array(Math.ceil(count / 8));
  for (let row = 0; row < count; row += 1) {
    if ((flags[row] ?? 0) !== 0) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
  }
  return bits;
}

interface Parts {
  seconds: number;
  nanos: number;
}

/** A struct of seconds and nanoseconds. */
function addMoments(
  { count }: Vector,
  { nodes, buffers }: Batch,
  read: (row: number, into: Parts) => void,
): void {
  const seconds = new Int32Array(2 * count);
  const nanos = new Int32Array(count);
  const parts = { seconds: 0, nanos: 0 };
  for (let row = 0; row < count; row += 1) {
    read(row, parts);
    putNumber(parts.seconds, seconds, 2 * row);
    nanos[row] = parts.nanos;
  }
  nodes.push([count, 0], [count, 0]);
  buffers.push(none, bytesOf(seconds), none, bytesOf(nanos));
}

const instantMoments = (words: Int32Array) => (row: number, into: Parts) =>
  momentOf(words[2 * row] ?? 0, words[2 * row + 1] ?? 0, into);

const intervalMoments = (words: Int32Array) => (row: number, into: Parts) => {
  const micros = (words[4 * row + 3] ?? 0) * 2 ** 32 + ((words[4 * row + 2] ?? 0) >>> 0);
  const seconds = Math.floor(micros / 1e6);
  into.seconds = 86_400 * (words[4 * row + 1] ?? 0) + seconds;
  into.nanos = (micros - 1e6 * seconds) * 1000;
};

import { crc32cByte, crc32cWord } from "../../../lib/crc32c.ts";
import type { Column, SqlType } from "../../../sql/types.ts";
import { momentOf } from "./moments.ts";
import {
  int64,
  newOutput,
  type Output,
  raw,
  reserve,
  taken,
  varint,
  word,
  zigzag,
} from "./output.ts";
import { isValid, type Vector, wordsOf } from "./vectors.ts";

/** Turns rows into the tunnel's stream of records. */
export interface RecordWriter {
  write(batch: readonly Vector[]): Iterable<Buffer>;
  end(): Buffer;
}

/** Fields that are no columns. */
export const recordFields = {
  endOfRecord: 33553408,
  metrics: 33554176,
  count: 33554430,
  checksum: 33554431,
} as const;

/** Whether a value's field is a varint (0), eight bytes (1), four bytes (5) or anything else (2). */
export function wireTypeOf({ kind }: SqlType): 0 | 1 | 2 | 5 {
  return wireTypes[kind] ?? 2;
}

const wireTypes: Partial<Record<SqlType["kind"], 0 | 1 | 5>> = {
  tinyint: 0,
  smallint: 0,
  int: 0,
  bigint: 0,
  datetime: 0,
  date: 0,
  interval_year_month: 0,
  boolean: 0,
  float: 5,
  double: 1,
};

const chunkBytes = 1 << 16;
/** More than any tag and value of a fixed width take. */
const slack = 48;

/** Starts a stream of records of these columns. */
export function createRecordWriter(columns: readonly Column[]): RecordWriter {
  const out = newOutput();
  const tags = columns.map(({ type }, at) => ((at + 1) << 3) | wireTypeOf(type));
  let count = 0;
  let checksums = -1;

  function* write(batch: readonly Vector[]): Iterable<Buffer> {
    const writers = columns.map(({ type }, at) => valueWriter(type, vectorAt(batch, at), out));
    const rows = batch[0]?.count ?? 0;
    for (let row = 0; row < rows; row += 1) {
      out.crc = -1;
      for (let at = 0; at < writers.length; at += 1) {
        if (!isValid(vectorAt(batch, at), row)) continue;
        reserve(out, slack);
        varint(out, tags[at] ?? 0);
        out.crc = crc32cWord(out.crc, at + 1);
        writers[at]?.(row);
      }
      reserve(out, slack);
      varint(out, recordFields.endOfRecord << 3);
      varint(out, ~out.crc);
      checksums = crc32cWord(checksums, ~out.crc);
      if (out.at >= chunkBytes) yield taken(out);
    }
    count += rows;
    if (out.at > 0) yield taken(out);
  }

  return {
    write,
    end() {
      reserve(out, slack);
      varint(out, recordFields.count << 3);
      zigzag(out, count | 0, Math.floor(count / 2 ** 32));
      varint(out, recordFields.checksum << 3);
      varint(out, ~checksums);
      return taken(out);
    },
  };
}

const empty: Vector = {
  count: 0,
  valid: undefined,
  bytes: new Uint8Array(0),
  offsets: new Int32Array(0),
  children: [],
};
const vectorAt = (vectors: readonly Vector[], at: number): Vector => vectors[at] ?? empty;

type WriteValue = (row: number) => void;

function valueWriter(type: SqlType, vector: Vector, out: Output): WriteValue {
  switch (type.kind) {
    case "tinyint":
      return smallWriter(new Int8Array(vector.bytes.buffer, vector.bytes.byteOffset), out);
    case "smallint":
      return smallWriter(
        new Int16Array(vector.bytes.buffer, vector.bytes.byteOffset, vector.count),
        out,
      );
    case "int":
    case "date":
      return smallWriter(wordsOf(vector), out);
    case "bigint":
    case "datetime":
      return longWriter(wordsOf(vector), out);
    case "boolean":
      return (row) => {
        const value = (vector.bytes[row] ?? 0) === 0 ? 0 : 1;
        out.bytes[out.at++] = value;
        out.crc = crc32cByte(out.crc, value);
      };
    case "float": {
      const words = wordsOf(vector);
      return (row) => word(out, words[row] ?? 0);
    }
    case "double": {
      const words = wordsOf(vector);
      return (row) => {
        word(out, words[2 * row] ?? 0);
        word(out, words[2 * row + 1] ?? 0);
      };
    }
    case "timestamp":
    case "timestamp_ntz":
      return instantWriter(vector, out);
    case "interval_year_month":
    case "interval_day_time":
      return intervalWriter(type.kind, vector, out);
    case "array":
    case "map":
    case "struct":
      return nestedWriter(type, vector, out);
    default:
      return bytesWriter(vector, out);
  }
}

function smallWriter(values: Int8Array | Int16Array | Int32Array, out: Output): WriteValue {
  return (row) => {
    const value = values[row] ?? 0;
    int64(out, value, value >> 31);
  };
}

function longWriter(words: Int32Array, out: Output): WriteValue {
  return (row) => int64(out, words[2 * row] ?? 0, words[2 * row + 1] ?? 0);
}

function bytesWriter({ bytes, offsets }: Vector, out: Output): WriteValue {
  return (row) => {
    const start = offsets[row] ?? 0;
    const end = offsets[row + 1] ?? 0;
    varint(out, end - start);
    raw(out, bytes, start, end);
  };
}

/** Seconds and the nanoseconds that follow them, each with a checksum of its own width. */
function moment(out: Output, seconds: number, nanos: number): void {
  int64(out, seconds | 0, Math.floor(seconds / 2 ** 32));
  zigzag(out, nanos, 0);
  out.crc = crc32cWord(out.crc, nanos);
}

function instantWriter(vector: Vector, out: Output): WriteValue {
  const words = wordsOf(vector);
  const parts = { seconds: 0, nanos: 0 };
  return (row) => {
    momentOf(words[2 * row] ?? 0, words[2 * row + 1] ?? 0, parts);
    moment(out, parts.seconds, parts.nanos);
  };
}

function intervalWriter(
  kind: "interval_year_month" | "interval_day_time",
  vector: Vector,
  out: Output,
): WriteValue {
  const words = wordsOf(vector);
  if (kind === "interval_year_month") {
    return (row) => {
      const months = words[4 * row] ?? 0;
      int64(out, months, months >> 31);
    };
  }
  return (row) => {
    const low = (words[4 * row + 2] ?? 0) >>> 0;
    const micros = (words[4 * row + 3] ?? 0) * 2 ** 32 + low;
    const seconds = Math.floor(micros / 1e6);
    moment(out, 86_400 * (words[4 * row + 1] ?? 0) + seconds, (micros - 1e6 * seconds) * 1000);
  };
}

type NestedType = SqlType & { kind: "array" | "map" | "struct" };

function nestedWriter(type: NestedType, vector: Vector, out: Output): WriteValue {
  const { offsets } = vector;
  switch (type.kind) {
    case "array": {
      const element = elementWriter(type.element, vectorAt(vector.children, 0), out);
      return (row) => {
        const [start = 0, end = 0] = [offsets[row], offsets[row + 1]];
        varint(out, end - start);
        for (let at = start; at < end; at += 1) element(at);
      };
    }
    case "map": {
      const entries = vectorAt(vector.children, 0);
      const key = elementWriter(type.key, vectorAt(entries.children, 0), out);
      const value = elementWriter(type.value, vectorAt(entries.children, 1), out);
      return (row) => {
        const [start = 0, end = 0] = [offsets[row], offsets[row + 1]];
        varint(out, end - start);
        for (let at = start; at < end; at += 1) key(at);
        reserve(out, slack);
        varint(out, end - start);
        for (let at = start; at < end; at += 1) value(at);
      };
    }
    case "struct": {
      const fields = type.fields.map((field, at) =>
        elementWriter(field.type, vectorAt(vector.children, at), out),
      );
      return (row) => {
        for (const field of fields) field(row);
      };
    }
  }
}

/** A value inside another says first whether it is missing. */
function elementWriter(type: SqlType, vector: Vector, out: Output): WriteValue {
  const write = valueWriter(type, vector, out);
  return (row) => {
    const valid = isValid(vector, row);
    reserve(out, slack);
    out.bytes[out.at++] = valid ? 0 : 1;
    if (valid) write(row);
  };
}

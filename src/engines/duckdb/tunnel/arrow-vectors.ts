import { isAscii } from "node:buffer";
import type { SqlType } from "../../../sql/types.ts";
import type { BatchHead } from "./arrow-message.ts";
import { BrokenStream } from "./broken-stream.ts";
import { openBuffer } from "./compression/compressions.ts";
import { putInterval } from "./moments.ts";
import { checkText, valueBytesMax } from "./record-values.ts";
import { childTypes, isValid, noBytes, noOffsets, storageOf, type Vector } from "./vectors.ts";

/**
 * Reads the vectors of a batch that a client has sent, in the order in which Arrow has them. What lies where, and how
 * long it is, was chosen by the client: nothing is used before it is known to be within the body.
 */
export function readVectors(
  types: readonly SqlType[],
  head: BatchHead,
  body: Uint8Array,
): readonly Vector[] {
  const source: Source = { head, body, nodes: 0, buffers: 0, opened: 0 };
  const vectors = types.map((type) => readVector(type, source, head.rows));
  if (source.nodes !== head.nodes.length || source.buffers !== head.buffers.length) {
    throw new BrokenStream("an Arrow batch does not have the table's columns");
  }
  return vectors;
}

/** Of compressed buffers all together, as of a body that is not compressed. */
const openedBytesMax = 128 * 1024 * 1024;

interface Source {
  readonly head: BatchHead;
  readonly body: Uint8Array;
  nodes: number;
  buffers: number;
  /** Bytes that compressed buffers have become. */
  opened: number;
}

function nextBuffer(source: Source): Uint8Array {
  const [offset, size] = source.head.buffers[source.buffers] ?? [0, -1];
  source.buffers += 1;
  if (size < 0 || offset + size > source.body.length) {
    throw new BrokenStream("an Arrow batch has memory beyond its body");
  }
  const bytes = source.body.subarray(offset, offset + size);
  const { codec } = source.head;
  if (codec === undefined) return bytes;
  return openBuffer(bytes, codec, (count) => {
    source.opened += count;
    if (source.opened > openedBytesMax) {
      throw new BrokenStream(`a batch has more than ${openedBytesMax} bytes`);
    }
  });
}

function atLeast(bytes: Uint8Array, size: number): Uint8Array {
  if (bytes.length < size) throw new BrokenStream("an Arrow vector is shorter than its rows");
  return bytes;
}

function readVector(type: SqlType, source: Source, rowsMin: number): Vector {
  const [count, missing] = source.head.nodes[source.nodes] ?? [-1, 0];
  source.nodes += 1;
  // Each row of a child belongs to one of its parent: more of them would be memory without an owner.
  if (count < rowsMin) throw new BrokenStream("an Arrow vector has too few rows");
  const bits = nextBuffer(source);
  const valid = missing > 0 ? atLeast(bits, Math.ceil(count / 8)) : undefined;
  const shape = { count, valid, bytes: noBytes, offsets: noOffsets, children: [] };
  switch (type.kind) {
    case "boolean":
      return {
        ...shape,
        bytes: unpacked(atLeast(nextBuffer(source), Math.ceil(count / 8)), count),
      };
    case "interval_year_month": {
      const months = wordsOf(atLeast(nextBuffer(source), 4 * count), count);
      const words = new Int32Array(4 * count);
      for (let row = 0; row < count; row += 1) words[4 * row] = months[row] ?? 0;
      return { ...shape, bytes: new Uint8Array(words.buffer) };
    }
    case "interval_day_time":
      return { ...shape, bytes: readIntervals(source, shape) };
    default:
  }
  const storage = storageOf(type, "arrow");
  if (storage === "bytes") return readTexts(type, source, shape);
  if (storage === "list") return readList(type, source, shape);
  if (storage === "struct") {
    const children = childTypes(type).map((child) =>
      masked(readVector(child, source, count), shape),
    );
    return { ...shape, children };
  }
  const bytes = atLeast(nextBuffer(source), storage * count).subarray(0, storage * count);
  if (type.kind === "decimal") checkDecimals(bytes, shape);
  return { ...shape, bytes };
}

function readTexts(type: SqlType, source: Source, shape: Vector): Vector {
  const { count } = shape;
  const offsets = readOffsets(source, count);
  const all = nextBuffer(source);
  const [start = 0, end = 0] = [offsets[0], offsets[count]];
  if (end > all.length) throw new BrokenStream("an Arrow text ends beyond its memory");
  if (end - start > valueBytesMax) checkSizes(offsets);
  const vector = { ...shape, bytes: all, offsets };
  if (type.kind === "binary") return vector;
  const texts = all.subarray(start, end);
  if (!isAscii(texts)) {
    checkText(texts);
    checkStarts(texts, offsets);
  }
  if (type.kind === "char" || type.kind === "varchar") checkLengths(vector, type.length);
  return vector;
}

function checkSizes(offsets: Int32Array): void {
  for (let at = 1; at < offsets.length; at += 1) {
    const size = (offsets[at] ?? 0) - (offsets[at - 1] ?? 0);
    if (size <= valueBytesMax) continue;
    throw new BrokenStream(`a value has ${size} bytes, more than ${valueBytesMax}`);
  }
}

/** All of it is UTF-8: each text is, unless it starts within a character. */
function checkStarts(texts: Uint8Array, offsets: Int32Array): void {
  const first = offsets[0] ?? 0;
  for (let row = 0; row < offsets.length; row += 1) {
    const byte = texts[(offsets[row] ?? 0) - first] ?? 0;
    if ((byte & 0xc0) === 0x80) throw new BrokenStream("a text is no UTF-8");
  }
}

function checkLengths(vector: Vector, lengthMax: number): void {
  const { bytes, offsets, count } = vector;
  for (let row = 0; row < count; row += 1) {
    let length = 0;
    for (let at = offsets[row] ?? 0; at < (offsets[row + 1] ?? 0); at += 1) {
      if (((bytes[at] ?? 0) & 0xc0) !== 0x80) length += 1;
    }
    if (length > lengthMax && isValid(vector, row)) {
      throw new BrokenStream(`a text has ${length} characters, more than ${lengthMax}`);
    }
  }
}

function readOffsets(source: Source, count: number): Int32Array {
  const bytes = nextBuffer(source);
  // A vector without rows may have no offsets at all.
  if (count === 0) return new Int32Array(1);
  const offsets = wordsOf(atLeast(bytes, 4 * (count + 1)), count + 1);
  let last = 0;
  for (let row = 0; row < offsets.length; row += 1) {
    const at = offsets[row] ?? 0;
    if (at < last) throw new BrokenStream("the offsets of an Arrow vector go back");
    last = at;
  }
  return offsets;
}

function readList(type: SqlType, source: Source, shape: Vector): Vector {
  const offsets = readOffsets(source, shape.count);
  const [childType = type] = childTypes(type);
  const child = readVector(childType, source, offsets[shape.count] ?? 0);
  if (type.kind === "map") {
    const [keys] = child.children;
    if (child.valid || keys?.valid) throw new BrokenStream("a key of a map is missing");
  }
  return { ...shape, offsets, children: [child] };
}

/** What is missing in a struct is missing in each of its fields. */
function masked(child: Vector, { valid, count }: Vector): Vector {
  if (!valid) return child;
  const both = new Uint8Array(Math.ceil(count / 8));
  for (let at = 0; at < both.length; at += 1) {
    both[at] = (valid[at] ?? 0) & (child.valid ? (child.valid[at] ?? 0) : 0xff);
  }
  return { ...child, valid: both };
}

function wordsOf(bytes: Uint8Array, count: number): Int32Array {
  const whole = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice(0, 4 * count);
  return new Int32Array(whole.buffer, whole.byteOffset, count);
}

function unpacked(bits: Uint8Array, count: number): Uint8Array {
  const flags = new Uint8Array(count);
  for (let row = 0; row < count; row += 1) flags[row] = ((bits[row >> 3] ?? 0) >> (row & 7)) & 1;
  return flags;
}

/** Seconds and nanoseconds become the months, days and microseconds of DuckDB. */
function readIntervals(source: Source, shape: Vector): Uint8Array {
  const { count } = shape;
  const bigint = { kind: "bigint" } as const;
  const second = readVector(bigint, source, count);
  const nano = readVector({ kind: "int" }, source, count);
  const seconds = wordsOf(second.bytes, 2 * count);
  const nanos = wordsOf(nano.bytes, count);
  const words = new Int32Array(4 * count);
  for (let row = 0; row < count; row += 1) {
    if (!isValid(shape, row)) continue;
    const whole = (seconds[2 * row + 1] ?? 0) * 2 ** 32 + ((seconds[2 * row] ?? 0) >>> 0);
    const rest = nanos[row] ?? 0;
    putInterval(whole, rest, words, 4 * row);
  }
  return new Uint8Array(words.buffer);
}

/** The highest word of 10 to the power of 38. */
const decimalTop = 0x4b3b4ca8;
const decimalMax = 10n ** 38n;

function checkDecimals(bytes: Uint8Array, shape: Vector): void {
  const words = wordsOf(bytes, 4 * shape.count);
  for (let row = 0; row < shape.count; row += 1) {
    const top = words[4 * row + 3] ?? 0;
    if (Math.abs(top) < decimalTop || !isValid(shape, row)) continue;
    let value = BigInt(top);
    for (let at = 2; at >= 0; at -= 1)
      value = (value << 32n) | BigInt((words[4 * row + at] ?? 0) >>> 0);
    if (value >= decimalMax || value <= -decimalMax) {
      throw new BrokenStream("a decimal has more than 38 digits");
    }
  }
}

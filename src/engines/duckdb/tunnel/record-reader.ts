import { crc32cWord } from "../../../lib/crc32c.ts";
import type { Column } from "../../../sql/types.ts";
import { BrokenStream } from "./broken-stream.ts";
import { addNull, type Builder, newBuilder, truncate, vectorOf } from "./builder.ts";
import { endOfInput, type Input, newInput, unsigned, varint, zigzag } from "./input.ts";
import { type ReadValue, valueReader } from "./record-values.ts";
import { recordFields, wireTypeOf } from "./record-writer.ts";
import type { Vector } from "./vectors.ts";

/** Turns a stream of the tunnel into batches of rows. */
export interface StreamReader {
  /** Takes the next bytes. A batch that comes out stays as it is until it is released. */
  push(bytes: Uint8Array): Iterable<readonly Vector[]>;
  /** The stream has ended: hands out what is left, and refuses a stream that is not whole. */
  end(): Iterable<readonly Vector[]>;
  /** Nobody needs the batches that have come out so far. */
  release(): void;
}

const batchRows = 2_048;
const batchBytes = 8 * 1024 * 1024;
const batchElements = 1 << 18;
const recordBytesMax = 64 * 1024 * 1024;

/** Whether a number that was read is this checksum: clients write it with its sign, or without. */
const fits = ({ low, high }: Input, checksum: number): boolean =>
  low === checksum && (high === 0 || high === -1);

/** Starts to read records of these columns. */
export function createRecordReader(columns: readonly Column[]): StreamReader {
  const builders = columns.map(({ type }) => newBuilder(type, "record"));
  const nested = builders.filter(({ children }) => children.length > 0);
  const input = newInput();
  const reads = columns.map(({ type }, at) => valueReader(type, builderAt(builders, at), input));
  const wires = columns.map(({ type }) => wireTypeOf(type));
  let [rows, batch, batchStart, checksums] = [0, 0, 0, -1];
  let over = false;
  let waiting: Uint8Array[] = [];
  let waitingBytes = 0;
  let needed = 0;

  /** Reads what stands before the end of a record; answers false at the end of the stream. */
  function readRecord(): boolean {
    input.crc = -1;
    input.elements = 0;
    for (;;) {
      const tag = unsigned(input);
      const field = tag >>> 3;
      if (field === recordFields.endOfRecord && (tag & 7) === 0) break;
      if (field === recordFields.count) {
        readEnd();
        return false;
      }
      readField(field, tag & 7);
    }
    varint(input);
    if (!fits(input, ~input.crc)) {
      throw new BrokenStream(`record ${rows + batch} does not fit its checksum`);
    }
    for (let at = 0; at < builders.length; at += 1) {
      const builder = builderAt(builders, at);
      if (builder.count > batch) continue;
      if (columns[at]?.nullable === false) {
        throw new BrokenStream(`column \`${columns[at]?.name}\` lacks a value and must have one`);
      }
      addNull(builder);
    }
    checksums = crc32cWord(checksums, input.low);
    batch += 1;
    return true;
  }

  function readField(field: number, wire: number): void {
    const at = field - 1;
    const read: ReadValue | undefined = reads[at];
    if (!read || wires[at] !== wire) {
      throw new BrokenStream(`a record has field ${field} of kind ${wire}: no column is so`);
    }
    if (builderAt(builders, at).count > batch) {
      throw new BrokenStream(`a record has field ${field} twice`);
    }
    input.crc = crc32cWord(input.crc, field);
    read();
  }

  function readEnd(): void {
    if (builders.some(({ count }) => count > batch)) {
      throw new BrokenStream("the stream ends inside of a record");
    }
    zigzag(input);
    const count = input.high * 2 ** 32 + (input.low >>> 0);
    if (unsigned(input) !== ((recordFields.checksum << 3) | 0) >>> 0) {
      throw new BrokenStream("the checksum of all records is missing");
    }
    varint(input);
    if (count !== rows + batch) {
      throw new BrokenStream(`the stream has ${rows + batch} records and tells of ${count}`);
    }
    if (!fits(input, ~checksums)) throw new BrokenStream("the records do not fit their checksum");
    over = true;
  }

  const isFull = (): boolean =>
    batch >= batchRows ||
    input.at - batchStart >= batchBytes ||
    nested.some((builder) => elementsOf(builder) >= batchElements);

  function handOn(): readonly Vector[] {
    const vectors = builders.map(vectorOf);
    rows += batch;
    return vectors;
  }

  function clear(): void {
    for (const builder of builders) truncate(builder, 0);
    batch = 0;
    batchStart = input.at;
  }

  function* decode(): Iterable<readonly Vector[]> {
    input.bytes = waiting.length === 1 ? (waiting[0] ?? input.bytes) : Buffer.concat(waiting);
    input.at = 0;
    let start = 0;
    try {
      while (!over && readRecord()) {
        start = input.at;
        if (!isFull()) continue;
        yield handOn();
        clear();
      }
      start = input.at;
    } catch (error) {
      if (error !== endOfInput) throw error;
      for (const builder of builders) truncate(builder, batch);
    }
    // Rows wait for those of the next piece: what a batch costs, it costs for few rows as well.
    if (over && batch > 0) {
      yield handOn();
      clear();
    }
    const rest = input.bytes.subarray(start);
    batchStart -= start;
    if (over && rest.length > 0) throw new BrokenStream("bytes follow the end of the stream");
    if (rest.length > recordBytesMax) {
      throw new BrokenStream(`a record has more than ${recordBytesMax} bytes`);
    }
    waiting = rest.length > 0 ? [rest] : [];
    waitingBytes = rest.length;
    // A long record is not read again for each piece of it that arrives.
    needed = 2 * rest.length;
  }

  return {
    *push(bytes) {
      waiting.push(bytes);
      waitingBytes += bytes.length;
      if (waitingBytes >= needed) yield* decode();
    },
    *end() {
      if (waitingBytes > 0) yield* decode();
      if (!over) throw new BrokenStream("the stream ends before its end was told");
    },
    release() {},
  };
}

function builderAt(builders: readonly Builder[], at: number): Builder {
  const found = builders[at];
  if (!found) throw new Error("each column has a builder");
  return found;
}

/** How many values a column holds inside of others. */
function elementsOf({ children }: Builder): number {
  let sum = 0;
  for (const child of children) sum += child.count + elementsOf(child);
  return sum;
}

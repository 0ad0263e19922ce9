import { BrokenStream } from "./broken-stream.ts";

/**
 * Arrow's message for a batch of rows: a description as a flatbuffer, and the memory of its vectors. Ours is written
 * with one fixed layout; what a client sends is read by its own tables of offsets, all of them within bounds.
 */
export interface BatchParts {
  readonly nodes: readonly (readonly [rows: number, missing: number])[];
  readonly buffers: readonly Uint8Array[];
  /** Number of the codec by which each buffer was compressed. */
  readonly codec?: number;
}

const continuation = 0xffffffff;
const recordBatch = 3;
const version5 = 4;
/** Where things lie in our description: tables of offsets, the message, the batch, its two lists. */
const layout = { message: 20, batchOffsets: 40, batch: 52, nodes: 76, fixed: 88 } as const;
/** What is told of a codec: its table of offsets, and itself. */
const codecBytes = 16;
const padded = (size: number): number => (size + 7) & ~7;

/** Writes a batch: its description, then each piece of memory. */
export function encodeBatch(
  rows: number,
  { nodes, buffers, codec }: BatchParts,
): readonly Uint8Array[] {
  const codecAt = layout.fixed + 16 * (nodes.length + buffers.length);
  const size = codecAt + (codec === undefined ? 0 : codecBytes);
  const head = Buffer.alloc(8 + size);
  head.writeUInt32LE(continuation, 0);
  head.writeInt32LE(size, 4);
  const view = new DataView(head.buffer, head.byteOffset + 8, size);
  const shorts = (at: number, values: readonly number[]) => {
    for (const [index, value] of values.entries()) view.setUint16(at + 2 * index, value, true);
  };
  const long = (at: number, value: number) => view.setBigInt64(at, BigInt(value), true);
  const bodyBytes = buffers.reduce((sum, { length }) => sum + padded(length), 0);

  view.setUint32(0, layout.message, true);
  shorts(4, [12, 20, 16, 18, 12, 4]);
  view.setInt32(layout.message, layout.message - 4, true);
  long(24, bodyBytes);
  view.setUint32(32, layout.batch - 32, true);
  view.setInt16(36, version5, true);
  view.setUint8(38, recordBatch);

  shorts(layout.batchOffsets, codec === undefined ? [10, 20, 4, 12, 16] : [12, 24, 4, 12, 16, 20]);
  view.setInt32(layout.batch, layout.batch - layout.batchOffsets, true);
  long(56, rows);
  view.setUint32(64, layout.nodes - 64, true);
  const buffersAt = layout.nodes + 8 + 16 * nodes.length;
  view.setUint32(68, buffersAt - 68, true);

  if (codec !== undefined) {
    shorts(codecAt, [6, 8, 4]);
    view.setUint32(72, codecAt + 8 - 72, true);
    view.setInt32(codecAt + 8, 8, true);
    view.setInt8(codecAt + 12, codec);
  }

  view.setUint32(layout.nodes, nodes.length, true);
  for (const [at, [count, missing]] of nodes.entries()) {
    long(layout.nodes + 4 + 16 * at, count);
    long(layout.nodes + 12 + 16 * at, missing);
  }
  view.setUint32(buffersAt, buffers.length, true);
  const parts: Uint8Array[] = [head];
  let offset = 0;
  for (const [at, bytes] of buffers.entries()) {
    long(buffersAt + 4 + 16 * at, offset);
    long(buffersAt + 12 + 16 * at, bytes.length);
    offset += padded(bytes.length);
    parts.push(bytes);
    if (bytes.length % 8 !== 0) parts.push(Buffer.alloc(8 - (bytes.length % 8)));
  }
  return parts;
}

/** What a description tells of a batch. */
export interface BatchHead {
  readonly rows: number;
  readonly bodyBytes: number;
  readonly nodes: readonly (readonly [rows: number, missing: number])[];
  readonly buffers: readonly (readonly [offset: number, size: number])[];
  /** Number of the codec by which each buffer is compressed. */
  readonly codec?: number;
}

const piecesMax = 100_000;

/** Reads a description that a client has sent. */
export function decodeBatch(bytes: Uint8Array): BatchHead {
  try {
    return decode(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    if (error instanceof RangeError) throw new BrokenStream("an Arrow message is broken");
    throw error;
  }
}

function decode(view: DataView): BatchHead {
  const message = view.getUint32(0, true);
  const kind = fieldOf(view, message, 1);
  if (kind === undefined || view.getUint8(kind) !== recordBatch) {
    throw new BrokenStream("an Arrow message is no batch of rows");
  }
  const bodyAt = fieldOf(view, message, 3);
  const batch = reference(view, fieldOf(view, message, 2));
  const rowsAt = fieldOf(view, batch, 0);
  const compression = fieldOf(view, batch, 3);
  return {
    rows: rowsAt === undefined ? 0 : long(view, rowsAt),
    bodyBytes: bodyAt === undefined ? 0 : long(view, bodyAt),
    nodes: pairs(view, fieldOf(view, batch, 1)),
    buffers: pairs(view, fieldOf(view, batch, 2)),
    ...(compression !== undefined && { codec: codecOf(view, reference(view, compression)) }),
  };
}

/** LZ4 is the default, and so is one buffer at a time, the only method there is. */
function codecOf(view: DataView, table: number): number {
  const [codec, method] = [fieldOf(view, table, 0), fieldOf(view, table, 1)];
  if (method !== undefined && view.getInt8(method) !== 0) {
    throw new BrokenStream("an Arrow batch is compressed in a way that is not known");
  }
  return codec === undefined ? 0 : view.getInt8(codec);
}

/** Where a field of a table lies; undefined: it has its default. */
function fieldOf(view: DataView, table: number, index: number): number | undefined {
  const offsets = table - view.getInt32(table, true);
  const at = 4 + 2 * index;
  if (at >= view.getUint16(offsets, true)) return undefined;
  const offset = view.getUint16(offsets + at, true);
  return offset === 0 ? undefined : table + offset;
}

function reference(view: DataView, at: number | undefined): number {
  if (at === undefined) throw new BrokenStream("an Arrow message lacks a part");
  return at + view.getUint32(at, true);
}

function pairs(view: DataView, at: number | undefined): readonly (readonly [number, number])[] {
  if (at === undefined) return [];
  const start = reference(view, at);
  const count = view.getUint32(start, true);
  if (count > piecesMax) throw new BrokenStream("an Arrow message has too many pieces");
  return Array.from({ length: count }, (_, index) => {
    const pair = start + 4 + 16 * index;
    return [long(view, pair), long(view, pair + 8)] as const;
  });
}

function long(view: DataView, at: number): number {
  const value = Number(view.getBigInt64(at, true));
  if (value < 0 || value > Number.MAX_SAFE_INTEGER) {
    throw new BrokenStream("an Arrow message has a number out of range");
  }
  return value;
}

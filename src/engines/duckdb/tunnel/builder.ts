import type { SqlType } from "../../../sql/types.ts";
import { childTypes, type Form, type Storage, storageOf, type Vector } from "./vectors.ts";

/** A vector that grows, and forgets its rows when they were handed on. */
export interface Builder {
  readonly storage: Storage;
  readonly children: readonly Builder[];
  count: number;
  /** Bytes in use, where the values are texts. */
  size: number;
  valid: Uint8Array;
  bytes: Uint8Array;
  words: Int32Array;
  offsets: Int32Array;
  /** Rows for which there is room. */
  room: number;
}

const firstRoom = 2_048;

/** An empty vector for values of a type. */
export function newBuilder(type: SqlType, form: Form): Builder {
  const storage = storageOf(type, form);
  const bytes = new Uint8Array(typeof storage === "number" ? storage * firstRoom : 0);
  const spread = storage === "bytes" || storage === "list";
  return {
    storage,
    children: childTypes(type).map((child) => newBuilder(child, form)),
    count: 0,
    size: 0,
    valid: new Uint8Array(firstRoom / 8),
    bytes,
    words: new Int32Array(bytes.buffer),
    offsets: new Int32Array(spread ? firstRoom + 1 : 0),
    room: firstRoom,
  };
}

/**
 * Starts a row that has a value, and answers which it is; the caller writes the value, to where the builder has its
 * memory after this: it may have grown.
 */
export function startRow(builder: Builder): number {
  if (builder.count === builder.room) grow(builder);
  const row = builder.count;
  builder.count = row + 1;
  builder.valid[row >> 3] = (builder.valid[row >> 3] ?? 0) | (1 << (row & 7));
  return row;
}

/** Adds a row without a value. */
export function addNull(builder: Builder): void {
  if (builder.count === builder.room) grow(builder);
  const row = builder.count;
  const { storage, bytes, offsets } = builder;
  builder.count = row + 1;
  builder.valid[row >> 3] = (builder.valid[row >> 3] ?? 0) & ~(1 << (row & 7));
  if (typeof storage === "number") bytes.fill(0, storage * row, storage * (row + 1));
  else if (storage === "struct") for (const child of builder.children) addNull(child);
  else offsets[row + 1] = offsets[row] ?? 0;
}

function grow(builder: Builder): void {
  const room = builder.room * 2;
  const { storage } = builder;
  const valid = new Uint8Array(room / 8);
  valid.set(builder.valid);
  builder.valid = valid;
  if (typeof storage === "number") {
    const bytes = new Uint8Array(storage * room);
    bytes.set(builder.bytes);
    builder.bytes = bytes;
    builder.words = new Int32Array(bytes.buffer);
  }
  if (builder.offsets.length > 0) {
    const offsets = new Int32Array(room + 1);
    offsets.set(builder.offsets);
    builder.offsets = offsets;
  }
  builder.room = room;
}

/** Makes room for more bytes of texts. */
export function reserveBytes(builder: Builder, more: number): void {
  if (builder.size + more <= builder.bytes.length) return;
  const bytes = new Uint8Array(Math.max(2 * builder.bytes.length, builder.size + more, 4_096));
  bytes.set(builder.bytes.subarray(0, builder.size));
  builder.bytes = bytes;
}

/** Forgets the rows from one on, and what came of one that was not read to its end: its values are there before it. */
export function truncate(builder: Builder, count: number): void {
  builder.count = Math.min(builder.count, count);
  if (builder.storage === "bytes") builder.size = builder.offsets[count] ?? 0;
  const left = builder.storage === "list" ? (builder.offsets[count] ?? 0) : count;
  for (const child of builder.children) truncate(child, left);
}

/** A copy of the rows so far. */
export function vectorOf(builder: Builder): Vector {
  const { count, valid, offsets, storage, children } = builder;
  const size = typeof storage === "number" ? storage * count : builder.size;
  return {
    count,
    valid: valid.slice(0, Math.ceil(count / 8)),
    bytes: builder.bytes.slice(0, size),
    offsets: offsets.slice(0, offsets.length > 0 ? count + 1 : 0),
    children: children.map(vectorOf),
  };
}

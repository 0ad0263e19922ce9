import duckdb, { type Vector as DuckVector } from "@duckdb/node-bindings";
import type { SqlType } from "../../../sql/types.ts";
import { isNarrow } from "../duckdb-types.ts";
import { BrokenStream } from "../tunnel/broken-stream.ts";
import {
  childTypes,
  type Form,
  isValid,
  storageOf,
  type Vector,
  wordsOf,
} from "../tunnel/vectors.ts";
import { bufferOf } from "./buffer-of.ts";

const slotBytes = 16;
const inlineMax = 12;
/** Of a long text its slot has this much. */
const prefixBytes = 4;

/** Writes rows into a vector of DuckDB's that has room for them and holds nothing yet. */
export function fillVector(type: SqlType, form: Form, from: Vector, into: DuckVector): void {
  const { count, valid } = from;
  if (count === 0) return;
  const storage = storageOf(type, form);
  switch (storage) {
    case "bytes":
      fillTexts(from, into);
      break;
    case "list":
      fillList(type, form, from, into);
      break;
    case "struct":
      for (const [at, child] of childTypes(type).entries()) {
        const vector = from.children[at];
        if (vector) fillVector(child, form, vector, duckdb.struct_vector_get_child(into, at));
      }
      break;
    default:
      if (isNarrow(type, form)) fillNarrow(from, into);
      else copyInto(into, from.bytes.subarray(0, storage * count));
  }
  if (!valid) return;
  duckdb.vector_ensure_validity_writable(into);
  const bits = valid.subarray(0, Math.ceil(count / 8));
  duckdb.copy_data_to_vector_validity(into, 0, bufferOf(bits), bits.byteOffset, bits.length);
}

/** The binding copies without looking: no more than the vector has room for may be given. */
function copyInto(into: DuckVector, bytes: Uint8Array): void {
  duckdb.copy_data_to_vector(into, 0, bufferOf(bytes), bytes.byteOffset, bytes.length);
}

/** Where a vector is put together before it is copied: the same memory for each. */
let scratch = new Int32Array(0);

function emptyWords(count: number): Int32Array {
  if (scratch.length < count) scratch = new Int32Array(count);
  return scratch.subarray(0, count).fill(0);
}

/**
 * Writes slots as DuckDB has them: a short text stands in its slot, of a long one its beginning and where it lies. All
 * texts of the vector are handed over as one, which DuckDB keeps: asking it to take each costs four times as much.
 */
function fillTexts(from: Vector, into: DuckVector): void {
  const { bytes, offsets, count } = from;
  const words = emptyWords(4 * count);
  const slots = new Uint8Array(words.buffer, 0, words.byteLength);
  let address: { low: number; high: number } | undefined;
  const first = offsets[0] ?? 0;
  for (let row = 0; row < count; row += 1) {
    if (!isValid(from, row)) continue;
    const start = offsets[row] ?? 0;
    const length = (offsets[row + 1] ?? 0) - start;
    const slot = slotBytes * row;
    words[4 * row] = length;
    const inSlot = length > inlineMax ? prefixBytes : length;
    for (let at = 0; at < inSlot; at += 1) slots[slot + 4 + at] = bytes[start + at] ?? 0;
    if (length <= inlineMax) continue;
    address ??= kept(bytes.subarray(first, offsets[count] ?? first), into);
    const low = address.low + (start - first);
    words[4 * row + 2] = low;
    words[4 * row + 3] = address.high + Math.floor(low / 2 ** 32);
  }
  copyInto(into, slots);
}

/** Makes DuckDB keep bytes for as long as it keeps the vector's rows, and tells where. */
function kept(bytes: Uint8Array, into: DuckVector): { low: number; high: number } {
  duckdb.vector_assign_string_element_len(into, 0, bytes);
  const slot = new DataView(bufferOf(duckdb.vector_get_data(into, slotBytes)), 0);
  return { low: slot.getUint32(8, true), high: slot.getUint32(12, true) };
}

/** Writes decimals of 128 bits as those of 64 that DuckDB has for fewer digits. */
function fillNarrow(from: Vector, into: DuckVector): void {
  const { count } = from;
  const wide = wordsOf(from);
  const narrow = emptyWords(2 * count);
  for (let row = 0; row < count; row += 1) {
    if (!isValid(from, row)) continue;
    const high = wide[4 * row + 1] ?? 0;
    narrow[2 * row] = wide[4 * row] ?? 0;
    narrow[2 * row + 1] = high;
    const sign = high >> 31;
    if (wide[4 * row + 2] !== sign || wide[4 * row + 3] !== sign) {
      throw new BrokenStream("a decimal has more digits than its column");
    }
  }
  copyInto(into, new Uint8Array(narrow.buffer, 0, narrow.byteLength));
}

function fillList(type: SqlType, form: Form, from: Vector, into: DuckVector): void {
  const { offsets, count } = from;
  const words = emptyWords(4 * count);
  for (let row = 0; row < count; row += 1) {
    const start = offsets[row] ?? 0;
    words[4 * row] = start;
    words[4 * row + 2] = (offsets[row + 1] ?? 0) - start;
  }
  copyInto(into, new Uint8Array(words.buffer, 0, words.byteLength));
  const elements = from.children[0];
  const [childType] = childTypes(type);
  if (!elements || !childType) return;
  duckdb.list_vector_reserve(into, elements.count);
  duckdb.list_vector_set_size(into, elements.count);
  fillVector(childType, form, elements, duckdb.list_vector_get_child(into));
}

import duckdb, { type Vector as DuckVector } from "@duckdb/node-bindings";
import type { SqlType } from "../../../sql/types.ts";
import { childTypes, type Form, isValid, storageOf, type Vector } from "../tunnel/vectors.ts";
import { bufferOf } from "./buffer-of.ts";

const slotBytes = 16;
const inlineMax = 12;

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
      copyInto(into, from.bytes.subarray(0, storage * count));
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

function fillTexts(from: Vector, into: DuckVector): void {
  const { bytes, offsets, count } = from;
  const slots = new Uint8Array(slotBytes * count);
  const words = new Int32Array(slots.buffer);
  const long: number[] = [];
  for (let row = 0; row < count; row += 1) {
    if (!isValid(from, row)) continue;
    const start = offsets[row] ?? 0;
    const length = (offsets[row + 1] ?? 0) - start;
    if (length > inlineMax) {
      long.push(row);
      continue;
    }
    const slot = slotBytes * row;
    words[4 * row] = length;
    for (let at = 0; at < length; at += 1) slots[slot + 4 + at] = bytes[start + at] ?? 0;
  }
  copyInto(into, slots);
  for (const row of long) {
    const text = bytes.subarray(offsets[row] ?? 0, offsets[row + 1] ?? 0);
    duckdb.vector_assign_string_element_len(into, row, text);
  }
}

function fillList(type: SqlType, form: Form, from: Vector, into: DuckVector): void {
  const { offsets, count } = from;
  const words = new Int32Array(4 * count);
  for (let row = 0; row < count; row += 1) {
    const start = offsets[row] ?? 0;
    words[4 * row] = start;
    words[4 * row + 2] = (offsets[row + 1] ?? 0) - start;
  }
  copyInto(into, new Uint8Array(words.buffer));
  const elements = from.children[0];
  const [childType] = childTypes(type);
  if (!elements || !childType) return;
  duckdb.list_vector_reserve(into, elements.count);
  duckdb.list_vector_set_size(into, elements.count);
  fillVector(childType, form, elements, duckdb.list_vector_get_child(into));
}

import duckdb, { type Vector as DuckVector } from "@duckdb/node-bindings";
import type { SqlType } from "../../../sql/types.ts";
import {
  childTypes,
  type Form,
  isValid,
  noBytes,
  noOffsets,
  storageOf,
  type Vector,
} from "../tunnel/vectors.ts";
import { copyTexts } from "./read-texts.ts";

/** Rows of a vector, from one up to another. */
export interface Range {
  readonly from: number;
  readonly to: number;
}

/** Copies rows of DuckDB's vector out of its memory. What comes out stays right when the vector's chunk is gone. */
export function readVector(
  type: SqlType,
  form: Form,
  vector: DuckVector,
  { from, to }: Range,
): Vector {
  const count = to - from;
  const valid = validityOf(vector, from, to);
  const storage = storageOf(type, form);
  switch (storage) {
    case "bytes":
      return { count, valid, ...readTexts(vector, valid, from, to), children: [] };
    case "list":
      return readList(type, form, vector, valid, { from, to });
    case "struct": {
      const children = childTypes(type).map((child, at) =>
        readVector(child, form, duckdb.struct_vector_get_child(vector, at), { from, to }),
      );
      return { count, valid, bytes: noBytes, offsets: noOffsets, children };
    }
    default: {
      const data = duckdb.vector_get_data(vector, storage * to);
      const bytes = aligned(data.subarray(storage * from));
      return { count, valid, bytes, offsets: noOffsets, children: [] };
    }
  }
}

/** What the binding hands out is a copy, but may start anywhere. */
const aligned = (bytes: Uint8Array): Uint8Array =>
  bytes.byteOffset % 8 === 0 ? bytes : new Uint8Array(bytes);

function validityOf(vector: DuckVector, from: number, to: number): Uint8Array | undefined {
  // DuckDB has none where every row has a value; the binding's type does not say so.
  const bits: Uint8Array | null = duckdb.vector_get_validity(vector, 8 * Math.ceil(to / 64));
  if (!bits) return undefined;
  if (from % 8 === 0) return bits.subarray(from >> 3);
  const shifted = new Uint8Array(Math.ceil((to - from) / 8));
  for (let row = from; row < to; row += 1) {
    if (((bits[row >> 3] ?? 0) >> (row & 7)) & 1) {
      const at = row - from;
      shifted[at >> 3] = (shifted[at >> 3] ?? 0) | (1 << (at & 7));
    }
  }
  return shifted;
}

const slotBytes = 16;

function readTexts(
  vector: DuckVector,
  valid: Uint8Array | undefined,
  from: number,
  to: number,
): Pick<Vector, "bytes" | "offsets"> {
  const slots = aligned(duckdb.vector_get_data(vector, slotBytes * to));
  const words = new Int32Array(slots.buffer, slots.byteOffset, 4 * to);
  const offsets = new Int32Array(to - from + 1);
  let size = 0;
  for (let row = from; row < to; row += 1) {
    const at = row - from;
    // What stands in the slot of a missing value means nothing.
    if (valid === undefined || ((valid[at >> 3] ?? 0) >> (at & 7)) & 1) size += words[4 * row] ?? 0;
    offsets[at + 1] = size;
  }
  return { bytes: copyTexts(slots, from, offsets), offsets };
}

function readList(
  type: SqlType,
  form: Form,
  vector: DuckVector,
  valid: Uint8Array | undefined,
  { from, to }: Range,
): Vector {
  const entries = aligned(duckdb.vector_get_data(vector, slotBytes * to));
  const words = new Int32Array(entries.buffer, entries.byteOffset, 4 * to);
  const offsets = new Int32Array(to - from + 1);
  const child = duckdb.list_vector_get_child(vector);
  const [childType = type] = childTypes(type);
  const pieces: Range[] = [];
  let size = 0;
  for (let row = from; row < to; row += 1) {
    const at = row - from;
    if (valid === undefined || ((valid[at >> 3] ?? 0) >> (at & 7)) & 1) {
      const start = words[4 * row] ?? 0;
      const length = words[4 * row + 2] ?? 0;
      const last = pieces.at(-1);
      if (last?.to === start) pieces[pieces.length - 1] = { from: last.from, to: start + length };
      else if (length > 0) pieces.push({ from: start, to: start + length });
      size += length;
    }
    offsets[at + 1] = size;
  }
  const [first, ...rest] = (pieces.length > 0 ? pieces : [{ from: 0, to: 0 }]).map((piece) =>
    readVector(childType, form, child, piece),
  );
  const children = first ? [rest.length === 0 ? first : joined([first, ...rest])] : [];
  return { count: to - from, valid, bytes: noBytes, offsets, children };
}

/** Puts vectors of one type end to end. */
function joined(parts: readonly Vector[]): Vector {
  const count = parts.reduce((sum, part) => sum + part.count, 0);
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.bytes.length, 0));
  const [first] = parts;
  const offsets = new Int32Array(first && first.offsets.length > 0 ? count + 1 : 0);
  const valid = new Uint8Array(Math.ceil(count / 8));
  let [row, byte, base] = [0, 0, 0];
  for (const part of parts) {
    bytes.set(part.bytes, byte);
    byte += part.bytes.length;
    for (let at = 0; at < part.count; at += 1, row += 1) {
      if (isValid(part, at)) valid[row >> 3] = (valid[row >> 3] ?? 0) | (1 << (row & 7));
      if (offsets.length > 0) offsets[row + 1] = base + (part.offsets[at + 1] ?? 0);
    }
    base += part.offsets[part.count] ?? 0;
  }
  const children = (first?.children ?? []).map((_, at) =>
    joined(parts.flatMap((part) => part.children[at] ?? [])),
  );
  return { count, valid, bytes, offsets, children };
}

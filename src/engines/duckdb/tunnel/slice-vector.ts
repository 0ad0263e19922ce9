import type { SqlType } from "../../../sql/types.ts";
import { childTypes, noBytes, noOffsets, storageOf, type Vector } from "./vectors.ts";

/** Rows of a vector in Arrow's form, from one up to another, as a vector of their own. */
export function sliceVector(type: SqlType, vector: Vector, from: number, to: number): Vector {
  const count = to - from;
  const valid = vector.valid && bitsOf(vector.valid, from, to);
  const storage = storageOf(type, "arrow");
  if (typeof storage === "number") {
    const bytes = vector.bytes.subarray(storage * from, storage * to);
    return { count, valid, bytes, offsets: noOffsets, children: [] };
  }
  const types = childTypes(type);
  if (storage === "struct") {
    const children = vector.children.map((child, at) =>
      sliceVector(types[at] ?? type, child, from, to),
    );
    return { count, valid, bytes: noBytes, offsets: noOffsets, children };
  }
  if (storage === "bytes") {
    const offsets = vector.offsets.subarray(from, to + 1);
    return { count, valid, bytes: vector.bytes, offsets, children: [] };
  }
  const [start = 0, end = 0] = [vector.offsets[from], vector.offsets[to]];
  const offsets = vector.offsets.slice(from, to + 1);
  for (let at = 0; at < offsets.length; at += 1) offsets[at] = (offsets[at] ?? 0) - start;
  const children = vector.children.map((child, at) =>
    sliceVector(types[at] ?? type, child, start, end),
  );
  return { count, valid, bytes: noBytes, offsets, children };
}

/** Bits of rows, from one up to another, moved so that they start with a byte. */
function bitsOf(bits: Uint8Array, from: number, to: number): Uint8Array {
  const length = Math.ceil((to - from) / 8);
  const start = from >> 3;
  const shift = from & 7;
  if (shift === 0) return bits.subarray(start, start + length);
  const moved = new Uint8Array(length);
  for (let at = 0; at < length; at += 1) {
    const [low = 0, high = 0] = [bits[start + at], bits[start + at + 1]];
    moved[at] = (low >> shift) | (high << (8 - shift));
  }
  return moved;
}

import { entryType, isValid, type Vector } from "../../src/engines/duckdb/tunnel/vectors.ts";
import type { SqlType } from "../../src/sql/types.ts";

/** A row of a vector as JavaScript would have it; 64-bit numbers as text. */
export function valueAt(type: SqlType, vector: Vector, row: number): unknown {
  if (!isValid(vector, row)) return null;
  const { bytes, offsets, children } = vector;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [start = 0, end = 0] = [offsets[row], offsets[row + 1]];
  switch (type.kind) {
    case "boolean":
      return view.getInt8(row) === 1;
    case "tinyint":
      return view.getInt8(row);
    case "smallint":
      return view.getInt16(2 * row, true);
    case "int":
    case "date":
      return view.getInt32(4 * row, true);
    case "bigint":
    case "datetime":
    case "timestamp":
    case "timestamp_ntz":
      return String(view.getBigInt64(8 * row, true));
    case "float":
      return view.getFloat32(4 * row, true);
    case "double":
      return view.getFloat64(8 * row, true);
    case "interval_year_month":
      return view.getInt32(16 * row, true);
    case "interval_day_time":
      return `${view.getInt32(16 * row + 4, true)} ${view.getBigInt64(16 * row + 8, true)}`;
    case "binary":
      return Buffer.from(bytes.subarray(start, end)).toString("hex");
    case "array":
      return range(start, end).map((at) => valueAt(type.element, child(children, 0), at));
    case "map":
      return range(start, end).map((at) => valueAt(entryType(type), child(children, 0), at));
    case "struct":
      return type.fields.map((field, at) => valueAt(field.type, child(children, at), row));
    default:
      return Buffer.from(bytes.subarray(start, end)).toString("utf8");
  }
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

function child(children: readonly Vector[], at: number): Vector {
  const found = children[at];
  if (!found) throw new Error("the vector has too few children");
  return found;
}

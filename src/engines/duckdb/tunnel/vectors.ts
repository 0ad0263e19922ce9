import type { SqlType } from "../../../sql/types.ts";

/** Rows of one column as codecs see them: laid out as Arrow does, which DuckDB shares for fixed widths. */
export interface Vector {
  readonly count: number;
  /** A bit for each row, lowest first, set where there is a value. Absent: there is one in every row. */
  readonly valid: Uint8Array | undefined;
  /** Values of fixed width one after the other, or texts end to end. Starts at a multiple of eight. */
  readonly bytes: Uint8Array;
  /** Where each row's text or elements start, and after the last row where they end. */
  readonly offsets: Int32Array;
  /** The elements of a list; the fields of a struct. A map is a list of structs of key and value. */
  readonly children: readonly Vector[];
}

/** How the values of a type lie in a vector: their width, or what they are made of. */
export type Storage = 1 | 2 | 4 | 8 | 16 | "bytes" | "list" | "struct";

/** The two forms that values have outside: decimals are text in one and numbers in the other. */
export type Form = "record" | "arrow";

const storages: Readonly<Record<SqlType["kind"], Storage>> = {
  boolean: 1,
  tinyint: 1,
  smallint: 2,
  int: 4,
  float: 4,
  date: 4,
  bigint: 8,
  double: 8,
  /** Milliseconds since 1970. */
  datetime: 8,
  /** Nanoseconds since 1970. */
  timestamp: 8,
  timestamp_ntz: 8,
  /** Months (int32), days (int32), microseconds (int64). */
  interval_year_month: 16,
  interval_day_time: 16,
  decimal: 16,
  string: "bytes",
  char: "bytes",
  varchar: "bytes",
  binary: "bytes",
  json: "bytes",
  void: "bytes",
  array: "list",
  map: "list",
  struct: "struct",
};

/** How the values of a type lie in a vector. */
export const storageOf = (type: SqlType, form: Form): Storage =>
  type.kind === "decimal" && form === "record" ? "bytes" : storages[type.kind];

/** The types of a vector's children. */
export function childTypes(type: SqlType): readonly SqlType[] {
  switch (type.kind) {
    case "array":
      return [type.element];
    case "map":
      return [entryType(type)];
    case "struct":
      return type.fields.map((field) => field.type);
    default:
      return [];
  }
}

/** What a map is a list of. */
export const entryType = ({ key, value }: SqlType & { kind: "map" }): SqlType => ({
  kind: "struct",
  fields: [
    { name: "key", type: key },
    { name: "value", type: value },
  ],
});

/** Whether a row has a value. */
export const isValid = ({ valid }: Vector, row: number): boolean =>
  valid === undefined || (((valid[row >> 3] ?? 0) >> (row & 7)) & 1) === 1;

/** The bytes of a vector as 32-bit words. */
export const wordsOf = ({ bytes }: Vector): Int32Array =>
  new Int32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 2);

/** No offsets, for a vector whose values have a fixed width. */
export const noOffsets = new Int32Array(0);

/** No bytes, for a vector that has children. */
export const noBytes = new Uint8Array(0);

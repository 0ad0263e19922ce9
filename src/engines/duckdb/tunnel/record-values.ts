import { isUtf8 } from "node:buffer";
import { crc32cByte, crc32cWord } from "../../../lib/crc32c.ts";
import type { SqlType } from "../../../sql/types.ts";
import { BrokenStream } from "./broken-stream.ts";
import { addNull, type Builder, reserveBytes, startRow } from "./builder.ts";
import { byte, type Input, int32, int64, skip, unsigned, varint, word, zigzag } from "./input.ts";
import { momentSecondsMax, putInterval, putNanos } from "./moments.ts";

/** Reads one value and adds it to its column. */
export type ReadValue = () => void;

/** The longest text or binary value that MaxCompute knows. */
export const valueBytesMax = 8 * 1024 * 1024;
/** What the arrays, maps and structs of one record may hold: a missing element costs its sender one byte, and us more. */
export const elementsMax = 1_000_000;

const wordSize = 2 ** 32;

/** How a value of a type is read from the input to the end of a column. */
export function valueReader(type: SqlType, into: Builder, input: Input): ReadValue {
  switch (type.kind) {
    case "tinyint":
      return () => {
        const value = int32(input, -128, 127);
        const row = startRow(into);
        into.bytes[row] = value;
      };
    case "smallint":
      return () => {
        const value = int32(input, -32_768, 32_767);
        const at = 2 * startRow(into);
        into.bytes[at] = value & 0xff;
        into.bytes[at + 1] = value >> 8;
      };
    case "int":
    case "date":
      return () => {
        const value = int32(input, -2_147_483_648, 2_147_483_647);
        const row = startRow(into);
        into.words[row] = value;
      };
    case "bigint":
    case "datetime":
      return () => {
        int64(input);
        const at = 2 * startRow(into);
        into.words[at] = input.low;
        into.words[at + 1] = input.high;
      };
    case "boolean":
      return () => {
        varint(input);
        if (input.high !== 0 || input.low >>> 0 > 1) throw new BrokenStream("a boolean is 0 or 1");
        input.crc = crc32cByte(input.crc, input.low);
        const row = startRow(into);
        into.bytes[row] = input.low;
      };
    case "float":
      return () => {
        const value = word(input);
        const row = startRow(into);
        into.words[row] = value;
      };
    case "double":
      return () => {
        const low = word(input);
        const high = word(input);
        const at = 2 * startRow(into);
        into.words[at] = low;
        into.words[at + 1] = high;
      };
    case "timestamp":
    case "timestamp_ntz":
    case "interval_year_month":
    case "interval_day_time":
      return timeReader(type.kind, into, input);
    case "array":
    case "map":
    case "struct":
      return nestedReader(type, into, input);
    case "void":
      return () => {
        throw new BrokenStream("a column of type void has a value");
      };
    default:
      return textReader(type, into, input);
  }
}

function timeReader(
  kind: "timestamp" | "timestamp_ntz" | "interval_year_month" | "interval_day_time",
  into: Builder,
  input: Input,
): ReadValue {
  if (kind === "interval_year_month") {
    return () => {
      const months = int32(input, -2_147_483_648, 2_147_483_647);
      const at = 4 * startRow(into);
      into.words.fill(0, at, at + 4);
      into.words[at] = months;
    };
  }
  return () => {
    int64(input);
    const seconds = input.high * wordSize + (input.low >>> 0);
    zigzag(input);
    const nanos = input.low;
    if (input.high !== 0 || nanos < 0 || nanos >= 1e9 || Math.abs(seconds) > momentSecondsMax) {
      throw new BrokenStream("a point in time or an interval is out of range");
    }
    input.crc = crc32cWord(input.crc, nanos);
    const row = startRow(into);
    if (kind !== "interval_day_time") return putNanos(seconds, nanos, into.words, 2 * row);
    putInterval(seconds, nanos, into.words, 4 * row);
  };
}

const inlineMax = 24;

function textReader(type: SqlType, into: Builder, input: Input): ReadValue {
  const isText = type.kind !== "binary";
  const lengthMax = type.kind === "char" || type.kind === "varchar" ? type.length : valueBytesMax;
  return () => {
    const length = unsigned(input);
    if (length > valueBytesMax) {
      throw new BrokenStream(`a value has ${length} bytes, more than ${valueBytesMax}`);
    }
    const start = skip(input, length);
    const { bytes } = input;
    reserveBytes(into, length);
    const target = into.bytes;
    const to = into.size;
    let all = 0;
    if (length <= inlineMax) {
      for (let at = 0; at < length; at += 1) {
        const value = bytes[start + at] ?? 0;
        all |= value;
        target[to + at] = value;
      }
    } else {
      target.set(bytes.subarray(start, start + length), to);
      all = 0x80;
    }
    if (isText && all >= 0x80) checkText(bytes.subarray(start, start + length));
    if (length > lengthMax) checkLength(bytes.subarray(start, start + length), lengthMax);
    into.size = to + length;
    const row = startRow(into);
    into.offsets[row + 1] = into.size;
  };
}

/** Refuses what DuckDB could not keep as text. */
export function checkText(bytes: Uint8Array): void {
  if (!isUtf8(bytes)) throw new BrokenStream("a text is no UTF-8");
}

function checkLength(bytes: Uint8Array, lengthMax: number): void {
  let length = 0;
  for (const each of bytes) if ((each & 0xc0) !== 0x80) length += 1;
  if (length <= lengthMax) return;
  throw new BrokenStream(`a text has ${length} characters, more than ${lengthMax}`);
}

type NestedType = SqlType & { kind: "array" | "map" | "struct" };

function nestedReader(type: NestedType, into: Builder, input: Input): ReadValue {
  switch (type.kind) {
    case "array": {
      const [elements] = into.children;
      if (!elements) throw new Error("a list has elements");
      const read = elementReader(type.element, elements, input);
      return () => {
        const count = countOf(input);
        for (let at = 0; at < count; at += 1) read();
        const row = startRow(into);
        into.offsets[row + 1] = elements.count;
      };
    }
    case "map": {
      const [entries] = into.children;
      const [keys, values] = entries?.children ?? [];
      if (!entries || !keys || !values) throw new Error("a map has keys and values");
      const key = valueReader(type.key, keys, input);
      const value = elementReader(type.value, values, input);
      return () => {
        const count = countOf(input);
        for (let at = 0; at < count; at += 1) {
          if (byte(input) !== 0) throw new BrokenStream("a key of a map is missing");
          key();
        }
        if (countOf(input) !== count) throw new BrokenStream("a map has keys without values");
        for (let at = 0; at < count; at += 1) {
          value();
          startRow(entries);
        }
        const row = startRow(into);
        into.offsets[row + 1] = entries.count;
      };
    }
    case "struct": {
      const reads = type.fields.map((field, at) => {
        const child = into.children[at];
        if (!child) throw new Error("a struct has its fields");
        return elementReader(field.type, child, input);
      });
      return () => {
        countElements(input, reads.length);
        for (const read of reads) read();
        startRow(into);
      };
    }
  }
}

function countOf(input: Input): number {
  const count = unsigned(input);
  countElements(input, count);
  return count;
}

function countElements(input: Input, count: number): void {
  input.elements += count;
  if (input.elements <= elementsMax) return;
  throw new BrokenStream(`a record has more than ${elementsMax} values inside of others`);
}

function elementReader(type: SqlType, into: Builder, input: Input): ReadValue {
  const read = valueReader(type, into, input);
  return () => {
    const missing = byte(input);
    if (missing === 0) read();
    else if (missing === 1) addNull(into);
    else throw new BrokenStream("whether an element is missing is 0 or 1");
  };
}

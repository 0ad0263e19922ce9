/**
 * Thrift's compact form, as Parquet's footers have it: read into a tree and written again, without knowing what any of
 * it means (github.com/apache/thrift, doc/specs/thrift-compact-protocol.md). What is read was written by DuckDB.
 */
export type ThriftStruct = ThriftField[];

/** A field of a struct, in the order of its writing. */
export interface ThriftField {
  readonly id: number;
  readonly type: number;
  value: ThriftValue;
}

/** Items of one type. */
export interface ThriftList {
  readonly itemType: number;
  readonly items: ThriftValue[];
}

/** Numbers that a double does not hold exactly are refused: counts and places in a file are none. */
export type ThriftValue = number | boolean | Buffer | ThriftList | ThriftStruct;

const types = {
  true: 1,
  false: 2,
  byte: 3,
  int16: 4,
  int32: 5,
  int64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  struct: 12,
} as const;
const longList = 15;
/** Parquet's own has eight structs and lists inside each other at the most. */
const depthMax = 32;

/** Reads a struct, which must be all there is. */
export function decodeStruct(bytes: Buffer): ThriftStruct {
  let at = 0;
  let depth = 0;

  const byte = (): number => piece(1).readUInt8();

  function varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const next = byte();
      value += (next & 0x7f) * factor;
      if (!Number.isSafeInteger(value)) throw new Error("a number of a footer is too large");
      if (next < 0x80) return value;
    }
  }

  const zigzag = (): number => {
    const value = varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  };

  function piece(length: number): Buffer {
    if (length > bytes.length - at) throw new Error("a footer ends too early");
    at += length;
    return bytes.subarray(at - length, at);
  }

  function value(type: number): ThriftValue {
    switch (type) {
      case types.byte:
        return piece(1).readInt8();
      case types.int16:
      case types.int32:
      case types.int64:
        return zigzag();
      case types.double:
        return piece(8);
      case types.binary:
        return piece(varint());
      case types.list:
      case types.set:
        return inside(list);
      case types.struct:
        return inside(struct);
      default:
        throw new Error(`a footer has a value of type ${type}`);
    }
  }

  function inside<Value>(read: () => Value): Value {
    depth += 1;
    if (depth > depthMax) throw new Error("a footer is nested too deeply");
    const found = read();
    depth -= 1;
    return found;
  }

  function list(): ThriftList {
    const head = byte();
    const itemType = head & 0x0f;
    const short = head >> 4;
    const count = short === longList ? varint() : short;
    const isFlag = itemType === types.true || itemType === types.false;
    const items: ThriftValue[] = [];
    // No count takes memory by itself: each item is a byte at least.
    for (let item = 0; item < count; item += 1) {
      items.push(isFlag ? byte() === types.true : value(itemType));
    }
    return { itemType, items };
  }

  function struct(): ThriftStruct {
    const fields: ThriftStruct = [];
    let id = 0;
    for (;;) {
      const head = byte();
      if (head === 0) return fields;
      const type = head & 0x0f;
      id = head >> 4 === 0 ? zigzag() : id + (head >> 4);
      const isFlag = type === types.true || type === types.false;
      fields.push({ id, type, value: isFlag ? type === types.true : value(type) });
    }
  }

  const found = struct();
  if (at !== bytes.length) throw new Error("something follows a footer");
  return found;
}

/** Writes a struct. An item of a list may be its bytes: they are written as they are. */
export function encodeStruct(root: ThriftStruct): Buffer {
  const parts: Buffer[] = [];
  const byte = (value: number) => void parts.push(Buffer.of(value & 0xff));

  function varint(value: number): void {
    const own: number[] = [];
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) own.push((rest % 128) | 0x80);
    parts.push(Buffer.from([...own, rest]));
  }

  const zigzag = (value: number) => varint(value >= 0 ? 2 * value : -2 * value - 1);

  function write(type: number, value: ThriftValue): void {
    if (typeof value === "number") {
      if (type === types.byte) byte(value);
      else zigzag(value);
    } else if (typeof value === "boolean") byte(value ? types.true : types.false);
    else if (Buffer.isBuffer(value)) {
      if (type === types.binary) varint(value.length);
      parts.push(value);
    } else if (Array.isArray(value)) struct(value);
    else list(value);
  }

  function list({ itemType, items }: ThriftList): void {
    if (items.length < longList) byte((items.length << 4) | itemType);
    else {
      byte((longList << 4) | itemType);
      varint(items.length);
    }
    for (const item of items) write(itemType, item);
  }

  function struct(fields: ThriftStruct): void {
    let last = 0;
    for (const { id, type, value } of fields) {
      const step = id - last;
      if (step > 0 && step <= 15) byte((step << 4) | type);
      else {
        byte(type);
        zigzag(id);
      }
      if (typeof value !== "boolean") write(type, value);
      last = id;
    }
    byte(0);
  }

  struct(root);
  return Buffer.concat(parts);
}

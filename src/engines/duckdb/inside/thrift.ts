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
  const reader = new Reader(bytes);
  const found = reader.struct();
  reader.end();
  return found;
}

/** Writes a struct. An item of a list may be its bytes: they are written as they are. */
export function encodeStruct(root: ThriftStruct): Buffer {
  const writer = new Writer();
  writer.struct(root);
  return writer.written();
}

/*
 * Classes, not functions inside of a function: V8 would compile those anew for each footer, and a stream has one for
 * each of its parts.
 */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;
  #depth = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw new Error("something follows a footer");
  }

  struct(): ThriftStruct {
    const fields: ThriftStruct = [];
    let id = 0;
    for (;;) {
      const head = this.#byte();
      if (head === 0) return fields;
      const type = head & 0x0f;
      id = head >> 4 === 0 ? this.#zigzag() : id + (head >> 4);
      const isFlag = type === types.true || type === types.false;
      fields.push({ id, type, value: isFlag ? type === types.true : this.#value(type) });
    }
  }

  #list(): ThriftList {
    const head = this.#byte();
    const itemType = head & 0x0f;
    const short = head >> 4;
    const count = short === longList ? this.#varint() : short;
    const isFlag = itemType === types.true || itemType === types.false;
    const items: ThriftValue[] = [];
    // No count takes memory by itself: each item is a byte at least.
    for (let item = 0; item < count; item += 1) {
      items.push(isFlag ? this.#byte() === types.true : this.#value(itemType));
    }
    return { itemType, items };
  }

  #value(type: number): ThriftValue {
    switch (type) {
      case types.byte:
        return (this.#byte() << 24) >> 24;
      case types.int16:
      case types.int32:
      case types.int64:
        return this.#zigzag();
      case types.double:
        return this.#piece(8);
      case types.binary:
        return this.#piece(this.#varint());
      case types.list:
      case types.set:
      case types.struct:
        return this.#inside(type);
      default:
        throw new Error(`a footer has a value of type ${type}`);
    }
  }

  #inside(type: number): ThriftList | ThriftStruct {
    this.#depth += 1;
    if (this.#depth > depthMax) throw new Error("a footer is nested too deeply");
    const found = type === types.struct ? this.struct() : this.#list();
    this.#depth -= 1;
    return found;
  }

  #byte(): number {
    const found = this.#bytes[this.#at];
    if (found === undefined) throw new Error("a footer ends too early");
    this.#at += 1;
    return found;
  }

  #piece(length: number): Buffer {
    if (length > this.#bytes.length - this.#at) throw new Error("a footer ends too early");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  #varint(): number {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const next = this.#byte();
      value += (next & 0x7f) * factor;
      if (!Number.isSafeInteger(value)) throw new Error("a number of a footer is too large");
      if (next < 0x80) return value;
    }
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

class Writer {
  #out = Buffer.allocUnsafe(8_192);
  #at = 0;

  written(): Buffer {
    return Buffer.from(this.#out.subarray(0, this.#at));
  }

  struct(fields: ThriftStruct): void {
    let last = 0;
    for (const { id, type, value } of fields) {
      const step = id - last;
      if (step > 0 && step <= 15) this.#byte((step << 4) | type);
      else {
        this.#byte(type);
        this.#zigzag(id);
      }
      if (typeof value !== "boolean") this.#value(type, value);
      last = id;
    }
    this.#byte(0);
  }

  #list({ itemType, items }: ThriftList): void {
    if (items.length < longList) this.#byte((items.length << 4) | itemType);
    else {
      this.#byte((longList << 4) | itemType);
      this.#varint(items.length);
    }
    for (const item of items) this.#value(itemType, item);
  }

  #value(type: number, value: ThriftValue): void {
    if (typeof value === "number") {
      if (type === types.byte) this.#byte(value);
      else this.#zigzag(value);
    } else if (typeof value === "boolean") this.#byte(value ? types.true : types.false);
    else if (Buffer.isBuffer(value)) {
      if (type === types.binary) this.#varint(value.length);
      this.#reserve(value.length);
      this.#at += value.copy(this.#out, this.#at);
    } else if (Array.isArray(value)) this.struct(value);
    else this.#list(value);
  }

  #byte(value: number): void {
    this.#reserve(1);
    this.#out[this.#at] = value;
    this.#at += 1;
  }

  #varint(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#byte((rest % 128) | 0x80);
    this.#byte(rest);
  }

  #zigzag(value: number): void {
    this.#varint(value >= 0 ? 2 * value : -2 * value - 1);
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#out.length) return;
    const longer = Buffer.allocUnsafe(2 * this.#out.length + more);
    this.#out.copy(longer, 0, 0, this.#at);
    this.#out = longer;
  }
}

import { isUtf8 } from "node:buffer";

/** A value as CBOR carries it. Maps have no prototype; tags of instants are dropped. */
export type CborValue =
  | number
  | string
  | boolean
  | null
  | Buffer
  | readonly CborValue[]
  | { readonly [key: string]: CborValue };

/** What makes bytes unreadable as CBOR (RFC 8949). */
export class MalformedCbor extends Error {
  override readonly name = "MalformedCbor";
}

const depthMax = 64;

/** One byte can become an object of fifty. */
const valuesMax = 200_000;

/** Instants, and the mark of CBOR itself. Any other tag changes what its value means, and is refused. */
const knownTags = new Set([1, 55_799]);

/** Ends an array or map of indefinite length. */
const stop = Symbol("stop");

/** Reads exactly one value. Nothing is allocated on the word of a length that the bytes do not have. */
export function parseCbor(bytes: Buffer): CborValue {
  let at = 0;
  let values = 0;

  function need(count: number): number {
    if (count > bytes.length - at) throw new MalformedCbor("the value ends early");
    const from = at;
    at += count;
    return from;
  }

  function argument(info: number): number {
    if (info < 24) return info;
    if (info === 24) return bytes.readUInt8(need(1));
    if (info === 25) return bytes.readUInt16BE(need(2));
    if (info === 26) return bytes.readUInt32BE(need(4));
    if (info !== 27) throw new MalformedCbor("there is a length that CBOR does not have");
    return Number(bytes.readBigUInt64BE(need(8)));
  }

  function text(length: number): string {
    const part = bytes.subarray(need(length), at);
    if (!isUtf8(part)) throw new MalformedCbor("a text is not UTF-8");
    return part.toString("utf8");
  }

  /** The pieces of a string of indefinite length. */
  function pieces<Piece>(major: number, read: (length: number) => Piece): Piece[] {
    const parts: Piece[] = [];
    for (;;) {
      const initial = bytes.readUInt8(need(1));
      if (initial === 0xff) return parts;
      if (initial >> 5 !== major) throw new MalformedCbor("a string has a piece of another kind");
      parts.push(read(argument(initial & 31)));
    }
  }

  const blob = (length: number) => Buffer.from(bytes.subarray(need(length), at));

  function list(length: number, depth: number): CborValue[] {
    const items: CborValue[] = [];
    while (items.length < length) {
      const item = value(depth + 1);
      if (item === stop && length === Number.POSITIVE_INFINITY) break;
      items.push(plain(item));
    }
    return items;
  }

  function map(length: number, depth: number): { [key: string]: CborValue } {
    const entries: { [key: string]: CborValue } = Object.create(null);
    for (let read = 0; read < length; read += 1) {
      const key = value(depth + 1);
      if (key === stop && length === Number.POSITIVE_INFINITY) break;
      if (typeof key !== "string") throw new MalformedCbor("a key is not text");
      if (key in entries) throw new MalformedCbor("a key is there twice");
      entries[key] = plain(value(depth + 1));
    }
    return entries;
  }

  function simple(info: number): CborValue | typeof stop {
    if (info === 20 || info === 21) return info === 21;
    if (info === 22 || info === 23) return null;
    if (info === 25) return half(bytes.readUInt16BE(need(2)));
    if (info === 26) return bytes.readFloatBE(need(4));
    if (info === 27) return bytes.readDoubleBE(need(8));
    if (info === 31) return stop;
    throw new MalformedCbor("there is a simple value that means nothing here");
  }

  function value(depth: number): CborValue | typeof stop {
    if (depth > depthMax) throw new MalformedCbor("values nest too deep");
    values += 1;
    if (values > valuesMax) throw new MalformedCbor("there are too many values");
    const initial = bytes.readUInt8(need(1));
    const major = initial >> 5;
    const info = initial & 31;
    const open = info === 31;
    if (major === 7) return simple(info);
    if (open && (major < 2 || major === 6)) throw new MalformedCbor("a number has no end");
    const length = open ? Number.POSITIVE_INFINITY : argument(info);
    switch (major) {
      case 0:
        return length;
      case 1:
        return -1 - length;
      case 2:
        return open ? Buffer.concat(pieces(2, blob)) : blob(length);
      case 3:
        return open ? pieces(3, text).join("") : text(length);
      case 4:
        return list(length, depth);
      case 5:
        return map(length, depth);
      default:
        if (!knownTags.has(length))
          throw new MalformedCbor("there is a tag that means nothing here");
        return value(depth + 1);
    }
  }

  const read = plain(value(0));
  if (at !== bytes.length) throw new MalformedCbor("there are bytes after the value");
  return read;
}

function plain(value: CborValue | typeof stop): CborValue {
  if (value === stop) throw new MalformedCbor("there is an end of nothing");
  return value;
}

/** A number of 16 bits: sign, five bits of exponent, ten of fraction. */
function half(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const sign = bits & 0x8000 ? -1 : 1;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

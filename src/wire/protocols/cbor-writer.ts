import { assert } from "../../lib/assert.ts";
import type { Shape, StructureShape } from "../model.ts";

/** How instants are written: AWS's CBOR counts milliseconds, RPC v2 seconds under a tag. */
export type CborDialect = "aws" | "rpc";

type Write = (value: unknown, to: Bytes) => void;

const compiled: Readonly<Record<CborDialect, WeakMap<Shape, Write>>> = {
  aws: new WeakMap(),
  rpc: new WeakMap(),
};

/** A structure as CBOR. Maps and lists have indefinite length, as the services write them. */
export function writeCbor(shape: StructureShape, output: unknown, dialect: CborDialect): Buffer {
  const bytes = new Bytes();
  writerOf(shape, dialect)(output ?? {}, bytes);
  return bytes.done();
}

/** A map of texts as CBOR: the form of an error. */
export function writeCborTexts(members: Readonly<Record<string, unknown>>): Buffer {
  const bytes = new Bytes();
  bytes.byte(0xbf);
  for (const [name, value] of Object.entries(members)) {
    bytes.text(name);
    bytes.text(typeof value === "string" ? value : JSON.stringify(value));
  }
  bytes.byte(0xff);
  return bytes.done();
}

/** Bytes that grow. */
class Bytes {
  private buffer = Buffer.allocUnsafe(512);
  private length = 0;

  done(): Buffer {
    return this.buffer.subarray(0, this.length);
  }

  byte(value: number): void {
    this.room(1);
    this.buffer[this.length] = value;
    this.length += 1;
  }

  head(major: number, value: number): void {
    this.room(9);
    const first = major << 5;
    if (value < 24) this.length = this.buffer.writeUInt8(first | value, this.length);
    else if (value < 0x100) {
      this.length = this.buffer.writeUInt16BE(((first | 24) << 8) | value, this.length);
    } else if (value < 0x10000) {
      this.length = this.buffer.writeUInt8(first | 25, this.length);
      this.length = this.buffer.writeUInt16BE(value, this.length);
    } else if (value < 0x1_0000_0000) {
      this.length = this.buffer.writeUInt8(first | 26, this.length);
      this.length = this.buffer.writeUInt32BE(value, this.length);
    } else {
      this.length = this.buffer.writeUInt8(first | 27, this.length);
      this.length = this.buffer.writeBigUInt64BE(BigInt(value), this.length);
    }
  }

  integer(value: number): void {
    if (value < 0) this.head(1, -1 - value);
    else this.head(0, value);
  }

  double(value: number): void {
    this.byte(0xfb);
    this.room(8);
    this.length = this.buffer.writeDoubleBE(value, this.length);
  }

  text(value: string): void {
    const size = Buffer.byteLength(value);
    this.head(3, size);
    this.room(size);
    this.length += this.buffer.write(value, this.length, "utf8");
  }

  blob(value: Uint8Array): void {
    this.head(2, value.byteLength);
    this.raw(value);
  }

  raw(value: Uint8Array): void {
    this.room(value.byteLength);
    this.buffer.set(value, this.length);
    this.length += value.byteLength;
  }

  private room(count: number): void {
    const wanted = this.length + count;
    if (wanted <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(wanted, this.buffer.length * 2));
    larger.set(this.done());
    this.buffer = larger;
  }
}

/** A text as CBOR, once for every time that it is written. */
function textBytes(text: string): Buffer {
  const bytes = new Bytes();
  bytes.text(text);
  return bytes.done();
}

function writerOf(shape: Shape, dialect: CborDialect): Write {
  const known = compiled[dialect].get(shape);
  if (known) return known;
  const write = compile(shape, dialect);
  compiled[dialect].set(shape, write);
  return write;
}

function compile(shape: Shape, dialect: CborDialect): Write {
  const why = mismatch(shape);
  switch (shape.kind) {
    case "structure":
      return compileStructure(shape, dialect);
    case "list":
      return (value, to) => {
        assert(Array.isArray(value), why);
        const write = writerOf(shape.member.shape, dialect);
        to.byte(0x9f);
        for (const item of value as readonly unknown[]) write(item, to);
        to.byte(0xff);
      };
    case "map":
      return (value, to) => {
        assert(typeof value === "object" && value !== null, why);
        const write = writerOf(shape.value.shape, dialect);
        to.byte(0xbf);
        for (const [key, item] of Object.entries(value)) {
          if (item === undefined || item === null) continue;
          to.text(key);
          write(item, to);
        }
        to.byte(0xff);
      };
    case "string":
      return (value, to) => {
        assert(typeof value === "string", why);
        to.text(value);
      };
    case "blob":
      return (value, to) => {
        assert(value instanceof Uint8Array, why);
        to.blob(value);
      };
    case "boolean":
      return (value, to) => to.byte(value === true ? 0xf5 : 0xf4);
    case "timestamp":
      return (value, to) => {
        assert(value instanceof Date, why);
        if (dialect === "aws") return to.integer(value.getTime());
        to.byte(0xc1);
        return to.double(value.getTime() / 1000);
      };
    default:
      return compileNumber(why, shape.kind === "integer" || shape.kind === "long");
  }
}

function compileNumber(why: string, whole: boolean): Write {
  return (value, to) => {
    assert(typeof value === "number", why);
    if (whole) to.integer(value);
    else to.double(value);
  };
}

function compileStructure(shape: StructureShape, dialect: CborDialect): Write {
  const why = mismatch(shape);
  let fields:
    | readonly { readonly name: string; readonly label: Buffer; readonly write: Write }[]
    | undefined;
  return (value, to) => {
    assert(typeof value === "object" && value !== null, why);
    const members = value as Readonly<Record<string, unknown>>;
    fields ??= shape.members.map(({ name, shape: of }) => {
      return { name, label: textBytes(name), write: writerOf(of, dialect) };
    });
    to.byte(0xbf);
    for (const { name, label, write } of fields) {
      const member = members[name];
      if (member === undefined || member === null) continue;
      to.raw(label);
      write(member, to);
    }
    to.byte(0xff);
  };
}

/** Why an assertion fails: a handler gave what the model does not say. Made once, not for every value. */
const mismatch = ({ name }: Shape) => `the output holds a ${name} of another type than the model's`;

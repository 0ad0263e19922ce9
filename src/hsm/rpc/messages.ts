import type { Mechanism } from "../cryptoki.ts";
import {
  type AttributeRoom,
  readAttributes,
  readRooms,
  type WireAttribute,
  writeAttributes,
  writeRooms,
} from "./attributes.ts";
import { Malformed, type Reader, type Writer } from "./bytes.ts";
import { type Call, type CallName, callNamed, calls, type Part } from "./calls.ts";
import { readMechanism, writeMechanism } from "./mechanisms.ts";

/** What the parts of a signature are in here. */
export interface WireTypes {
  u: number;
  y: number;
  /** A number in place of bytes is their length: of what does not fit, or was not asked for. */
  ay: Uint8Array | number;
  fy: number;
  au: readonly number[] | number;
  fu: number;
  aA: readonly WireAttribute[];
  fA: readonly AttributeRoom[];
  /** Undefined asks to cancel what is under way. */
  M: Mechanism | undefined;
  s: Uint8Array;
  z: Uint8Array | undefined;
  v: readonly [major: number, minor: number];
  /** Written as none; never read. */
  P: undefined;
}

type Of<Name extends string> = Name extends keyof WireTypes ? WireTypes[Name] : never;

/** The values of a signature: `[number, Mechanism]` of `uM`. */
export type Values<Signature extends string> =
  Signature extends `${infer Prefix extends "a" | "f"}${infer Letter}${infer Rest}`
    ? [Of<`${Prefix}${Letter}`>, ...Values<Rest>]
    : Signature extends `${infer Letter}${infer Rest}`
      ? [Of<Letter>, ...Values<Rest>]
      : [];

/** Text in a field of a fixed size, as PKCS#11 has it: UTF-8, cut between characters, padded with spaces. */
export function padded(text: string, size: number): Buffer {
  const field = Buffer.alloc(size, " ");
  new TextEncoder().encodeInto(text, field);
  return field;
}

/** The text of such a field. */
export const unpadded = (field: Uint8Array): string =>
  Buffer.from(field)
    .toString("utf8")
    .replace(/[ \0]+$/, "");

interface Codec<Value> {
  read(reader: Reader, version: number): Value;
  write(writer: Writer, value: Value, version: number): void;
}

const number: Codec<number> = {
  read: (reader) => reader.ulong(),
  write: (writer, value) => writer.ulong(value),
};
const room: Codec<number> = {
  read: (reader) => reader.uint32(),
  write: (writer, value) => writer.uint32(value),
};

const codecs: { readonly [P in Part]: Codec<WireTypes[P]> } = {
  u: number,
  y: {
    read: (reader) => reader.byte(),
    write: (writer, value) => writer.byte(value),
  },
  ay: {
    read: (reader) => (reader.byte() === 0 ? reader.uint32() : (reader.bytes() ?? Buffer.alloc(0))),
    write(writer, value) {
      const data = typeof value === "number" ? undefined : value;
      writer.byte(data ? 1 : 0);
      if (data) writer.bytes(data);
      else writer.uint32(Number(value));
    },
  },
  fy: room,
  au: {
    read(reader) {
      if (reader.byte() === 0) return reader.uint32();
      return Array.from({ length: reader.count(8) }, () => reader.ulong());
    },
    write(writer, value) {
      const list = typeof value === "number" ? undefined : value;
      writer.byte(list ? 1 : 0);
      writer.uint32(list ? list.length : Number(value));
      for (const one of list ?? []) writer.ulong(one);
    },
  },
  fu: room,
  aA: { read: readAttributes, write: writeAttributes },
  fA: { read: readRooms, write: writeRooms },
  M: { read: readMechanism, write: writeMechanism },
  s: {
    read(reader) {
      const field = reader.bytes();
      if (!field) throw new Malformed("a text is missing");
      return field;
    },
    write: (writer, value) => writer.bytes(value),
  },
  z: {
    read: (reader) => reader.bytes(),
    write: (writer, value) => writer.bytes(value),
  },
  v: {
    read: (reader) => [reader.byte(), reader.byte()],
    write(writer, [major, minor]) {
      writer.byte(major);
      writer.byte(minor);
    },
  },
  P: {
    read() {
      throw new Malformed("changed parameters are not read");
    },
    write: (writer) => writer.byte(0),
  },
};

/** Reads the number and the signature of a message. Undefined: no such call. */
export function readHead(reader: Reader, side: "request" | "response"): Call | undefined {
  const call = calls[reader.uint32()];
  const signature = reader.bytes();
  if (!call || (side === "request" && call.id === 0)) return undefined;
  const wanted = side === "request" ? call.requestText : call.responseText;
  if (!signature?.equals(wanted)) throw new Malformed(`${call.name} with another signature`);
  return call;
}

/** Reads values to the end of the message. */
export function readValues(parts: readonly Part[], reader: Reader, version: number): unknown[] {
  const values = parts.map((part) => codecs[part].read(reader, version));
  if (reader.left > 0) throw new Malformed("a message is longer than its signature");
  return values;
}

/** Writes number, signature and values of a message. */
export function writeMessage(
  writer: Writer,
  name: CallName,
  side: "request" | "response",
  values: readonly unknown[],
  version: number,
): void {
  const call = callNamed(name);
  writer.uint32(call.id);
  writer.bytes(side === "request" ? call.requestText : call.responseText);
  call[side].forEach((part, place) => {
    // Which value belongs to which part is what `Values` checks for callers.
    (codecs[part] as Codec<unknown>).write(writer, values[place], version);
  });
}

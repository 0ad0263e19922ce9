import { assert } from "../lib/assert.ts";
import { Corruption, type Key, type Range } from "./store.ts";

/*
 * A key as one string of bytes (char codes 0 to 255) whose order is the order of keys.
 * A number is 0x10 and its 8 bytes, made comparable. A text is 0x20, its UTF-8 bytes with 0x00 written as
 * 0x00 0xff, and the end 0x00 0x01. So a key is a prefix of exactly the keys that continue it.
 */
const numberTag = "\x10";
const textTag = "\x20";
const textEnd = "\x00\x01";
/** Above every part. */
const aboveParts = "\xff";

/** Longest key in its ordered form. */
export const keyBytesMax = 8192;

const plainText = /^[ -~]*$/;
const scratch = Buffer.alloc(8);

/** The ordered form of a key. */
export function orderKey(key: Key): string {
  let ordered = "";
  for (const part of key) {
    ordered += typeof part === "number" ? orderNumber(part) : textTag + orderText(part) + textEnd;
  }
  assert(ordered.length > 0, "a key has at least one part");
  assert(ordered.length <= keyBytesMax, "a key is not longer than 8 KiB");
  return ordered;
}

function orderText(text: string): string {
  if (plainText.test(text)) return text;
  const bytes = Buffer.from(text);
  // Two texts with lone surrogates would become one key.
  assert(bytes.toString() === text, "a key's text is well-formed Unicode");
  return bytes.toString("latin1").replaceAll("\x00", "\x00\xff");
}

function orderNumber(number: number): string {
  assert(!Number.isNaN(number), "a key's number is a number");
  scratch.writeDoubleBE(number === 0 ? 0 : number);
  const first = scratch.readUInt8(0);
  if (first & 0x80) {
    for (let at = 0; at < 8; at += 1) scratch.writeUInt8(scratch.readUInt8(at) ^ 0xff, at);
  } else {
    scratch.writeUInt8(first ^ 0x80, 0);
  }
  return numberTag + scratch.toString("latin1");
}

/** The key of an ordered form. */
export function readKey(ordered: string): Key {
  const key: (string | number)[] = [];
  let at = 0;
  while (at < ordered.length) {
    if (ordered[at] === numberTag) {
      key.push(readNumber(ordered.slice(at + 1, at + 9)));
      at += 9;
    } else {
      const end = ordered.indexOf(textEnd, at + 1);
      if (end < 0) throw new Corruption("a key does not end");
      key.push(readText(ordered.slice(at + 1, end)));
      at = end + textEnd.length;
    }
  }
  return key;
}

function readText(text: string): string {
  if (plainText.test(text)) return text;
  return Buffer.from(text.replaceAll("\x00\xff", "\x00"), "latin1").toString();
}

function readNumber(bytes: string): number {
  scratch.write(bytes, "latin1");
  const first = scratch.readUInt8(0);
  if (first & 0x80) {
    scratch.writeUInt8(first ^ 0x80, 0);
  } else {
    for (let at = 0; at < 8; at += 1) scratch.writeUInt8(scratch.readUInt8(at) ^ 0xff, at);
  }
  return scratch.readDoubleBE(0);
}

/** Ordered keys from `first`, inclusive, up to `end`, exclusive. */
export interface Span {
  readonly first: string;
  readonly end: string;
}

/** The span that a range asks for. */
export function spanOf({ prefix, from, after, before }: Range): Span {
  let first = "";
  let end = aboveParts;
  if (prefix && prefix.length > 0) {
    first = orderKey(prefix);
    end = first + aboveParts;
  }
  if (from) first = later(first, orderKey(from));
  // The least string above the key itself and below those that continue it.
  if (after) first = later(first, `${orderKey(after)}\x00`);
  if (before) {
    const limit = orderKey(before);
    if (limit < end) end = limit;
  }
  return { first, end };
}

const later = (left: string, right: string): string => (left > right ? left : right);

import { crc32c, crc32cWord } from "../../../lib/crc32c.ts";
import { BrokenStream } from "./broken-stream.ts";

/** Bytes on their way in, and the checksum of the values among them. */
export interface Input {
  bytes: Uint8Array;
  at: number;
  crc: number;
  /** Values inside of others, in this record. */
  elements: number;
  /** The two halves of the number that was read last. */
  low: number;
  high: number;
}

/** The bytes so far end inside of a record: not an error, but a reason to wait for more. */
export const endOfInput = new BrokenStream("the stream ends inside of a record");

/** An input without bytes. */
export const newInput = (): Input => ({
  bytes: new Uint8Array(0),
  at: 0,
  crc: -1,
  elements: 0,
  low: 0,
  high: 0,
});

/** Reads the next byte. */
export function byte(input: Input): number {
  const value = input.bytes[input.at];
  if (value === undefined) throw endOfInput;
  input.at += 1;
  return value;
}

/** Reads a varint of up to 64 bits into the two halves: negative 32-bit numbers have ten bytes. */
export function varint(input: Input): void {
  let low = 0;
  let high = 0;
  for (let shift = 0; shift < 70; shift += 7) {
    const next = byte(input);
    const bits = next & 0x7f;
    if (shift < 32) low |= bits << shift;
    if (shift >= 32) high |= bits << (shift - 32);
    else if (shift > 25) high |= bits >>> (32 - shift);
    if (next < 0x80) {
      input.low = low;
      input.high = high;
      return;
    }
  }
  throw new BrokenStream("a number has more than ten bytes");
}

/** Reads an unsigned number of 32 bits. */
export function unsigned(input: Input): number {
  const first = input.bytes[input.at] ?? 0x80;
  if (first < 0x80) {
    input.at += 1;
    return first;
  }
  varint(input);
  if (input.high !== 0) throw new BrokenStream("a number is larger than 32 bits");
  return input.low >>> 0;
}

/** Reads a zigzag varint into the two halves. */
export function zigzag(input: Input): void {
  varint(input);
  const sign = -(input.low & 1);
  const low = ((input.low >>> 1) | (input.high << 31)) ^ sign;
  input.high = (input.high >>> 1) ^ sign;
  input.low = low;
}

/** Reads a 64-bit number and takes the checksum over its eight bytes. */
export function int64(input: Input): void {
  zigzag(input);
  input.crc = crc32cWord(crc32cWord(input.crc, input.low), input.high);
}

/** Reads a number of at most 32 bits that the stream has as one of 64. */
export function int32(input: Input, min: number, max: number): number {
  int64(input);
  const { low, high } = input;
  if (high !== low >> 31 || low < min || low > max) {
    throw new BrokenStream(`a number is not from ${min} to ${max}`);
  }
  return low;
}

/** Reads a 32-bit word, lowest byte first. */
export function word(input: Input): number {
  const { bytes, at } = input;
  if (at + 4 > bytes.length) throw endOfInput;
  const value =
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24);
  input.at = at + 4;
  input.crc = crc32cWord(input.crc, value);
  return value;
}

/** Steps over bytes and takes the checksum over them; answers where they start. */
export function skip(input: Input, count: number): number {
  const start = input.at;
  const end = start + count;
  if (end > input.bytes.length) throw endOfInput;
  input.crc = crc32c(input.crc, input.bytes, start, end);
  input.at = end;
  return start;
}

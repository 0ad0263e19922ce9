import { crc32c, crc32cWord } from "../../../lib/crc32c.ts";

/** Bytes on their way out, and the checksum of the values among them. */
export interface Output {
  bytes: Buffer;
  at: number;
  crc: number;
}

/** An empty output. */
export const newOutput = (): Output => ({ bytes: Buffer.allocUnsafe(1 << 17), at: 0, crc: -1 });

/** Makes room for a number of bytes. */
export function reserve(out: Output, count: number): void {
  if (out.at + count <= out.bytes.length) return;
  const grown = Buffer.allocUnsafe(Math.max(out.bytes.length * 2, out.at + count));
  out.bytes.copy(grown, 0, 0, out.at);
  out.bytes = grown;
}

/** Hands over what was written, and starts anew. */
export function taken(out: Output): Buffer {
  const bytes = Buffer.from(out.bytes.subarray(0, out.at));
  out.at = 0;
  return bytes;
}

/** Writes an unsigned number as a varint. Room for it was made. */
export function varint(out: Output, value: number): void {
  let rest = value >>> 0;
  while (rest > 0x7f) {
    out.bytes[out.at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out.bytes[out.at++] = rest;
}

/** Writes a 64-bit number, in two halves, as a zigzag varint. Room for it was made. */
export function zigzag(out: Output, low: number, high: number): void {
  const sign = high >> 31;
  let l = ((low << 1) ^ sign) >>> 0;
  let h = (((high << 1) | (low >>> 31)) ^ sign) >>> 0;
  while (h > 0) {
    out.bytes[out.at++] = (l & 0x7f) | 0x80;
    l = ((l >>> 7) | (h << 25)) >>> 0;
    h >>>= 7;
  }
  varint(out, l);
}

/** Writes a 64-bit number and takes the checksum over its eight bytes. */
export function int64(out: Output, low: number, high: number): void {
  zigzag(out, low, high);
  out.crc = crc32cWord(crc32cWord(out.crc, low), high);
}

/** Writes a 32-bit word, lowest byte first. */
export function word(out: Output, value: number): void {
  const { bytes } = out;
  bytes[out.at++] = value & 0xff;
  bytes[out.at++] = (value >>> 8) & 0xff;
  bytes[out.at++] = (value >>> 16) & 0xff;
  bytes[out.at++] = value >>> 24;
  out.crc = crc32cWord(out.crc, value);
}

const shortMax = 24;

/** Writes bytes as they are and takes the checksum over them. */
export function raw(out: Output, from: Uint8Array, start: number, end: number): void {
  reserve(out, end - start + 16);
  const { bytes } = out;
  if (end - start <= shortMax) {
    let at = out.at;
    for (let index = start; index < end; index += 1) bytes[at++] = from[index] ?? 0;
  } else {
    bytes.set(from.subarray(start, end), out.at);
  }
  out.crc = crc32c(out.crc, from, start, end);
  out.at += end - start;
}

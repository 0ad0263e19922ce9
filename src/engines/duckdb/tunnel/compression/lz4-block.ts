import { BrokenStream } from "../broken-stream.ts";

const broken = () => new BrokenStream("an LZ4 block is damaged");

/** A length goes on for as long as its bytes are full. */
function lengthAt(
  from: Uint8Array,
  at: number,
  start: number,
): readonly [length: number, at: number] {
  let length = start;
  for (let next = at; next < from.length; next += 1) {
    const byte = from[next] ?? 0;
    length += byte;
    if (byte !== 255) return [length, next + 1];
  }
  throw broken();
}

/**
 * Opens one block into `into` from `start`; what stands before it may be repeated. Answers where it ends, which is
 * never beyond `into`.
 */
export function openLz4Block(from: Uint8Array, into: Uint8Array, start: number): number {
  let at = 0;
  let to = start;
  while (at < from.length) {
    const token = from[at] ?? 0;
    at += 1;
    let literals = token >> 4;
    if (literals === 15) [literals, at] = lengthAt(from, at, 15);
    if (at + literals > from.length || to + literals > into.length) throw broken();
    into.set(from.subarray(at, at + literals), to);
    at += literals;
    to += literals;
    if (at === from.length) return to;
    const back = (from[at] ?? 0) | ((from[at + 1] ?? 0) << 8);
    at += 2;
    let length = token & 15;
    if (length === 15) [length, at] = lengthAt(from, at, 15);
    length += 4;
    if (back === 0 || back > to || at > from.length || to + length > into.length) throw broken();
    repeat(into, to, back, length);
    to += length;
  }
  throw broken();
}

/** Repeats what stands `back` before; what is repeated may begin to repeat itself. */
export function repeat(into: Uint8Array, to: number, back: number, length: number): void {
  if (back >= length) {
    into.copyWithin(to, to - back, to - back + length);
  } else if (back === 1) {
    into.fill(into[to - 1] ?? 0, to, to + length);
  } else {
    for (let at = to; at < to + length; at += 1) into[at] = into[at - back] ?? 0;
  }
}

import { crc32c } from "../../../../lib/crc32c.ts";
import type { Blocks } from "./encoder.ts";
import { blockBytes, findMatches } from "./matches.ts";
import { chunks, greeting, masked } from "./snappy-frames.ts";

const head = Buffer.concat([
  Buffer.from([chunks.start, greeting.length, 0, 0]),
  Buffer.from(greeting),
]);
const tail = Buffer.alloc(0);
/** Kind and length of a chunk, and its checksum. */
const headBytes = 8;
const room = blockBytes + (blockBytes >> 5) + 64;
const copyBytesMax = 64;

/** Writes Snappy's framed stream. */
export function snappyBlocks(): Blocks {
  const out = Buffer.allocUnsafe(headBytes + room);
  return {
    head,
    tail,
    block(bytes) {
      const size = packed(bytes, out.subarray(headBytes));
      const less = size < bytes.length;
      if (!less) out.set(bytes, headBytes);
      const end = headBytes + (less ? size : bytes.length);
      out[0] = less ? chunks.compressed : chunks.stored;
      out.writeUIntLE(end - 4, 1, 3);
      out.writeUInt32LE(masked(~crc32c(-1, bytes)), 4);
      return out.subarray(0, end);
    },
  };
}

/** Writes one block: its length, and what it is made of; answers how long it became. */
function packed(bytes: Uint8Array, out: Buffer): number {
  let to = 0;
  for (let rest = bytes.length; ; rest >>>= 7) {
    out[to++] = rest > 0x7f ? (rest & 0x7f) | 0x80 : rest;
    if (rest <= 0x7f) break;
  }
  const literals = (from: number, end: number): void => {
    const count = end - from;
    if (count === 0) return;
    const less = count - 1;
    if (less < 60) {
      out[to++] = less << 2;
    } else {
      out[to++] = (less < 256 ? 60 : 61) << 2;
      out[to++] = less & 255;
      if (less >= 256) out[to++] = less >> 8;
    }
    out.set(bytes.subarray(from, end), to);
    to += count;
  };
  const rest = findMatches(bytes, (from, end, back, length) => {
    literals(from, end);
    for (let left = length; left > 0; ) {
      const count = Math.min(left, copyBytesMax);
      out[to++] = ((count - 1) << 2) | 2;
      out[to++] = back & 255;
      out[to++] = back >> 8;
      left -= count;
    }
  });
  literals(rest, bytes.length);
  return to;
}

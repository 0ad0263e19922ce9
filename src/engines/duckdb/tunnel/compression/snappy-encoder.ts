import { crc32c } from "../../../../lib/crc32c.ts";
import { type Blocks, newBlocks } from "./encoder.ts";
import { blockBytes, findMatches } from "./matches.ts";
import { chunks, greeting, masked } from "./snappy-frames.ts";

const head = Buffer.concat([
  Buffer.from([chunks.start, greeting.length, 0, 0]),
  Buffer.from(greeting),
]);
const tail = Buffer.alloc(0);
/** Kind and length of a chunk, and its checksum. */
const markBytes = 8;
const room = blockBytes + (blockBytes >> 5) + 64;
const copyBytesMax = 64;

/** Writes Snappy's framed stream. */
export const snappyBlocks = (): Blocks =>
  newBlocks({
    ...{ head, tail, markBytes, roomBytes: room, pack: packed },
    mark(out, length, isPacked, bytes) {
      out[0] = isPacked ? chunks.compressed : chunks.stored;
      out.writeUIntLE(markBytes - 4 + length, 1, 3);
      out.writeUInt32LE(masked(~crc32c(-1, bytes)), 4);
    },
  });

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

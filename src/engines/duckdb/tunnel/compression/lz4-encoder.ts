import { type Blocks, newBlocks } from "./encoder.ts";
import { blockBytes, findMatches } from "./matches.ts";

/** Of version 1, blocks of 64 KiB that stand for themselves, without checksums; and the checksum of just that. */
const head = Buffer.from("04224d18604082", "hex");
const tail = Buffer.alloc(4);
const stored = 0x80000000;

/** What a block could take that grows: a byte of length for each 255, and a little more. */
const room = blockBytes + (blockBytes >> 7) + 64;

/** Writes frames of LZ4. */
export const lz4Blocks = (): Blocks =>
  newBlocks({
    ...{ head, tail, markBytes: 4, roomBytes: room, pack: packed },
    mark: (out, length, isPacked) => out.writeUInt32LE(isPacked ? length : (stored | length) >>> 0),
  });

/** Writes one block; answers how long it became. */
function packed(bytes: Uint8Array, out: Buffer): number {
  let to = 0;
  const more = (length: number): void => {
    let rest = length - 15;
    for (; rest >= 255; rest -= 255) out[to++] = 255;
    out[to++] = rest;
  };
  const literals = (from: number, end: number, repeat: number): void => {
    const count = end - from;
    out[to++] = (Math.min(count, 15) << 4) | Math.min(repeat, 15);
    if (count >= 15) more(count);
    out.set(bytes.subarray(from, end), to);
    to += count;
  };
  const rest = findMatches(bytes, (from, end, back, length) => {
    literals(from, end, length - 4);
    out[to++] = back & 255;
    out[to++] = back >> 8;
    if (length - 4 >= 15) more(length - 4);
  });
  literals(rest, bytes.length, 0);
  return to;
}

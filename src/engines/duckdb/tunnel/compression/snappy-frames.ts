import { crc32c } from "../../../../lib/crc32c.ts";
import { BrokenStream } from "../broken-stream.ts";
import { type Decoder, newWaiting } from "./decoder.ts";
import { repeat } from "./lz4-block.ts";

const chunkBytesMax = 65_536;
/** Kinds of chunks. */
export const chunks = { compressed: 0, stored: 1, start: 0xff, skippableFrom: 0x80 } as const;
/** What stands in the first chunk. */
export const greeting = "sNaPpY";

const broken = (why: string) => new BrokenStream(`the Snappy stream is damaged: ${why}`);

/** Opens Snappy's framed stream. */
export function createSnappyDecoder(): Decoder {
  const waiting = newWaiting();
  let head: { readonly kind: number; readonly size: number } | undefined;
  let greeted = false;

  function chunk(kind: number, bytes: Buffer): Uint8Array | undefined {
    if (kind === chunks.start) {
      if (bytes.toString("latin1") !== greeting) throw broken("it does not begin as one");
      greeted = true;
      return undefined;
    }
    if (!greeted) throw broken("it does not begin as one");
    if (kind >= chunks.skippableFrom) return undefined;
    if (kind > chunks.stored) throw broken(`a chunk is of kind ${kind}`);
    if (bytes.length < 4) throw broken("a chunk lacks its checksum");
    const body = bytes.subarray(4);
    const out = kind === chunks.stored ? Buffer.from(body) : openSnappy(body, chunkBytesMax);
    if (out.length > chunkBytesMax) throw broken("a chunk is too long");
    if (masked(~crc32c(-1, out)) !== bytes.readUInt32LE()) {
      throw broken("a chunk does not fit its checksum");
    }
    return out;
  }

  return {
    *push(bytes) {
      waiting.add(bytes);
      for (;;) {
        if (!head) {
          const taken = waiting.take(4);
          if (!taken) return;
          head = { kind: taken[0] ?? 0, size: taken.readUIntLE(1, 3) };
        }
        const body = waiting.take(head.size);
        if (!body) return;
        const out = chunk(head.kind, body);
        head = undefined;
        if (out && out.length > 0) yield out;
      }
    },
    end() {
      if (!greeted || head || !waiting.empty) throw broken("it ends inside of a chunk");
      return [];
    },
  };
}

/** Checksums are turned about, so that one of bytes that hold checksums is none of them. */
export const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;

/** Opens one block of Snappy, of at most so many bytes. */
function openSnappy(from: Buffer, bytesMax: number): Buffer {
  let at = 0;
  let size = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = from[at];
    if (byte === undefined || shift > 28) throw broken("a block has no length");
    at += 1;
    size += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  if (size > bytesMax) throw broken("a block is too long");
  const into = Buffer.alloc(size);
  let to = 0;
  while (at < from.length) {
    const tag = from[at] ?? 0;
    at += 1;
    const { length, back, more } = element(tag, from, at);
    at += more;
    if (at > from.length || to + length > size || back > to) throw broken("a block");
    if (back > 0) {
      repeat(into, to, back, length);
    } else {
      if ((tag & 3) !== 0 || at + length > from.length) throw broken("a block");
      from.copy(into, to, at, at + length);
      at += length;
    }
    to += length;
  }
  if (to !== size) throw broken("a block is shorter than it tells");
  return into;
}

/** What a tag says: bytes that follow as they are, or how far back they stand already. */
function element(tag: number, from: Buffer, at: number) {
  const number = (bytes: number) => (at + bytes <= from.length ? from.readUIntLE(at, bytes) : 0);
  const high = tag >> 2;
  switch (tag & 3) {
    case 0: {
      const more = Math.max(0, high - 59);
      return { length: (more > 0 ? number(more) : high) + 1, back: 0, more };
    }
    case 1:
      return { length: (high & 7) + 4, back: ((tag >> 5) << 8) | number(1), more: 1 };
    case 2:
      return { length: high + 1, back: number(2), more: 2 };
    default:
      return { length: high + 1, back: number(4), more: 4 };
  }
}

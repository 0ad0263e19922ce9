import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { crc32, createInflate } from "node:zlib";
import { invalid } from "../invalid.ts";

/**
 * The framing of files on their way, of the clients' making: the length of a chunk (four bytes, the high one first),
 * then chunks of that length, each followed by the CRC-32 of everything before it but the checksums. The last chunk
 * may be shorter. A file without bytes has the length alone.
 */
const wordBytes = 4;
/** What clients accept. */
const chunkBytesMax = 256 * 1024 * 1024;
const sentChunkBytes = 512 * 1024;

const damaged = () =>
  invalid("the stream is damaged: a checksum does not fit, or its end is missing");

function word(value: number): Buffer {
  const bytes = Buffer.alloc(wordBytes);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** Takes a file out of its frames, as they come. Throws what is damaged or cut. */
export async function* unframed(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  let chunkBytes = 0;
  let left = 0;
  let crc = 0;
  for await (const part of body) {
    rest = rest.length === 0 ? part : Buffer.concat([rest, part]);
    if (chunkBytes === 0) {
      if (rest.length < wordBytes) continue;
      chunkBytes = rest.readUInt32BE(0);
      if (chunkBytes === 0 || chunkBytes > chunkBytesMax) throw damaged();
      crc = crc32(rest.subarray(0, wordBytes));
      left = chunkBytes;
      rest = rest.subarray(wordBytes);
    }
    // The last four bytes may be the last checksum.
    while (rest.length > wordBytes || (left === 0 && rest.length === wordBytes)) {
      if (left === 0) {
        if (rest.readUInt32BE(0) !== crc) throw damaged();
        left = chunkBytes;
        rest = rest.subarray(wordBytes);
        continue;
      }
      const data = rest.subarray(0, Math.min(left, rest.length - wordBytes));
      crc = crc32(data, crc);
      left -= data.length;
      rest = rest.subarray(data.length);
      yield data;
    }
  }
  if (chunkBytes === 0) throw damaged();
  if (rest.length === 0 && left === chunkBytes) return;
  if (rest.length !== wordBytes || rest.readUInt32BE(0) !== crc) throw damaged();
}

/** Puts a file into frames. */
export async function* framed(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const head = word(sentChunkBytes);
  let crc = crc32(head);
  let left = sentChunkBytes;
  yield head;
  for await (const part of body) {
    for (let at = 0; at < part.length; ) {
      const data = part.subarray(at, at + left);
      crc = crc32(data, crc);
      at += data.length;
      left -= data.length;
      yield data;
      if (left > 0) continue;
      yield word(crc);
      left = sentChunkBytes;
    }
  }
  if (left < sentChunkBytes) yield word(crc);
}

/** Opens a body that was sent as `deflate`. Throws what is no such stream. */
export async function* inflated(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const inflate = createInflate();
  const fed = pipeline(Readable.from(body), inflate);
  fed.catch(() => {});
  try {
    for await (const part of inflate) yield part as Buffer;
    await fed;
  } catch (error) {
    const code = error instanceof Error ? String(Reflect.get(error, "code")) : "";
    throw code.startsWith("Z_") ? damaged() : error;
  }
}

import { crc32c, crc32cJoiner } from "../../../lib/crc32c.ts";
import { BrokenStream } from "./broken-stream.ts";

/**
 * The frame around Arrow's bytes: the size of a chunk, then chunks with a checksum each. The last one is shorter than
 * the others, maybe empty, and its checksum is that of all bytes together.
 */
const chunkBytes = 65_536;
const chunkBytesMax = 1024 * 1024;
const joinUsual = crc32cJoiner(chunkBytes);

/** Puts bytes into frames, and hands those on that are whole, several at a time. */
export interface FrameWriter {
  write(bytes: Uint8Array): Iterable<Buffer>;
  end(): Buffer;
}

const wordBytes = 4;
const framesAtOnce = 4;
const handedBytes = framesAtOnce * (chunkBytes + wordBytes);

/** Starts a framed stream. */
export function createFrameWriter(): FrameWriter {
  // Before the first frame comes the size of its chunk.
  let out = Buffer.allocUnsafe(handedBytes + wordBytes);
  let at = out.writeUInt32BE(chunkBytes);
  let filled = 0;
  let all = 0;
  return {
    *write(bytes) {
      for (let from = 0; from < bytes.length; ) {
        const count = Math.min(bytes.length - from, chunkBytes - filled);
        out.set(bytes.subarray(from, from + count), at);
        from += count;
        at += count;
        filled += count;
        if (filled < chunkBytes) return;
        const crc = ~crc32c(-1, out, at - chunkBytes, at);
        at = out.writeInt32BE(crc, at);
        all = joinUsual(all, crc);
        filled = 0;
        if (at < handedBytes) continue;
        yield out.subarray(0, at);
        out = Buffer.allocUnsafe(handedBytes + wordBytes);
        at = 0;
      }
    },
    end() {
      const crc = ~crc32c(-1, out, at - filled, at);
      at = out.writeInt32BE(crc32cJoiner(filled)(all, crc), at);
      return out.subarray(0, at);
    },
  };
}

/** Takes bytes out of frames and checks them. What it hands over is right until the next is asked for. */
export interface FrameReader {
  push(bytes: Uint8Array): Iterable<Uint8Array>;
  end(): Iterable<Uint8Array>;
}

/** Starts to read a framed stream. */
export function createFrameReader(): FrameReader {
  let size = 0;
  /** The size of a chunk, and then a chunk with its checksum. */
  let frame: Buffer = Buffer.alloc(4);
  let filled = 0;
  let all = 0;
  let join = joinUsual;

  function begin(): void {
    size = frame.readUInt32BE();
    if (size < 1 || size > chunkBytesMax) {
      throw new BrokenStream(`a chunk of ${size} bytes is not from 1 to ${chunkBytesMax}`);
    }
    if (size !== chunkBytes) join = crc32cJoiner(size);
    frame = Buffer.allocUnsafe(size + 4);
  }

  function checked(): Uint8Array {
    const chunk = frame.subarray(0, size);
    const crc = ~crc32c(-1, chunk);
    if (frame.readInt32BE(size) !== crc) throw new BrokenStream("a chunk is damaged");
    all = join(all, crc);
    return chunk;
  }

  return {
    *push(bytes) {
      for (let at = 0; at < bytes.length; ) {
        const end = Math.min(bytes.length, at + frame.length - filled);
        frame.set(bytes.subarray(at, end), filled);
        filled += end - at;
        at = end;
        if (filled < frame.length) return;
        filled = 0;
        if (size === 0) begin();
        else yield checked();
      }
    },
    *end() {
      if (size === 0 || filled < 4) {
        throw new BrokenStream("the stream ends before its last chunk");
      }
      const chunk = frame.subarray(0, filled - 4);
      const whole = crc32cJoiner(chunk.length)(all, ~crc32c(-1, chunk));
      if (frame.readInt32BE(chunk.length) !== whole) {
        throw new BrokenStream("the chunks do not fit their checksum, or some are missing");
      }
      if (chunk.length > 0) yield chunk;
    },
  };
}

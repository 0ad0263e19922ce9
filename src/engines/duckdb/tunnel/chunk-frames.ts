import { crc32c, crc32cJoiner } from "../../../lib/crc32c.ts";
import { BrokenStream } from "./broken-stream.ts";

/**
 * The frame around Arrow's bytes: the size of a chunk, then chunks with a checksum each. The last one is shorter than
 * the others, maybe empty, and its checksum is that of all bytes together.
 */
const chunkBytes = 65_536;
const chunkBytesMax = 1024 * 1024;
const joinUsual = crc32cJoiner(chunkBytes);

/** Puts bytes into frames. */
export interface FrameWriter {
  write(bytes: Uint8Array): Iterable<Buffer>;
  end(): Buffer;
}

/** Starts a framed stream. */
export function createFrameWriter(): FrameWriter {
  let filled = 0;
  let crc = -1;
  let all = 0;
  let started = false;
  const word = (value: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(value | 0);
    return bytes;
  };
  const head = (): Buffer[] => {
    if (started) return [];
    started = true;
    return [word(chunkBytes)];
  };
  return {
    *write(bytes) {
      const parts = head();
      for (let at = 0; at < bytes.length; ) {
        const end = Math.min(bytes.length, at + chunkBytes - filled);
        crc = crc32c(crc, bytes, at, end);
        parts.push(Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at));
        filled += end - at;
        at = end;
        if (filled < chunkBytes) continue;
        parts.push(word(~crc));
        all = joinUsual(all, ~crc);
        [filled, crc] = [0, -1];
      }
      if (parts.length > 0) yield Buffer.concat(parts);
    },
    end() {
      const join = crc32cJoiner(filled);
      return Buffer.concat([...head(), word(join(all, ~crc))]);
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

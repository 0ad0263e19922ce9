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
export const createFrameReader = (): FrameReader => new Frames();

/** A class, not functions inside of a function: V8 would compile those anew for each stream. */
class Frames implements FrameReader {
  #size = 0;
  /** The size of a chunk, and then a chunk with its checksum. */
  #frame: Buffer = Buffer.alloc(4);
  #filled = 0;
  #all = 0;
  #join = joinUsual;

  *push(bytes: Uint8Array): Iterable<Uint8Array> {
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + this.#frame.length - this.#filled);
      this.#frame.set(bytes.subarray(at, end), this.#filled);
      this.#filled += end - at;
      at = end;
      if (this.#filled < this.#frame.length) return;
      this.#filled = 0;
      if (this.#size === 0) this.#begin();
      else yield this.#checked();
    }
  }

  *end(): Iterable<Uint8Array> {
    if (this.#size === 0 || this.#filled < 4) {
      throw new BrokenStream("the stream ends before its last chunk");
    }
    const chunk = this.#frame.subarray(0, this.#filled - 4);
    const whole = crc32cJoiner(chunk.length)(this.#all, ~crc32c(-1, chunk));
    if (this.#frame.readInt32BE(chunk.length) !== whole) {
      throw new BrokenStream("the chunks do not fit their checksum, or some are missing");
    }
    if (chunk.length > 0) yield chunk;
  }

  #begin(): void {
    this.#size = this.#frame.readUInt32BE();
    if (this.#size < 1 || this.#size > chunkBytesMax) {
      throw new BrokenStream(`a chunk of ${this.#size} bytes is not from 1 to ${chunkBytesMax}`);
    }
    if (this.#size !== chunkBytes) this.#join = crc32cJoiner(this.#size);
    this.#frame = Buffer.allocUnsafe(this.#size + 4);
  }

  #checked(): Uint8Array {
    const chunk = this.#frame.subarray(0, this.#size);
    const crc = ~crc32c(-1, chunk);
    if (this.#frame.readInt32BE(this.#size) !== crc) throw new BrokenStream("a chunk is damaged");
    this.#all = this.#join(this.#all, crc);
    return chunk;
  }
}

import { blockBytes } from "./matches.ts";

/** Compresses a stream, a block at a time: no more of it is held. */
export interface Encoder {
  push(bytes: Uint8Array): Iterable<Buffer>;
  end(): Iterable<Buffer>;
}

/** How a format writes a stream: what stands before, each block, and what stands after. */
export interface Blocks {
  readonly head: Buffer;
  /** Writes a block of at most 64 KiB; what it answers is right until the next one. */
  block(bytes: Uint8Array): Uint8Array;
  readonly tail: Buffer;
}

/** A format whose blocks have a mark before them, and are stored as they are where they would grow. */
export interface BlockFormat {
  readonly head: Buffer;
  readonly tail: Buffer;
  /** Bytes of what stands before each block. */
  readonly markBytes: number;
  /** What a block could take that grows. */
  readonly roomBytes: number;
  /** Compresses a block and answers how long it became; undefined: it cannot be. */
  pack(bytes: Uint8Array, out: Buffer): number | undefined;
  /** Writes what stands before a block that became so long. */
  mark(out: Buffer, length: number, isPacked: boolean, bytes: Uint8Array): void;
}

/** Makes the blocks of such a format. */
export function newBlocks(format: BlockFormat): Blocks {
  const { head, tail, markBytes, roomBytes } = format;
  const out = Buffer.allocUnsafe(markBytes + roomBytes);
  return {
    head,
    tail,
    block(bytes) {
      const size = format.pack(bytes, out.subarray(markBytes));
      const isPacked = size !== undefined && size < bytes.length;
      if (!isPacked) out.set(bytes, markBytes);
      const length = isPacked ? size : bytes.length;
      format.mark(out, length, isPacked, bytes);
      return out.subarray(0, markBytes + length);
    },
  };
}

/** Cuts a stream into blocks of one size; the last may be shorter. */
export function createEncoder({ head, block, tail }: Blocks): Encoder {
  let waiting = Buffer.allocUnsafe(blockBytes);
  let filled = 0;
  let started = false;

  const written = (bytes: Uint8Array): Buffer => {
    const parts = started ? [block(bytes)] : [head, block(bytes)];
    started = true;
    return Buffer.concat(parts);
  };

  return {
    *push(bytes) {
      for (let at = 0; at < bytes.length; ) {
        const end = Math.min(bytes.length, at + blockBytes - filled);
        waiting.set(bytes.subarray(at, end), filled);
        filled += end - at;
        at = end;
        if (filled < blockBytes) return;
        filled = 0;
        yield written(waiting);
      }
    },
    *end() {
      if (filled > 0) yield written(waiting.subarray(0, filled));
      waiting = Buffer.alloc(0);
      yield started ? tail : Buffer.concat([head, tail]);
    },
  };
}

/** Compresses what is there as a whole. */
export function encodeAll(bytes: Uint8Array, { head, block, tail }: Blocks): Buffer {
  const parts: Uint8Array[] = [head];
  for (let at = 0; at < bytes.length; at += blockBytes) {
    parts.push(Buffer.from(block(bytes.subarray(at, at + blockBytes))));
  }
  return Buffer.concat([...parts, tail]);
}

import { decompress } from "fzstd";
import type { Compression } from "../../questions.ts";
import { BrokenStream } from "../broken-stream.ts";
import type { Decoder } from "./decoder.ts";
import { type Blocks, createEncoder, type Encoder, encodeAll } from "./encoder.ts";
import { lz4Blocks } from "./lz4-encoder.ts";
import { createLz4Decoder } from "./lz4-frame.ts";
import { snappyBlocks } from "./snappy-encoder.ts";
import { createSnappyDecoder } from "./snappy-frames.ts";
import { zstdBlocks } from "./zstd-encoder.ts";
import { createZstdDecoder } from "./zstd-frames.ts";

/** How a stream is opened, by the name that its client has for its compression; deflate is Node's own. */
const decoders: Readonly<Record<Exclude<Compression, "deflate">, () => Decoder>> = {
  "x-lz4-frame": createLz4Decoder,
  "x-odps-lz4-frame": createLz4Decoder,
  "x-snappy-framed": createSnappyDecoder,
  zstd: createZstdDecoder,
};

/** Opens a stream that is compressed by other means than deflate. */
export async function* opened(
  body: AsyncIterable<Buffer>,
  compression: Exclude<Compression, "deflate">,
): AsyncGenerator<Uint8Array> {
  const decoder = decoders[compression]();
  for await (const part of body) yield* decoder.push(part);
  yield* decoder.end();
}

/** How a stream is compressed, by the same names. */
const blocks: Readonly<Record<Exclude<Compression, "deflate">, () => Blocks>> = {
  "x-lz4-frame": lz4Blocks,
  "x-odps-lz4-frame": lz4Blocks,
  "x-snappy-framed": snappyBlocks,
  zstd: zstdBlocks,
};

/** Starts to compress a stream by other means than deflate. */
export const compressor = (compression: Exclude<Compression, "deflate">): Encoder =>
  createEncoder(blocks[compression]());

/** Codecs of Arrow's buffers, by their number there. */
const bufferCodecs: readonly ((bytes: Uint8Array, into: Uint8Array) => void)[] = [
  openLz4Buffer,
  openZstdBuffer,
];

/** How buffers of batches are compressed, as their codec is called, and its number. */
export const bufferCompressions = { lz4: 0, zstd: 1 } as const;

/** The name of a compression of buffers. */
export type BufferCompression = keyof typeof bufferCompressions;

const bufferBlocks = { lz4: lz4Blocks, zstd: zstdBlocks } as const;

/** Starts to compress buffers of batches: each by itself, behind its length; one that would grow as it is. */
export function bufferCompressor(
  compression: BufferCompression,
): (bytes: Uint8Array) => Uint8Array {
  const made = bufferBlocks[compression]();
  return (bytes) => {
    if (bytes.length === 0) return bytes;
    const packed = encodeAll(bytes, made);
    const less = packed.length < bytes.length;
    const length = Buffer.alloc(8);
    length.writeBigInt64LE(less ? BigInt(bytes.length) : -1n);
    return Buffer.concat([length, less ? packed : bytes]);
  };
}

/**
 * Opens one buffer of a batch: its length in eight bytes, and itself, or -1 and itself as it is. `spend` refuses a
 * length that is beyond what a batch may have.
 */
export function openBuffer(
  bytes: Uint8Array,
  codec: number,
  spend: (count: number) => void,
): Uint8Array {
  if (bytes.length === 0) return bytes;
  if (bytes.length < 8) throw new BrokenStream("a compressed Arrow buffer has no length");
  const view = new DataView(bytes.buffer, bytes.byteOffset, 8);
  const size = Number(view.getBigInt64(0, true));
  const body = bytes.subarray(8);
  if (size === -1) return body;
  const open = bufferCodecs[codec];
  if (!open || size < 0) throw new BrokenStream("a compressed Arrow buffer is not understood");
  spend(size);
  const into = new Uint8Array(size);
  open(body, into);
  return into;
}

function openLz4Buffer(bytes: Uint8Array, into: Uint8Array): void {
  const decoder = createLz4Decoder();
  let at = 0;
  for (const part of decoder.push(bytes)) {
    if (at + part.length > into.length) break;
    into.set(part, at);
    at += part.length;
  }
  if (at !== into.length)
    throw new BrokenStream("an Arrow buffer has another length than it tells");
  decoder.end();
}

function openZstdBuffer(bytes: Uint8Array, into: Uint8Array): void {
  try {
    decompress(bytes, into);
  } catch {
    throw new BrokenStream("a compressed Arrow buffer is damaged");
  }
}

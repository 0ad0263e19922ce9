import { closeSync, openSync, readSync } from "node:fs";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { assert } from "../lib/assert.ts";
import { asStorageError, isCode, readAll, readInto, writeAll } from "./disk.ts";
import { openWith, sealerIdBytesMax } from "./envelope.ts";
import { Corruption, type Sealer } from "./store.ts";

/*
 * A body in a file: a header of 512 bytes, then sealed chunks of 64 KiB, the last one shorter.
 *
 * header   0 magic · 4 bytes that sealing adds to a chunk · 6 bytes of the sealer's name · 7 the name
 * Each chunk is bound to its blob, its number and whether it is the last, so none can be moved, swapped or cut off.
 */
const magic = 0x314c4c42;
const headerBytes = 512;
const chunkBytes = 64 * 1024;
/** Chunks that are written, or read, in one call. */
const chunksAtOnce = 16;

const boundTo = (blob: string, number: number, isLast: boolean): Buffer =>
  Buffer.from(`${blob}\x00${number}\x00${isLast ? "last" : "more"}`);

/** Writes a body as a file and syncs it; answers its size. Leaves no file when the source or the disk fails. */
export async function writeBlobFile(
  path: string,
  blob: string,
  source: AsyncIterable<Uint8Array>,
  sealer: Sealer,
): Promise<number> {
  let file: FileHandle | undefined;
  try {
    file = await asStorage(open(path, "wx", 0o600));
    return await writeChunks(file, blob, source, sealer);
  } catch (error) {
    await file?.close();
    file = undefined;
    await unlink(path).catch(() => {});
    throw error;
  } finally {
    await file?.close();
  }
}

async function writeChunks(
  file: FileHandle,
  blob: string,
  source: AsyncIterable<Uint8Array>,
  sealer: Sealer,
): Promise<number> {
  let waiting: Buffer[] = [headerOf(sealer, blob)];
  let position = 0;
  let number = 0;
  let size = 0;

  async function flush(): Promise<void> {
    position = await asStorage(writeAll(file, waiting, position));
    waiting = [];
  }

  let last: Uint8Array | undefined;
  for await (const chunk of chunked(source)) {
    if (last) {
      waiting.push(...sealer.sealPieces(last, boundTo(blob, number, false)));
      number += 1;
    }
    last = chunk;
    size += chunk.length;
    if (number % chunksAtOnce === 0 && waiting.length > 1) await flush();
  }
  waiting.push(...sealer.sealPieces(last ?? Buffer.alloc(0), boundTo(blob, number, true)));
  await flush();
  await asStorage(file.datasync());
  return size;
}

async function asStorage<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    throw asStorageError(error);
  }
}

function headerOf(sealer: Sealer, blob: string): Buffer {
  const header = Buffer.alloc(headerBytes);
  const idBytes = Buffer.byteLength(sealer.id);
  assert(idBytes <= sealerIdBytesMax, "the name of a data key fits");
  header.writeUInt32LE(magic, 0);
  header.writeUInt16LE(sealer.seal(Buffer.alloc(0), Buffer.from(blob)).length, 4);
  header.writeUInt8(idBytes, 6);
  header.write(sealer.id, 7);
  return header;
}

/**
 * The same bytes in pieces of 64 KiB, without copying what comes in large pieces. A piece is good until the next but
 * one is asked for: two buffers by turns, for every new one brings the next garbage collection nearer.
 */
async function* chunked(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let gathered: Buffer = Buffer.alloc(0);
  let spare: Buffer | undefined;
  let filled = 0;
  for await (const piece of source) {
    let rest = piece;
    while (rest.length > 0) {
      if (filled === 0 && rest.length >= chunkBytes) {
        yield rest.subarray(0, chunkBytes);
        rest = rest.subarray(chunkBytes);
        continue;
      }
      if (filled === 0) {
        const used = gathered;
        gathered = spare ?? Buffer.allocUnsafe(chunkBytes);
        spare = used.length === chunkBytes ? used : undefined;
      }
      const taken = rest.subarray(0, chunkBytes - filled);
      gathered.set(taken, filled);
      filled += taken.length;
      rest = rest.subarray(taken.length);
      if (filled < chunkBytes) continue;
      yield gathered;
      filled = 0;
    }
  }
  if (filled > 0) yield gathered.subarray(0, filled);
}

/** A blob's file, and who can open it. */
export interface BlobFile {
  readonly path: string;
  readonly blob: string;
  readonly size: number;
  readonly find: (sealerId: string) => Sealer | undefined;
}

/** Where some chunks lie in their file. */
interface Layout {
  readonly sealer: Sealer | undefined;
  readonly sealerId: string;
  readonly addedBytes: number;
}

/** Buffers that sealed bytes are read into, to be used again: each new one brings the next garbage collection nearer. */
const spares: Buffer[] = [];
const sparesMax = 8;

/** Reads bytes of a file piece by piece, a MiB at a time from disk. */
export async function* readBlobFile(
  blob: BlobFile,
  start: number,
  end: number,
): AsyncGenerator<Buffer> {
  const file = await open(blob.path, "r").catch((error: unknown) => {
    throw missing(blob, error);
  });
  let space = spares.pop();
  try {
    const layout = layoutOf(blob, await readAll(file, headerBytes, 0));
    const sealedBytes = chunkBytes + layout.addedBytes;
    if (!space || space.length < chunksAtOnce * sealedBytes) {
      space = Buffer.allocUnsafe(chunksAtOnce * sealedBytes);
    }
    let number = Math.floor(start / chunkBytes);
    while (number * chunkBytes < end) {
      const count = Math.min(chunksAtOnce, Math.ceil(end / chunkBytes) - number);
      const wanted = space.subarray(0, count * sealedBytes);
      const sealed = await readInto(file, wanted, headerBytes + number * sealedBytes);
      for (let index = 0; index < count; index += 1) {
        yield openChunk(blob, layout, number, sealed.subarray(index * sealedBytes), start, end);
        number += 1;
      }
    }
  } finally {
    if (space && spares.length < sparesMax) spares.push(space);
    await file.close();
  }
}

/** Reads bytes that lie within a chunk or two, at once. */
export function readBlobFileNow(blob: BlobFile, start: number, end: number): Buffer {
  let file: number;
  try {
    file = openSync(blob.path, "r");
  } catch (error) {
    throw missing(blob, error);
  }
  try {
    const header = Buffer.alloc(headerBytes);
    const layout = layoutOf(blob, header.subarray(0, readSync(file, header, 0, headerBytes, 0)));
    const sealedBytes = chunkBytes + layout.addedBytes;
    const first = Math.floor(start / chunkBytes);
    const count = Math.ceil(end / chunkBytes) - first;
    const sealed = Buffer.allocUnsafe(count * sealedBytes);
    const read = readSync(file, sealed, 0, sealed.length, headerBytes + first * sealedBytes);
    const pieces = Array.from({ length: count }, (_, index) => {
      const chunk = sealed.subarray(index * sealedBytes, read);
      return openChunk(blob, layout, first + index, chunk, start, end);
    });
    return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
  } finally {
    closeSync(file);
  }
}

function missing({ blob }: BlobFile, error: unknown): unknown {
  return isCode(error, "ENOENT") ? new Corruption(`blob ${blob} is missing`) : error;
}

function layoutOf({ blob, find }: BlobFile, header: Buffer): Layout {
  if (header.length < headerBytes || header.readUInt32LE(0) !== magic) {
    throw new Corruption(`blob ${blob} has no header`);
  }
  const sealerId = header.toString("utf8", 7, 7 + header.readUInt8(6));
  return { sealer: find(sealerId), sealerId, addedBytes: header.readUInt16LE(4) };
}

/** The wanted bytes of one chunk. */
function openChunk(
  { blob, size }: BlobFile,
  { sealer, sealerId, addedBytes }: Layout,
  number: number,
  sealed: Buffer,
  start: number,
  end: number,
): Buffer {
  const at = number * chunkBytes;
  const plainBytes = Math.min(chunkBytes, size - at);
  const isLast = at + plainBytes === size;
  const chunk = sealed.subarray(0, plainBytes + addedBytes);
  const where = () => `blob ${blob} at byte ${at}`;
  const plain = openWith(sealer, sealerId, chunk, boundTo(blob, number, isLast), where);
  return plain.subarray(Math.max(start - at, 0), Math.min(end - at, plainBytes));
}

import { type FileHandle, open, readdir } from "node:fs/promises";
import { BrokenInvariant } from "../lib/assert.ts";
import { Corruption, StorageFull } from "./store.ts";

/** Whether an error of the operating system has this code. */
export const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;

/** What a failed write means to those who asked for it. */
export function asStorageError(error: unknown): unknown {
  if (error instanceof Corruption || error instanceof BrokenInvariant) return error;
  return new StorageFull("the disk is full or refuses", { cause: error });
}

/** Writes all parts at a place of a file. */
export async function writeAll(
  file: FileHandle,
  parts: readonly Uint8Array[],
  position: number,
): Promise<number> {
  let rest = [...parts];
  let at = position;
  while (rest.length > 0) {
    // The kernel takes at most 1,024 parts in one call.
    let { bytesWritten } = await file.writev(rest.slice(0, 1024), at);
    at += bytesWritten;
    let whole = 0;
    for (; whole < rest.length; whole += 1) {
      const length = rest[whole]?.length ?? 0;
      if (bytesWritten < length) break;
      bytesWritten -= length;
    }
    rest = rest.slice(whole);
    if (rest[0] && bytesWritten > 0) rest[0] = rest[0].subarray(bytesWritten);
  }
  return at;
}

/** Reads up to `size` bytes at a place; fewer only at the end of the file. */
export const readAll = (file: FileHandle, size: number, position: number): Promise<Buffer> =>
  readInto(file, Buffer.allocUnsafe(size), position);

/** Fills a buffer with what is at a place; answers the part that was filled. */
export async function readInto(file: FileHandle, bytes: Buffer, position: number): Promise<Buffer> {
  let filled = 0;
  while (filled < bytes.length) {
    const left = bytes.length - filled;
    const { bytesRead } = await file.read(bytes, filled, left, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return bytes.subarray(0, filled);
}

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** The names in a folder; none when there is no folder. */
export async function namesIn(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    if (isCode(error, "ENOENT")) return [];
    throw error;
  }
}

import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { assert } from "../lib/assert.ts";

/** The bytes of a small file; undefined when there is none. */
export function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/**
 * Makes a file that its owner alone may read. It is on disk, whole, when this returns.
 * Throws when there is one already: two processes that start at once never overwrite each other's key.
 */
export function createOwnerOnly(path: string, content: Uint8Array): void {
  const draft = `${path}.${process.pid}.new`;
  const file = openSync(draft, "w", 0o600);
  try {
    writeAll(file, content);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(draft, path);
  } finally {
    unlinkSync(draft);
  }
  syncFolder(dirname(path));
}

/** Adds a line to a file. It is on disk when this returns. `size` is where the last whole line ended. */
export function appendLine(path: string, line: string, size: number): number {
  const content = Buffer.from(`${line}\n`);
  const file = openSync(path, "r+");
  try {
    // A line torn by a crash stands behind `size`: it was never acknowledged.
    ftruncateSync(file, size);
    writeAll(file, content, size);
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
  return size + content.length;
}

/** Removes a file for good: its bytes are overwritten first, as far as the disk lets that be. */
export function destroyFile(path: string): void {
  const content = readIfThere(path);
  if (!content) return;
  const file = openSync(path, "r+");
  try {
    writeAll(file, Buffer.alloc(content.length), 0);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  unlinkSync(path);
  syncFolder(dirname(path));
}

function writeAll(file: number, content: Uint8Array, position?: number): void {
  let written = 0;
  while (written < content.length) {
    const at = position === undefined ? null : position + written;
    const count = writeSync(file, content, written, content.length - written, at);
    assert(count > 0, "a write makes progress");
    written += count;
  }
}

function syncFolder(path: string): void {
  const folder = openSync(path, "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

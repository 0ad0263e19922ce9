import { constants, write as writeTo } from "node:fs";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { StorageFull } from "../storage/store.ts";
import type { HeadFile } from "./head.ts";
import { type SegmentFile, segmentName, segmentSizeBytes, writeHeader } from "./segment.ts";
import type { Frontier } from "./tree.ts";

/** Where the log stands: what recovery found, and each batch moves on. */
export interface Standing {
  readonly tree: Frontier;
  /** The oldest first; the last is written to. None before the first event. */
  readonly segments: SegmentFile[];
  /** Where the next entry goes in the last segment. */
  readonly offset: number;
}

/** What a batch brings: entries and the tree that has them. */
export interface Batch {
  readonly bytes: Buffer;
  readonly tree: Frontier;
}

/** Appends batches to the segments; one at a time. */
export interface Journal {
  readonly tree: Frontier;
  readonly segments: readonly SegmentFile[];
  /** Bytes of the last segment that are acknowledged. */
  readonly offset: number;
  /** Resolves when the batch is on disk and the head tells so. Throws `StorageFull`; then nothing has changed. */
  append(batch: Batch, timeMs: number): Promise<void>;
  close(): Promise<void>;
}

// One call writes and waits for the disk; a second one for fdatasync would cost another trip to the thread pool.
const durable = constants.O_WRONLY | constants.O_DSYNC;

/** Goes on with a log where recovery left it. */
export async function openJournal(options: {
  readonly directory: string;
  readonly origin: string;
  readonly standing: Standing;
  readonly heads: HeadFile;
}): Promise<Journal> {
  const { directory, origin, heads } = options;
  const segments = [...options.standing.segments];
  let { tree, offset } = options.standing;
  let file = await openLast();
  /** Bytes of a failed batch may lie behind `offset`; they go before anything else is written. */
  let dirty = false;

  function openLast(): Promise<FileHandle> | undefined {
    const last = segments.at(-1);
    return last && open(last.path, durable);
  }

  async function startSegment(timeMs: number): Promise<FileHandle> {
    const path = join(directory, segmentName(tree.size));
    const header = writeHeader({ first: tree.size, madeMs: timeMs, peaks: tree.peaks });
    const made = await open(path, durable | constants.O_CREAT | constants.O_TRUNC, 0o600);
    try {
      await writeAll(made, header, 0);
      await syncFolder(path);
    } catch (error) {
      await made.close();
      await unlink(path).catch(() => undefined);
      throw error;
    }
    await file?.close();
    segments.push({ first: tree.size, path });
    offset = header.length;
    return made;
  }

  async function write(batch: Batch, timeMs: number): Promise<void> {
    if (!file || offset >= segmentSizeBytes) file = await startSegment(timeMs);
    if (dirty) await file.truncate(offset);
    dirty = true;
    await writeAll(file, batch.bytes, offset);
    heads.write({ origin, size: batch.tree.size, root: batch.tree.root(), timeMs });
    dirty = false;
    offset += batch.bytes.length;
    tree = batch.tree;
  }

  async function append(batch: Batch, timeMs: number): Promise<void> {
    try {
      await write(batch, timeMs);
    } catch (error) {
      if (dirty)
        await file?.truncate(offset).then(
          () => (dirty = false),
          () => undefined,
        );
      const why = error instanceof Error ? error.message : "unknown error";
      throw new StorageFull(`the trail cannot be written: ${why}`);
    }
  }

  return {
    get tree() {
      return tree;
    },
    get segments() {
      return segments;
    },
    get offset() {
      return offset;
    },
    append,
    close: async () => file?.close(),
  };
}

async function writeAll(file: FileHandle, bytes: Buffer, offset: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += await writeSome(file, bytes.subarray(written), offset + written);
  }
}

/** By the descriptor: the handle's own `write` costs half as much again, for each batch. */
function writeSome({ fd }: FileHandle, bytes: Buffer, offset: number): Promise<number> {
  return new Promise((resolve, reject) => {
    writeTo(fd, bytes, 0, bytes.length, offset, (error, written) => {
      if (error) reject(error);
      else resolve(written);
    });
  });
}

/** Makes the file's name itself outlive the machine. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

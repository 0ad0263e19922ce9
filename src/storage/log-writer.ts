import { type FileHandle, open } from "node:fs/promises";
import { assert } from "../lib/assert.ts";
import { gather } from "../lib/gather.ts";
import { asStorageError, writeAll } from "./disk.ts";
import { type BlockHeader, packRecords, sealBlock } from "./log-block.ts";
import { type Block, createSegment, type Segment } from "./log-segments.ts";
import type { Sealer } from "./store.ts";

/** A file of a log ends with the block that brings it to this size. */
const segmentBytesMax = 64 * 1024 * 1024;
/** Most bytes that are written before the next sync. */
const groupBytesMax = 16 * 1024 * 1024;

interface Queued {
  readonly header: BlockHeader;
  readonly payload: Buffer;
  readonly parts: readonly Buffer[];
  readonly resolve: (firstOffset: number) => void;
  readonly reject: (error: unknown) => void;
}

/** The end of a log that grows: blocks that arrive while a sync runs share the next one. */
export interface LogWriter {
  append(
    records: readonly Uint8Array[],
    timeMs: number,
    sealer: { readonly sealer: Sealer; readonly own: boolean },
  ): Promise<number>;
  /** Goes on in a new file. Nothing may be on its way. */
  roll(): Promise<void>;
  /** Waits for what is on its way, then takes no more. */
  close(): Promise<void>;
}

/** Writes behind `nextOffset`; `onDisk` learns of each block that is there to stay. */
export function createLogWriter(options: {
  readonly folder: string;
  readonly bound: string;
  readonly segments: Segment[];
  readonly nextOffset: number;
  readonly latestMs: number;
  readonly onDisk: (block: Block, payload: Buffer) => void;
}): LogWriter {
  const { folder, bound, segments, onDisk } = options;
  let next = options.nextOffset;
  let durable = options.nextOffset;
  let latestMs = options.latestMs;
  let queue: Queued[] = [];
  let writing: Promise<void> | undefined;
  let file: FileHandle | undefined;
  /** Bytes may stand behind the last whole block; they must go before the next is written. */
  let torn = false;
  let closed = false;

  async function roll(): Promise<void> {
    await file?.close();
    file = undefined;
    segments.push(await createSegment(folder, durable));
  }

  async function openLast(): Promise<{ file: FileHandle; segment: Segment }> {
    const last = segments.at(-1);
    if (!last || last.size >= segmentBytesMax) await roll();
    const segment = segments.at(-1);
    assert(segment, "a log has a last file");
    file ??= await open(segment.path, "r+");
    return { file, segment };
  }

  function takeGroup(): Queued[] {
    let bytes = 0;
    const end = queue.findIndex(({ header }) => {
      bytes += header.headerBytes + header.sealedBytes;
      return bytes > groupBytesMax;
    });
    return queue.splice(0, end < 0 ? queue.length : Math.max(end, 1));
  }

  async function write(group: readonly Queued[]): Promise<void> {
    const target = await openLast();
    const { segment } = target;
    try {
      if (torn) await target.file.truncate(segment.size);
      torn = true;
      const parts = group.flatMap((queued) => queued.parts);
      await writeAll(target.file, parts, segment.size);
      await target.file.datasync();
      torn = false;
    } catch (error) {
      await target.file.truncate(segment.size);
      throw error;
    }
    for (const { header, payload } of group) {
      latestMs = Math.max(latestMs, header.timeMs);
      onDisk({ ...header, segment, position: segment.size, latestMs }, payload);
      segment.size += header.headerBytes + header.sealedBytes;
      durable = header.firstOffset + header.count;
    }
  }

  async function writeQueue(): Promise<void> {
    while (queue.length > 0) {
      await gather(() => queue.length);
      const group = takeGroup();
      try {
        await write(group);
        for (const { resolve, header } of group) resolve(header.firstOffset);
      } catch (error) {
        // Blocks that wait are bound to offsets behind those that failed.
        const failed = [...group, ...queue];
        queue = [];
        next = durable;
        for (const { reject } of failed) reject(asStorageError(error));
      }
    }
    writing = undefined;
  }

  return {
    async append(records, timeMs, sealer) {
      assert(!closed, "the log is open");
      assert(records.length > 0, "an append has records");
      const payload = packRecords(records);
      const { header, parts } = sealBlock(bound, next, timeMs, payload, records.length, sealer);
      next += records.length;
      const appended = new Promise<number>((resolve, reject) => {
        queue.push({ header, payload, parts, resolve, reject });
      });
      writing ??= writeQueue();
      return appended;
    },
    async roll() {
      await writing;
      if (durable !== next) return;
      // Also after a failure: what was appended meanwhile is waiting to be written.
      writing ??= roll().finally(writeQueue);
      await writing;
    },
    async close() {
      closed = true;
      await writing;
      await file?.close();
      file = undefined;
    },
  };
}

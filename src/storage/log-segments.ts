import { type FileHandle, mkdir, open, rm, unlink } from "node:fs/promises";
import { join } from "node:path";
import { namesIn, readAll, syncFolder } from "./disk.ts";
import { type BlockHeader, headerBytesMax, readHeader } from "./log-block.ts";
import { Corruption } from "./store.ts";

/** One file of a log; named by the first offset it may hold. */
export interface Segment {
  readonly firstOffset: number;
  readonly path: string;
  /** Bytes of whole blocks. */
  size: number;
}

/** A block and where it lies. */
export interface Block extends BlockHeader {
  readonly segment: Segment;
  readonly position: number;
  /** The latest time of this block and those before it. */
  readonly latestMs: number;
}

/** What is found on disk when a log is opened. */
export interface Found {
  readonly segments: Segment[];
  readonly blocks: Block[];
  readonly nextOffset: number;
  /** Bytes of an unfinished last write that were cut off. */
  readonly cutBytes: number;
}

const windowBytes = 256 * 1024;
const segmentName = /^(\d{16})\.log$/;

const segmentPath = (folder: string, firstOffset: number): string =>
  join(folder, `${String(firstOffset).padStart(16, "0")}.log`);

/** Makes the folder of a new log, without what an unfinished removal left there. */
export async function createSegments(folder: string, parent: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await syncFolder(parent);
}

/** Begins a file of a log. */
export async function createSegment(folder: string, firstOffset: number): Promise<Segment> {
  const path = segmentPath(folder, firstOffset);
  const file = await open(path, "w", 0o600);
  await file.close();
  await syncFolder(folder);
  return { firstOffset, path, size: 0 };
}

/** Removes a file of a log. */
export const removeSegment = (segment: Segment): Promise<void> => unlink(segment.path);

/**
 * Finds the blocks of a log by their headers. `head` is an offset up to which all was acknowledged: what is missing
 * below it was taken away; what is unfinished behind it, at the end of the last file, was never acknowledged.
 */
export async function findBlocks(
  folder: string,
  name: string,
  state: { readonly first: number; readonly head: number },
  readOnly = false,
): Promise<Found> {
  const blocks: Block[] = [];
  const segments: Segment[] = [];
  for (const file of await namesIn(folder)) {
    const first = segmentName.exec(file)?.[1];
    if (first !== undefined) {
      segments.push({ firstOffset: Number(first), path: join(folder, file), size: 0 });
    }
  }
  let next = segments[0]?.firstOffset ?? 0;
  let cutBytes = 0;
  if (next > state.first) throw missing(name, state.first);
  for (const segment of segments) {
    if (segment.firstOffset !== next) throw missing(name, next);
    const file = await open(segment.path, readOnly ? "r" : "r+");
    try {
      next = await scan(file, segment, blocks, next, name);
      const { size } = await file.stat();
      if (size === segment.size) continue;
      const isLast = segment === segments.at(-1);
      if (!isLast || next < state.head) throw missing(name, next);
      if (!readOnly) {
        await file.truncate(segment.size);
        await file.datasync();
      }
      cutBytes = size - segment.size;
    } finally {
      await file.close();
    }
  }
  if (next < state.head) throw missing(name, next);
  return { segments, blocks, nextOffset: next, cutBytes };
}

const missing = (name: string, offset: number) =>
  new Corruption(`log \`${name}\` lacks what was written at offset ${offset}`);

/** Reads the headers of one file; answers the offset behind its last whole block. */
async function scan(
  file: FileHandle,
  segment: Segment,
  blocks: Block[],
  firstOffset: number,
  name: string,
): Promise<number> {
  const { size } = await file.stat();
  let next = firstOffset;
  let window: { start: number; bytes: Buffer } = { start: 0, bytes: Buffer.alloc(0) };
  let at = 0;
  while (at < size) {
    const windowEnd = window.start + window.bytes.length;
    if (at + headerBytesMax > windowEnd && windowEnd < size) {
      window = { start: at, bytes: await readAll(file, windowBytes, at) };
    }
    const header = readHeader(window.bytes, at - window.start);
    if (header === "incomplete") break;
    if (!header) {
      if (await isEmptyFrom(file, at, size)) break;
      throw new Corruption(`log \`${name}\` at offset ${next} is not what was written`);
    }
    if (header.firstOffset !== next) throw missing(name, next);
    const end = at + header.headerBytes + header.sealedBytes;
    if (end > size) break;
    const latestMs = Math.max(header.timeMs, blocks.at(-1)?.latestMs ?? Number.NEGATIVE_INFINITY);
    blocks.push({ ...header, segment, position: at, latestMs });
    next += header.count;
    at = end;
    segment.size = end;
  }
  return next;
}

/** A power cut can leave room in a file for bytes that never came. */
async function isEmptyFrom(file: FileHandle, position: number, size: number): Promise<boolean> {
  for (let at = position; at < size; at += windowBytes) {
    const bytes = await readAll(file, Math.min(windowBytes, size - at), at);
    if (bytes.some((byte) => byte !== 0)) return false;
  }
  return true;
}

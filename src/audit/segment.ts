import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../lib/hash.ts";
import { type Entry, entrySizeMax, readEntry } from "./entry.ts";
import { ones } from "./tree.ts";

/**
 * The trail lies in segments: files named by the position of their first event. Each begins with the tree as it was
 * then, so that one segment can be checked, and gone on with, without those before it:
 *
 *     magic 16 | u48 first position | u48 time of making | u8 peaks | peaks of 32 | SHA-256 of all this
 */
export interface SegmentHeader {
  readonly first: number;
  readonly madeMs: number;
  readonly peaks: readonly Buffer[];
}

export interface SegmentFile {
  readonly first: number;
  readonly path: string;
}

/** A segment grows to about this; small enough to be read whole. */
export const segmentSizeBytes = 4_194_304;
/** A batch is closed when it has come to this. */
export const batchSizeBytes = 4_194_304;
/** More than a segment can hold: the batch that passes its size is the last one in it. */
export const segmentLimitBytes = segmentSizeBytes + batchSizeBytes + 2 * entrySizeMax;

const magic = Buffer.from("bondstore trail\x01", "latin1");
const fixedSize = magic.length + 6 + 6 + 1;

/** Name of the segment that begins with this event. */
export const segmentName = (first: number): string => `${String(first).padStart(16, "0")}.log`;

/** The segments of a trail's directory, the oldest first. */
export async function listSegments(directory: string): Promise<SegmentFile[]> {
  const names = (await readdir(directory)).filter((name) => /^\d{16}\.log$/.test(name)).sort();
  return names.map((name) => ({ first: Number.parseInt(name, 10), path: join(directory, name) }));
}

/** Bytes at the head of a segment. */
export function writeHeader({ first, madeMs, peaks }: SegmentHeader): Buffer {
  const fixed = Buffer.alloc(fixedSize);
  magic.copy(fixed);
  fixed.writeUIntBE(first, magic.length, 6);
  fixed.writeUIntBE(madeMs, magic.length + 6, 6);
  fixed[fixedSize - 1] = peaks.length;
  const body = Buffer.concat([fixed, ...peaks]);
  return Buffer.concat([body, sha256(body)]);
}

/** The header of a segment with its size; undefined when it is damaged or cut. */
export function readHeader(bytes: Buffer): (SegmentHeader & { readonly size: number }) | undefined {
  if (bytes.length < fixedSize || !bytes.subarray(0, magic.length).equals(magic)) return undefined;
  const first = bytes.readUIntBE(magic.length, 6);
  const count = bytes[fixedSize - 1] ?? 0;
  const end = fixedSize + 32 * count;
  const body = bytes.subarray(0, end);
  if (count !== ones(first) || !sha256(body).equals(bytes.subarray(end, end + 32)))
    return undefined;
  const peaks = Array.from({ length: count }, (_, peak) =>
    bytes.subarray(fixedSize + 32 * peak, fixedSize + 32 * peak + 32),
  );
  return { first, madeMs: bytes.readUIntBE(magic.length + 6, 6), peaks, size: end + 32 };
}

/** The bytes of a file, at most the first `limit` of them. */
export async function readBytes(path: string, limit: number): Promise<Buffer> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const bytes = Buffer.allocUnsafe(Math.min(size, limit));
    let filled = 0;
    while (filled < bytes.length) {
      const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    await file.close();
  }
}

/** The entries of a segment from an offset on, with the offset of each; ends at the first that cannot be read. */
export function* entriesOf(
  bytes: Buffer,
  from: number,
): Iterable<{ offset: number; entry: Entry }> {
  for (let offset = from; ; ) {
    const entry = readEntry(bytes, offset);
    if (!entry) return;
    yield { offset, entry };
    offset += entry.size;
  }
}

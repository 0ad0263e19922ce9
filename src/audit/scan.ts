import { computedLeaf, type Entry, leavesWithin, readEntry, readEntryWithin } from "./entry.ts";

/** A stretch of a segment: an event as written, or bytes that are not. */
export type Stretch = Whole | Damaged;

export interface Whole {
  readonly kind: "whole";
  readonly entry: Entry;
}

export interface Damaged {
  readonly kind: "damaged";
  /** What can still be read, if the stretch is one event; its facts may be the damage. */
  readonly entry: Entry | undefined;
  /** What its leaf hash may have been: as stored, as computed. */
  readonly leaves: readonly Buffer[];
  readonly sizeBytes: number;
  /** True: the bytes end before the event does, as after a cut or a torn write. */
  readonly cut: boolean;
}

/**
 * Reads a segment as an auditor does: nothing in it is believed, and behind damage the next whole event is looked
 * for byte by byte.
 */
export function scan(bytes: Buffer, from: number): Stretch[] {
  const stretches: Stretch[] = [];
  let offset = from;
  while (offset < bytes.length) {
    const entry = readEntry(bytes, offset);
    if (entry && isWhole(entry)) {
      stretches.push({ kind: "whole", entry });
      offset += entry.size;
      continue;
    }
    const end = endOfDamage(bytes, offset, entry);
    stretches.push({
      kind: "damaged",
      entry: readEntryWithin(bytes, offset, end),
      leaves: leavesWithin(bytes, offset, end),
      sizeBytes: end - offset,
      cut: end === bytes.length && !entry,
    });
    offset = end;
  }
  return stretches;
}

/** Offset of the first whole event from here on; the end where there is none. */
export function findWhole(bytes: Buffer, from: number): number {
  for (let offset = from; offset < bytes.length; offset += 1) {
    if (isWholeAt(bytes, offset)) return offset;
  }
  return bytes.length;
}

function endOfDamage(bytes: Buffer, offset: number, entry: Entry | undefined): number {
  // Its size is believed only if an event, or the end, follows: the flipped byte may be in the size.
  const next = entry && offset + entry.size;
  if (next !== undefined && (next === bytes.length || isWholeAt(bytes, next))) return next;
  return findWhole(bytes, offset + 1);
}

function isWholeAt(bytes: Buffer, offset: number): boolean {
  const entry = readEntry(bytes, offset);
  return entry !== undefined && isWhole(entry);
}

const isWhole = (entry: Entry): boolean => computedLeaf(entry).equals(entry.leaf);

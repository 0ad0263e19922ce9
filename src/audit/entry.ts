import { assert } from "../lib/assert.ts";
import { sha256 } from "../lib/hash.ts";
import type { Sealer } from "../storage/store.ts";
import { leafHash } from "./tree.ts";

/**
 * One event as it lies in a segment:
 *
 *     u32 size of the rest | leaf hash 32 | SHA-256 of the plain JSON 32 | stored
 *     stored = u8 version | u48 position | u48 time | account | request id | sealer id | sealed JSON
 *
 * The three names are of one byte of length and UTF-8. leaf hash = SHA-256(0x00 ‖ SHA-256(plain) ‖ SHA-256(stored)).
 * All before the sealed JSON is bound to it. Without a key the tree can be recomputed; with it each body opens and
 * must match its hash. The hash of the plain JSON tells nothing: every event holds a random id.
 */
export interface Entry extends EntryFacts {
  /** Leaf hash as stored; `computedLeaf` tells whether it is true. */
  readonly leaf: Buffer;
  readonly plainHash: Buffer;
  readonly stored: Buffer;
  /** What of `stored` is bound to the sealed JSON: its beginning. */
  readonly boundSize: number;
  /** Size of the whole entry on disk. */
  readonly size: number;
}

/** What an entry tells without a key. */
export interface EntryFacts {
  readonly position: number;
  /** When it happened, milliseconds. */
  readonly timeMs: number;
  /** Whose key seals it; empty: the installation's. */
  readonly account: string;
  readonly requestId: string;
  readonly sealerId: string;
}

const version = 1;
const prefixSize = 4 + 32 + 32;
const fixedSize = 1 + 6 + 6;
/** Larger than any event that `record` admits; a size beyond it is damage. */
export const entrySizeMax = 1_048_576;

/** Told to the sealer, so that nothing sealed elsewhere can pass for an event. */
const domain = Buffer.from("bondstore trail event\0");

/** The domain, and behind it the beginning of the one entry that is being made. */
const beginning = Buffer.alloc(domain.length + fixedSize + 3 * 256);
domain.copy(beginning);

/** Writes the entry of an event into what `room` gives for it; answers its leaf hash. */
export function writeEntry(
  facts: Omit<EntryFacts, "sealerId">,
  plain: Buffer,
  sealer: Sealer,
  room: (sizeBytes: number) => Buffer,
): Buffer {
  let end = domain.length;
  beginning[end] = version;
  beginning.writeUIntBE(facts.position, end + 1, 6);
  beginning.writeUIntBE(facts.timeMs, end + 7, 6);
  end = writeName(beginning, end + fixedSize, facts.account);
  end = writeName(beginning, end, facts.requestId);
  end = writeName(beginning, end, sealer.id);
  const pieces = sealer.sealPieces(plain, beginning.subarray(0, end));
  let size = prefixSize + end - domain.length;
  for (const piece of pieces) size += piece.length;
  assert(size <= entrySizeMax, "an event fits its entry");
  // INVARIANT: nothing fails from here on, for what was given is written.
  const bytes = room(size);
  let at = prefixSize + beginning.copy(bytes, prefixSize, domain.length, end);
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  const plainHash = sha256(plain);
  const leaf = leafHash(plainHash, sha256(bytes.subarray(prefixSize)));
  bytes.writeUInt32BE(size - 4, 0);
  bytes.set(leaf, 4);
  bytes.set(plainHash, 36);
  return leaf;
}

function writeName(into: Buffer, at: number, name: string): number {
  const size = into.write(name, at + 1, 255);
  into[at] = size;
  return at + 1 + size;
}

function boundBytes(head: Uint8Array): Buffer {
  const bound = Buffer.allocUnsafe(domain.length + head.length);
  domain.copy(bound);
  bound.set(head, domain.length);
  return bound;
}

/** Reads the entry at an offset; undefined when no whole entry lies there. Checks the form only, not the hash. */
export function readEntry(bytes: Buffer, offset: number): Entry | undefined {
  if (offset + prefixSize + fixedSize > bytes.length) return undefined;
  const size = 4 + bytes.readUInt32BE(offset);
  if (size > entrySizeMax || offset + size > bytes.length) return undefined;
  return readEntryWithin(bytes, offset, offset + size);
}

/** Reads the entry that reaches from an offset to an end, whatever size it tells. */
export function readEntryWithin(bytes: Buffer, offset: number, end: number): Entry | undefined {
  const stored = bytes.subarray(offset + prefixSize, end);
  if (stored.length < fixedSize || stored[0] !== version) return undefined;
  const account = readName(stored, fixedSize);
  const requestId = account && readName(stored, account.end);
  const sealerId = requestId && readName(stored, requestId.end);
  if (!sealerId) return undefined;
  return {
    position: stored.readUIntBE(1, 6),
    timeMs: stored.readUIntBE(7, 6),
    account: account.name,
    requestId: requestId.name,
    sealerId: sealerId.name,
    leaf: bytes.subarray(offset + 4, offset + 36),
    plainHash: bytes.subarray(offset + 36, offset + 68),
    stored,
    boundSize: sealerId.end,
    size: end - offset,
  };
}

function readName(stored: Buffer, at: number): { name: string; end: number } | undefined {
  const end = at + 1 + (stored[at] ?? 256);
  return end <= stored.length ? { name: stored.toString("utf8", at + 1, end), end } : undefined;
}

/** The leaf hash that the entry's bytes have in truth. */
export function computedLeaf(entry: Entry): Buffer {
  return leafHash(entry.plainHash, sha256(entry.stored));
}

/** The plain JSON; throws `Corruption` where the bytes do not open. Tells by undefined that they open to another text. */
export function openEntry(entry: Entry, sealer: Sealer): Buffer | undefined {
  const bound = boundBytes(entry.stored.subarray(0, entry.boundSize));
  const plain = sealer.open(entry.stored.subarray(entry.boundSize), bound);
  return sha256(plain).equals(entry.plainHash) ? plain : undefined;
}

/** What the leaf hash of an event in these bytes may have been, if one of its parts was changed. */
export function leavesWithin(bytes: Buffer, offset: number, end: number): Buffer[] {
  if (end - offset <= prefixSize) return [];
  const plainHash = bytes.subarray(offset + 36, offset + prefixSize);
  return [
    bytes.subarray(offset + 4, offset + 36),
    leafHash(plainHash, sha256(bytes.subarray(offset + prefixSize, end))),
  ];
}

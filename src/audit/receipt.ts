import { readFile } from "node:fs/promises";
import { sha256 } from "../lib/hash.ts";
import { isNoteSigned, type Note, readNote, readNotes, type VerifierKey } from "./checkpoint.ts";
import { trailPaths } from "./paths.ts";
import { inclusionProof, isIncluded } from "./proof.ts";
import { entriesOf, listSegments, readBytes, readHeader, segmentLimitBytes } from "./segment.ts";
import type { TrailEvent } from "./trail.ts";
import { leafHash } from "./tree.ts";

/**
 * Proves to somebody who has nothing but the installation's public key that an event is in its trail: the event, what
 * leads from its hash to the root of the tree (RFC 9162, 2.1.3), and a signed checkpoint with that root.
 */
export interface Receipt {
  readonly kind: "bondstore receipt 1";
  readonly proofs: readonly EventProof[];
  /** A signed note (C2SP tlog-checkpoint). */
  readonly checkpoint: string;
}

/** An event and its place in the tree. */
interface EventProof {
  /** The event's JSON, byte by byte as it was hashed. */
  readonly event: string;
  readonly position: number;
  /** SHA-256 of the sealed entry, in hexadecimal: the other half of the leaf. */
  readonly sealed: string;
  /** Hashes that lead to the root, in hexadecimal. */
  readonly path: readonly string[];
}

/** Why a receipt proves nothing. */
export class ReceiptFailure extends Error {}

/**
 * Makes the receipt of events out of the files of a trail, which may be in use. Refuses while no checkpoint covers
 * them, as in the second after they happened.
 */
export async function makeReceipt(
  directory: string,
  key: VerifierKey,
  events: readonly { readonly position: number; readonly event: TrailEvent }[],
): Promise<Receipt> {
  const last = Math.max(...events.map(({ position }) => position));
  const note = await firstCovering(directory, key, last);
  const { leaves, sealed } = await readLeaves(
    directory,
    note.size,
    new Set(events.map(({ position }) => position)),
  );
  const proofs = events.map(({ position, event }) => ({
    event: JSON.stringify(event),
    position,
    sealed: sealed.get(position)?.toString("hex") ?? "",
    path: inclusionProof(leaves, position).map((hash) => hash.toString("hex")),
  }));
  const receipt: Receipt = { kind: "bondstore receipt 1", proofs, checkpoint: note.text };
  checkReceipt(receipt, key);
  return receipt;
}

async function firstCovering(directory: string, key: VerifierKey, position: number): Promise<Note> {
  const text = await readFile(trailPaths(directory).checkpoints, "utf8").catch(() => "");
  for (const { note } of readNotes(text, key.origin)) {
    if (note && note.size > position && isNoteSigned(note, key)) return note;
  }
  throw new ReceiptFailure("no signed checkpoint covers the event yet: try again in a second");
}

/** Leaf hashes of the first `size` events, and of those asked for the hash of the sealed entry. */
async function readLeaves(directory: string, size: number, asked: ReadonlySet<number>) {
  const leaves: Buffer[] = [];
  const sealed = new Map<number, Buffer>();
  for (const { path } of await listSegments(directory)) {
    if (leaves.length >= size) break;
    const bytes = await readBytes(path, segmentLimitBytes);
    const header = readHeader(bytes);
    if (!header) throw new ReceiptFailure(`the segment \`${path}\` is damaged`);
    for (const { entry } of entriesOf(bytes, header.size)) {
      if (leaves.length >= size) break;
      // A copy: a view would keep all of the segment.
      leaves.push(Buffer.from(entry.leaf));
      if (asked.has(entry.position)) sealed.set(entry.position, sha256(entry.stored));
    }
  }
  if (leaves.length < size) throw new ReceiptFailure("events of the trail are missing");
  return { leaves, sealed };
}

/**
 * Checks a receipt by the public key alone and answers the events that it proves, with the checkpoint's time. Throws
 * `ReceiptFailure` that says what is wrong.
 */
export function checkReceipt(
  receipt: unknown,
  key: VerifierKey,
): { readonly events: readonly TrailEvent[]; readonly signedAtMs: number } {
  if (!isReceipt(receipt)) throw new ReceiptFailure("this is no receipt");
  const note = readNote(receipt.checkpoint);
  if (!note || !isNoteSigned(note, key)) {
    throw new ReceiptFailure("the checkpoint is not signed by the given key");
  }
  const events = receipt.proofs.map(({ event, position, sealed, path }) => {
    const leaf = leafHash(sha256(event), hashOf(sealed));
    if (!isIncluded(leaf, position, note.size, path.map(hashOf), note.root)) {
      throw new ReceiptFailure(`event ${position} is not what the trail has`);
    }
    return JSON.parse(event) as TrailEvent;
  });
  return { events, signedAtMs: note.timeMs };
}

function hashOf(hex: string): Buffer {
  const bytes = Buffer.from(hex, "hex");
  if (bytes.length !== 32) throw new ReceiptFailure("a hash in the receipt is none");
  return bytes;
}

function isReceipt(value: unknown): value is Receipt {
  if (typeof value !== "object" || value === null) return false;
  const { kind, proofs, checkpoint } = value as Partial<Receipt>;
  if (kind !== "bondstore receipt 1" || typeof checkpoint !== "string") return false;
  return Array.isArray(proofs) && proofs.length > 0 && proofs.every(isEventProof);
}

function isEventProof(value: unknown): value is EventProof {
  if (typeof value !== "object" || value === null) return false;
  const { event, position, sealed, path } = value as Partial<EventProof>;
  return (
    typeof event === "string" &&
    Number.isSafeInteger(position) &&
    typeof sealed === "string" &&
    Array.isArray(path) &&
    path.every((hash) => typeof hash === "string")
  );
}

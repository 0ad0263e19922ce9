import { closeSync, constants, fdatasyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { equalSecrets } from "../lib/hash.ts";
import type { Signer } from "../lib/signature.ts";

/**
 * What the trail has acknowledged: written after each batch, apart from the log, and authenticated with a key that
 * who can write the disk does not have. Two slots in turn, so that a torn write leaves the one before.
 */
export interface Head {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
  readonly timeMs: number;
  /** Events that the last signed checkpoint covers: a checkpoint taken away shows. */
  readonly covered: number;
}

/** A head as found in the file. */
export interface StoredHead extends Head {
  /** The whole slot, as it lies there. */
  readonly text: string;
}

const slotSize = 512;
const title = "bondstore trail head 1";

/** Writes heads in turn into the two slots of a file. */
export interface HeadFile {
  /** Into the page cache, which outlives the process; `sync` makes it outlive the machine. */
  write(head: Omit<Head, "covered">): void;
  /** Says that a checkpoint of this size was signed and kept. */
  cover(size: number): void;
  sync(): void;
  close(): void;
}

/** Opens the file of heads, to go on after the head found in it. */
export function openHeads(path: string, signer: Signer): HeadFile {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  const slots = readHeads(readFileSync(path, "latin1"));
  let slot = slotAfter(slots, signer);
  let covered = Math.max(0, ...slots.map(({ head }) => head?.covered ?? 0));
  let last: Omit<Head, "covered"> | undefined;

  function write(head: Omit<Head, "covered">): void {
    writeSync(file, writeHead({ ...head, covered }, signer), slot * slotSize, "latin1");
    slot = 1 - slot;
    last = head;
  }

  function cover(size: number): void {
    covered = size;
    if (last) write(last);
  }

  return {
    write,
    cover,
    sync: () => fdatasyncSync(file),
    close: () => closeSync(file),
  };
}

/** What lies in each slot that was ever written; no head where it has not the form of one. */
export function readHeads(text: string): { slot: number; head: StoredHead | undefined }[] {
  return [0, 1]
    .map((slot) => ({ slot, bytes: text.slice(slot * slotSize, (slot + 1) * slotSize) }))
    .filter(({ bytes }) => bytes !== "")
    .map(({ slot, bytes }) => ({ slot, head: readHead(bytes) }));
}

function writeHead({ origin, size, root, timeMs, covered }: Head, signer: Signer): string {
  const time = new Date(timeMs).toISOString();
  const lines = [title, origin, size, root.toString("base64"), time, covered, ""];
  const signed = lines.join("\n");
  const mac = signer.authenticate(signed).toString("base64");
  return `${`${signed}${mac}\n`.padEnd(slotSize - 1)}\n`;
}

function readHead(text: string): StoredHead | undefined {
  const lines = text.split("\n");
  const [first, origin = "", size = "", root = "", time = "", covered = "", mac = "", rest] = lines;
  const numbers = /^\d{1,15} \d{1,15}$/.test(`${size} ${covered}`);
  if (first !== title || !numbers || !/^ *$/.test(rest ?? "-")) return undefined;
  const rootBytes = Buffer.from(root, "base64");
  const timeMs = Date.parse(time);
  if (rootBytes.length !== 32 || mac.length !== 44 || Number.isNaN(timeMs)) return undefined;
  return {
    origin,
    size: Number(size),
    root: rootBytes,
    timeMs,
    covered: Number(covered),
    text,
  };
}

/** Whether the trail itself wrote this head, to the last byte. */
export function isAuthentic(head: StoredHead, signer: Signer): boolean {
  return equalSecrets(Buffer.from(head.text), Buffer.from(writeHead(head, signer)));
}

/** The slot to write next: not that of the newest head. */
function slotAfter(slots: ReturnType<typeof readHeads>, signer: Signer): number {
  const sizes = slots.map(({ head }) => (head && isAuthentic(head, signer) ? head.size : -1));
  return (sizes[0] ?? -1) < 0 || (sizes[1] ?? -1) > (sizes[0] ?? -1) ? 0 : 1;
}

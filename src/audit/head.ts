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
}

/** A head as found in the file, and what it is authenticated with. */
export interface StoredHead extends Head {
  readonly signed: string;
  readonly mac: Buffer;
}

const slotSize = 512;
const title = "bondstore trail head 1";

/** Writes heads in turn into the two slots of a file. */
export interface HeadFile {
  /** Into the page cache, which outlives the process; `sync` makes it outlive the machine. */
  write(head: Head): void;
  sync(): void;
  close(): void;
}

/** Opens the file of heads, to go on after the head found in it. */
export function openHeads(path: string, signer: Signer): HeadFile {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  const found = readHeads(readFileSync(path, "latin1"));
  let slot = newest(found.filter((head) => isAuthentic(head, signer)))?.slot === 0 ? 1 : 0;
  const bytes = Buffer.alloc(slotSize);

  function write({ origin, size, root, timeMs }: Head): void {
    const time = new Date(timeMs).toISOString();
    const signed = `${title}\n${origin}\n${size}\n${root.toString("base64")}\n${time}\n`;
    const mac = signer.authenticate(Buffer.from(signed));
    bytes.fill(0x20);
    bytes.write(`${signed}${mac.toString("base64")}\n`, "latin1");
    bytes[slotSize - 1] = 0x0a;
    writeSync(file, bytes, 0, slotSize, slot * slotSize);
    slot = 1 - slot;
  }

  return {
    write,
    sync: () => fdatasyncSync(file),
    close: () => closeSync(file),
  };
}

/** Every slot of the file that has the form of a head, authentic or not. */
export function readHeads(text: string): (StoredHead & { readonly slot: number })[] {
  const heads = [];
  for (const slot of [0, 1]) {
    const lines = text.slice(slot * slotSize, (slot + 1) * slotSize).split("\n");
    const [first, origin = "", size = "", root = "", time = "", mac = ""] = lines;
    if (first !== title || !/^\d{1,15}$/.test(size)) continue;
    heads.push({
      slot,
      origin,
      size: Number(size),
      root: Buffer.from(root, "base64"),
      timeMs: Date.parse(time),
      signed: `${lines.slice(0, 5).join("\n")}\n`,
      mac: Buffer.from(mac, "base64"),
    });
  }
  return heads;
}

/** Whether the trail itself wrote this head. */
export function isAuthentic(head: StoredHead, signer: Signer): boolean {
  return equalSecrets(head.mac, signer.authenticate(Buffer.from(head.signed)));
}

/** The head of the most events. */
export function newest<Found extends Head>(heads: readonly Found[]): Found | undefined {
  return heads.reduce<Found | undefined>(
    (best, head) => (best && best.size >= head.size ? best : head),
    undefined,
  );
}

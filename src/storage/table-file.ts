import { closeSync, existsSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { Corruption } from "./store.ts";

/*
 * LMDB maps its file into memory: reading a page that was cut off ends the process, without a word. Its two first
 * pages say how many pages there are:
 *
 * 24 magic · 28 version · 48 size of a page · 144 last page · 152 transaction
 */
const magic = 0xbeefc0de;
const headBytes = 160;
const pageBytes = 4096;

/** Refuses tables that were cut short. What is not there yet, or not of this form, is left to LMDB. */
export function checkTableFile(path: string): void {
  const name = join(path, "data.mdb");
  if (!existsSync(name)) return;
  const file = openSync(name, "r");
  try {
    const first = readHead(file, 0);
    const second = readHead(file, first?.readUInt32LE(48) ?? pageBytes);
    const heads = [first, second].filter((head) => head !== undefined);
    // Asked for after the heads: beside one who writes, the file is by then as long as they say.
    const { size } = fstatSync(file);
    // An older state may have been longer: what it names beyond the newest is not read.
    const newest = heads.sort((left, right) => Number(transaction(right) - transaction(left)))[0];
    if (!newest) return;
    const wanted = (Number(newest.readBigUInt64LE(144)) + 1) * newest.readUInt32LE(48);
    if (size >= wanted) return;
    throw new Corruption(`\`${name}\` is cut short: ${size} of ${wanted} bytes are there`);
  } finally {
    closeSync(file);
  }
}

function readHead(file: number, position: number): Buffer | undefined {
  const head = Buffer.alloc(headBytes);
  const read = readSync(file, head, 0, headBytes, position);
  return read === headBytes && head.readUInt32LE(24) === magic ? head : undefined;
}

const transaction = (head: Buffer): bigint => head.readBigUInt64LE(152);

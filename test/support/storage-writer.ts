import { writeSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { openStore } from "../../src/storage/open-store.ts";
import type { BlobRef } from "../../src/storage/store.ts";
import { createFakeSealers } from "./fake-sealers.ts";

/*
 * Writes to a store until it is killed, and prints a line for each acknowledgement.
 * Arguments: the data directory, and the number to count from.
 */
export const writerAccount = "111111111111";
export const writerIndexKey = Buffer.alloc(32, 9);

/** The body of a blob, from its number. */
export const bodyOf = (number: number): Buffer =>
  Buffer.alloc(number % 3 === 0 ? 300_000 : 900, `body ${number} `);

const say = (line: string) => void writeSync(1, `${line}\n`);

async function writeForever(directory: string, start: number): Promise<void> {
  const sealers = createFakeSealers();
  const store = await openStore({ directory, sealers, indexKey: writerIndexKey });
  const account = store.account(writerAccount);
  const left = account.table<number>("left");
  const right = account.table<number>("right");
  const bodies = account.table<BlobRef>("bodies");

  async function writePairs(from: number): Promise<void> {
    for (let number = from; ; number += 4) {
      await store.transaction(() => {
        left.put(["n", number], number);
        right.put(["n", number], number);
      });
      say(`pair ${number}`);
      if (number % 3 > 0) continue;
      say(`removing ${number}`);
      await store.transaction(() => left.remove(["n", number]) && right.remove(["n", number]));
      say(`removed ${number}`);
    }
  }

  async function writeRecords(lane: number): Promise<void> {
    const log = await account.log("records");
    for (let count = 1; ; count = (count % 50) + 1) {
      const records = Array.from({ length: count }, () => Buffer.from(`lane ${lane} of ${count}`));
      const first = await log.append(records, count);
      say(`records ${first} ${count} ${lane}`);
    }
  }

  async function writeBodies(from: number): Promise<void> {
    for (let number = from; ; number += 2) {
      const ref = await account.blobs.write(bodyOf(number));
      await store.transaction(() => {
        account.blobs.keep(ref);
        bodies.put([number], ref);
      });
      say(`body ${number}`);
    }
  }

  await Promise.all([
    ...[0, 1, 2, 3].map((lane) => writePairs(start + lane)),
    ...[0, 1, 2].map((lane) => writeRecords(lane)),
    ...[0, 1].map((lane) => writeBodies(start + lane)),
  ]);
}

const [, program = "", directory, start] = process.argv;
if (program === fileURLToPath(import.meta.url) && directory && start) {
  await writeForever(directory, Number(start));
}

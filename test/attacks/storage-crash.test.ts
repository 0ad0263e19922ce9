import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { DirectoryInUse } from "../../src/storage/directory-lock.ts";
import type { BlobRef, Store } from "../../src/storage/store.ts";
import { temporary } from "../support/bondstore.ts";
import { bodyOf, writerAccount } from "../support/storage-writer.ts";
import { bytesOf, openStoreAt } from "../support/temporary-store.ts";

const rounds = 24;
const account = writerAccount;

function startWriter(
  directory: string,
  start: number,
): { child: ChildProcess; text: () => string } {
  const script = fileURLToPath(new URL("../support/storage-writer.js", import.meta.url));
  const child = spawn(process.execPath, [script, directory, String(start)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  child.stdout?.on("data", (piece: Buffer) => {
    text += piece;
  });
  return { child, text: () => text };
}

/** Lets a writer run for a while, then kills it; answers what it acknowledged. */
async function writeAndKill(directory: string, start: number): Promise<string[]> {
  const { child, text } = startWriter(directory, start);
  const ended = once(child, "close");
  while (!text().includes("body") && child.exitCode === null) await pause(2);
  assert.equal(child.exitCode, null, "the writer runs until it is killed");
  await pause(randomInt(120));
  child.kill("SIGKILL");
  await ended;
  return text().split("\n").slice(0, -1);
}

async function checkPromises(store: Store, lines: readonly string[]): Promise<number> {
  const left = store.account(account).table<number>("left");
  const right = store.account(account).table<number>("right");
  const bodies = store.account(account).table<BlobRef>("bodies");
  const log = await store.account(account).log("records");
  const removing = new Set(
    lines.filter((line) => line.startsWith("removing")).map((line) => line.slice(9)),
  );
  let checked = 0;
  for (const line of lines) {
    const [word, ...rest] = line.split(" ");
    const [number = 0, count = 0, lane = 0] = rest.map(Number);
    if (word === "pair" && !removing.has(String(number))) {
      assert.equal(left.find(["n", number]), number, line);
    } else if (word === "removed") {
      assert.equal(left.find(["n", number]), undefined, line);
    } else if (word === "records") {
      const records = await log.read(number, { records: count, bytes: 1e9 });
      assert.deepEqual(
        records.map(({ data }) => String(data)),
        Array.from({ length: count }, () => `lane ${lane} of ${count}`),
        line,
      );
    } else if (word === "body") {
      const ref = bodies.find([number]);
      assert.ok(ref, line);
      assert.ok(bodyOf(number).equals(await bytesOf(store.account(account).blobs.read(ref))), line);
    }
    checked += 1;
  }
  const keysOf = (table: typeof left) => [...table.range()].map(({ key }) => key);
  assert.deepEqual(keysOf(left), keysOf(right), "a transaction is whole or not at all");
  return checked;
}

test("what was acknowledged survives kill -9 at any moment", async (t) => {
  const directory = temporary(t);
  const lines: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    lines.push(...(await writeAndKill(directory, round * 1_000_000)));
    const store = await openStoreAt(directory);
    const checked = await checkPromises(store, round === rounds - 1 ? lines : lines.slice(-2000));
    assert.ok(checked > 0, "an empty check must not pass");
    await store.close();
  }
});

test("a second process does not open the directory, and a killed one does not block it", async (t) => {
  const directory = temporary(t);
  const { child, text } = startWriter(directory, 0);
  const ended = once(child, "close");
  while (!text().includes("body") && child.exitCode === null) await pause(5);
  await assert.rejects(openStoreAt(directory), DirectoryInUse);
  assert.equal(child.exitCode, null, "the first goes on");
  child.kill("SIGKILL");
  await ended;
  await (await openStoreAt(directory)).close();
});

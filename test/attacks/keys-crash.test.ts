import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { DecryptResponse } from "@aws-sdk/client-kms";
import { openKms } from "../support/kms.ts";

const rounds = 8;

/** Lets a process make and rotate keys for a while, then kills it; answers what it acknowledged. */
async function rotateAndKill(directory: string): Promise<string[]> {
  const script = fileURLToPath(new URL("../support/key-rotator.js", import.meta.url));
  const child = spawn(process.execPath, [script, directory], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  let text = "";
  child.stdout.on("data", (piece: Buffer) => {
    text += piece;
  });
  while (!text.includes("\n") && child.exitCode === null) await pause(2);
  assert.equal(child.exitCode, null, "the process runs until it is killed");
  await pause(randomInt(150));
  child.kill("SIGKILL");
  await ended;
  return text.split("\n").slice(0, -1);
}

test("what was encrypted before a kill -9, in the midst of rotations too, decrypts after", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "bondstore-kms-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const lines: string[] = [];
  for (let round = 0; round < rounds; round += 1) lines.push(...(await rotateAndKill(directory)));
  const kms = await openKms(directory);
  t.after(() => kms.close());
  const root = kms.as(kms.root());
  for (const line of lines) {
    const [keyId = "", rotation = "", text = ""] = line.split(" ");
    const CiphertextBlob = Buffer.from(text, "base64");
    const { Plaintext } = await root<DecryptResponse>("Decrypt", { CiphertextBlob });
    assert.equal(Buffer.from(Plaintext ?? []).toString(), `${keyId} ${rotation}`);
  }
  assert.ok(lines.length >= rounds, "an empty check must not pass");
});

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
import type { DecryptResponse, DescribeKeyResponse } from "@aws-sdk/client-kms";
import { type As, openKms, otherRegion, region } from "../support/kms.ts";

const rounds = 8;

/** Lets a process make, replicate and move keys for a while, then kills it; answers what it acknowledged. */
async function replicateAndKill(directory: string): Promise<string[]> {
  const script = fileURLToPath(new URL("../support/key-replicator.js", import.meta.url));
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

/** The Regions that have a key, as the home Region knows them. */
async function regionsOf(here: As, KeyId: string): Promise<string[]> {
  const { KeyMetadata } = await here<DescribeKeyResponse>("DescribeKey", { KeyId });
  const { PrimaryKey, ReplicaKeys = [] } = KeyMetadata?.MultiRegionConfiguration ?? {};
  return [PrimaryKey, ...ReplicaKeys].map((key) => key?.Region ?? "");
}

test("after a kill -9 related keys agree, or there is one; whatever was encrypted opens in each Region", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "bondstore-kms-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const lines: string[] = [];
  for (let round = 0; round < rounds; round += 1)
    lines.push(...(await replicateAndKill(directory)));
  const kms = await openKms(directory);
  t.after(() => kms.close());
  assert.deepEqual(kms.inspect(), []);
  const here = kms.as(kms.root());
  const there = kms.as(kms.root(), {}, otherRegion);
  let related = 0;
  for (const line of lines) {
    const [KeyId = "", , text = ""] = line.split(" ");
    const regions = await regionsOf(here, KeyId);
    if (regions.length === 1) {
      // A vault that was written before the kill is no hindrance.
      await here("ReplicateKey", { KeyId, ReplicaRegion: otherRegion });
      regions.push(otherRegion);
    } else related += 1;
    for (const name of regions) {
      const CiphertextBlob = Buffer.from(text, "base64");
      const as = name === region ? here : there;
      const { Plaintext } = await as<DecryptResponse>("Decrypt", { CiphertextBlob });
      assert.equal(Buffer.from(Plaintext ?? []).toString(), KeyId);
    }
  }
  assert.ok(lines.length >= rounds && related > 0, "an empty check must not pass");
  assert.deepEqual(kms.inspect(), []);
});

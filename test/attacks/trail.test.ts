import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdir, mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { findTrailSecrets } from "../../src/audit/secrets.ts";
import { everyAccount } from "../../src/audit/trail.ts";
import { verifyTrail } from "../../src/audit/verify.ts";
import { openInstallation, sampleEvent } from "../support/trail.ts";

const child = fileURLToPath(new URL("../support/trail-child.js", import.meta.url));

async function dataDirectory(t: TestContext): Promise<string> {
  const data = await mkdtemp(join(tmpdir(), "bondstore-attack-"));
  t.after(() => rm(data, { recursive: true, force: true }));
  return data;
}

/** Lets a process record, and kills it after so many acknowledgements. Answers the numbers acknowledged. */
async function recordAndKill(data: string, first: number, acknowledgements: number) {
  const recorder = spawn(process.execPath, [child, data, String(first)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  let killed = false;
  recorder.stdout.setEncoding("utf8").on("data", (part: string) => {
    text += part;
    if (killed || text.split("\n").length <= acknowledgements) return;
    killed = true;
    recorder.kill("SIGKILL");
  });
  await once(recorder, "close");
  assert.ok(killed, "the recorder ran until it was killed");
  return text.split("\n").slice(0, -1).map(Number);
}

test("kill -9 loses no acknowledged event, and looks like no tampering", async (t) => {
  const data = await dataDirectory(t);
  const acknowledged: number[] = [];
  for (const [round, count] of [1, 37, 400, 5, 1500].entries()) {
    acknowledged.push(...(await recordAndKill(data, round * 100_000, count)));
    // As found on disk, before anything was repaired.
    const raw = await verifyTrail({ directory: join(data, "trail") });
    assert.deepEqual(raw.findings, [], `round ${round}`);
  }
  const { directory, store, sealers, openTrail } = await openInstallation(data);
  const trail = await openTrail();
  const events = await trail.find({ account: everyAccount, limit: 1_000_000 });
  const there = new Set(events.map(({ event }) => Number(event.requestID.slice(-12))));
  assert.deepEqual(
    acknowledged.filter((number) => !there.has(number)),
    [],
  );
  await trail.close();
  const signer = findTrailSecrets(store)?.signer;
  assert.ok(signer);
  const report = await verifyTrail({ directory, sealers, signer });
  assert.deepEqual(report.findings, []);
  assert.equal(report.opened, events.length);
  await store.close();
});

test("a tail cut right after kill -9 is found, by verify and at the next start", async (t) => {
  const data = await dataDirectory(t);
  await recordAndKill(data, 0, 50);
  const log = join(data, "trail", "0000000000000000.log");
  const { length } = await readFile(log);
  await truncate(log, Math.floor(length / 2));
  const report = await verifyTrail({ directory: join(data, "trail") });
  assert.deepEqual(
    report.findings.map(({ what }) => what),
    ["cut tail"],
  );
  assert.match(report.findings[0]?.where ?? "", /^behind event \d+ of 20.*, request 00000000-/);
  const { store, openTrail } = await openInstallation(data);
  await assert.rejects(openTrail(), /acknowledged|damaged/);
  await store.close();
});

test("an older copy of the whole trail does not open: the store keeps a later checkpoint", async (t) => {
  const data = await dataDirectory(t);
  const { directory, store, openTrail } = await openInstallation(data);
  const first = await openTrail();
  await first.record(sampleEvent(1));
  await first.close();
  const copy = join(data, "copy");
  await cp(directory, copy, { recursive: true });
  const second = await openTrail();
  await second.record(sampleEvent(2));
  await second.close();
  await rm(directory, { recursive: true });
  await cp(copy, directory, { recursive: true });
  await assert.rejects(openTrail(), /ends after 1 events; 2 were acknowledged/);
  await store.close();
});

test("a head forged by who can write the disk does not hide a cut", async (t) => {
  const data = await dataDirectory(t);
  const { directory, store, openTrail } = await openInstallation(data);
  const trail = await openTrail();
  await trail.record(sampleEvent(1));
  const heads = join(directory, "heads");
  const earlier = await readFile(heads);
  const { length } = await readFile(join(directory, "0000000000000000.log"));
  await trail.record(sampleEvent(2));
  await trail.close();
  const forged = earlier.toString("latin1").replaceAll("bondstore trail head 1", "x".repeat(22));
  await truncate(join(directory, "0000000000000000.log"), length);
  await writeFile(heads, forged, "latin1");
  await assert.rejects(openTrail(), /heads of the trail are gone/);
  await store.close();
});

test("a trail that cannot be written takes no event, until it can again", async (t) => {
  const data = await dataDirectory(t);
  const { directory, store, openTrail } = await openInstallation(data);
  const trail = await openTrail();
  // The file of the first segment cannot be made where a folder of its name stands.
  const log = join(directory, "0000000000000000.log");
  await mkdir(log);
  for (const number of [1, 2]) {
    await assert.rejects(trail.record(sampleEvent(number)), { name: "StorageFull" });
  }
  await rm(log, { recursive: true });
  await trail.record(sampleEvent(3));
  const found = await trail.find({ account: everyAccount, limit: 10 });
  assert.deepEqual(
    found.map(({ event }) => event.requestID),
    [sampleEvent(3).requestID],
  );
  await trail.close();
  assert.deepEqual((await verifyTrail({ directory })).findings, []);
  await store.close();
});

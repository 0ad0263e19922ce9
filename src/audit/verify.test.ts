import assert from "node:assert/strict";
import { cp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mock, test } from "node:test";
import { sampleEvent, type TrailHome, trailHome } from "../../test/support/trail.ts";
import { createSigner } from "../lib/signature.ts";
import { readNotes, writeNote } from "./checkpoint.ts";
import { leavesWithin } from "./entry.ts";
import type { FindingKind, Report } from "./report.ts";
import { scan } from "./scan.ts";
import { findTrailSecrets } from "./secrets.ts";
import { readHeader } from "./segment.ts";
import { verifyTrail } from "./verify.ts";

// A checkpoint is signed when a trail is closed; by the clock as well, which here stands still, where a disk is slow.
mock.timers.enable({ apis: ["setTimeout"] });

const log = "0000000000000000.log";

async function recorded(t: Parameters<typeof trailHome>[0], count: number): Promise<TrailHome> {
  const home = await trailHome(t);
  const trail = await home.open();
  for (let number = 0; number < count; number += 1) await trail.record(sampleEvent(number));
  await trail.close();
  return home;
}

async function secretsOf({ store }: TrailHome) {
  const secrets = findTrailSecrets(store);
  assert.ok(secrets);
  return secrets;
}

const kinds = ({ findings }: Report): FindingKind[] => findings.map(({ what }) => what);

/** Where each event lies in a segment. */
function extents(bytes: Buffer): { from: number; to: number }[] {
  let from = readHeader(bytes)?.size ?? 0;
  return scan(bytes, from).map((stretch) => {
    assert.ok(stretch.kind === "whole");
    const to = from + stretch.entry.size;
    const extent = { from, to };
    from = to;
    return extent;
  });
}

test("an untouched trail passes, with and without keys", async (t) => {
  const home = await recorded(t, 20);
  const blind = await verifyTrail({ directory: home.directory });
  assert.deepEqual(blind.findings, []);
  assert.deepEqual([blind.events, blind.opened, blind.sealed], [20, 0, 20]);
  const { signer } = await secretsOf(home);
  const { directory, sealers } = home;
  const full = await verifyTrail({ directory, sealers, signer });
  assert.deepEqual(full.findings, []);
  assert.deepEqual([full.events, full.opened, full.sealed, full.checkpoints], [20, 20, 0, 1]);
  assert.equal(full.lastEvent?.requestId, sampleEvent(19).requestID);
});

test("every flipped byte of the log is found, and its event named", async (t) => {
  const home = await recorded(t, 4);
  const path = join(home.directory, log);
  const bytes = await readFile(path);
  const places = extents(bytes);
  for (let at = 0; at < bytes.length; at += at % 97 < 80 ? 1 : 13) {
    const flipped = Buffer.from(bytes);
    flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << (at % 8)), at);
    await writeFile(path, flipped);
    const report = await verifyTrail({ directory: home.directory });
    const event = places.findIndex(({ from, to }) => at >= from && at < to);
    const expected = event < 0 ? /^event 0, at the beginning/ : new RegExp(`^event ${event}, `);
    const told = JSON.stringify(report.findings);
    assert.ok(
      report.findings.some(({ where }) => expected.test(where)),
      `byte ${at}: ${told}`,
    );
    // Nothing else is accused.
    assert.ok(report.findings.length === 1, `byte ${at}: ${told}`);
  }
});

test("every flipped byte of heads, checkpoints and public key is found", async (t) => {
  const home = await recorded(t, 4);
  const { signer } = await secretsOf(home);
  for (const name of ["heads", "checkpoints", "trail.pub"]) {
    const path = join(home.directory, name);
    const bytes = await readFile(path);
    for (let at = 0; at < bytes.length; at += 1) {
      const flipped = Buffer.from(bytes);
      flipped.writeUInt8(flipped.readUInt8(at) ^ (1 << (at % 8)), at);
      await writeFile(path, flipped);
      const report = await verifyTrail({ directory: home.directory, signer });
      assert.ok(!report.ok, `byte ${at} of ${name}`);
    }
    await writeFile(path, bytes);
  }
});

test("a tail cut anywhere is found, with how many events are missing and which one is the last", async (t) => {
  const home = await recorded(t, 6);
  const path = join(home.directory, log);
  const bytes = await readFile(path);
  const places = extents(bytes);
  for (let size = bytes.length - 1; size > 0; size -= 61) {
    await truncate(path, size);
    const left = places.filter(({ to }) => to <= size).length;
    const report = await verifyTrail({ directory: home.directory });
    const cut = report.findings.find(({ what }) => what === "cut tail");
    assert.match(
      cut?.detail ?? "",
      new RegExp(`^${6 - left} events are missing`),
      `cut to ${size}`,
    );
    if (left > 0) assert.match(cut?.where ?? "", new RegExp(sampleEvent(left - 1).requestID));
  }
});

test("each way to change a trail is named for what it is", async (t) => {
  type Change = (directory: string, home: TrailHome) => Promise<unknown>;
  const edit =
    (change: (bytes: Buffer, events: Buffer[]) => Buffer[]): Change =>
    async (directory) => {
      const path = join(directory, log);
      const bytes = await readFile(path);
      const events = extents(bytes).map(({ from, to }) => bytes.subarray(from, to));
      const head = bytes.subarray(0, readHeader(bytes)?.size);
      await writeFile(path, Buffer.concat([head, ...change(bytes, events)]));
    };
  const none = Buffer.alloc(0);
  const cases: [string, Change, FindingKind[]][] = [
    ["nothing", async () => undefined, []],
    [
      "two events swapped",
      edit((_, [a = none, b = none, ...rest]) => [b, a, ...rest]),
      ["reordered event"],
    ],
    [
      "an event taken out",
      edit((_, [a = none, b = none, , ...rest]) => [a, b, ...rest]),
      ["missing events"],
    ],
    ["an event twice", edit((_, [a = none, ...rest]) => [a, a, ...rest]), ["reordered event"]],
    ["the heads gone", (directory) => rm(join(directory, "heads")), ["missing heads"]],
    [
      "a checkpoint signed by another key",
      async (directory, home) => {
        const { origin } = await secretsOf(home);
        const root = Buffer.alloc(32);
        const forger = createSigner(Buffer.alloc(32, 9));
        const note = writeNote({ origin, size: 3, root, timeMs: 0 }, forger);
        await writeFile(join(directory, "checkpoints"), `${note}\n`, { flag: "a" });
      },
      ["forged checkpoint"],
    ],
    [
      "a checkpoint of another trail, well signed",
      async (directory, home) => {
        const { origin, signer } = await secretsOf(home);
        const root = Buffer.alloc(32);
        const note = writeNote({ origin, size: 8, root, timeMs: 0 }, signer);
        await writeFile(join(directory, "checkpoints"), `${note}\n`, { flag: "a" });
      },
      ["forked checkpoint"],
    ],
    [
      "the checkpoints gone",
      (directory) => rm(join(directory, "checkpoints")),
      ["missing checkpoints"],
    ],
    ["all events taken out but the head of the segment", edit(() => []), ["cut tail"]],
    ["the log gone", (directory) => rm(join(directory, log)), ["cut tail"]],
    [
      "everything gone",
      async (directory) => {
        for (const name of await readdir(directory)) await rm(join(directory, name));
      },
      ["unknown public key", "missing heads"],
    ],
  ];
  for (const [title, change, expected] of cases) {
    const home = await recorded(t, 8);
    await change(home.directory, home);
    const { signer } = await secretsOf(home);
    const report = await verifyTrail({ directory: home.directory, signer });
    assert.deepEqual(kinds(report), expected, `${title}: ${JSON.stringify(report.findings)}`);
  }
});

test("a body changed together with its hash is found by the tree, and with keys named", async (t) => {
  const { directory, sealers } = await recorded(t, 4);
  const path = join(directory, log);
  const bytes = await readFile(path);
  const { from, to } = extents(bytes)[2] ?? { from: 0, to: 0 };
  bytes.writeUInt8(bytes.readUInt8(to - 40) ^ 1, to - 40);
  leavesWithin(bytes, from, to)[1]?.copy(bytes, from + 4);
  await writeFile(path, bytes);
  const blind = await verifyTrail({ directory });
  assert.deepEqual(kinds(blind), ["changed events"]);
  assert.match(blind.findings[0]?.where ?? "", /^events 0 to [23]$/);
  const keyed = await verifyTrail({ directory, sealers });
  assert.deepEqual(kinds(keyed), ["changed event"]);
  assert.match(keyed.findings[0]?.where ?? "", /^event 2, /);
});

test("rolling back the log with all its heads shows only against a checkpoint kept elsewhere", async (t) => {
  const home = await recorded(t, 5);
  const old = `${home.directory}-old`;
  await cp(home.directory, old, { recursive: true });
  const trail = await home.open();
  for (let number = 5; number < 9; number += 1) await trail.record(sampleEvent(number));
  await trail.close();
  const { signer, lastNote } = await secretsOf(home);
  const publicKey = await readFile(join(old, "trail.pub"), "utf8");
  const alone = await verifyTrail({ directory: old, publicKey, signer });
  assert.deepEqual(alone.findings, []);
  const witnesses = [lastNote?.text ?? ""];
  const witnessed = await verifyTrail({ directory: old, publicKey, signer, witnesses });
  assert.deepEqual(kinds(witnessed), ["rolled back"]);
  assert.match(witnessed.findings[0]?.detail ?? "", /^4 events are missing/);
});

test("many segments pass; one taken out of the middle, or a changed head, is found", async (t) => {
  const home = await trailHome(t);
  const trail = await home.open();
  const requestParameters = { text: "x".repeat(240_000) };
  for (let number = 0; number < 70; number += 1) {
    await trail.record(sampleEvent(number, { requestParameters }));
  }
  await trail.close();
  const { directory, sealers } = home;
  assert.deepEqual((await verifyTrail({ directory, sealers })).findings, []);
  const [, second = "", third = ""] = (await readdir(directory)).filter((n) => n.endsWith(".log"));
  const bytes = await readFile(join(directory, third));
  const flipped = Buffer.from(bytes);
  flipped.writeUInt8(flipped.readUInt8(20) ^ 1, 20);
  await writeFile(join(directory, third), flipped);
  assert.deepEqual(kinds(await verifyTrail({ directory })), ["changed segment"]);
  await writeFile(join(directory, third), bytes);
  await rm(join(directory, second));
  const report = await verifyTrail({ directory });
  assert.deepEqual(kinds(report), ["missing events"]);
  assert.match(report.findings[0]?.where ?? "", /^events \d+ to \d+, behind event \d+/);
});

test("checkpoints have the form of a C2SP signed note", async (t) => {
  const home = await recorded(t, 3);
  const text = await readFile(join(home.directory, "checkpoints"), "utf8");
  const { origin } = await secretsOf(home);
  const [first] = readNotes(text, origin);
  assert.match(
    text,
    /^bondstore\/[0-9a-f-]{36}\n3\n[\w+/]{43}=\ntime \S+Z\n\n— bondstore\/\S+ \S{92}\n\n$/,
  );
  assert.equal(first?.note?.size, 3);
});

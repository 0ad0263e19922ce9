import assert from "node:assert/strict";
import { appendFile, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { sampleEvent, trailHome } from "../../test/support/trail.ts";
import { Corruption } from "../storage/store.ts";
import { eventSizeBytesMax } from "./recorder.ts";
import { everyAccount, type TrailQuery } from "./trail.ts";

const account = "111122223333";
const other = "444455556666";

test("what was recorded is found, the newest first", async (t) => {
  const trail = await (await trailHome(t)).open();
  for (const number of [1, 2, 3]) await trail.record(sampleEvent(number));
  const found = await trail.find({ account, limit: 50 });
  assert.deepEqual(
    found.map(({ position, event }) => [position, event.requestID.slice(-1)]),
    [
      [2, "3"],
      [1, "2"],
      [0, "1"],
    ],
  );
  await trail.close();
});

test("events outlive the trail that recorded them", async (t) => {
  const home = await trailHome(t);
  const first = await home.open();
  await Promise.all(Array.from({ length: 100 }, (_, number) => first.record(sampleEvent(number))));
  await first.close();
  const second = await home.open();
  await second.record(sampleEvent(100));
  assert.equal(second.tornBytes, 0);
  assert.equal((await second.find({ account, limit: 1000 })).length, 101);
  assert.equal(second.head().size, 101);
  await second.close();
});

test("a query finds by each attribute, within its account and its time", async (t) => {
  const trail = await (await trailHome(t)).open();
  const session = {
    type: "AssumedRole",
    principalId: "AROAEXAMPLE:nightly",
    accessKeyId: "ASIAEXAMPLE",
  };
  await trail.record(sampleEvent(0));
  await trail.record(sampleEvent(1, { eventName: "CreateKey", readOnly: false, eventID: "e-1" }));
  await trail.record(sampleEvent(2, { eventSource: "s3.amazonaws.com", resources: [] }));
  await trail.record(sampleEvent(3, { userIdentity: session }));
  await trail.record(sampleEvent(4, { userIdentity: { type: "Root" } }));
  await trail.record(sampleEvent(5, { recipientAccountId: other }));
  await trail.record(sampleEvent(6, { recipientAccountId: "" }));
  const time = (number: number) => Date.parse(sampleEvent(number).eventTime);
  const cases: [string, Partial<TrailQuery>, number[]][] = [
    ["an account sees its own events", {}, [4, 3, 2, 1, 0]],
    ["and nobody else's", { account: other }, [5]],
    ["what concerns no account is the operator's", { account: "" }, [6]],
    ["who sees every account", { account: everyAccount }, [6, 5, 4, 3, 2, 1, 0]],
    ["event id", { attribute: { key: "EventId", value: "e-1" } }, [1]],
    ["event name", { attribute: { key: "EventName", value: "CreateKey" } }, [1]],
    ["read only", { attribute: { key: "ReadOnly", value: "false" } }, [1]],
    ["user", { attribute: { key: "Username", value: "alice" } }, [2, 1, 0]],
    ["session", { attribute: { key: "Username", value: "nightly" } }, [3]],
    ["root", { attribute: { key: "Username", value: "root" } }, [4]],
    ["resource type", { attribute: { key: "ResourceType", value: "AWS::KMS::Key" } }, [4, 3, 1, 0]],
    ["resource name", { attribute: { key: "ResourceName", value: "k1" } }, [4, 3, 1, 0]],
    ["source", { attribute: { key: "EventSource", value: "s3.amazonaws.com" } }, [2]],
    ["access key", { attribute: { key: "AccessKeyId", value: "ASIAEXAMPLE" } }, [3]],
    ["request", { attribute: { key: "RequestId", value: sampleEvent(3).requestID } }, [3]],
    ["another's request", { attribute: { key: "RequestId", value: sampleEvent(5).requestID } }, []],
    ["time", { fromMs: time(1), toMs: time(3) }, [3, 2, 1]],
    ["limit", { limit: 2 }, [4, 3]],
    ["the next page", { before: 3, limit: 2 }, [2, 1]],
  ];
  for (const [title, query, expected] of cases) {
    const found = await trail.find({ account, limit: 50, ...query });
    assert.deepEqual(
      found.map(({ position }) => position),
      expected,
      title,
    );
  }
  await trail.close();
});

test("an event too large for the trail loses its parameters, not its place", async (t) => {
  const trail = await (await trailHome(t)).open();
  const huge = "x".repeat(eventSizeBytesMax);
  const decision = { demands: [], flows: [{ project: "vault", table: "t".repeat(20_000) }] };
  await trail.record(sampleEvent(1, { requestParameters: { code: huge }, decision }));
  const [found] = await trail.find({ account, limit: 1 });
  assert.deepEqual(found?.event.requestParameters, {
    omitted: true,
    originalSize: eventSizeBytesMax + 11,
    reason: "event is larger than 256 KB",
  });
  assert.deepEqual(found?.event.decision, decision, "what was decided stays");
  await trail.close();
});

test("no plain text of an event is on disk", async (t) => {
  const home = await trailHome(t);
  const trail = await home.open();
  await trail.record(sampleEvent(1, { requestParameters: { secret: "PLAINTEXT-MARKER" } }));
  await trail.close();
  for (const name of await readdir(home.directory)) {
    const bytes = await readFile(join(home.directory, name));
    assert.ok(!bytes.includes("MARKER") && !bytes.includes("alice"), name);
  }
});

test("a trail goes on over many segments", async (t) => {
  const home = await trailHome(t);
  const padding = { text: "x".repeat(200_000) };
  const first = await home.open();
  for (let number = 0; number < 60; number += 1) {
    await first.record(sampleEvent(number, { requestParameters: padding }));
  }
  await first.close();
  const second = await home.open();
  const segments = (await readdir(home.directory)).filter((name) => name.endsWith(".log"));
  assert.equal(segments.length, 3);
  const found = await second.find({ account, limit: 100 });
  assert.equal(found.length, 60);
  await second.close();
});

test("a torn tail that nobody was promised is cut off, and told", async (t) => {
  const home = await trailHome(t);
  const first = await home.open();
  await first.record(sampleEvent(1));
  await first.close();
  await appendFile(join(home.directory, "0000000000000000.log"), "torn");
  const second = await home.open();
  assert.equal(second.tornBytes, 4);
  await second.record(sampleEvent(2));
  assert.equal((await second.find({ account, limit: 5 })).length, 2);
  await second.close();
});

test("a trail that was changed while it was closed does not open", async (t) => {
  const log = "0000000000000000.log";
  const cases: [string, (directory: string) => Promise<unknown>, RegExp][] = [
    [
      "a byte flipped",
      async (directory) => {
        const bytes = await readFile(join(directory, log));
        bytes.writeUInt8(bytes.readUInt8(bytes.length - 5) ^ 1, bytes.length - 5);
        await writeFile(join(directory, log), bytes);
      },
      /event 2 .* is damaged/,
    ],
    [
      "the tail cut",
      async (directory) => truncate(join(directory, log), 1500),
      /ends after \d events; 3 were acknowledged|event \d .* is damaged/,
    ],
    ["the log gone", (directory) => rm(join(directory, log)), /events are gone/],
    ["the heads gone", (directory) => rm(join(directory, "heads")), /heads .* are gone/],
    ["everything gone", (directory) => rm(directory, { recursive: true }), /gone/],
  ];
  for (const [title, change, message] of cases) {
    const home = await trailHome(t);
    const trail = await home.open();
    for (const number of [1, 2, 3]) await trail.record(sampleEvent(number));
    await trail.close();
    await change(home.directory);
    await assert.rejects(
      home.open(),
      (error) => {
        assert.ok(error instanceof Corruption, title);
        assert.match(error.message, message, title);
        return true;
      },
      title,
    );
  }
});

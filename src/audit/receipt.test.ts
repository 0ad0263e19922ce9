import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { sampleEvent, trailHome } from "../../test/support/trail.ts";
import { readVerifierKey } from "./checkpoint.ts";
import { trailPaths } from "./paths.ts";
import { checkReceipt, makeReceipt, ReceiptFailure } from "./receipt.ts";
import { listSegments } from "./segment.ts";

test("a receipt proves events of several segments, and waits for a checkpoint that covers them", async (t) => {
  const home = await trailHome(t);
  const trail = await home.open();
  const requestParameters = { text: "x".repeat(200_000) };
  const count = 50;
  for (let number = 0; number < count; number += 1) {
    await trail.record(sampleEvent(number, { requestParameters }));
  }
  const found = await trail.find({ account: "111122223333", limit: count });
  await trail.close();
  const segments = await listSegments(home.directory);
  assert.ok(segments.length > 2, String(segments.length));
  const key = readVerifierKey(await readFile(trailPaths(home.directory).publicKey, "utf8"));
  assert.ok(key);
  const firsts = segments.map(({ first }) => first);
  const chosen = found.filter(({ position }) => [...firsts, count - 1].includes(position));
  assert.equal(chosen.length, segments.length + 1);
  const receipt = await makeReceipt(home.directory, key, chosen);
  assert.deepEqual(
    checkReceipt(receipt, key).events,
    chosen.map(({ event }) => event),
  );
  const [one] = chosen;
  const later = makeReceipt(home.directory, key, one ? [{ ...one, position: count }] : []);
  await assert.rejects(later, (error) => {
    assert.ok(error instanceof ReceiptFailure);
    assert.match(error.message, /no signed checkpoint covers the event yet/);
    return true;
  });
});

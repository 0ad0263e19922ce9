import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { createFakeSealers } from "../../test/support/fake-sealers.ts";
import { sampleEvent } from "../../test/support/trail.ts";
import { systemClock } from "../lib/clock.ts";
import type { Batch } from "./journal.ts";
import { createRecorder } from "./recorder.ts";
import { createFrontier } from "./tree.ts";

const account = "111122223333";
const other = "444455556666";

interface Written {
  /** How many events the trail has with this batch. */
  readonly size: number;
  readonly onDisk: () => void;
  readonly fail: (error: Error) => void;
}

/** A recorder whose disk answers when the test says so. */
function recording(destroyed: ReadonlySet<string> = new Set()) {
  const batches: Written[] = [];
  let tree = createFrontier();
  const journal = {
    ...{ segments: [], offset: 0, close: async () => {} },
    get tree() {
      return tree;
    },
    append: (batch: Batch) =>
      new Promise<void>((resolve, fail) => {
        const onDisk = () => {
          ({ tree } = batch);
          resolve();
        };
        batches.push({ size: batch.tree.size, onDisk, fail });
      }),
  };
  const recorder = createRecorder({
    journal,
    checkpoints: { grown: () => {}, close: async () => {} },
    ...{ sealers: createFakeSealers(destroyed), systemAccount: "system", clock: systemClock },
  });
  const done: string[] = [];
  const record = (number: number, of = account) =>
    void recorder
      .record({ ...sampleEvent(number), recipientAccountId: of })
      .then(() => done.push(`${number}`))
      .catch((error: Error) => done.push(`${number}: ${error.message}`));
  /** The batch of this number, once it is on its way to the disk; what is through by then is done. */
  async function batch(number: number): Promise<Written> {
    for (let turns = 0; turns < 20; turns += 1) await nextTurn();
    const found = batches[number];
    assert.ok(found && batches.length === number + 1, `batch ${number} is the last one`);
    return found;
  }
  return { recorder, record, batch, done };
}

test("an event is recorded when it is on disk and not before; what comes meanwhile shares the next", async () => {
  const { recorder, record, batch, done } = recording();
  for (const number of [1, 2, 3]) record(number);
  const first = await batch(0);
  for (const number of [4, 5]) record(number);
  assert.equal((await batch(0)).size, 3);
  assert.deepEqual(done, []);
  first.onDisk();
  const second = await batch(1);
  assert.deepEqual([second.size, done], [5, ["1", "2", "3"]]);
  second.onDisk();
  await recorder.close();
  await nextTurn();
  assert.deepEqual(done, ["1", "2", "3", "4", "5"]);
});

test("an account whose keys are gone fails its own events, and no other", async () => {
  const { record, batch, done } = recording(new Set([other]));
  record(1);
  record(2, other);
  record(3);
  const written = await batch(0);
  assert.equal(written.size, 2);
  assert.deepEqual(done, [`2: account ${other} has no data key`]);
  written.onDisk();
  await nextTurn();
  assert.deepEqual(done.slice(1), ["1", "3"]);
});

test("a batch that cannot be written fails all of its events; the next takes their place", async () => {
  const { recorder, record, batch, done } = recording();
  record(1);
  record(2);
  const first = await batch(0);
  record(3);
  first.fail(new Error("no room"));
  const second = await batch(1);
  assert.deepEqual(done, ["1: no room", "2: no room"]);
  assert.deepEqual([second.size, recorder.isFailing()], [1, true]);
  second.onDisk();
  await nextTurn();
  assert.deepEqual([done.at(-1), recorder.isFailing()], ["3", false]);
});

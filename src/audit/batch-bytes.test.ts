import assert from "node:assert/strict";
import { test } from "node:test";
import { createBatchBytes } from "./batch-bytes.ts";

test("what was taken stays where a batch outgrows its memory, and goes with the batch", () => {
  const bytes = createBatchBytes();
  bytes.take(3).fill("a");
  bytes.take(1_000_000).fill("b");
  bytes.take(2).fill("c");
  const taken = bytes.taken();
  assert.equal(taken.length, 1_000_005);
  assert.equal(taken.toString("latin1", 0, 4), "aaab");
  assert.equal(taken.toString("latin1", 1_000_002), "bcc");

  bytes.clear();
  assert.equal(bytes.taken().length, 0);
  bytes.take(1).fill("d");
  assert.equal(bytes.taken().toString("latin1"), "d");
});

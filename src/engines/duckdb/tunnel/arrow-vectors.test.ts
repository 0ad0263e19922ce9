import assert from "node:assert/strict";
import { test } from "node:test";
import { readVectors } from "./arrow-vectors.ts";
import { createBodyMemory } from "./body-memory.ts";

/** Texts as a client has sent them: where each starts, and all their bytes. */
function read(offsets: readonly number[], text: Buffer) {
  const starts = Buffer.from(Int32Array.from(offsets).buffer);
  const count = offsets.length - 1;
  const buffers = [[0, 0] as const, [0, starts.length] as const];
  const head = {
    ...{ rows: count, bodyBytes: 0, nodes: [[count, 0] as const] },
    buffers: [...buffers, [starts.length, text.length] as const],
  };
  const [vector] = readVectors([{ kind: "string" }], head, Buffer.concat([starts, text]));
  return vector;
}

const valueBytesMax = 8 * 1024 * 1024;
const two = Buffer.from("ä€");

test("texts of a batch are taken that stand where they say", () => {
  assert.deepEqual(read([0, 2, 5], two)?.offsets, Int32Array.of(0, 2, 5));
  assert.deepEqual(read([2, 5, 5], two)?.offsets, Int32Array.of(2, 5, 5));
  assert.equal(
    read([0, valueBytesMax, 2 * valueBytesMax], Buffer.alloc(2 * valueBytesMax))?.count,
    2,
  );
});

for (const [title, offsets, text, why] of [
  ["a text that starts within a character", [0, 1, 5], two, /no UTF-8/],
  ["a text that starts within one, behind others", [2, 4, 5], two, /no UTF-8/],
  ["a text that ends within one", [0, 2, 4], two, /no UTF-8/],
  ["bytes that are no text", [0, 2], Buffer.from([0x61, 0xff]), /no UTF-8/],
  ["offsets that go back", [0, 5, 2], two, /go back/],
  ["an offset below zero", [-1, 2, 5], two, /go back/],
  ["a text beyond its memory", [0, 2, 6], two, /beyond its memory/],
  ["a text too long", [0, 1, valueBytesMax + 2], Buffer.alloc(valueBytesMax + 2), /more than/],
] as const) {
  test(`${title} is refused`, () => {
    assert.throws(() => read(offsets, text), why);
  });
}

test("memory of bodies is used again once it is released, but for the last", () => {
  const memory = createBodyMemory();
  const [first, second] = [memory.take(1_000), memory.take(1_000)];
  memory.release();
  const [third, fourth] = [memory.take(1_100), memory.take(10)];
  assert.equal(third.buffer, first.buffer);
  for (const one of [first, second]) assert.notEqual(fourth.buffer, one.buffer);
  memory.release();
  assert.notEqual(memory.take(1_000_000).buffer, second.buffer);
  // What did not fit is not kept beside what does.
  assert.notEqual(memory.take(10).buffer, second.buffer);
});

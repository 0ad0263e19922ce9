import assert from "node:assert/strict";
import { test } from "node:test";
import { systemRandom } from "../../lib/random.ts";
import { createSample } from "./sample.ts";

test("a sample keeps what it can, and counts all", () => {
  const cases = [
    ["fewer than its size are all kept", 10, 4, 4],
    ["more than its size are cut to it", 10, 1000, 10],
    ["without a limit all are kept", Number.POSITIVE_INFINITY, 1000, 1000],
  ] as const;
  for (const [title, size, offered, kept] of cases) {
    const sample = createSample<number>(size, systemRandom);
    for (let item = 0; item < offered; item += 1) sample.offer(item);
    assert.equal(sample.kept.length, kept, title);
    assert.equal(new Set(sample.kept).size, kept, title);
    assert.equal(sample.offered, offered, title);
  }
});

test("late items come into a sample, too", () => {
  const late = Array.from({ length: 20 }, () => {
    const sample = createSample<number>(10, systemRandom);
    for (let item = 0; item < 1000; item += 1) sample.offer(item);
    return sample.kept.some((item) => item >= 500);
  });
  assert.ok(late.includes(true));
});

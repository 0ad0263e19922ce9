import assert from "node:assert/strict";
import { test } from "node:test";
import { momentOf, putNanos, putNumber } from "./moments.ts";

const nanos: readonly bigint[] = [
  0n,
  1n,
  -1n,
  999_999_999n,
  1_000_000_000n,
  -999_999_999n,
  -1_000_000_000n,
  4_294_967_295n,
  4_294_967_296n,
  -4_294_967_297n,
  1_577_836_800_000_000_001n,
  9_223_372_034_999_999_999n,
  -9_223_372_034_000_000_001n,
];

for (const value of nanos) {
  test(`${value} ns come apart and together again`, () => {
    const words = new Int32Array(new BigInt64Array([value]).buffer);
    const parts = { seconds: 0, nanos: 0 };
    momentOf(words[0] ?? 0, words[1] ?? 0, parts);
    assert.equal(BigInt(parts.seconds) * 1_000_000_000n + BigInt(parts.nanos), value);
    assert.ok(parts.nanos >= 0 && parts.nanos < 1e9);
    const back = new Int32Array(2);
    putNanos(parts.seconds, parts.nanos, back, 0);
    assert.deepEqual(back, words);
  });
}

test("a number that a double holds is written in two halves", () => {
  for (const value of [0, -1, 2 ** 32, -(2 ** 32) - 5, 2 ** 53 - 1, -(2 ** 53) + 1]) {
    const words = new Int32Array(2);
    putNumber(value, words, 0);
    assert.equal(new BigInt64Array(words.buffer)[0], BigInt(value));
  }
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32c, crc32cByte, crc32cJoiner, crc32cWord } from "./crc32c.ts";

const text = Buffer.from("123456789");

test("the check value of CRC32C comes out, at once, by bytes, by words and from parts", () => {
  const expected = 0xe3069283 | 0;
  assert.equal(~crc32c(-1, text), expected);
  assert.equal(~text.reduce(crc32cByte, -1), expected);
  const words = crc32cWord(crc32cWord(-1, text.readInt32LE(0)), text.readInt32LE(4));
  assert.equal(~crc32c(words, text, 8), expected);
  const join = crc32cJoiner(5);
  assert.equal(join(~crc32c(-1, text, 0, 4), ~crc32c(-1, text, 4)), expected);
});

test("long data has the checksum of its pieces, wherever it lies", () => {
  const data = Uint8Array.from({ length: 40_000 }, (_, at) => (at * at) >> 3);
  for (const [from, to] of [
    [0, 40_000],
    [1, 39_998],
    [3, 8_195],
    [7, 8_199],
  ] as const) {
    let pieces = -1;
    for (let at = from; at < to; at += 1_000) {
      pieces = crc32c(pieces, data, at, Math.min(to, at + 1_000));
    }
    assert.equal(crc32c(-1, data, from, to), pieces);
    assert.equal(crc32c(-1, data.subarray(from, to)), pieces);
  }
});

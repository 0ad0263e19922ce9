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

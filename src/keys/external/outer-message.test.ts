import assert from "node:assert/strict";
import { test } from "node:test";
import { systemRandom } from "../../lib/random.ts";
import { versionOf } from "../ciphertext.ts";
import { joinOuter, outerHead, splitOuter } from "./outer-message.ts";

const version = "ab".repeat(32);
const parts = {
  iv: Buffer.alloc(12, 1),
  tag: Buffer.alloc(16, 2),
  metadata: Buffer.from("v1"),
  ciphertext: Buffer.alloc(80, 3),
};

test("what is joined is split again, and names its version", () => {
  const whole = joinOuter(outerHead(version), parts);
  assert.equal(versionOf(whole), version);
  assert.deepEqual(splitOuter(whole), { head: outerHead(version), ...parts });
});

test("bytes that nobody joined are split without a fault, or are none", () => {
  for (let length = 0; length < 300; length += 1) {
    const bytes = systemRandom.bytes(length);
    if (length % 2 === 0) bytes[0] = 2;
    const split = splitOuter(bytes);
    if (split) assert.equal(joinOuter(split.head, split).length, length);
  }
});

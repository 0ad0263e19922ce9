import assert from "node:assert/strict";
import { test } from "node:test";
import { type ChecksumAlgorithm, createChecksum } from "./checksum.ts";

const vectors: readonly (readonly [ChecksumAlgorithm, string])[] = [
  ["CRC32", "cbf43926"],
  ["CRC32C", "e3069283"],
  ["CRC64NVME", "ae8b14860a799888"],
  ["SHA1", "f7c3bc1d808e04732adf679965ccc34ca7ae3441"],
  ["SHA256", "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225"],
];

for (const [algorithm, expected] of vectors) {
  test(`${algorithm} of the digits 1 to 9 is its published check value`, () => {
    const checksum = createChecksum(algorithm);
    checksum.update(Buffer.from("123456789"));
    assert.equal(checksum.digest().toString("hex"), expected);
  });

  test(`${algorithm} is the same however the bytes are cut`, () => {
    const bytes = Buffer.from(Array.from({ length: 1000 }, (_, at) => (at * 7919) & 0xff));
    const [whole, cut] = [createChecksum(algorithm), createChecksum(algorithm)];
    whole.update(bytes);
    for (let at = 0; at < bytes.length; at += 13) cut.update(bytes.subarray(at, at + 13));
    assert.deepEqual(cut.digest(), whole.digest());
  });
}

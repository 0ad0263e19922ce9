import assert from "node:assert/strict";
import { test } from "node:test";
import { type ChecksumAlgorithm, createChecksum } from "./checksum.ts";
import { joinChecksums } from "./checksum-join.ts";

function checksum(algorithm: ChecksumAlgorithm, data: Uint8Array): Buffer {
  const running = createChecksum(algorithm);
  running.update(data);
  return running.digest();
}

const data = Buffer.from("the quick brown fox jumps over the lazy dog, again and again".repeat(9));

for (const algorithm of ["CRC32", "CRC32C", "CRC64NVME"] as const) {
  for (const cuts of [[], [0], [1], [100, 100], [7, 250, 539]]) {
    test(`${algorithm} of pieces cut at ${cuts.join(", ") || "nothing"} is that of the whole`, () => {
      const ends = [...cuts, data.length];
      const pieces = ends.map((end, index) => {
        const piece = data.subarray(index === 0 ? 0 : ends[index - 1], end);
        return { checksum: checksum(algorithm, piece), sizeBytes: piece.length };
      });
      assert.deepEqual(joinChecksums(algorithm, pieces), checksum(algorithm, data));
    });
  }
}

test("hashes cannot be joined", () => {
  assert.equal(joinChecksums("SHA256", [{ checksum: Buffer.alloc(32), sizeBytes: 1 }]), undefined);
});

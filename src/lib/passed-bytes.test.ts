import assert from "node:assert/strict";
import { test } from "node:test";
import { notePassed } from "./passed-bytes.ts";

const mebi = 1024 * 1024;
const pieceBytes = mebi / 16;

test("what has passed is freed long before V8 would free it", () => {
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  for (let passed = 0; passed < 128 * mebi; passed += pieceBytes) {
    notePassed(Buffer.alloc(pieceBytes).length);
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  assert.ok(most < 8 * mebi, `${most} bytes were held at once`);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "node:zlib";
import { framed, unframed } from "./frames.ts";

test("the framing gives back what it was given, and nothing that was changed", async () => {
  async function* pieces(data: Buffer, bytes: number) {
    for (let at = 0; at < data.length; at += bytes) yield data.subarray(at, at + bytes);
  }
  const all = async (body: AsyncIterable<Buffer>) => {
    const found: Buffer[] = [];
    for await (const part of body) found.push(part);
    return Buffer.concat(found);
  };
  const chunk = 512 * 1024;
  for (const size of [
    0,
    1,
    3,
    4,
    5,
    chunk - 1,
    chunk,
    chunk + 1,
    chunk + 4,
    2 * chunk,
    1_500_000,
  ]) {
    const data = Buffer.alloc(size, "some bytes of a file");
    const sent = await all(framed(pieces(data, 65_536)));
    for (const bytes of [7_919, 65_536, sent.length || 1]) {
      assert.equal(
        crc32(await all(unframed(pieces(sent, bytes)))),
        crc32(data),
        `${size}/${bytes}`,
      );
    }
    const at = Math.floor(sent.length / 2);
    const changed = Buffer.from(sent);
    changed[at] = (changed[at] ?? 0) ^ 1;
    if (size > 0) await assert.rejects(all(unframed(pieces(changed, 65_536))), /damaged/);
    await assert.rejects(all(unframed(pieces(sent.subarray(0, -1), 65_536))), /damaged/);
  }
});

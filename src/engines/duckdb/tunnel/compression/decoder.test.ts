import assert from "node:assert/strict";
import { test } from "node:test";
import { BrokenStream } from "../broken-stream.ts";
import type { Decoder } from "./decoder.ts";
import { createLz4Decoder } from "./lz4-frame.ts";
import { createZstdDecoder } from "./zstd-frames.ts";

/** Each with a frame that says `abc`. */
const decoders: readonly (readonly [name: string, make: () => Decoder, frame: string])[] = [
  ["LZ4", createLz4Decoder, "04224d186040000300008061626300000000"],
  ["Zstandard", createZstdDecoder, "28b52ffd2003190000616263"],
];

function opened(decoder: Decoder, bytes: Buffer, pieceBytes: number): string {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes)
    parts.push(...decoder.push(bytes.subarray(at, at + pieceBytes)));
  parts.push(...decoder.end());
  return Buffer.concat(parts).toString();
}

/** A frame of so many bytes that hold nothing for us. */
const skippable = (told: number, there = told): Buffer => {
  const head = Buffer.from("502a4d1800000000", "hex");
  head.writeUInt32LE(told, 4);
  return Buffer.concat([head, Buffer.alloc(there, 0xff)]);
};

for (const [name, make, hex] of decoders) {
  const frame = Buffer.from(hex, "hex");

  test(`${name}: frames that hold nothing are passed over, however they are cut`, () => {
    const bytes = Buffer.concat([skippable(0), frame, skippable(700), frame, skippable(9)]);
    for (const pieceBytes of [1, 3, 512, bytes.length])
      assert.equal(opened(make(), bytes, pieceBytes), "abcabc", String(pieceBytes));
  });

  test(`${name}: a stream that ends in such a frame is not whole`, () => {
    for (const there of [0, 1, 699])
      assert.throws(() => opened(make(), skippable(700, there), 64), BrokenStream);
    assert.throws(() => opened(make(), frame.subarray(0, -1), 64), BrokenStream);
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { compressor, opened } from "./compressions.ts";

/** Numbers that look as if by chance, the same each time. */
function dice(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
}

/** Pieces of random lengths, of which many were there before. */
function mixed(size: number, seed: number): Buffer {
  const roll = dice(seed);
  const bytes = Buffer.alloc(size);
  for (let at = 0; at < size; ) {
    const count = Math.min(size - at, 1 + roll(roll(4) === 0 ? 5_000 : 40));
    const back = at === 0 ? 0 : 1 + roll(Math.min(at, 70_000));
    for (let end = at + count; at < end; at += 1)
      bytes[at] = back > 0 && seed % 3 > 0 ? (bytes[at - back] ?? 0) : roll(256);
    if (at < size) bytes[at++] = roll(7);
  }
  return bytes;
}

const lines = (count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, (_, at) => `row ${(at * 7919) % 1000};`).join(""));

const inputs: readonly (readonly [what: string, bytes: Buffer, ratio: number])[] = [
  ["nothing", Buffer.alloc(0), 1.01],
  ["one byte", Buffer.from("a"), 1.01],
  ["twelve bytes alike", Buffer.alloc(12, 7), 1.01],
  ["thirteen bytes alike", Buffer.alloc(13, 7), 1.01],
  ["one block alike", Buffer.alloc(65_536), 0.06],
  ["blocks and a byte", Buffer.alloc(3 * 65_536 + 1), 0.06],
  ["lines", lines(50_000), 0.5],
  ["noise", mixed(200_000, 3), 1.01],
  ...Array.from({ length: 40 }, (_, seed) => {
    const size = 1 + dice(seed + 1)(seed < 20 ? 300 : 200_000);
    return [`mixed bytes ${seed}`, mixed(size, seed), 1.01] as const;
  }),
];

for (const compression of ["x-lz4-frame", "x-snappy-framed", "zstd"] as const) {
  test(`${compression}: what is written opens again, and never grows by much`, async () => {
    for (const [what, bytes, ratio] of inputs) {
      for (const pieceBytes of [1000, 1 << 20]) {
        const encoder = compressor(compression);
        const out: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += pieceBytes)
          out.push(...encoder.push(bytes.subarray(at, at + pieceBytes)));
        out.push(...encoder.end());
        assert.ok(Buffer.concat(out).length <= 32 + ratio * bytes.length, what);
        const back: Uint8Array[] = [];
        for await (const part of opened(asStream(out), compression)) back.push(part);
        assert.ok(Buffer.concat(back).equals(bytes), `${what} in pieces of ${pieceBytes}`);
      }
    }
  });
}

async function* asStream(parts: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* parts;
}

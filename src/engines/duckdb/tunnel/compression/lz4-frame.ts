import { BrokenStream } from "../broken-stream.ts";
import { type Decoder, isSkippable, newWaiting } from "./decoder.ts";
import { openLz4Block } from "./lz4-block.ts";

const magic = 0x184d2204;
const historyBytes = 65_536;
/** By the number in the frame's head: 64 KiB, 256 KiB, 1 MiB, 4 MiB. */
const blockBytes: Readonly<Record<number, number>> = {
  4: 1 << 16,
  5: 1 << 18,
  6: 1 << 20,
  7: 1 << 22,
};

type Part = "magic" | "flags" | "head" | "size" | "block" | "checksum" | "skipped";

const broken = (why: string) => new BrokenStream(`the LZ4 stream is damaged: ${why}`);

/**
 * Opens frames of LZ4. Their own checksums are passed over: what is inside has others, and is compared with those.
 */
export function createLz4Decoder(): Decoder {
  const waiting = newWaiting();
  let part: Part = "magic";
  let wanted = 4;
  let frame = { linked: false, blockChecksum: 0, checksum: 0, blockMax: 0 };
  let window = Buffer.alloc(0);
  let filled = 0;
  let stored = false;

  const next = (which: Part, bytes: number): undefined => {
    part = which;
    wanted = bytes;
    return undefined;
  };

  function step(bytes: Buffer): Uint8Array | undefined {
    switch (part) {
      case "magic": {
        const number = bytes.readUInt32LE();
        if (number === magic) return next("flags", 2);
        if (isSkippable(number)) return next("skipped", 4);
        throw broken("no frame starts");
      }
      case "skipped":
        waiting.skip(bytes.readUInt32LE());
        return next("magic", 4);
      case "flags":
        return begin(bytes[0] ?? 0, bytes[1] ?? 0);
      case "head":
        return next("size", 4);
      case "size":
        return beginBlock(bytes.readUInt32LE());
      case "block":
        return block(bytes.subarray(0, bytes.length - frame.blockChecksum));
      case "checksum":
        return next("magic", 4);
    }
  }

  function begin(flags: number, sizes: number): undefined {
    if (flags >> 6 !== 1) throw broken("another version");
    if (flags & 1) throw broken("it needs a dictionary");
    const blockMax = blockBytes[(sizes >> 4) & 7];
    if (blockMax === undefined) throw broken("blocks of no size");
    frame = {
      linked: (flags & 0x20) === 0,
      blockChecksum: flags & 0x10 ? 4 : 0,
      checksum: flags & 4 ? 4 : 0,
      blockMax,
    };
    if (window.length !== historyBytes + blockMax) window = Buffer.alloc(historyBytes + blockMax);
    filled = 0;
    return next("head", (flags & 8 ? 8 : 0) + 1);
  }

  function beginBlock(size: number): undefined {
    if (size === 0) return frame.checksum ? next("checksum", 4) : next("magic", 4);
    stored = size >= 0x80000000;
    const bytes = size & 0x7fffffff;
    if (bytes > frame.blockMax) throw broken("a block is too long");
    return next("block", bytes + frame.blockChecksum);
  }

  function block(bytes: Buffer): Uint8Array {
    next("size", 4);
    const start = frame.linked ? filled : 0;
    const most = window.subarray(0, start + frame.blockMax);
    const end = stored ? start + bytes.copy(most, start) : openLz4Block(bytes, most, start);
    const out = Buffer.from(window.subarray(start, end));
    const kept = Math.min(end, historyBytes);
    window.copyWithin(0, end - kept, end);
    filled = kept;
    return out;
  }

  return {
    *push(bytes) {
      waiting.add(bytes);
      for (;;) {
        const taken = waiting.take(wanted);
        if (!taken) return;
        const out = step(taken);
        if (out && out.length > 0) yield out;
      }
    },
    end() {
      if (part !== "magic" || !waiting.empty) throw broken("it ends inside of a frame");
      return [];
    },
  };
}

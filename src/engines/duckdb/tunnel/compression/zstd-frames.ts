import { Decompress } from "fzstd";
import { BrokenStream } from "../broken-stream.ts";
import { type Decoder, isSkippable, newWaiting } from "./decoder.ts";

const magic = 0xfd2fb528;
/** What RFC 8878 asks of every decoder. The decoder that we use moves all of it for each block. */
const windowBytesMax = 8 * 1024 * 1024;
/** A block of a few bytes may open to 128 KiB: so many go in at once. */
const pushedBytes = 512;

const broken = (why: string) => new BrokenStream(`the Zstandard stream is damaged: ${why}`);

/** Opens frames of Zstandard. */
export function createZstdDecoder(): Decoder {
  const guard = createGuard();
  const opened: Uint8Array[] = [];
  const decompress = new Decompress((bytes) => opened.push(bytes));
  const push = (bytes: Uint8Array, final: boolean) => {
    try {
      decompress.push(bytes, final);
    } catch (error) {
      throw broken(error instanceof Error ? error.message : "it cannot be opened");
    }
  };
  return {
    *push(bytes) {
      for (let at = 0; at < bytes.length; at += pushedBytes) {
        // A copy: the decoder keeps what it has not read yet.
        const part = Uint8Array.prototype.slice.call(bytes, at, at + pushedBytes);
        guard.pass(part);
        push(part, false);
        yield* opened.splice(0);
      }
    },
    end() {
      guard.end();
      // A short frame waits for this.
      push(new Uint8Array(0), true);
      return opened.splice(0);
    },
  };
}

/** Follows the frames and blocks of a stream, so that none asks for a window without bounds or is cut off. */
function createGuard() {
  const waiting = newWaiting();
  type Part = "magic" | "flags" | "head" | "block" | "skipped" | "checksum";
  let part: Part = "magic";
  let wanted = 4;
  let flags = 0;
  let last = false;
  /** What comes next, and how many bytes it has. */
  function step(bytes: Buffer): readonly [Part, number] {
    switch (part) {
      case "magic": {
        const number = bytes.readUInt32LE();
        if (number === magic) return ["flags", 1];
        if (isSkippable(number)) return ["skipped", 4];
        throw broken("no frame starts");
      }
      case "skipped":
        waiting.skip(bytes.readUInt32LE());
        return ["magic", 4];
      case "flags":
        flags = bytes[0] ?? 0;
        return ["head", headBytes(flags)];
      case "head":
        if (windowOf(flags, bytes) > windowBytesMax) {
          throw broken(`its window is larger than ${windowBytesMax} bytes`);
        }
        return ["block", 3];
      case "block": {
        const head = bytes.readUIntLE(0, 3);
        last = (head & 1) === 1;
        // One byte that is repeated, or as many as it tells.
        waiting.skip(((head >> 1) & 3) === 1 ? 1 : head >> 3);
        return afterBlock();
      }
      default:
        return ["magic", 4];
    }
  }

  function afterBlock(): readonly [Part, number] {
    if (!last) return ["block", 3];
    return flags & 4 ? ["checksum", 4] : ["magic", 4];
  }

  return {
    pass(bytes: Uint8Array): void {
      waiting.add(bytes);
      for (;;) {
        const taken = waiting.take(wanted);
        if (!taken) return;
        [part, wanted] = step(taken);
      }
    },
    end(): void {
      if (part !== "magic" || !waiting.empty) {
        throw broken("it ends inside of a frame");
      }
    },
  };
}

const dictionaryBytes = [0, 1, 2, 4] as const;
const sizeBytes = [0, 2, 4, 8] as const;
const isSingle = (flags: number): boolean => (flags & 0x20) !== 0;

/** Bytes of the content's size: a single segment always tells it. */
const contentBytes = (flags: number): number =>
  flags >> 6 === 0 && isSingle(flags) ? 1 : (sizeBytes[flags >> 6] ?? 0);

const headBytes = (flags: number): number =>
  (isSingle(flags) ? 0 : 1) + (dictionaryBytes[flags & 3] ?? 0) + contentBytes(flags);

function windowOf(flags: number, head: Buffer): number {
  if (!isSingle(flags)) {
    const told = head[0] ?? 0;
    const base = 2 ** (10 + (told >> 3));
    return base + (base / 8) * (told & 7);
  }
  const at = dictionaryBytes[flags & 3] ?? 0;
  const bytes = contentBytes(flags);
  if (bytes === 8) return Number(head.readBigUInt64LE(at));
  return head.readUIntLE(at, bytes) + (bytes === 2 ? 256 : 0);
}

import type { Column } from "../../../sql/types.ts";
import { type BatchHead, decodeBatch } from "./arrow-message.ts";
import { checkSchema } from "./arrow-schema.ts";
import { readVectors } from "./arrow-vectors.ts";
import { createBodyMemory } from "./body-memory.ts";
import { BrokenStream } from "./broken-stream.ts";
import { createFrameReader, type FrameReader } from "./chunk-frames.ts";
import type { StreamReader } from "./record-reader.ts";
import { sliceVector } from "./slice-vector.ts";
import type { Vector } from "./vectors.ts";

const headBytesMax = 4 * 1024 * 1024;
/** A batch is in memory as a whole: Arrow has no smaller pieces. */
const bodyBytesMax = 128 * 1024 * 1024;
const rowsMax = 16 * 1024 * 1024;
const sliceRows = 2_048;
const continuation = 0xffffffff;

/** A stream without frames: as it comes. */
const unframed: FrameReader = { push: (bytes) => [bytes], end: () => [] };

/** Which part of a message comes next, how long it is, and how much of it is there. */
interface Part {
  readonly kind: "prefix" | "head" | "body";
  readonly bytes: Buffer;
  readonly head?: BatchHead;
  filled: number;
}

const newPart = (kind: "prefix" | "head", size: number): Part => ({
  ...{ kind, bytes: Buffer.allocUnsafe(size), filled: 0 },
});

/** Starts to read Arrow batches of these columns: framed and without a schema, or as a whole stream with it. */
export function createArrowReader(
  columns: readonly Column[],
  form: "arrow" | "stream" = "arrow",
): StreamReader {
  const frames = form === "arrow" ? createFrameReader() : unframed;
  let schemaExpected = form === "stream";
  const types = columns.map(({ type }) => type);
  const memory = createBodyMemory();
  let part = newPart("prefix", 8);
  let over = false;

  function* feed(bytes: Uint8Array): Iterable<readonly Vector[]> {
    for (let at = 0; at < bytes.length; ) {
      if (over) throw new BrokenStream("bytes follow the end of the stream");
      const end = Math.min(bytes.length, at + part.bytes.length - part.filled);
      part.bytes.set(bytes.subarray(at, end), part.filled);
      part.filled += end - at;
      at = end;
      if (part.filled === part.bytes.length) yield* finish();
    }
  }

  function* finish(): Iterable<readonly Vector[]> {
    const { kind, bytes, head } = part;
    if (kind === "prefix") {
      if (bytes.readUInt32LE() !== continuation) throw new BrokenStream("no Arrow message starts");
      const size = bytes.readUInt32LE(4);
      if (size > headBytesMax) throw new BrokenStream("an Arrow message's head is too long");
      if (size === 0) over = true;
      part = newPart(size === 0 ? "prefix" : "head", size === 0 ? 8 : size);
      return;
    }
    if (kind === "head" && schemaExpected) {
      checkSchema(bytes, columns);
      schemaExpected = false;
      part = newPart("prefix", 8);
      return;
    }
    if (kind === "head") {
      const found = decodeBatch(bytes);
      if (found.bodyBytes > bodyBytesMax || found.rows > rowsMax) {
        throw new BrokenStream(`a batch has more than ${bodyBytesMax} bytes or ${rowsMax} rows`);
      }
      part = { kind: "body", bytes: memory.take(found.bodyBytes), head: found, filled: 0 };
      if (found.bodyBytes === 0) yield* finish();
      return;
    }
    part = newPart("prefix", 8);
    if (head) yield* rowsOf(head, bytes);
  }

  function* rowsOf(head: BatchHead, body: Buffer): Iterable<readonly Vector[]> {
    const vectors = readVectors(types, head, body);
    for (const [at, { name, nullable }] of columns.entries()) {
      if (!nullable && vectors[at]?.valid) {
        throw new BrokenStream(`column \`${name}\` lacks a value and must have one`);
      }
    }
    for (let from = 0; from < head.rows; from += sliceRows) {
      const to = Math.min(head.rows, from + sliceRows);
      yield vectors.map((vector, at) =>
        sliceVector(types[at] ?? { kind: "void" }, vector, from, to),
      );
    }
  }

  return {
    *push(bytes) {
      for (const chunk of frames.push(bytes)) yield* feed(chunk);
    },
    *end() {
      for (const chunk of frames.end()) yield* feed(chunk);
      if (part.kind !== "prefix" || part.filled > 0) {
        throw new BrokenStream("the stream ends inside of an Arrow message");
      }
      if (form === "stream" && !over) throw new BrokenStream("the stream ends before its end");
    },
    release: memory.release,
  };
}

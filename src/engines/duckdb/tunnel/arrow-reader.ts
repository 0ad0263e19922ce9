import type { Column, SqlType } from "../../../sql/types.ts";
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
export const createArrowReader = (
  columns: readonly Column[],
  form: "arrow" | "stream" = "arrow",
): StreamReader => new ArrowReader(columns, form);

/** A class, not functions inside of a function: V8 would compile those anew for each stream. */
class ArrowReader implements StreamReader {
  readonly #columns: readonly Column[];
  readonly #types: readonly SqlType[];
  readonly #form: "arrow" | "stream";
  readonly #frames: FrameReader;
  readonly #memory = createBodyMemory();
  #schemaExpected: boolean;
  #part = newPart("prefix", 8);
  #over = false;

  constructor(columns: readonly Column[], form: "arrow" | "stream") {
    this.#columns = columns;
    this.#types = columns.map(({ type }) => type);
    this.#form = form;
    this.#frames = form === "arrow" ? createFrameReader() : unframed;
    this.#schemaExpected = form === "stream";
  }

  *push(bytes: Uint8Array): Iterable<readonly Vector[]> {
    for (const chunk of this.#frames.push(bytes)) yield* this.#feed(chunk);
  }

  *end(): Iterable<readonly Vector[]> {
    for (const chunk of this.#frames.end()) yield* this.#feed(chunk);
    if (this.#part.kind !== "prefix" || this.#part.filled > 0) {
      throw new BrokenStream("the stream ends inside of an Arrow message");
    }
    if (this.#form === "stream" && !this.#over) {
      throw new BrokenStream("the stream ends before its end");
    }
  }

  release(): void {
    this.#memory.release();
  }

  *#feed(bytes: Uint8Array): Iterable<readonly Vector[]> {
    for (let at = 0; at < bytes.length; ) {
      if (this.#over) throw new BrokenStream("bytes follow the end of the stream");
      const part = this.#part;
      const end = Math.min(bytes.length, at + part.bytes.length - part.filled);
      part.bytes.set(bytes.subarray(at, end), part.filled);
      part.filled += end - at;
      at = end;
      if (part.filled === part.bytes.length) yield* this.#finish();
    }
  }

  *#finish(): Iterable<readonly Vector[]> {
    const { kind, bytes, head } = this.#part;
    if (kind === "prefix") {
      if (bytes.readUInt32LE() !== continuation) throw new BrokenStream("no Arrow message starts");
      const size = bytes.readUInt32LE(4);
      if (size > headBytesMax) throw new BrokenStream("an Arrow message's head is too long");
      if (size === 0) this.#over = true;
      this.#part = newPart(size === 0 ? "prefix" : "head", size === 0 ? 8 : size);
      return;
    }
    if (kind === "head" && this.#schemaExpected) {
      checkSchema(bytes, this.#columns);
      this.#schemaExpected = false;
      this.#part = newPart("prefix", 8);
      return;
    }
    if (kind === "head") {
      const found = decodeBatch(bytes);
      if (found.bodyBytes > bodyBytesMax || found.rows > rowsMax) {
        throw new BrokenStream(`a batch has more than ${bodyBytesMax} bytes or ${rowsMax} rows`);
      }
      const body = this.#memory.take(found.bodyBytes);
      this.#part = { kind: "body", bytes: body, head: found, filled: 0 };
      if (found.bodyBytes === 0) yield* this.#finish();
      return;
    }
    this.#part = newPart("prefix", 8);
    if (head) yield* this.#rowsOf(head, bytes);
  }

  *#rowsOf(head: BatchHead, body: Buffer): Iterable<readonly Vector[]> {
    const types = this.#types;
    const vectors = readVectors(types, head, body);
    for (const [at, { name, nullable }] of this.#columns.entries()) {
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
}

import { assert } from "../lib/assert.ts";
import { type Clock, timeOf } from "../lib/clock.ts";
import { gather } from "../lib/gather.ts";
import type { SealerSource } from "../storage/store.ts";
import { createBatchBytes } from "./batch-bytes.ts";
import type { Checkpoints } from "./checkpoint-file.ts";
import { writeEntry } from "./entry.ts";
import type { Journal } from "./journal.ts";
import { batchSizeBytes } from "./segment.ts";
import type { Json, TrailEvent } from "./trail.ts";

interface Waiting extends Written {
  readonly event: TrailEvent;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** An event as JSON. */
interface Written {
  readonly json: string;
  readonly sizeBytes: number;
}

/** As in CloudTrail: a larger event loses its parameters, not its place. */
export const eventSizeBytesMax = 262_144;

/** Writes events in batches: those that arrive while one is written share the next. */
export interface Recorder {
  record(event: TrailEvent): Promise<void>;
  /** True from a batch that could not be written to the next that can. */
  isFailing(): boolean;
  /** Waits for what was recorded; nothing more is taken. */
  close(): Promise<void>;
}

/** Makes the one writer of a journal. */
export function createRecorder(options: {
  readonly journal: Journal;
  readonly checkpoints: Checkpoints;
  readonly sealers: SealerSource;
  readonly systemAccount: string;
  readonly clock: Clock;
}): Recorder {
  const { journal, checkpoints, sealers, systemAccount, clock } = options;
  let waiting: Waiting[] = [];
  let writing: Promise<void> | undefined;
  let closed = false;
  let failing = false;
  const bytes = createBatchBytes();
  /** The event that is being sealed. */
  const plainBytes = Buffer.allocUnsafeSlow(eventSizeBytesMax);

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      await gather(() => waiting.length);
      const batch = takeBatch();
      try {
        await write(batch);
      } catch (error) {
        failing = true;
        for (const { reject } of batch) reject(error);
      }
    }
    writing = undefined;
  }

  function takeBatch(): Waiting[] {
    let size = 0;
    const end = waiting.findIndex(({ sizeBytes }) => {
      size += sizeBytes;
      return size > batchSizeBytes;
    });
    const batch = end < 0 ? waiting : waiting.slice(0, Math.max(1, end));
    waiting = end < 0 ? [] : waiting.slice(batch.length);
    return batch;
  }

  /** Writes what can be sealed; an account whose keys are gone fails its own events only. */
  async function write(batch: readonly Waiting[]): Promise<void> {
    const tree = journal.tree.copy();
    bytes.clear();
    const written = batch.filter((one) => {
      try {
        tree.append(seal(one, tree.size));
        return true;
      } catch (error) {
        one.reject(error);
        return false;
      }
    });
    if (written.length === 0) return;
    await journal.append({ bytes: bytes.taken(), tree }, clock.now());
    failing = false;
    checkpoints.grown();
    for (const { resolve } of written) resolve();
  }

  function seal({ event, json }: Waiting, position: number): Buffer {
    const { recipientAccountId: account, requestID: requestId, eventTime } = event;
    const facts = { position, timeMs: timeOf(eventTime), account, requestId };
    const plain = plainBytes.subarray(0, plainBytes.write(json));
    return writeEntry(facts, plain, sealers.current(account || systemAccount), bytes.take);
  }

  function record(event: TrailEvent): Promise<void> {
    assert(!closed, "nothing is recorded after the trail was closed");
    const { json, sizeBytes } = writtenOf(event);
    return new Promise((resolve, reject) => {
      waiting.push({ event, json, sizeBytes, resolve, reject });
      writing ??= writeAll();
    });
  }

  async function close(): Promise<void> {
    closed = true;
    await writing;
  }

  return { record, isFailing: () => failing, close };
}

/**
 * The event as JSON. Its bytes, as written here, are what is hashed: nobody has to write them the same way again. What
 * is too large gives up its parts one by one, the reasoning last, and of that the long lists first: nobody hides by a
 * long request what was decided, nor by many columns which tables they are of.
 */
function writtenOf(event: TrailEvent): Written {
  let short = event;
  let written = asJson(short);
  for (const [part, shorten] of shortenedInTurn) {
    if (written.sizeBytes <= eventSizeBytesMax) return written;
    const value = short[part];
    if (value === undefined) continue;
    short = {
      ...short,
      [part]: typeof value === "string" ? value.slice(0, 1024) : shorten(value),
    };
    written = asJson(short);
  }
  assert(written.sizeBytes <= eventSizeBytesMax, "an event without its parameters is small");
  return written;
}

function asJson(event: TrailEvent): Written {
  const json = JSON.stringify(event);
  return { json, sizeBytes: Buffer.byteLength(json) };
}

function shortened(value: Json): Json {
  const originalSize = JSON.stringify(value).length;
  if (originalSize <= 16_384) return value;
  return { omitted: true, originalSize, reason: "event is larger than 256 KB" };
}

/** What is inside, without the lists of columns that are long. */
function withoutColumns(value: Json): Json {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutColumns);
  const members = Object.entries(value).map(([name, inside]): [string, Json] => [
    name,
    name === "columns" && JSON.stringify(inside).length > 1024 ? [] : withoutColumns(inside),
  ]);
  return Object.fromEntries(members);
}

const shortenedInTurn: readonly (readonly [keyof TrailEvent, (value: Json) => Json])[] = [
  ["requestParameters", shortened],
  ["responseElements", shortened],
  ["userAgent", shortened],
  ["errorMessage", shortened],
  ["additionalEventData", shortened],
  ["decision", withoutColumns],
  ["decision", shortened],
];

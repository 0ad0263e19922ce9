import type { Store } from "../../storage/store.ts";
import type { Stream } from "./stream.ts";

/** A data key seals new records for so long, as in Kinesis. */
export const keyUsedForMs = 5 * 60_000;

/** A write that began with a key may end a little after its time. */
const leewayMs = 3_600_000;

/** A data key as it is kept: only its KMS key opens it. */
export interface WrappedKey {
  readonly wrapped: Uint8Array;
  readonly keyArn: string;
  readonly madeAtMs: number;
}

type Place = Pick<Stream, "record" | "store">;

const keysOf = ({ store }: Place) => store.table<WrappedKey>("kinesis-data-keys");
/** Names of data keys in the order in which they were made. */
const agesOf = ({ store }: Place) => store.table<true>("kinesis-data-key-ages");

/** The data key of this name. */
export const keptKey = (stream: Place, name: string): WrappedKey | undefined =>
  keysOf(stream).find([stream.record.id, name]);

/** Keeps a data key as long as records may be sealed by it; inside a transaction. */
export function keepKey(stream: Place, name: string, key: WrappedKey): void {
  keysOf(stream).put([stream.record.id, name], key);
  agesOf(stream).put([stream.record.id, key.madeAtMs, name], true);
}

/** Drops the data keys of a stream that goes; inside a transaction. */
export function forgetKeys(stream: Place): void {
  const prefix = [stream.record.id];
  for (const { key } of [...keysOf(stream).range({ prefix })]) keysOf(stream).remove(key);
  for (const { key } of [...agesOf(stream).range({ prefix })]) agesOf(stream).remove(key);
}

/** Drops the data keys of records that are all older than this. */
export async function trimKeys(
  stream: Place,
  beforeMs: number,
  { transaction }: Pick<Store, "transaction">,
): Promise<void> {
  const { id } = stream.record;
  const before = [id, beforeMs - keyUsedForMs - leewayMs];
  const old = [...agesOf(stream).range({ prefix: [id], before })];
  if (old.length === 0) return;
  await transaction(() => {
    for (const { key } of old) {
      agesOf(stream).remove(key);
      keysOf(stream).remove([id, String(key[2])]);
    }
  });
}

import type {
  DecreaseStreamRetentionPeriodInput,
  IncreaseStreamRetentionPeriodInput,
} from "@aws-sdk/client-kinesis";
import { eachMinute } from "../../lib/each-minute.ts";
import type { Parts } from "../../pipeline/call.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import type { Store } from "../../storage/store.ts";
import { changeStream } from "./change-stream.ts";
import { trimKeys } from "./data-keys.ts";
import { findStream, type KinesisCall } from "./find-stream.ts";
import { type Stream, shardLog, streamTable } from "./stream.ts";

const hoursMin = 24;
const hoursMax = 8760;
const hourMs = 3_600_000;

export const increaseStreamRetentionPeriod = operation("IncreaseStreamRetentionPeriod", {
  resolve: (input: Checked<IncreaseStreamRetentionPeriodInput>, call: KinesisCall) =>
    findStream(input, call),

  async handle(stream, { RetentionPeriodHours: hours = 0 }, call): Promise<void> {
    if (hours < stream.record.retentionHours) throw wrongWay(hours, "less", stream.record.name);
    if (hours > hoursMax) {
      throw new ServiceError(
        "InvalidArgumentException",
        `Maximum allowed retention period is ${hoursMax} hours. Requested retention period (${hours} hours) is too long.`,
      );
    }
    await changeStream(stream, call, (record) => ({ ...record, retentionHours: hours }));
  },
});

export const decreaseStreamRetentionPeriod = operation("DecreaseStreamRetentionPeriod", {
  resolve: (input: Checked<DecreaseStreamRetentionPeriodInput>, call: KinesisCall) =>
    findStream(input, call),

  async handle(stream, { RetentionPeriodHours: hours = 0 }, call): Promise<void> {
    if (hours > stream.record.retentionHours) throw wrongWay(hours, "more", stream.record.name);
    if (hours < hoursMin) {
      throw new ServiceError(
        "InvalidArgumentException",
        `Minimum allowed retention period is ${hoursMin} hours. Requested retention period (${hours} hours) is too short.`,
      );
    }
    await changeStream(stream, call, (record) => ({ ...record, retentionHours: hours }));
  },
});

const wrongWay = (hours: number, which: "less" | "more", stream: string): ServiceError =>
  new ServiceError(
    "InvalidArgumentException",
    `Requested retention period (${hours} hours) for stream ${stream} can not be ${which === "less" ? "shorter" : "longer"} than existing retention period.`,
  );

/** Trims from now on; answers how to stop, which waits for what is under way. */
export const startTrimming = (parts: Parts): (() => Promise<void>) =>
  eachMinute(() => trimAll(parts));

/** Drops from every stream what is older than its retention period. */
async function trimAll({ store, directory, clock }: Parts): Promise<void> {
  for (const { id } of directory.accounts()) {
    const account = store.account(id);
    for (const { value: record } of [...streamTable(account).range()]) {
      // What cannot be dropped now is dropped in a minute, and keeps nobody else's; readers never see it in between.
      await trim({ record, store: account }, clock.now(), store).catch(() => {});
    }
  }
}

async function trim(
  stream: Pick<Stream, "record" | "store">,
  nowMs: number,
  store: Store,
): Promise<void> {
  const { shards, retentionHours } = stream.record;
  const beforeMs = nowMs - retentionHours * hourMs;
  for (const shard of shards) {
    const log = await shardLog(stream, shard);
    await log.trim(beforeMs);
  }
  await trimKeys(stream, beforeMs, store);
}

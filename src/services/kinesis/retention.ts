import type {
  DecreaseStreamRetentionPeriodInput,
  IncreaseStreamRetentionPeriodInput,
} from "@aws-sdk/client-kinesis";
import type { Parts } from "../../pipeline/call.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { change } from "./encryption.ts";
import { findStream, type KinesisCall } from "./find-stream.ts";
import { logName, streamTable } from "./stream.ts";

const hoursMin = 24;
const hourMs = 3_600_000;

export const increaseStreamRetentionPeriod = operation("IncreaseStreamRetentionPeriod", {
  resolve: (input: Checked<IncreaseStreamRetentionPeriodInput>, call: KinesisCall) =>
    findStream(input, call),

  async handle(stream, { RetentionPeriodHours: hours = 0 }, call): Promise<void> {
    if (hours < stream.record.retentionHours) throw wrongWay(hours, "less", stream.record.name);
    await change(stream, call, (record) => ({ ...record, retentionHours: hours }));
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
    await change(stream, call, (record) => ({ ...record, retentionHours: hours }));
  },
});

const wrongWay = (hours: number, which: "less" | "more", stream: string): ServiceError =>
  new ServiceError(
    "InvalidArgumentException",
    `Requested retention period (${hours} hours) for stream ${stream} can not be ${which === "less" ? "shorter" : "longer"} than existing retention period.`,
  );

const trimEveryMs = 60_000;

/** Trims from now on; answers how to stop, which waits for what is under way. */
export function startTrimming(parts: Parts): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  const timer = setInterval(() => {
    // What cannot be dropped now is dropped in a minute; readers never see it in between.
    running = running.then(() => trimAll(parts)).catch(() => {});
  }, trimEveryMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    return running;
  };
}

/** Drops from every stream what is older than its retention period. */
export async function trimAll({ store, directory, clock }: Parts): Promise<void> {
  for (const { id } of directory.accounts()) {
    const account = store.account(id);
    for (const { value: stream } of [...streamTable(account).range()]) {
      for (const shard of stream.shards) {
        // Opening the log of a stream that went meanwhile would make it anew.
        if (streamTable(account).find([stream.name])?.id !== stream.id) break;
        const log = await account.log(logName(stream, shard));
        await log.trim(clock.now() - stream.retentionHours * hourMs);
      }
    }
  }
}

import type { FlinkOptions, LogLevel } from "../../engines/flink/settings.ts";
import { assert } from "../../lib/assert.ts";
import { type ApplicationRecord, checkpointsPrefix } from "./records.ts";

/** The application's settings in Flink's own words. */
export function flinkOptions(record: ApplicationRecord, bucket: string): FlinkOptions {
  const { checkpoint, parallelism } = record.flink;
  assert(record.current, "an application that starts has a run");
  return {
    "parallelism.default": String(parallelism.parallelism),
    "taskmanager.numberOfTaskSlots": String(parallelism.parallelism),
    "execution.checkpointing.num-retained": "2",
    "execution.checkpointing.dir": `s3://${bucket}/${checkpointsPrefix(record.current)}`,
    "execution.checkpointing.savepoint-dir": `s3://${bucket}/snapshots`,
    // A job that fails at once does not spin, and one whose key is enabled again is back within seconds.
    "restart-strategy.type": "exponential-delay",
    "restart-strategy.exponential-delay.initial-backoff": "1 s",
    "restart-strategy.exponential-delay.max-backoff": "10 s",
    "restart-strategy.exponential-delay.backoff-multiplier": "2.0",
    "restart-strategy.exponential-delay.reset-backoff-threshold": "1 min",
    ...(checkpoint.enabled && {
      "execution.checkpointing.interval": `${checkpoint.intervalMs} ms`,
      "execution.checkpointing.min-pause": `${checkpoint.minPauseMs} ms`,
      "execution.checkpointing.mode": "EXACTLY_ONCE",
    }),
  };
}

const logLevels: readonly LogLevel[] = ["ERROR", "WARN", "INFO", "DEBUG"];

export const logLevel = ({ flink }: ApplicationRecord): LogLevel =>
  logLevels.find((level) => level === flink.monitoring.logLevel) ?? "INFO";

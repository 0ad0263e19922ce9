import type { FlinkOptions, LogLevel } from "../../engines/flink/settings.ts";
import type { ApplicationRecord } from "./records.ts";

/** The application's settings in Flink's own words. */
export function flinkOptions({ flink }: ApplicationRecord, bucket: string): FlinkOptions {
  const { checkpoint, parallelism } = flink;
  return {
    "parallelism.default": String(parallelism.parallelism),
    "taskmanager.numberOfTaskSlots": String(parallelism.parallelism),
    "state.checkpoints.num-retained": "2",
    "execution.checkpointing.dir": `s3://${bucket}/checkpoints`,
    "execution.checkpointing.savepoint-dir": `s3://${bucket}/snapshots`,
    "restart-strategy.type": "fixed-delay",
    "restart-strategy.fixed-delay.attempts": "2147483647",
    "restart-strategy.fixed-delay.delay": "2 s",
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

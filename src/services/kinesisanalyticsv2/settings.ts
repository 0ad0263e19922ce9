import type {
  ApplicationCodeConfiguration,
  CheckpointConfiguration,
  CodeContent,
  EnvironmentProperties,
  FlinkApplicationConfiguration,
  MonitoringConfiguration,
  ParallelismConfiguration,
  RunConfiguration,
} from "@aws-sdk/client-kinesis-analytics-v2";
import { ServiceError } from "../../pipeline/operation.ts";
import type { Code, FlinkSettings, PropertyGroup, RunSettings } from "./records.ts";

/** What Managed Flink runs with unless told otherwise (developer guide, configuration). */
const defaults: FlinkSettings = {
  checkpoint: { type: "DEFAULT", enabled: true, intervalMs: 60_000, minPauseMs: 5_000 },
  monitoring: { type: "DEFAULT", metricsLevel: "APPLICATION", logLevel: "INFO" },
  parallelism: { type: "DEFAULT", parallelism: 1, perKpu: 1, autoScaling: true },
};

const invalid = (message: string): ServiceError =>
  new ServiceError("InvalidArgumentException", message);

/** Settings given, over those that were. `DEFAULT` takes the defaults, whatever else is said. */
export function flinkSettings(
  given: FlinkApplicationConfiguration | undefined,
  before: FlinkSettings = defaults,
): FlinkSettings {
  return {
    checkpoint: checkpointOf(given?.CheckpointConfiguration, before.checkpoint),
    monitoring: monitoringOf(given?.MonitoringConfiguration, before.monitoring),
    parallelism: parallelismOf(given?.ParallelismConfiguration, before.parallelism),
  };
}

function checkpointOf(
  given: CheckpointConfiguration | undefined,
  before: FlinkSettings["checkpoint"],
): FlinkSettings["checkpoint"] {
  if (!given) return before;
  if (given.ConfigurationType === "DEFAULT") return defaults.checkpoint;
  return {
    type: "CUSTOM",
    enabled: given.CheckpointingEnabled ?? before.enabled,
    intervalMs: given.CheckpointInterval ?? before.intervalMs,
    minPauseMs: given.MinPauseBetweenCheckpoints ?? before.minPauseMs,
  };
}

function monitoringOf(
  given: MonitoringConfiguration | undefined,
  before: FlinkSettings["monitoring"],
): FlinkSettings["monitoring"] {
  if (!given) return before;
  if (given.ConfigurationType === "DEFAULT") return defaults.monitoring;
  return {
    type: "CUSTOM",
    metricsLevel: given.MetricsLevel ?? before.metricsLevel,
    logLevel: given.LogLevel ?? before.logLevel,
  };
}

const parallelismMax = 64;

function parallelismOf(
  given: ParallelismConfiguration | undefined,
  before: FlinkSettings["parallelism"],
): FlinkSettings["parallelism"] {
  if (!given) return before;
  if (given.ConfigurationType === "DEFAULT") return defaults.parallelism;
  const parallelism = given.Parallelism ?? before.parallelism;
  const perKpu = given.ParallelismPerKPU ?? before.perKpu;
  if (parallelism > parallelismMax || perKpu > 8) {
    throw new ServiceError(
      "LimitExceededException",
      `Parallelism is at most ${parallelismMax}, and ParallelismPerKPU at most 8.`,
    );
  }
  return {
    type: "CUSTOM",
    parallelism,
    perKpu,
    autoScaling: given.AutoScalingEnabled ?? before.autoScaling,
  };
}

/** The code of an application. Text is Flink SQL: our extension of the same API. */
export function codeOf(
  given: ApplicationCodeConfiguration | undefined,
): Exclude<Code, { kind: "zip" }> | { readonly kind: "upload"; readonly bytes: Uint8Array } {
  const content: CodeContent = given?.CodeContent ?? {};
  const { TextContent, S3ContentLocation, ZipFileContent } = content;
  const kinds = [TextContent, S3ContentLocation, ZipFileContent].filter((one) => one !== undefined);
  if (kinds.length !== 1) {
    throw invalid("CodeContent has exactly one of TextContent, S3ContentLocation, ZipFileContent.");
  }
  if (given?.CodeContentType === "PLAINTEXT") {
    if (TextContent !== undefined) return { kind: "text", text: TextContent };
    throw invalid("CodeContentType PLAINTEXT goes with TextContent.");
  }
  if (TextContent !== undefined) throw invalid("TextContent goes with CodeContentType PLAINTEXT.");
  if (ZipFileContent) return { kind: "upload", bytes: ZipFileContent };
  const { BucketARN = "", FileKey = "", ObjectVersion } = S3ContentLocation ?? {};
  if (!/^arn:aws:s3:::[a-z0-9.-]{3,63}$/.test(BucketARN)) {
    throw invalid(`Invalid bucket ARN: ${BucketARN}`);
  }
  return {
    kind: "s3",
    bucketArn: BucketARN,
    key: FileKey,
    ...(ObjectVersion !== undefined && { version: ObjectVersion }),
  };
}

const propertyBytesMax = 50 * 1024;

export function propertyGroups(given: EnvironmentProperties | undefined): readonly PropertyGroup[] {
  const groups = (given?.PropertyGroups ?? []).map(
    ({ PropertyGroupId = "", PropertyMap = {} }) => ({
      id: PropertyGroupId,
      values: { ...PropertyMap },
    }),
  );
  if (new Set(groups.map(({ id }) => id)).size < groups.length) {
    throw invalid("Two property groups have the same id.");
  }
  if (Buffer.byteLength(JSON.stringify(groups)) > propertyBytesMax) {
    throw new ServiceError(
      "LimitExceededException",
      "The property groups are larger than 50 KB together.",
    );
  }
  return groups;
}

/** How a start finds its state. */
export function runSettings(given: RunConfiguration | undefined, before: RunSettings): RunSettings {
  const restore = given?.ApplicationRestoreConfiguration;
  const allow = given?.FlinkRunConfiguration?.AllowNonRestoredState;
  const type = restore?.ApplicationRestoreType ?? before.restore;
  const custom = type === "RESTORE_FROM_CUSTOM_SNAPSHOT";
  const name = restore ? restore.SnapshotName : before.snapshotName;
  if (restore && custom !== (name !== undefined)) {
    throw invalid("SnapshotName goes with RESTORE_FROM_CUSTOM_SNAPSHOT, and with nothing else.");
  }
  return {
    restore: type,
    ...(custom && name !== undefined && { snapshotName: name }),
    allowNonRestoredState: allow ?? before.allowNonRestoredState,
  };
}

export const firstRun: RunSettings = {
  restore: "RESTORE_FROM_LATEST_SNAPSHOT",
  allowNonRestoredState: false,
};

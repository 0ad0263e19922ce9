import type { UpdateApplicationRequest } from "@aws-sdk/client-kinesis-analytics-v2";
import type { ApplicationRecord } from "./records.ts";
import type { codeOf, flinkSettings } from "./settings.ts";

type ConfigurationUpdate = NonNullable<UpdateApplicationRequest["ApplicationConfigurationUpdate"]>;

/** The update's members, under the names that creation uses. */
export function newCode(
  update: NonNullable<ConfigurationUpdate["ApplicationCodeConfigurationUpdate"]>,
  record: ApplicationRecord,
): Parameters<typeof codeOf>[0] {
  const { CodeContentTypeUpdate, CodeContentUpdate: content = {} } = update;
  const { TextContentUpdate, ZipFileContentUpdate, S3ContentLocationUpdate: place } = content;
  const before = record.code.kind === "s3" ? record.code : undefined;
  return {
    CodeContentType:
      CodeContentTypeUpdate ?? (record.code.kind === "text" ? "PLAINTEXT" : "ZIPFILE"),
    CodeContent: {
      ...(TextContentUpdate !== undefined && { TextContent: TextContentUpdate }),
      ...(ZipFileContentUpdate && { ZipFileContent: ZipFileContentUpdate }),
      ...(place && {
        S3ContentLocation: {
          BucketARN: place.BucketARNUpdate ?? before?.bucketArn,
          FileKey: place.FileKeyUpdate ?? before?.key,
          ...(place.ObjectVersionUpdate && { ObjectVersion: place.ObjectVersionUpdate }),
        },
      }),
    },
  };
}

export function newFlink(
  update: NonNullable<ConfigurationUpdate["FlinkApplicationConfigurationUpdate"]>,
): Parameters<typeof flinkSettings>[0] {
  const checkpoint = update.CheckpointConfigurationUpdate;
  const monitoring = update.MonitoringConfigurationUpdate;
  const parallelism = update.ParallelismConfigurationUpdate;
  return {
    ...(checkpoint && {
      CheckpointConfiguration: {
        ConfigurationType: checkpoint.ConfigurationTypeUpdate ?? "CUSTOM",
        CheckpointingEnabled: checkpoint.CheckpointingEnabledUpdate,
        CheckpointInterval: checkpoint.CheckpointIntervalUpdate,
        MinPauseBetweenCheckpoints: checkpoint.MinPauseBetweenCheckpointsUpdate,
      },
    }),
    ...(monitoring && {
      MonitoringConfiguration: {
        ConfigurationType: monitoring.ConfigurationTypeUpdate ?? "CUSTOM",
        MetricsLevel: monitoring.MetricsLevelUpdate,
        LogLevel: monitoring.LogLevelUpdate,
      },
    }),
    ...(parallelism && {
      ParallelismConfiguration: {
        ConfigurationType: parallelism.ConfigurationTypeUpdate ?? "CUSTOM",
        Parallelism: parallelism.ParallelismUpdate,
        ParallelismPerKPU: parallelism.ParallelismPerKPUUpdate,
        AutoScalingEnabled: parallelism.AutoScalingEnabledUpdate,
      },
    }),
  };
}

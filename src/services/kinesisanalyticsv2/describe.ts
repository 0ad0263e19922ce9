import type {
  ApplicationConfigurationDescription,
  ApplicationDetail,
  ApplicationEncryptionConfigurationDescription,
  ApplicationRestoreType,
  CodeContentDescription,
  FlinkApplicationConfigurationDescription,
  LogLevel,
  MetricsLevel,
  RuntimeEnvironment,
  SnapshotDetails,
} from "@aws-sdk/client-kinesis-analytics-v2";
import type { Keys } from "../../keys/keys.ts";
import { md5Hex } from "../../lib/hash.ts";
import type { ApplicationRecord, Code, Encryption, SnapshotRecord } from "./records.ts";

type KeyNames = Pick<Keys, "newestMaterial">;

/** An application as the API shows it. */
export function detailOf(record: ApplicationRecord, keys: KeyNames): ApplicationDetail {
  return {
    ApplicationARN: record.arn,
    ApplicationName: record.name,
    ...(record.description !== "" && { ApplicationDescription: record.description }),
    RuntimeEnvironment: record.runtime as RuntimeEnvironment,
    ServiceExecutionRole: record.role,
    ApplicationStatus: record.status,
    ApplicationVersionId: record.version,
    CreateTimestamp: new Date(record.createdAtMs),
    LastUpdateTimestamp: new Date(record.updatedAtMs),
    ApplicationVersionCreateTimestamp: new Date(record.updatedAtMs),
    ConditionalToken: record.token,
    ApplicationMode: "STREAMING",
    ApplicationConfigurationDescription: configurationOf(record, keys),
  };
}

function configurationOf(
  record: ApplicationRecord,
  keys: KeyNames,
): ApplicationConfigurationDescription {
  const { restore, snapshotName, allowNonRestoredState } = record.run;
  return {
    ApplicationCodeConfigurationDescription: {
      CodeContentType: record.code.kind === "text" ? "PLAINTEXT" : "ZIPFILE",
      CodeContentDescription: codeDescription(record.code),
    },
    RunConfigurationDescription: {
      ApplicationRestoreConfigurationDescription: {
        ApplicationRestoreType: restore as ApplicationRestoreType,
        ...(snapshotName !== undefined && { SnapshotName: snapshotName }),
      },
      FlinkRunConfigurationDescription: { AllowNonRestoredState: allowNonRestoredState },
    },
    FlinkApplicationConfigurationDescription: flinkDescription(record),
    EnvironmentPropertyDescriptions: {
      PropertyGroupDescriptions: record.properties.map(({ id, values }) => ({
        PropertyGroupId: id,
        PropertyMap: { ...values },
      })),
    },
    ApplicationSnapshotConfigurationDescription: { SnapshotsEnabled: record.snapshotsEnabled },
    ApplicationEncryptionConfigurationDescription: {
      ...encryptionDescription(record.encryption),
      ...materialsOf(record, keys),
    },
  };
}

/**
 * An extension of the API: the KeyMaterialId that seals durable storage now, and the one that sealed the running
 * storage when it was made. They differ from a rotation of the key to the next start.
 */
function materialsOf({ encryption, current, status }: ApplicationRecord, keys: KeyNames) {
  if (encryption.type === "AWS_OWNED_KEY") return {};
  const durable = keys.newestMaterial(encryption.keyArn);
  const running = status === "READY" ? undefined : current?.storage?.customer?.materialId;
  return {
    ...(durable !== undefined && { DurableStorageKeyMaterialId: durable }),
    ...(running !== undefined && { RunningStorageKeyMaterialId: running }),
  };
}

function codeDescription(code: Code): CodeContentDescription {
  switch (code.kind) {
    case "text":
      return {
        TextContent: code.text,
        CodeMD5: md5Hex(code.text),
        CodeSize: Buffer.byteLength(code.text),
      };
    case "zip":
      return { CodeMD5: code.md5, CodeSize: code.blob.size };
    case "s3":
      return {
        S3ApplicationCodeLocationDescription: {
          BucketARN: code.bucketArn,
          FileKey: code.key,
          ...(code.version !== undefined && { ObjectVersion: code.version }),
        },
      };
  }
}

function flinkDescription({ flink }: ApplicationRecord): FlinkApplicationConfigurationDescription {
  const { checkpoint, monitoring, parallelism } = flink;
  return {
    CheckpointConfigurationDescription: {
      ConfigurationType: checkpoint.type,
      CheckpointingEnabled: checkpoint.enabled,
      CheckpointInterval: checkpoint.intervalMs,
      MinPauseBetweenCheckpoints: checkpoint.minPauseMs,
    },
    MonitoringConfigurationDescription: {
      ConfigurationType: monitoring.type,
      MetricsLevel: monitoring.metricsLevel as MetricsLevel,
      LogLevel: monitoring.logLevel as LogLevel,
    },
    ParallelismConfigurationDescription: {
      ConfigurationType: parallelism.type,
      Parallelism: parallelism.parallelism,
      ParallelismPerKPU: parallelism.perKpu,
      CurrentParallelism: parallelism.parallelism,
      AutoScalingEnabled: parallelism.autoScaling,
    },
  };
}

export const encryptionDescription = (
  encryption: Encryption,
): ApplicationEncryptionConfigurationDescription =>
  encryption.type === "AWS_OWNED_KEY"
    ? { KeyType: "AWS_OWNED_KEY" }
    : { KeyType: "CUSTOMER_MANAGED_KEY", KeyId: encryption.keyArn };

export const snapshotDetail = (snapshot: SnapshotRecord): SnapshotDetails => ({
  SnapshotName: snapshot.name,
  SnapshotStatus: snapshot.status,
  ApplicationVersionId: snapshot.version,
  SnapshotCreationTimestamp: new Date(snapshot.createdAtMs),
  RuntimeEnvironment: snapshot.runtime as RuntimeEnvironment,
  ApplicationEncryptionConfigurationDescription: encryptionDescription(snapshot.encryption),
});

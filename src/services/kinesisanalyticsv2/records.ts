import type { SealedVolumeKey } from "../../keys/volume-keys.ts";
import type { AccountStore, BlobRef, Table } from "../../storage/store.ts";

/** The service as principals and condition keys name it. */
export const serviceName = "kinesisanalytics.amazonaws.com";

/** The part of the service that keeps running storage, as key policies name it. */
export const infrastructureName = "infrastructure.kinesisanalytics.amazonaws.com";

export type Status =
  | "READY"
  | "STARTING"
  | "RUNNING"
  | "STOPPING"
  | "FORCE_STOPPING"
  | "UPDATING"
  | "DELETING";

export type Encryption =
  | { readonly type: "AWS_OWNED_KEY" }
  /** `keyArn` is a key's ARN, also where an alias was given. */
  | { readonly type: "CUSTOMER_MANAGED_KEY"; readonly keyArn: string };

/** Where the code is: Flink SQL as text, or a JAR or ZIP in S3. */
export type Code =
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "s3";
      readonly bucketArn: string;
      readonly key: string;
      readonly version?: string;
    }
  | { readonly kind: "zip"; readonly blob: BlobRef; readonly md5: string };

export type ConfigurationType = "DEFAULT" | "CUSTOM";

export interface FlinkSettings {
  readonly checkpoint: {
    readonly type: ConfigurationType;
    readonly enabled: boolean;
    readonly intervalMs: number;
    readonly minPauseMs: number;
  };
  readonly monitoring: {
    readonly type: ConfigurationType;
    readonly metricsLevel: string;
    readonly logLevel: string;
  };
  readonly parallelism: {
    readonly type: ConfigurationType;
    readonly parallelism: number;
    readonly perKpu: number;
    readonly autoScaling: boolean;
  };
}

export interface PropertyGroup {
  readonly id: string;
  readonly values: Readonly<Record<string, string>>;
}

export type RestoreType =
  | "SKIP_RESTORE_FROM_SNAPSHOT"
  | "RESTORE_FROM_LATEST_SNAPSHOT"
  | "RESTORE_FROM_CUSTOM_SNAPSHOT";

export interface RunSettings {
  readonly restore: RestoreType;
  readonly snapshotName?: string;
  readonly allowNonRestoredState: boolean;
}

/** From one start to its stop. A restart after a failure belongs to the same run. */
export interface Run {
  /** Its checkpoints are below this name in the state bucket, so that no run finds those of another. */
  readonly id: string;
  /** The state that it began with, `s3://…`; absent: none. */
  readonly from?: string;
  /** Key of its running storage; absent in a run that an older Bondstore began. */
  readonly storage?: SealedVolumeKey;
}

/** A stop or an update that goes on: what is needed to finish it, should Bondstore end meanwhile. */
export interface Pending {
  /** The snapshot that is taken. Once it is complete the old run is over and must not go on. */
  readonly snapshot?: string;
  /** The application before the update. */
  readonly previous?: ApplicationRecord;
  /** State that the update was told to begin with; absent: where the old run ended. */
  readonly restore?: { readonly from?: string };
  /** Key of the next run's running storage; absent: the old run's. */
  readonly storage?: SealedVolumeKey;
}

/** An application as it is stored, in `flink-applications` of its account, by name. */
export interface ApplicationRecord {
  /** Never used again, so that a new application of the same name has no state of the old one. */
  readonly id: string;
  readonly name: string;
  readonly arn: string;
  readonly description: string;
  readonly runtime: string;
  readonly role: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly version: number;
  /** Changes with every change; an update may name it instead of the version. */
  readonly token: string;
  readonly status: Status;
  readonly code: Code;
  readonly flink: FlinkSettings;
  readonly properties: readonly PropertyGroup[];
  readonly snapshotsEnabled: boolean;
  readonly encryption: Encryption;
  readonly run: RunSettings;
  readonly current?: Run;
  readonly pending?: Pending;
  readonly tags: Readonly<Record<string, string>>;
  /** Whether it is to run, also after this Bondstore was restarted. */
  readonly wanted: "running" | "stopped";
}

export type SnapshotStatus = "CREATING" | "READY" | "DELETING" | "FAILED";

/** A snapshot, in `flink-snapshots`, by application id and name. */
export interface SnapshotRecord {
  readonly name: string;
  readonly status: SnapshotStatus;
  readonly version: number;
  readonly createdAtMs: number;
  readonly runtime: string;
  readonly encryption: Encryption;
  /** Where Flink put the savepoint, `s3://…`, once it is READY. */
  readonly path?: string;
}

/** One start, stop or update, in `flink-operations`, by application id and operation id. */
export interface OperationRecord {
  readonly id: string;
  readonly operation: string;
  readonly status: "IN_PROGRESS" | "SUCCESSFUL" | "FAILED";
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
  readonly failure?: string;
  readonly versionFrom: number;
  readonly versionTo: number;
}

export const applicationTable = (store: AccountStore): Table<ApplicationRecord> =>
  store.table("flink-applications");
export const snapshotTable = (store: AccountStore): Table<SnapshotRecord> =>
  store.table("flink-snapshots");
export const operationTable = (store: AccountStore): Table<OperationRecord> =>
  store.table("flink-operations");

/** The bucket that keeps the application's checkpoints and snapshots. */
export const bucketName = (account: string, { id }: Pick<ApplicationRecord, "id">): string =>
  `msf-${account}-${id}`;

/** Where a run keeps its checkpoints in that bucket. */
export const checkpointsPrefix = ({ id }: Run): string => `checkpoints/${id}`;
export const snapshotPrefix = (name: string): string => `snapshots/${name}`;

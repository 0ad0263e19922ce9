import type {
  StartApplicationRequest,
  StartApplicationResponse,
  StopApplicationRequest,
  StopApplicationResponse,
  UpdateApplicationRequest,
  UpdateApplicationResponse,
} from "@aws-sdk/client-kinesis-analytics-v2";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { checkRuntime, keepCode } from "./application-nouns.ts";
import { detailOf } from "./describe.ts";
import { settleEncryption, tryKey } from "./encryption.ts";
import { type AnalyticsCall, findApplication, recordOf, wrongState } from "./find-application.ts";
import { passRole } from "./pass-role.ts";
import { type ApplicationRecord, type SnapshotRecord, snapshotTable } from "./records.ts";
import { codeOf, flinkSettings, propertyGroups, runSettings } from "./settings.ts";
import { change } from "./transitions.ts";

/** Starts an application; it is RUNNING once Flink runs its job. */
export const startApplication = operation("StartApplication", {
  resolve: ({ ApplicationName }: Checked<StartApplicationRequest>, call: AnalyticsCall) =>
    findApplication(ApplicationName, call),

  async handle(application, { RunConfiguration }, call): Promise<StartApplicationResponse> {
    const record = recordOf(application);
    const run = runSettings(RunConfiguration, record.run);
    const snapshot = snapshotToRestore(record, run, call);
    if (snapshot) await tryKey(snapshot.encryption, record.arn, call);
    const starting = await change(record, call.store, call.parts, (now) => {
      if (now.status !== "READY") throw wrongState(now, "started");
      return { ...now, status: "STARTING", wanted: "running", run };
    });
    return { OperationId: await call.own.start(starting, snapshot?.path, call) };
  },
});

/** The snapshot that a start begins with; undefined where it begins with no state. */
function snapshotToRestore(
  record: ApplicationRecord,
  run: ApplicationRecord["run"],
  call: AnalyticsCall,
): SnapshotRecord | undefined {
  if (run.restore === "SKIP_RESTORE_FROM_SNAPSHOT") return undefined;
  const ready = [...snapshotTable(call.store).range({ prefix: [record.id] })]
    .map(({ value }) => value)
    .filter(({ status }) => status === "READY");
  if (run.restore === "RESTORE_FROM_LATEST_SNAPSHOT") {
    return ready.sort((left, right) => right.createdAtMs - left.createdAtMs)[0];
  }
  const named = ready.find(({ name }) => name === run.snapshotName);
  if (named) return named;
  throw new ServiceError(
    "ResourceNotFoundException",
    `Application ${record.name} has no snapshot ${run.snapshotName} that is READY.`,
  );
}

/** Stops an application, with a snapshot unless they are disabled or it is forced. */
export const stopApplication = operation("StopApplication", {
  resolve: ({ ApplicationName }: Checked<StopApplicationRequest>, call: AnalyticsCall) =>
    findApplication(ApplicationName, call),

  async handle(application, { Force = false }, call): Promise<StopApplicationResponse> {
    const record = recordOf(application);
    const stopping = await change(record, call.store, call.parts, (now) => {
      const may = Force
        ? ["STARTING", "RUNNING", "UPDATING", "STOPPING"].includes(now.status)
        : now.status === "RUNNING";
      if (!may) throw wrongState(now, "stopped");
      return { ...now, status: Force ? "FORCE_STOPPING" : "STOPPING", wanted: "stopped" };
    });
    return { OperationId: await call.own.stop(stopping, Force, call) };
  },
});

/** Changes an application; a running one is restarted with its state. */
export const updateApplication = operation("UpdateApplication", {
  resolve: ({ ApplicationName }: Checked<UpdateApplicationRequest>, call: AnalyticsCall) =>
    findApplication(ApplicationName, call),
  also: ({ ServiceExecutionRoleUpdate }, _target, call) =>
    ServiceExecutionRoleUpdate === undefined ? [] : [passRole(ServiceExecutionRoleUpdate, call)],

  async handle(application, input, call): Promise<UpdateApplicationResponse> {
    const record = recordOf(application);
    const wanted = await updated(record, input, call);
    let restarts = false;
    const now = await change(record, call.store, call.parts, (current) => {
      if (current.status !== "READY" && current.status !== "RUNNING") {
        throw wrongState(current, "updated");
      }
      checkVersion(current, input);
      restarts = current.status === "RUNNING";
      if (wanted.code.kind === "zip" && wanted.code !== record.code) {
        call.store.blobs.keep(wanted.code.blob);
        if (record.code.kind === "zip") call.store.blobs.remove(record.code.blob);
      }
      return {
        ...wanted,
        status: restarts ? "UPDATING" : "READY",
        wanted: current.wanted,
        version: current.version + 1,
        token: call.parts.random.uuid(),
        updatedAtMs: call.timeMs,
      };
    });
    const OperationId = restarts ? await call.own.restart(now, call) : undefined;
    return {
      ApplicationDetail: detailOf(now),
      ...(OperationId !== undefined && { OperationId }),
    };
  },
});

function checkVersion(
  current: ApplicationRecord,
  { CurrentApplicationVersionId, ConditionalToken }: Checked<UpdateApplicationRequest>,
): void {
  if (CurrentApplicationVersionId === undefined && ConditionalToken === undefined) {
    throw new ServiceError(
      "InvalidArgumentException",
      "Either CurrentApplicationVersionId or ConditionalToken must be given.",
    );
  }
  const stale =
    (CurrentApplicationVersionId ?? current.version) !== current.version ||
    (ConditionalToken ?? current.token) !== current.token;
  if (stale) {
    throw new ServiceError(
      "ConcurrentModificationException",
      `The application is at version ${current.version}; it was changed meanwhile.`,
    );
  }
}

async function updated(
  record: ApplicationRecord,
  input: Checked<UpdateApplicationRequest>,
  call: AnalyticsCall,
): Promise<ApplicationRecord> {
  const { ApplicationConfigurationUpdate: update = {}, RunConfigurationUpdate } = input;
  const flink = update.FlinkApplicationConfigurationUpdate;
  const code = update.ApplicationCodeConfigurationUpdate;
  const encryption = update.ApplicationEncryptionConfigurationUpdate;
  const snapshots = update.ApplicationSnapshotConfigurationUpdate?.SnapshotsEnabledUpdate;
  if (input.RuntimeEnvironmentUpdate !== undefined) checkRuntime(input.RuntimeEnvironmentUpdate);
  return {
    ...record,
    runtime: input.RuntimeEnvironmentUpdate ?? record.runtime,
    role: input.ServiceExecutionRoleUpdate ?? record.role,
    ...(code && { code: await keepCode(codeOf(newCode(code, record)), call) }),
    ...(flink && { flink: flinkSettings(newFlink(flink), record.flink) }),
    ...(update.EnvironmentPropertyUpdates && {
      properties: propertyGroups(update.EnvironmentPropertyUpdates),
    }),
    ...(snapshots !== undefined && { snapshotsEnabled: snapshots }),
    ...(RunConfigurationUpdate && { run: runSettings(RunConfigurationUpdate, record.run) }),
    ...(encryption && {
      encryption: await settleEncryption(
        { keyType: encryption.KeyTypeUpdate, keyId: encryption.KeyIdUpdate },
        record.arn,
        call,
      ),
    }),
  };
}

type ConfigurationUpdate = NonNullable<UpdateApplicationRequest["ApplicationConfigurationUpdate"]>;

/** The update's members, under the names that creation uses. */
function newCode(
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

function newFlink(
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

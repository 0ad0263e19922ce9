import type {
  StartApplicationRequest,
  StartApplicationResponse,
  StopApplicationRequest,
  StopApplicationResponse,
  UpdateApplicationRequest,
  UpdateApplicationResponse,
} from "@aws-sdk/client-kinesis-analytics-v2";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { checkRole, checkRuntime, keepCode } from "./application-nouns.ts";
import { detailOf } from "./describe.ts";
import { settleEncryption, tryKey } from "./encryption.ts";
import { type AnalyticsCall, findApplication, recordOf, wrongState } from "./find-application.ts";
import { missingEngine } from "./outside.ts";
import { passRole } from "./pass-role.ts";
import {
  type ApplicationRecord,
  type Encryption,
  type Pending,
  type SnapshotRecord,
  snapshotTable,
} from "./records.ts";
import { codeOf, flinkSettings, propertyGroups, runSettings } from "./settings.ts";
import { stopSnapshotName } from "./take-snapshot.ts";
import { change } from "./transitions.ts";
import { refuseUnbuilt } from "./unbuilt.ts";

/** Starts an application; it is RUNNING once Flink runs its job. */
export const startApplication = operation("StartApplication", {
  resolve: ({ ApplicationName }: Checked<StartApplicationRequest>, call: AnalyticsCall) =>
    findApplication(ApplicationName, call),

  async handle(application, { RunConfiguration }, call): Promise<StartApplicationResponse> {
    const record = recordOf(application);
    const run = runSettings(RunConfiguration, record.run);
    checkEngine(call);
    const from = snapshotToRestore(record, run, call)?.path;
    for (const encryption of keysOfStart(record, from, call)) {
      await tryKey(encryption, record.arn, call);
    }
    const current = { id: call.parts.random.uuid(), ...(from !== undefined && { from }) };
    const starting = await change(record, call.store, call.parts, (now) => {
      if (now.status !== "READY") throw wrongState(now, "started");
      return { ...now, status: "STARTING", wanted: "running", run, current };
    });
    return { OperationId: await call.own.of(starting, call).start(starting, call.id) };
  },
});

function checkEngine({ own: { engines } }: AnalyticsCall): void {
  const missing = missingEngine(engines);
  if (missing === undefined) return;
  throw new ServiceError("InvalidApplicationConfigurationException", missing);
}

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

/** Who starts an application needs the key of the snapshot, and the one of what comes. */
function keysOfStart(
  record: ApplicationRecord,
  from: string | undefined,
  call: AnalyticsCall,
): readonly Encryption[] {
  const snapshots = [...snapshotTable(call.store).range({ prefix: [record.id] })];
  const old = snapshots.find(({ value }) => from !== undefined && value.path === from)?.value;
  return old ? [record.encryption, old.encryption] : [record.encryption];
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
      if (Force) return { ...now, status: "FORCE_STOPPING", wanted: "stopped" };
      const pending = now.snapshotsEnabled && { snapshot: stopSnapshotName(call.timeMs) };
      return { ...now, status: "STOPPING", ...(pending && { pending }) };
    });
    const life = call.own.of(stopping, call);
    const OperationId = await (Force
      ? life.forceStop(stopping, call.id)
      : life.stop(stopping, call.id));
    return { OperationId };
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
      if (wanted.code !== record.code) {
        if (wanted.code.kind === "zip") call.store.blobs.keep(wanted.code.blob);
        // A running application needs its code until the update is done.
        if (!restarts && record.code.kind === "zip") call.store.blobs.remove(record.code.blob);
      }
      return {
        ...wanted,
        tags: current.tags,
        wanted: current.wanted,
        ...(current.current && { current: current.current }),
        status: restarts ? "UPDATING" : "READY",
        ...(restarts && { pending: pendingUpdate(current, wanted, input, call) }),
        version: current.version + 1,
        token: call.parts.random.uuid(),
        updatedAtMs: call.timeMs,
      };
    });
    const OperationId = restarts ? await call.own.of(now, call).update(now, call.id) : undefined;
    return {
      ApplicationDetail: detailOf(now),
      ...(OperationId !== undefined && { OperationId }),
    };
  },
});

/** What the restart of an update needs. Without a word about state, it goes on where it was. */
function pendingUpdate(
  previous: ApplicationRecord,
  wanted: ApplicationRecord,
  { RunConfigurationUpdate }: Checked<UpdateApplicationRequest>,
  call: AnalyticsCall,
): Pending {
  const given = RunConfigurationUpdate?.ApplicationRestoreConfiguration?.ApplicationRestoreType;
  const other = given !== undefined && given !== "RESTORE_FROM_LATEST_SNAPSHOT";
  const from = other ? snapshotToRestore(wanted, wanted.run, call)?.path : undefined;
  return {
    previous,
    ...(previous.snapshotsEnabled && { snapshot: stopSnapshotName(call.timeMs) }),
    ...(other && { restore: from === undefined ? {} : { from } }),
  };
}

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
  refuseUnbuilt(input);
  if (input.RuntimeEnvironmentUpdate !== undefined) checkRuntime(input.RuntimeEnvironmentUpdate);
  if (input.ServiceExecutionRoleUpdate !== undefined)
    checkRole(input.ServiceExecutionRoleUpdate, call);
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

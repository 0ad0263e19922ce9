import type {
  UpdateApplicationRequest,
  UpdateApplicationResponse,
} from "@aws-sdk/client-kinesis-analytics-v2";
import type { SealedVolumeKey } from "../../keys/volume-keys.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { checkRole, checkRuntime, keepCode } from "./application-nouns.ts";
import { changedMeanwhile, snapshotToRestore, withStorage } from "./begin-run.ts";
import { detailOf } from "./describe.ts";
import { settleEncryption, tryOldKey } from "./encryption.ts";
import { type AnalyticsCall, findApplication, recordOf, wrongState } from "./find-application.ts";
import { passRole } from "./pass-role.ts";
import type { ApplicationRecord, Pending } from "./records.ts";
import { differs } from "./running-storage.ts";
import { nothingYet, type Runnable, scriptFlows } from "./script-flows.ts";
import { codeOf, flinkSettings, propertyGroups, runSettings } from "./settings.ts";
import { stopSnapshotName } from "./take-snapshot.ts";
import { change } from "./transitions.ts";
import { refuseUnbuilt } from "./unbuilt.ts";
import { newCode, newFlink } from "./update-members.ts";

/** Changes an application; a running one is restarted with its state. */
export const updateApplication = operation("UpdateApplication", {
  resolve: ({ ApplicationName }: Checked<UpdateApplicationRequest>, call: AnalyticsCall) =>
    findApplication(ApplicationName, call),
  also: ({ ServiceExecutionRoleUpdate }, _target, call) =>
    ServiceExecutionRoleUpdate === undefined ? [] : [passRole(ServiceExecutionRoleUpdate, call)],
  flows: (input, application, call) =>
    scriptFlows(application, codeAndRole(recordOf(application), input), call),
  carries: nothingYet,

  async handle(application, input, call): Promise<UpdateApplicationResponse> {
    const record = recordOf(application);
    const wanted = await updated(record, input, call);
    const moves = differs(record.encryption, wanted.encryption);
    const now =
      moves && record.status === "RUNNING"
        ? await moveKey(record, wanted, input, call)
        : await applyUpdate(record, wanted, input, call);
    const restarts = now.status === "UPDATING";
    const OperationId = restarts ? await call.own.of(now, call).update(now, call.id) : undefined;
    return {
      ApplicationDetail: detailOf(now, call.parts.keys),
      ...(OperationId !== undefined && { OperationId }),
    };
  },
});

/** A running application goes on from what the old key sealed, so whoever moves it must be able to use both. */
async function moveKey(
  record: ApplicationRecord,
  wanted: ApplicationRecord,
  input: Checked<UpdateApplicationRequest>,
  call: AnalyticsCall,
): Promise<ApplicationRecord> {
  await tryOldKey(record.encryption, record.arn, call);
  return withStorage(wanted, call, (storage) => applyUpdate(record, wanted, input, call, storage));
}

function applyUpdate(
  record: ApplicationRecord,
  wanted: ApplicationRecord,
  input: Checked<UpdateApplicationRequest>,
  call: AnalyticsCall,
  storage?: SealedVolumeKey,
): Promise<ApplicationRecord> {
  return change(record, call.store, call.parts, (current) => {
    if (current.status !== "READY" && current.status !== "RUNNING") {
      throw wrongState(current, "updated");
    }
    checkVersion(current, input);
    const restarts = current.status === "RUNNING";
    // Between the check of its keys and now it was started or stopped: its storage would be the wrong one.
    const moves = differs(current.encryption, wanted.encryption);
    if ((restarts && moves) !== (storage !== undefined)) throw changedMeanwhile(current);
    if (wanted.code !== record.code) {
      if (wanted.code.kind === "zip") call.store.blobs.keep(wanted.code.blob);
      // A running application needs its code until the update is done.
      if (!restarts && record.code.kind === "zip") call.store.blobs.remove(record.code.blob);
    }
    const pending = { ...pendingUpdate(current, wanted, input, call), ...(storage && { storage }) };
    return {
      ...wanted,
      tags: current.tags,
      wanted: current.wanted,
      ...(current.current && { current: current.current }),
      status: restarts ? "UPDATING" : "READY",
      ...(restarts && { pending }),
      version: current.version + 1,
      token: call.parts.random.uuid(),
      updatedAtMs: call.timeMs,
    };
  });
}

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

/** What would run, and as whom. */
function codeAndRole(
  record: ApplicationRecord,
  { ApplicationConfigurationUpdate, ServiceExecutionRoleUpdate }: Checked<UpdateApplicationRequest>,
): Runnable {
  const code = ApplicationConfigurationUpdate?.ApplicationCodeConfigurationUpdate;
  return {
    code: code ? codeOf(newCode(code, record)) : record.code,
    role: ServiceExecutionRoleUpdate ?? record.role,
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
  if (stale) throw changedMeanwhile(current);
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

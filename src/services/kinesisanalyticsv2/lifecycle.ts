import type {
  StartApplicationRequest,
  StartApplicationResponse,
  StopApplicationRequest,
  StopApplicationResponse,
} from "@aws-sdk/client-kinesis-analytics-v2";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { changedMeanwhile, snapshotToRestore, withStorage } from "./begin-run.ts";
import { tryKey, tryOldKey } from "./encryption.ts";
import { type AnalyticsCall, findApplication, recordOf, wrongState } from "./find-application.ts";
import { missingEngine } from "./outside.ts";
import { type ApplicationRecord, type Encryption, snapshotTable } from "./records.ts";
import { nothingYet, scriptFlows } from "./script-flows.ts";
import { runSettings } from "./settings.ts";
import { stopSnapshotName } from "./take-snapshot.ts";
import { change } from "./transitions.ts";

/** Starts an application; it is RUNNING once Flink runs its job. */
export const startApplication = operation("StartApplication", {
  resolve: ({ ApplicationName }: Checked<StartApplicationRequest>, call: AnalyticsCall) =>
    findApplication(ApplicationName, call),
  flows: (_input, application, call) => scriptFlows(application, recordOf(application), call),
  carries: nothingYet,

  async handle(
    application,
    { RunConfiguration },
    call,
    judgeAgain,
  ): Promise<StartApplicationResponse> {
    const record = recordOf(application);
    if (record.status !== "READY") throw wrongState(record, "started");
    const run = runSettings(RunConfiguration, record.run);
    checkEngine(call);
    const from = snapshotToRestore(record, run, call)?.path;
    await tryKey(record, call);
    const sealed = encryptionOf(record, from, call);
    if (sealed) await tryOldKey(sealed, record.arn, call);
    const starting = await withStorage(record, call, (storage) => {
      const current = {
        ...{ id: call.parts.random.uuid(), storage },
        ...(from !== undefined && { from }),
      };
      return change(record, call.store, call.parts, (now) => {
        if (now.status !== "READY") throw wrongState(now, "started");
        // What was judged is the script of this version.
        if (now.version !== record.version) throw changedMeanwhile(now);
        judgeAgain();
        return { ...now, status: "STARTING", wanted: "running", run, current };
      });
    });
    return { OperationId: await call.own.of(starting, call).start(starting, call.id) };
  },
});

function checkEngine({ own: { engines } }: AnalyticsCall): void {
  const missing = missingEngine(engines);
  if (missing === undefined) return;
  throw new ServiceError("InvalidApplicationConfigurationException", missing);
}

/** What the state was sealed with that a start begins with: whoever starts it needs that key too. */
function encryptionOf(
  record: ApplicationRecord,
  from: string | undefined,
  call: AnalyticsCall,
): Encryption | undefined {
  const snapshots = [...snapshotTable(call.store).range({ prefix: [record.id] })];
  return snapshots.find(({ value }) => from !== undefined && value.path === from)?.value.encryption;
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

import type {
  CancelKeyDeletionRequest,
  CancelKeyDeletionResponse,
  ScheduleKeyDeletionRequest,
  ScheduleKeyDeletionResponse,
} from "@aws-sdk/client-kms";
import { isComplete, type KeyRecord } from "../../keys/key-record.ts";
import { checkState } from "../../keys/key-states.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { findOwnKey, type KmsCall, keyOf, plainFacts, unusedFacts } from "./find-key.ts";

const windowDaysDefault = 30;
const dayMs = 86_400_000;

/** Stops every use of a key at once, and destroys it when the window has passed. */
export const scheduleKeyDeletion = operation("ScheduleKeyDeletion", {
  resolve: ({ KeyId }: Checked<ScheduleKeyDeletionRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "ScheduleKeyDeletion"),
  context: ({ PendingWindowInDays = windowDaysDefault }, target, call) => ({
    ...unusedFacts(undefined, target, call),
    "kms:schedulekeydeletionpendingwindowindays": String(PendingWindowInDays),
  }),
  async handle(target, input, call): Promise<ScheduleKeyDeletionResponse> {
    const { PendingWindowInDays: windowDays = windowDaysDefault } = input;
    if (windowDays < 7 || windowDays > 30) {
      throw new ServiceError(
        "ValidationException",
        "PendingWindowInDays must be between 7 and 30 (inclusive)",
      );
    }
    const key = keyOf(target);
    const atMs = call.timeMs + windowDays * dayMs;
    const changed = await call.own.change(key, (record) => {
      checkState("ScheduleKeyDeletion", key, record.state);
      if (waitsForReplicas(record, call.region)) {
        return { ...record, state: "PendingReplicaDeletion", deletionWaitsDays: windowDays };
      }
      return { ...record, state: "PendingDeletion", deletion: { atMs, windowDays } };
    });
    const { state, deletion } = changed?.record ?? {};
    return {
      KeyId: key.arn,
      ...(deletion && { DeletionDate: new Date(deletion.atMs) }),
      ...(state && { KeyState: state }),
      PendingWindowInDays: windowDays,
    };
  },
  responseElements: ({ KeyId, DeletionDate, KeyState, PendingWindowInDays }) => ({
    keyId: KeyId,
    deletionDate: DeletionDate?.toISOString() ?? null,
    keyState: KeyState,
    pendingWindowInDays: PendingWindowInDays,
  }),
});

/** A primary goes after its replicas: until the last is gone it waits, and its own window begins then. */
const waitsForReplicas = ({ multiRegion }: KeyRecord, region: string): boolean =>
  multiRegion?.primaryRegion === region && multiRegion.replicaRegions.length > 0;

/** Keeps a key that was to be destroyed. It stays disabled until somebody enables it. */
export const cancelKeyDeletion = operation("CancelKeyDeletion", {
  resolve: ({ KeyId }: Checked<CancelKeyDeletionRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "CancelKeyDeletion"),
  context: plainFacts,
  async handle(target, _input, { own: keys }): Promise<CancelKeyDeletionResponse> {
    const key = keyOf(target);
    await keys.change(key, ({ deletion: _, deletionWaitsDays: _days, ...record }) => {
      checkState("CancelKeyDeletion", key, record.state);
      const awaits = record.origin === "EXTERNAL" && !isComplete(record, keys.clock.now());
      return { ...record, state: awaits ? "PendingImport" : "Disabled" };
    });
    return { KeyId: key.arn };
  },
  responseElements: ({ KeyId }) => ({ keyId: KeyId }),
});

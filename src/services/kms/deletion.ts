import type {
  CancelKeyDeletionRequest,
  CancelKeyDeletionResponse,
  ScheduleKeyDeletionRequest,
  ScheduleKeyDeletionResponse,
} from "@aws-sdk/client-kms";
import { isComplete } from "../../keys/key-record.ts";
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
    await call.own.change(key, (record) => {
      checkState("ScheduleKeyDeletion", key, record.state);
      return { ...record, state: "PendingDeletion", deletion: { atMs, windowDays } };
    });
    return {
      KeyId: key.arn,
      DeletionDate: new Date(atMs),
      KeyState: "PendingDeletion",
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

/** Keeps a key that was to be destroyed. It stays disabled until somebody enables it. */
export const cancelKeyDeletion = operation("CancelKeyDeletion", {
  resolve: ({ KeyId }: Checked<CancelKeyDeletionRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "CancelKeyDeletion"),
  context: plainFacts,
  async handle(target, _input, { own: keys }): Promise<CancelKeyDeletionResponse> {
    const key = keyOf(target);
    await keys.change(key, ({ deletion: _, ...record }) => {
      checkState("CancelKeyDeletion", key, record.state);
      const awaits = record.origin === "EXTERNAL" && !isComplete(record, keys.clock.now());
      return { ...record, state: awaits ? "PendingImport" : "Disabled" };
    });
    return { KeyId: key.arn };
  },
  responseElements: ({ KeyId }) => ({ keyId: KeyId }),
});

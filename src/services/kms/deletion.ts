import type {
  CancelKeyDeletionRequest,
  CancelKeyDeletionResponse,
  ScheduleKeyDeletionRequest,
  ScheduleKeyDeletionResponse,
} from "@aws-sdk/client-kms";
import { pendingDeletion } from "../../keys/use-key.ts";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { factsOf, findOwnKey, type KmsCall, keyOf, plainFacts } from "./find-key.ts";

const windowDaysDefault = 30;
const dayMs = 86_400_000;

/** Stops every use of a key at once, and destroys it when the window has passed. */
export const scheduleKeyDeletion = operation("ScheduleKeyDeletion", {
  resolve: ({ KeyId }: Checked<ScheduleKeyDeletionRequest>, call: KmsCall) =>
    findOwnKey(KeyId, call, "ScheduleKeyDeletion"),
  context: ({ PendingWindowInDays = windowDaysDefault }, { reference }, call) => ({
    ...factsOf(reference, call),
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
      if (record.state === "PendingDeletion") throw pendingDeletion(key);
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
    await keys.change(key, ({ deletion, ...record }) => {
      if (!deletion) {
        throw new ServiceError("KMSInvalidStateException", `${key.arn} is not pending deletion.`);
      }
      const waits = record.origin === "EXTERNAL" && !record.versions.at(-1)?.wrapped;
      return { ...record, state: waits ? "PendingImport" : "Disabled" };
    });
    return { KeyId: key.arn };
  },
  responseElements: ({ KeyId }) => ({ keyId: KeyId }),
});

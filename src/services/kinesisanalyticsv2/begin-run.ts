import type { SealedVolumeKey } from "../../keys/volume-keys.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import { inServiceWords, operatorUse } from "./encryption.ts";
import type { AnalyticsCall } from "./find-application.ts";
import { type ApplicationRecord, type SnapshotRecord, snapshotTable } from "./records.ts";
import { newStorageKey, retireStorage } from "./running-storage.ts";

/** The snapshot that a start begins with; undefined where it begins with no state. */
export function snapshotToRestore(
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

/** Makes the key of a run's running storage; its grant is given back where the run does not come about. */
export async function withStorage<Result>(
  record: ApplicationRecord,
  call: AnalyticsCall,
  use: (storage: SealedVolumeKey) => Promise<Result>,
): Promise<Result> {
  const { parts, account } = call;
  const operator = operatorUse(record.arn, call);
  const storage = await inServiceWords(() => newStorageKey(record, operator, { parts, account }));
  try {
    return await use(storage);
  } catch (error) {
    await retireStorage(record.arn, { storage }, { parts, account });
    throw error;
  }
}

/** The application is not as it was when the caller looked at it. */
export const changedMeanwhile = ({ version }: ApplicationRecord): ServiceError =>
  new ServiceError(
    "ConcurrentModificationException",
    `The application is at version ${version}; it was changed meanwhile.`,
  );

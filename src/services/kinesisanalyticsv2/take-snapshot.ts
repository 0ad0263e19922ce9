import { isClosing, unlessAborted } from "./abort.ts";
import {
  type ApplicationRecord,
  bucketName,
  type SnapshotRecord,
  snapshotPrefix,
  snapshotTable,
} from "./records.ts";
import type { RunningJob, Surroundings } from "./run-application.ts";
import type { KeptState } from "./state.ts";

/** Writes down what has become of a snapshot. */
export async function putSnapshot(
  { id }: Pick<ApplicationRecord, "id">,
  snapshot: SnapshotRecord,
  status: SnapshotRecord["status"],
  { parts, account }: Surroundings,
): Promise<void> {
  const table = snapshotTable(parts.store.account(account));
  await parts.store.transaction(() => table.put([id, snapshot.name], { ...snapshot, status }));
}

const target = (record: Pick<ApplicationRecord, "id">, name: string, account: string) =>
  `s3://${bucketName(account, record)}/${snapshotPrefix(name)}`;

/** Takes a snapshot of a job that goes on. */
export async function takeSnapshot(
  snapshot: SnapshotRecord,
  running: RunningJob | undefined,
  signal: AbortSignal,
  record: ApplicationRecord,
  around: Surroundings,
): Promise<void> {
  if (!running) throw new Error("the application does not run");
  const place = target(record, snapshot.name, around.account);
  const path = await unlessAborted(running.job.savepoint(place), signal);
  await putSnapshot(record, { ...snapshot, path }, "READY", around);
}

/** A snapshot of an application as it is now. */
export const newSnapshot = (
  name: string,
  { version, runtime, encryption }: ApplicationRecord,
  createdAtMs: number,
): SnapshotRecord => ({ name, status: "CREATING", version, createdAtMs, runtime, encryption });

/** Name of the snapshot that a stop or an update takes. */
export const stopSnapshotName = (timeMs: number): string =>
  `stop-${new Date(timeMs).toISOString().replace(/[:.]/g, "-")}`;

/** Takes the snapshot that is pending, and ends the job with it; answers its path. */
export async function takeStopSnapshot(
  record: ApplicationRecord,
  running: RunningJob,
  signal: AbortSignal,
  state: KeptState,
  around: Surroundings,
): Promise<string> {
  const name = record.pending?.snapshot ?? "";
  const of = record.pending?.previous ?? record;
  const snapshot = newSnapshot(name, of, around.parts.clock.now());
  await putSnapshot(record, snapshot, "CREATING", around);
  try {
    const place = target(record, name, around.account);
    const path =
      (await unlessAborted(running.job.stopWithSavepoint(place), signal)) ??
      (await state.completeSnapshot(name));
    if (path === undefined) throw new Error("the snapshot is not complete");
    await putSnapshot(record, { ...snapshot, path }, "READY", around);
    return path;
  } catch (error) {
    // After the end of Bondstore it may be complete all the same: the next start looks.
    if (!isClosing(signal)) await putSnapshot(record, snapshot, "FAILED", around);
    throw error;
  }
}

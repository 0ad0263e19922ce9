import { type FlinkJob, type FlinkState, hasFinished, howEnded } from "../../engines/flink/job.ts";
import type { Parts } from "../../pipeline/call.ts";
import type { ApplicationRecord } from "./records.ts";
import { noteEvent, type ServiceEventName } from "./service-events.ts";

/** How a job ended that nobody has stopped. */
export type JobEnd = { readonly finished: true } | { readonly finished: false; cause: string };

export interface Watched {
  readonly job: FlinkJob;
  readonly record: ApplicationRecord;
  readonly account: string;
  readonly parts: Parts;
  /** Told once, when the job has its first own checkpoint: what it was restored from is not needed. */
  onFirstCheckpoint(jobId: string): void;
  onEnd(end: JobEnd): void;
}

const everyMs = 2_000;
/** An engine whose job is over ends by itself; one that does not is ended. */
const lingeringMax = 15;
/** A job that fails again and again is not an event each time. */
const quietMs = 30_000;

/** Follows a job: what fails in it is an event of the trail. Answers how to stop following. */
export function watch({ job, record, account, parts, ...told }: Watched): () => void {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let failedBefore = 0;
  let before: FlinkState = "RUNNING";
  let lingering = 0;
  let checkpointed = false;
  const notedAtMs = new Map<ServiceEventName, number>();

  async function note(name: ServiceEventName, message: string): Promise<void> {
    const now = parts.clock.now();
    if (now - (notedAtMs.get(name) ?? Number.NEGATIVE_INFINITY) < quietMs) return;
    notedAtMs.set(name, now);
    await noteEvent(name, message, record, account, parts);
  }

  async function followCheckpoints(jobId: string | undefined): Promise<void> {
    const { completed, failed, failure, latest } = await job.checkpoints();
    if (failed > failedBefore) await note("CheckpointFailed", failure ?? "a checkpoint failed");
    failedBefore = failed;
    if (checkpointed || completed === 0 || !latest || latest.savepoint || !jobId) return;
    checkpointed = true;
    if (!stopped) told.onFirstCheckpoint(jobId);
  }

  async function look(): Promise<void> {
    const { state, jobId } = await job.status();
    const over = state === "ENDED" || state === "FAILED" || state === "CANCELED";
    lingering = over ? lingering + 1 : 0;
    if (lingering > lingeringMax || (over && hasFinished(job.cell.log))) await job.stop(0);
    if (over || stopped) return;
    if (state === "RESTARTING" && before !== "RESTARTING") {
      await note("ApplicationRestarting", (await job.exceptions())[0] ?? "the job failed");
    }
    before = state;
    await followCheckpoints(jobId);
  }

  function again(): void {
    if (stopped) return;
    timer = setTimeout(() => {
      // What cannot be asked now is asked the next time.
      void look()
        .catch(() => undefined)
        .then(again);
    }, everyMs);
  }

  void job.cell.exited.then((end) => {
    if (stopped) return;
    stopped = true;
    clearTimeout(timer);
    const cause = howEnded(end, job.cell.log);
    told.onEnd(cause === undefined ? { finished: true } : { finished: false, cause });
  });
  again();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

import type { Parts } from "../../../pipeline/call.ts";
import type { Document } from "../../../pipeline/document.ts";
import { type Carried, ServiceError } from "../../../pipeline/operation.ts";
import { clusterJobArn } from "../../../projects/cluster-jobs.ts";
import { type ProjectRecord, projectTable } from "../../../projects/project.ts";
import type { AccountStore } from "../../../storage/store.ts";
import type { OdpsCall } from "../find-project.ts";
import { callerName } from "../projects.ts";
import {
  type InstanceRecord,
  instanceArn,
  instanceRows,
  type ReadRecord,
  type RowsRecord,
  runningRows,
  type TaskStatus,
} from "./instance-record.ts";
import type { SubmittedJob } from "./submitted-job.ts";

/** What a job gives: text, rows, or both. */
export interface Outcome {
  /** Absent: it went well. */
  readonly status?: TaskStatus;
  readonly text?: string;
  readonly rows?: RowsRecord;
  readonly written?: Readonly<Record<string, number>>;
  readonly reads?: readonly ReadRecord[];
  /** Of a condition: whether it is true. */
  readonly holds?: boolean;
  /** What a statement wrote, for the record of what leaves with it. */
  readonly carried?: Carried;
}

/** A job while it runs. */
export interface RunningJob {
  readonly record: InstanceRecord;
  readonly submitted: SubmittedJob;
  /** Aborted by `StopInstance`, and when Bondstore stops. */
  readonly signal: AbortSignal;
  /** 0 to 100. */
  percent: number;
}

/** Does a job for the caller; throws `ServiceError` whose code and words are the job's. */
export type RunJob = (job: RunningJob, project: ProjectRecord, call: OdpsCall) => Promise<Outcome>;

/** Jobs that run at a time: of all accounts, and of one. */
const jobsMax = 200;
const jobsPerAccountMax = 50;
/** MaxCompute's own bound of a job. */
const jobMs = 24 * 60 * 60 * 1000;

interface Followed {
  readonly job: RunningJob;
  readonly account: string;
  readonly abort: AbortController;
  done: Promise<void>;
}

/** The jobs of all projects while they run; each is a row from its submission on. */
export class Jobs {
  readonly #parts: Parts;
  readonly #run: RunJob;
  readonly #running = new Map<string, Followed>();

  constructor(parts: Parts, run: RunJob) {
    this.#parts = parts;
    this.#run = run;
  }

  /** Begins a job and answers its id. Refuses where too many run. */
  async submit(
    project: ProjectRecord,
    submitted: SubmittedJob,
    source: Document,
    call: OdpsCall,
  ): Promise<string> {
    const { account } = project;
    const own = [...this.#running.values()].filter((one) => one.account === account);
    if (this.#running.size >= jobsMax || own.length >= jobsPerAccountMax) {
      const count = own.length >= jobsPerAccountMax ? `${own.length} of this account` : jobsMax;
      throw new ServiceError("ServiceUnavailable", `${count} jobs run already; try again later.`);
    }
    const { store, random } = this.#parts;
    const id = `${instantText(call.timeMs)}g${random.bytes(5).toString("hex")}`;
    const record: InstanceRecord = {
      ...{ id, projectId: project.id, owner: callerName(call), startedAtMs: call.timeMs },
      ...{ taskName: submitted.taskName, taskType: submitted.taskType, status: "Running", source },
    };
    const abort = new AbortController();
    const job: RunningJob = { record, submitted, signal: abort.signal, percent: 0 };
    const followed: Followed = { job, account, abort, done: Promise.resolve() };
    // Its place is taken before anything is waited for.
    this.#running.set(id, followed);
    const rows = instanceRows(store.account(account));
    try {
      await store.transaction(() => {
        forgetOldest(store.account(account), project.id, call.timeMs);
        rows.put([project.id, id], record);
        runningRows(store.account(account)).put([project.id, id], true);
      });
    } catch (error) {
      this.#running.delete(id);
      throw error;
    }
    followed.done = this.#follow(followed, project, call);
    return id;
  }

  async #follow({ job, abort }: Followed, project: ProjectRecord, call: OdpsCall): Promise<void> {
    const { id } = job.record;
    const timer = setTimeout(() => abort.abort(), jobMs).unref();
    let end: Partial<InstanceRecord>;
    try {
      end = { status: "Success", ...(await this.#run(job, project, call)) };
    } catch (error) {
      end = job.signal.aborted ? cancelled : { status: "Failed", text: failureText(error, id) };
      if (!(error instanceof ServiceError)) call.own.onFault(id, error);
    } finally {
      clearTimeout(timer);
    }
    const { store, clock } = this.#parts;
    const rows = instanceRows(store.account(project.account));
    await store
      .transaction(() => {
        rows.put([project.id, id], { ...job.record, ...end, endedAtMs: clock.now() });
        runningRows(store.account(project.account)).remove([project.id, id]);
      })
      .catch((error: unknown) => call.own.onFault(id, error))
      .finally(() => this.#running.delete(id));
  }

  /** Waits for the end of a job, at most so long. */
  async ended(id: string, waitMs: number): Promise<void> {
    const running = this.#running.get(id);
    if (running) await settled(running.done, waitMs);
  }

  /** Whether a job runs or waits. */
  runs(id: string): boolean {
    return this.#running.has(id);
  }

  /** How far a job is, in percent. */
  percentOf(id: string): number {
    return this.#running.get(id)?.job.percent ?? 0;
  }

  async cancel(id: string): Promise<void> {
    const running = this.#running.get(id);
    running?.abort.abort();
    await running?.done;
  }

  /** Ends the jobs of a project. */
  async cancelOf(projectId: string): Promise<void> {
    const own = [...this.#running].filter(([, { job }]) => job.record.projectId === projectId);
    await Promise.all(own.map(([id]) => this.cancel(id)));
  }

  /** Ends all: waits for those that end when they are told. */
  async stop(graceMs: number): Promise<void> {
    await settled(Promise.all([...this.#running.keys()].map((id) => this.cancel(id))), graceMs);
  }
}

/** Waits for something, at most so long. */
async function settled(work: Promise<unknown>, waitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, waitMs);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

/** Thrown by work that ends because its job was stopped. */
export const stopped = new ServiceError("Cancelled", "The job was stopped.");

/** How long a job and its rows can be read (MaxCompute's instances: 30 days). */
const keptMs = 30 * 24 * 60 * 60 * 1000;
const forgottenAtOnce = 2;

/** Forgets jobs that are over for long, a few with each new one: ids are in the order of time. */
function forgetOldest(store: AccountStore, projectId: string, nowMs: number): void {
  const rows = instanceRows(store);
  for (const { key, value } of [...rows.range({ prefix: [projectId], limit: forgottenAtOnce })]) {
    if (value.endedAtMs === undefined || nowMs - value.endedAtMs < keptMs) return;
    if (value.rows) store.blobs.remove(value.rows.file.blob);
    rows.remove(key);
  }
}

const cancelled = { status: "Cancelled", text: "The instance was stopped." } as const;

/** Jobs that ran when Bondstore ended have failed: said at its next start. */
export async function endInterrupted({ directory, store, clock }: Parts): Promise<void> {
  const text = "ODPS-0010000: System internal error - Bondstore ended while it ran";
  for (const { id: account } of directory.accounts()) {
    const running = runningRows(store.account(account));
    const left = [...running.range()];
    if (left.length === 0) continue;
    const rows = instanceRows(store.account(account));
    await store.transaction(() => {
      for (const { key } of left) {
        const found = rows.find(key);
        if (found) rows.put(key, { ...found, status: "Failed", text, endedAtMs: clock.now() });
        running.remove(key);
      }
    });
    const names = [...projectTable(store.account(account)).range()].map(({ value }) => value);
    for (const { key } of left) {
      const name = names.find(({ id }) => id === key[0])?.name;
      if (!name) continue;
      // Their cells have ended with Bondstore, and a cluster's job with its statement.
      for (const arnOf of [instanceArn, clusterJobArn]) {
        await directory.endApplicationSessions(arnOf(name, String(key[1])));
      }
    }
  }
}

/** As MaxCompute prints it: code and words. What was judged and refused can be explained by the job's id. */
function failureText(error: unknown, id: string): string {
  if (!(error instanceof ServiceError)) {
    return "ODPS-0010000: System internal error - the statement failed inside the service";
  }
  const { code, message } = error;
  const text = message.startsWith("ODPS-") ? message : `${code}: ${message}`;
  const isExplained = code !== "ODPS-0130013" || text.includes("bondstore explain ");
  return isExplained ? text : `${text} (Explain: bondstore explain ${id})`;
}

/** `20261128011500123`, in UTC. */
const instantText = (timeMs: number): string => new Date(timeMs).toISOString().replace(/\D/g, "");

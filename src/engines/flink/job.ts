import type { Cell, CellEnd } from "../../cells/cell.ts";
import { isRecord } from "../../lib/record.ts";
import { askFlink, FlinkRefusal, FlinkSilent } from "./rest.ts";
import { endInLog } from "./settings.ts";

/** Where the job is. `STARTING`: Flink does not answer yet. `ENDED`: Flink or its cell is gone. */
export type FlinkState =
  | "STARTING"
  | "DEPLOYING"
  | "RUNNING"
  | "RESTARTING"
  | "FAILING"
  | "FAILED"
  | "CANCELLING"
  | "CANCELED"
  | "FINISHED"
  | "ENDED";

export interface FlinkStatus {
  readonly state: FlinkState;
  readonly jobId: string | undefined;
  readonly tasksRunning: number;
  readonly tasksTotal: number;
}

/** A checkpoint or savepoint that is complete. */
export interface FlinkCheckpoint {
  readonly id: number;
  /** `s3://…/chk-7`: what a later start restores from. */
  readonly path: string;
  readonly timeMs: number;
  readonly sizeBytes: number;
  readonly savepoint: boolean;
}

export interface FlinkCheckpoints {
  readonly completed: number;
  readonly failed: number;
  readonly latest: FlinkCheckpoint | undefined;
  /** Why the last one that failed did. */
  readonly failure: string | undefined;
}

/** One application that runs in a cell. */
export interface FlinkJob {
  readonly cell: Cell;
  status(): Promise<FlinkStatus>;
  /** Resolves when every task runs; rejects with the cause when it fails or ends before. */
  running(timeoutMs: number): Promise<FlinkStatus>;
  /** Flink's own description of the job: plan, vertices, counts. */
  overview(): Promise<Readonly<Record<string, unknown>>>;
  /** Writes a savepoint under the target and answers its path. */
  savepoint(target: string): Promise<string>;
  /**
   * The same, and no record is read after it; the engine ends by itself then, and `stop` clears up.
   * Undefined when it ended before it could name the path: the savepoint is then the one directory
   * under the target that holds `_metadata`, so give each savepoint a target of its own.
   */
  stopWithSavepoint(target: string, drain?: boolean): Promise<string | undefined>;
  checkpoints(): Promise<FlinkCheckpoints>;
  /** Causes of the latest failures, newest first. */
  exceptions(): Promise<readonly string[]>;
  cancel(): Promise<void>;
  /** Ends the cell: nothing of the application runs after it. */
  stop(graceMs?: number): Promise<CellEnd>;
}

/** What was asked cannot be done; the message is Flink's. */
export class FlinkFailure extends Error {
  override readonly name = "FlinkFailure";
}

const pollMs = 100;
/** The path can be asked for only in the moment between the savepoint and the engine's end. */
const stopPollMs = 5;
const savepointTimeoutMs = 10 * 60_000;
const stopGraceMs = 3_000;
/** A job that fails so often before it ran once is not going to. */
const startFailuresMax = 3;

/** States of Flink that have another name here. */
const names: Readonly<Record<string, FlinkState>> = {
  INITIALIZING: "DEPLOYING",
  CREATED: "DEPLOYING",
  RECONCILING: "DEPLOYING",
  SUSPENDED: "RESTARTING",
  RESTARTING: "RESTARTING",
  FAILING: "FAILING",
  FAILED: "FAILED",
  CANCELLING: "CANCELLING",
  CANCELED: "CANCELED",
  FINISHED: "FINISHED",
};

const text = (value: unknown) => (typeof value === "string" ? value : "");
const number = (value: unknown) => (typeof value === "number" ? value : 0);
const record = (value: unknown) => (isRecord(value) ? value : {});
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** The newest job: a program may run several, one after the other. */
async function newestJob(cell: Cell): Promise<Readonly<Record<string, unknown>> | undefined> {
  const jobs = list(record(await askFlink(cell, "GET", "/jobs/overview"))["jobs"]).map(record);
  return jobs.sort((left, right) => number(right["start-time"]) - number(left["start-time"]))[0];
}

function statusOf(job: Readonly<Record<string, unknown>> | undefined): FlinkStatus {
  if (!job) return { state: "STARTING", jobId: undefined, tasksRunning: 0, tasksTotal: 0 };
  const tasks = record(job["tasks"]);
  const tasksTotal = number(tasks["total"]);
  const tasksRunning = number(tasks["running"]) + number(tasks["finished"]);
  const deployed = tasksTotal > 0 && tasksRunning === tasksTotal;
  const state = names[text(job["state"])] ?? (deployed ? "RUNNING" : "DEPLOYING");
  return { state, jobId: text(job["jid"]), tasksRunning, tasksTotal };
}

/** Speaks to the application that runs in a cell. */
export function followJob(cell: Cell): FlinkJob {
  let end: CellEnd | undefined;
  let last = statusOf(undefined);
  void cell.exited.then((how) => {
    end = how;
  });

  async function status(): Promise<FlinkStatus> {
    if (end) return { ...last, state: "ENDED" };
    try {
      last = statusOf(await newestJob(cell));
    } catch (error) {
      // 503: the parts inside have not found each other yet.
      if (error instanceof FlinkRefusal && error.status !== 503) throw error;
      const silent = error instanceof FlinkRefusal || error instanceof FlinkSilent;
      // The interface is open as long as there is a job: closed after one means that all is over.
      if (!silent && last.jobId !== undefined) last = { ...last, state: "ENDED" };
    }
    return last;
  }

  async function jobPath(rest: string): Promise<string> {
    const { jobId, state } = await status();
    if (jobId === undefined || state === "ENDED")
      throw new FlinkFailure(`the application is ${state}`);
    return `/jobs/${jobId}${rest}`;
  }

  async function ask(path: string): Promise<Readonly<Record<string, unknown>>> {
    return record(await askFlink(cell, "GET", await jobPath(path)));
  }

  async function trigger(
    path: string,
    body: Record<string, unknown>,
  ): Promise<() => Promise<string | undefined>> {
    const answer = record(await askFlink(cell, "POST", await jobPath(path), body));
    const progress = await jobPath(`/savepoints/${text(answer["request-id"])}`);
    return async () => {
      const state = record(await askFlink(cell, "GET", progress));
      const done = record(state["status"])["id"] === "COMPLETED";
      return done ? locationOf(record(state["operation"])) : undefined;
    };
  }

  async function savepoint(target: string): Promise<string> {
    const body = { "target-directory": target, "cancel-job": false };
    const ask = await trigger("/savepoints", body);
    for (let waitedMs = 0; waitedMs < savepointTimeoutMs; waitedMs += pollMs) {
      const path = await ask();
      if (path !== undefined) return path;
      await pause(pollMs);
    }
    throw new FlinkFailure("the savepoint is not complete in time");
  }

  async function stopWithSavepoint(target: string, drain = false): Promise<string | undefined> {
    const ask = await trigger("/stop", { targetDirectory: target, drain });
    for (let waitedMs = 0; waitedMs < savepointTimeoutMs; waitedMs += stopPollMs) {
      try {
        const path = await ask();
        if (path !== undefined) return path;
      } catch (error) {
        if (error instanceof FlinkFailure) throw error;
        // The engine closes its interface within milliseconds of the job's end.
        return undefined;
      }
      await pause(stopPollMs);
    }
    throw new FlinkFailure("the savepoint is not complete in time");
  }

  async function running(timeoutMs: number): Promise<FlinkStatus> {
    for (let waitedMs = 0; waitedMs < timeoutMs; waitedMs += pollMs) {
      const now = await status();
      if (now.state === "RUNNING" || now.state === "FINISHED") return now;
      if (end) {
        const cause = howEnded(end, cell.log);
        if (cause !== undefined) throw new FlinkFailure(cause);
        return { ...now, state: "FINISHED" };
      }
      if (now.state === "ENDED" && hasFinished(cell.log)) return { ...now, state: "FINISHED" };
      const restarting = now.state === "RESTARTING" && waitedMs % 1000 === 0;
      const failures = restarting || now.state === "FAILED" ? await exceptions() : [];
      if (now.state === "FAILED" || failures.length >= startFailuresMax) {
        throw new FlinkFailure(failures[0] ?? "it failed");
      }
      await pause(pollMs);
    }
    const [cause = "it does not say why"] = await exceptions().catch(() => []);
    throw new FlinkFailure(`the application does not run in time: ${cause}`);
  }

  async function exceptions(): Promise<readonly string[]> {
    const answer = await ask("/exceptions?maxExceptions=5");
    const entries = list(record(answer["exceptionHistory"])["entries"]).map(record);
    return entries.map((entry) => rootCause(text(entry["stacktrace"])));
  }

  return {
    cell,
    status,
    running,
    exceptions,
    overview: () => ask(""),
    savepoint,
    stopWithSavepoint,
    checkpoints: async () => checkpointsOf(await ask("/checkpoints")),
    async cancel() {
      await askFlink(cell, "PATCH", await jobPath("?mode=cancel"));
    },
    stop: (graceMs = stopGraceMs) => cell.stop(graceMs),
  };
}

/** S3's own limit of a key, and room for the bucket: a tenant's code may have written the answer. */
const locationCharsMax = 1200;

function locationOf(operation: Readonly<Record<string, unknown>>): string {
  const location = text(operation["location"]);
  if (location !== "" && location.length <= locationCharsMax) return location;
  const failure = record(operation["failure-cause"]);
  throw new FlinkFailure(rootCause(text(failure["stack-trace"])) || "the savepoint failed");
}

/** The deepest cause of a stack trace is the one that says something. */
function rootCause(trace: string): string {
  const causes = [...trace.matchAll(/^(?:Caused by: )?([\w.$]+(?:Exception|Error)\S*?: .+)$/gm)];
  return (causes.at(-1)?.[1] ?? trace.split("\n")[0] ?? "").slice(0, 1000);
}

/** Without the colours of a terminal. */
const plain = (line: string) =>
  line
    .split(`${String.fromCharCode(27)}[0m`)
    .join("")
    .slice(0, 1000);

/** The SQL client ends with 0 when a statement fails: only its output says so. */
export function causeInLog(log: readonly string[]): string | undefined {
  const told = log.findLastIndex((line) => /\[ERROR\].*Reason:$/.test(line));
  if (told >= 0) return plain(log[told + 1] ?? "");
  return log
    .findLast((line) => /^(Caused by: |[\w.$]+(Exception|Error): )/.test(line))
    ?.slice(0, 1000);
}

/** Whether an SQL script has run to its end. */
export const hasFinished = (log: readonly string[]): boolean =>
  log.some((line) => endInLog.test(line));

/** Why an engine ended that nobody has stopped; undefined when it had done all its work. */
export function howEnded(
  { code, outOfMemory, volumeFailure }: CellEnd,
  log: readonly string[],
): string | undefined {
  if (hasFinished(log)) return undefined;
  if (volumeFailure !== undefined) return volumeFailure;
  if (outOfMemory) return "the memory of its cell was not enough";
  const refused = log.some((line) => /\[ERROR\].*Reason:$/.test(line));
  if (code === 0 && !refused) return undefined;
  return causeInLog(log) ?? `the engine ended with ${code}`;
}

function checkpointsOf(answer: Readonly<Record<string, unknown>>): FlinkCheckpoints {
  const counts = record(answer["counts"]);
  const latest = record(answer["latest"]);
  const done = [latest["completed"], latest["savepoint"]]
    .map(record)
    .filter(({ id }) => id !== undefined);
  const newest = done.sort((left, right) => number(right["id"]) - number(left["id"]))[0];
  const failure = text(record(latest["failed"])["failure_message"]);
  return {
    completed: number(counts["completed"]),
    failed: number(counts["failed"]),
    latest: newest && {
      id: number(newest["id"]),
      path: text(newest["external_path"]),
      timeMs: number(newest["trigger_timestamp"]),
      sizeBytes: number(newest["state_size"]),
      savepoint: newest["is_savepoint"] === true,
    },
    failure: failure === "" ? undefined : failure,
  };
}

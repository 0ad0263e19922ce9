import { isClosing, pause, unlessAborted } from "./abort.ts";
import { KeptRecord } from "./kept-record.ts";
import { finishOperation, startOperation } from "./operations.ts";
import type { ApplicationRecord, SnapshotRecord, Status } from "./records.ts";
import { type RunningJob, runApplication, type Surroundings } from "./run-application.ts";
import { RunStorage } from "./run-storage.ts";
import { noteEvent, type ServiceEventName } from "./service-events.ts";
import { type KeptState, keptState } from "./state.ts";
import { putSnapshot, takeSnapshot, takeStopSnapshot } from "./take-snapshot.ts";
import { type JobEnd, watch } from "./watch.ts";
import { type Work, WorkQueue } from "./work-queue.ts";

interface Live {
  readonly running: RunningJob;
  readonly record: ApplicationRecord;
  readonly startedAtMs: number;
  stopWatching(): void;
}

const unconfined = "its code runs without a sandbox, as this Bondstore's configuration accepts";
const unsealed = "its running storage is in memory and not encrypted: this host has no FUSE";
const startTimeoutMs = 180_000;
const waitMsMax = 30_000;
/** A job that ran this long has proven itself: its next failure is a first one. */
const provenMs = 60_000;

/**
 * What goes on for one application: one thing after the other, until it is interrupted. A forced stop, a deletion
 * and the end of Bondstore interrupt; everything else waits its turn.
 */
export class Life {
  readonly #record: ApplicationRecord;
  readonly #around: Surroundings;
  readonly state: KeptState;
  readonly #kept: KeptRecord;
  readonly #storage: RunStorage;
  readonly #queue: WorkQueue;
  #live: Live | undefined;
  #failures = 0;

  constructor(record: ApplicationRecord, around: Surroundings) {
    this.#record = record;
    this.#around = around;
    this.#kept = new KeptRecord(record, around);
    this.#storage = new RunStorage(this.#kept, record.arn, around, (line) => this.#say(line));
    this.#queue = new WorkQueue((line) => this.#say(line));
    this.state = keptState(record, around.account, around.parts);
  }

  /** A record that says STARTING becomes RUNNING, or READY again. */
  start(record: ApplicationRecord, requestId: string): Promise<string> {
    return this.#operate(record, "StartApplication", requestId, async (signal) => {
      await this.#begin(record, signal, "STARTING");
    });
  }

  /** A record that says STOPPING becomes READY, or RUNNING again where its state is not safe. */
  stop(record: ApplicationRecord, requestId: string): Promise<string> {
    return this.#operate(record, "StopApplication", requestId, async (signal) => {
      try {
        if (record.pending?.snapshot) await this.#stopWithSnapshot(record, signal);
      } catch (error) {
        if (isClosing(signal)) throw error;
        await this.#kept.settle(["STOPPING"], "RUNNING");
        this.#goOn();
        throw error;
      }
      await this.#halt(["STOPPING"]);
    });
  }

  /** A record that says FORCE_STOPPING becomes READY: what hangs is not waited for. */
  forceStop(record: ApplicationRecord, requestId: string): Promise<string> {
    this.#queue.interrupt();
    return this.#operate(record, "StopApplication", requestId, () =>
      this.#halt(["FORCE_STOPPING"]),
    );
  }

  /** A record that says UPDATING is started anew, with the state in which it was. */
  update(record: ApplicationRecord, requestId: string): Promise<string> {
    return this.#operate(record, "UpdateApplication", requestId, async (signal) => {
      const { snapshot, restore } = record.pending ?? {};
      let from: string | undefined;
      try {
        from = snapshot
          ? await this.#stopWithSnapshot(record, signal)
          : await this.state.newest(record.current);
      } catch (error) {
        if (isClosing(signal)) throw error;
        await this.#kept.takeBack();
        await this.#storage.retire(record.pending);
        this.#goOn();
        throw error;
      }
      await this.#end();
      const next = await this.#kept.nextRun(restore ? restore.from : from);
      if (record.pending?.storage) await this.#storage.retire(record.current);
      await this.#begin(next, signal, "UPDATING");
    });
  }

  /** A snapshot whose record says CREATING becomes READY or FAILED. */
  snapshot(snapshot: SnapshotRecord): void {
    void this.#queue.add(async (signal) => {
      try {
        await takeSnapshot(snapshot, this.#live?.running, signal, this.#record, this.#around);
      } catch (error) {
        this.#say(`snapshot ${snapshot.name} failed: ${String(error)}`);
        // After the end of Bondstore it may be complete all the same: the next start looks.
        if (!isClosing(signal)) await putSnapshot(this.#record, snapshot, "FAILED", this.#around);
      }
    });
  }

  /** Starts what ran when Bondstore ended; the operations that went on then end with it. */
  resume(onRunning: () => Promise<void>): void {
    void this.#queue.add(async (signal) => {
      await this.#startNewest(signal);
      await onRunning();
    });
  }

  /** Removes the application with all its state. */
  async remove(): Promise<void> {
    this.#queue.interrupt();
    let failure: unknown;
    await this.#queue.add(async () => {
      try {
        await this.#end();
        const { pending, current } = this.#kept.now() ?? {};
        await this.#storage.retire(pending, current);
        await this.state.remove();
        await this.#kept.remove();
        this.#around.engines.logs.forget(this.#record.arn);
      } catch (error) {
        failure = error;
      }
    });
    if (failure !== undefined) throw failure;
  }

  /** Ends the cell. What ran starts again with the next start of Bondstore. */
  async close(): Promise<void> {
    this.#queue.close();
    this.#live?.stopWatching();
    await this.#live?.running.end();
    await this.#queue.idle();
    await this.#end();
  }

  /** Runs what the record says; a first start that fails leaves the application stopped. */
  async #begin(record: ApplicationRecord, signal: AbortSignal, during: Status): Promise<void> {
    try {
      await this.#run(record, record.current?.from, signal);
    } catch (error) {
      if (!isClosing(signal)) await this.#halt([during]);
      throw error;
    }
    this.#failures = 0;
    await this.#kept.settle([during], "RUNNING");
  }

  async #run(
    record: ApplicationRecord,
    restorePath: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    const ready = await this.#storage.ready(record);
    const running = await runApplication(ready, restorePath, this.#around);
    try {
      if (!running.job.cell.confined) await this.#note("ApplicationUnconfined", unconfined);
      if (!running.sealed) await this.#note("ApplicationUnconfined", unsealed);
      await unlessAborted(running.job.running(startTimeoutMs), signal);
    } catch (error) {
      await running.end();
      throw error;
    }
    const startedAtMs = this.#around.parts.clock.now();
    this.#live = { running, record, startedAtMs, stopWatching: this.#watch(running, record) };
  }

  #watch(running: RunningJob, record: ApplicationRecord): () => void {
    const { account, parts } = this.#around;
    return watch({
      job: running.job,
      record,
      account,
      parts,
      onFirstCheckpoint: (jobId) => {
        const kept = record.current && { run: record.current, jobId };
        this.state
          .clearCheckpoints(kept)
          .catch((error: unknown) => this.#say(`old checkpoints stay: ${String(error)}`));
      },
      onEnd: (end) => void this.#queue.add((signal) => this.#ended(running, end, signal)),
    });
  }

  /** A job has ended by itself: it is started again, unless it has read all its input. */
  async #ended(running: RunningJob, end: JobEnd, signal: AbortSignal): Promise<void> {
    const live = this.#live;
    if (live?.running !== running || this.#queue.closing) return;
    await this.#end();
    if (end.finished) {
      await this.#note("ApplicationFinished", "");
      await this.#halt(["RUNNING"]);
      return;
    }
    this.#say(`ended: ${end.cause}`);
    const livedMs = this.#around.parts.clock.now() - live.startedAtMs;
    if (livedMs >= provenMs) this.#failures = 0;
    await this.#note("ApplicationFailed", end.cause);
    await this.#startNewest(signal);
  }

  /** Starts from the newest state there is, with longer and longer waits. */
  async #startNewest(signal: AbortSignal): Promise<void> {
    for (;;) {
      const waitMs = Math.min(waitMsMax, this.#failures && 1000 * 2 ** (this.#failures - 1));
      this.#failures += 1;
      await pause(waitMs, signal);
      const now = this.#kept.now();
      // A stop or an update that waits finds that it does not run.
      if (now?.status !== "STARTING" && now?.status !== "RUNNING") return;
      try {
        await this.#run(now, await this.state.newest(now.current), signal);
        await this.#kept.settle(["STARTING"], "RUNNING");
        return;
      } catch (error) {
        if (signal.aborted) throw error;
        this.#say(`does not start: ${String(error)}`);
        await this.#note("ApplicationFailed", String(error));
      }
    }
  }

  async #stopWithSnapshot(record: ApplicationRecord, signal: AbortSignal): Promise<string> {
    const live = this.#live;
    if (!live) throw new Error("the application does not run");
    live.stopWatching();
    try {
      return await takeStopSnapshot(record, live.running, signal, this.state, this.#around);
    } catch (error) {
      if (!signal.aborted) {
        this.#live = { ...live, stopWatching: this.#watch(live.running, live.record) };
      }
      throw error;
    }
  }

  /** What could not be stopped runs on, and is started where it does not run. */
  #goOn(): void {
    if (!this.#live) void this.#queue.add((signal) => this.#startNewest(signal));
  }

  /** Ends the cell; the application is READY, and its checkpoints are of no more use. */
  async #halt(during: readonly Status[]): Promise<void> {
    await this.#end();
    const { pending, current } = this.#kept.now() ?? {};
    await this.#kept.settle(during, "READY");
    await this.#storage.retire(pending, current);
    await this.state.clearCheckpoints();
  }

  async #end(): Promise<void> {
    const live = this.#live;
    this.#live = undefined;
    live?.stopWatching();
    await live?.running.end();
  }

  /** Records an operation, and does it after what goes on already. */
  async #operate(
    record: ApplicationRecord,
    name: string,
    requestId: string,
    work: Work,
  ): Promise<string> {
    const { account, parts } = this.#around;
    const begun = await startOperation(account, record, name, requestId, parts);
    const finish = (failure: string | undefined) =>
      finishOperation(account, record, begun, failure, parts);
    void this.#queue.add(async (signal) => {
      try {
        await work(signal);
        await finish(undefined);
      } catch (error) {
        if (isClosing(signal)) return;
        this.#say(`${name} failed: ${String(error)}`);
        await finish(error instanceof Error ? error.message : String(error));
      }
    });
    return begun.id;
  }

  #note(name: ServiceEventName, message: string): Promise<void> {
    const { account, parts } = this.#around;
    return noteEvent(name, message, this.#record, account, parts);
  }

  #say(line: string): void {
    this.#around.engines.log(`flink ${this.#around.account}/${this.#record.name}: ${line}`);
  }
}

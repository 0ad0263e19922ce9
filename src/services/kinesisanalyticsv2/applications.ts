import type { Parts } from "../../pipeline/call.ts";
import type { AnalyticsCall } from "./find-application.ts";
import { finishOperation, startOperation } from "./operations.ts";
import type { Engines } from "./outside.ts";
import {
  type ApplicationRecord,
  applicationTable,
  bucketName,
  operationTable,
  type SnapshotRecord,
  type Status,
  snapshotTable,
} from "./records.ts";
import { type RunningJob, runApplication } from "./run-application.ts";
import { asService, clearState, listState } from "./state-bucket.ts";
import { change } from "./transitions.ts";
import { watch } from "./watch.ts";

interface Live {
  readonly record: ApplicationRecord;
  readonly account: string;
  readonly running: RunningJob;
  /** Ends the watching of the job. */
  stopWatching(): void;
}

const startTimeoutMs = 180_000;

/** The applications that run, and everything that starts and ends them. */
export class Applications {
  readonly #parts: Parts;
  readonly #engines: Engines;
  /** By application id. */
  readonly #live = new Map<string, Live>();
  /** What goes on for an application, one thing after the other. */
  readonly #queues = new Map<string, Promise<void>>();
  #closing = false;

  constructor(parts: Parts, engines: Engines) {
    this.#parts = parts;
    this.#engines = engines;
  }

  /** Starts again what was running when this Bondstore ended. */
  async resume(): Promise<void> {
    for (const { id: account } of this.#parts.directory.accounts()) {
      const store = this.#parts.store.account(account);
      for (const { value: record } of [...applicationTable(store).range()]) {
        for (const { value } of [...snapshotTable(store).range({ prefix: [record.id] })]) {
          if (value.status === "CREATING")
            await this.#putSnapshot(account, record, value, "FAILED");
        }
        if (record.wanted === "running") {
          this.#enqueue(record, () => this.#startNewest(account, record));
        } else if (record.status !== "READY") await this.#settle(account, record, "READY");
      }
    }
  }

  /** Answers the operation's id; the application is RUNNING, or READY again, later. */
  async start(
    record: ApplicationRecord,
    restorePath: string | undefined,
    { account, id }: AnalyticsCall,
  ): Promise<string> {
    return this.#operate(account, record, "StartApplication", id, async () => {
      try {
        await this.#start(account, record, restorePath);
      } catch (error) {
        await this.#settle(account, record, "READY", "stopped");
        throw error;
      }
    });
  }

  async stop(
    record: ApplicationRecord,
    force: boolean,
    { account, id }: AnalyticsCall,
  ): Promise<string> {
    const work = async () => {
      try {
        if (!force && record.snapshotsEnabled) await this.#stopWithSnapshot(account, record);
      } catch (error) {
        // The state is not safe: the application goes on.
        await this.#settle(account, record, "RUNNING", "running");
        throw error;
      }
      await this.#end(record);
      await this.#settle(account, record, "READY", "stopped");
    };
    // A forced stop does not wait for what hangs.
    if (force) await this.#end(record);
    return this.#operate(account, record, "StopApplication", id, work);
  }

  /** Restarts with what was updated, from where it was. */
  async restart(record: ApplicationRecord, { account, id }: AnalyticsCall): Promise<string> {
    return this.#operate(account, record, "UpdateApplication", id, async () => {
      const path = record.snapshotsEnabled
        ? await this.#stopWithSnapshot(account, record)
        : undefined;
      await this.#end(record);
      await this.#start(account, record, path ?? (await this.#newestState(account, record)));
    });
  }

  /** Takes a snapshot whose record says CREATING. */
  takeSnapshot(
    record: ApplicationRecord,
    snapshot: SnapshotRecord,
    { account }: AnalyticsCall,
  ): void {
    this.#enqueue(record, async () => {
      try {
        const live = this.#live.get(record.id);
        if (!live) throw new Error("the application does not run");
        const { job, bucket } = live.running;
        const path = await job.savepoint(`s3://${bucket}/snapshots/${snapshot.name}`);
        await this.#putSnapshot(account, record, { ...snapshot, path }, "READY");
      } catch (error) {
        this.#engines.log(`${record.name}: snapshot ${snapshot.name} failed: ${String(error)}`);
        await this.#putSnapshot(account, record, snapshot, "FAILED");
      }
    });
  }

  async removeSnapshot(
    record: ApplicationRecord,
    snapshot: SnapshotRecord,
    { account }: AnalyticsCall,
  ): Promise<void> {
    const prefix = `snapshots/${snapshot.name}/`;
    await clearState(bucketName(account, record), prefix, account, record.arn, this.#parts);
    const table = snapshotTable(this.#parts.store.account(account));
    await this.#parts.store.transaction(() => table.remove([record.id, snapshot.name]));
  }

  /** Removes an application with its bucket. */
  async remove(record: ApplicationRecord, { account, store }: AnalyticsCall): Promise<void> {
    await this.#settle(account, record, "DELETING", "stopped");
    await removeStateBucket(record, account, this.#parts);
    await this.#parts.store.transaction(() => {
      for (const table of [snapshotTable(store), operationTable(store)]) {
        for (const { key } of [...table.range({ prefix: [record.id] })]) table.remove(key);
      }
      if (record.code.kind === "zip") store.blobs.remove(record.code.blob);
      applicationTable(store).remove([record.name]);
    });
  }

  /** Ends every cell; what was running starts again with the next start of this Bondstore. */
  async close(): Promise<void> {
    this.#closing = true;
    await Promise.all(
      [...this.#live.values()].map(({ stopWatching, running }) => {
        stopWatching();
        return running.end();
      }),
    );
  }

  async #start(
    account: string,
    record: ApplicationRecord,
    restorePath: string | undefined,
  ): Promise<void> {
    const { parts, engines } = { parts: this.#parts, engines: this.#engines };
    const running = await runApplication(record, restorePath, { parts, engines, account });
    try {
      await running.job.running(startTimeoutMs);
    } catch (error) {
      await running.end();
      throw error;
    }
    const stopWatching = watch(running.job, record, account, parts, () => {
      if (this.#closing || this.#live.get(record.id)?.running !== running) return;
      this.#live.delete(record.id);
      this.#enqueue(record, async () => {
        await running.end();
        await this.#startNewest(account, record);
      });
    });
    this.#live.set(record.id, { record, account, running, stopWatching });
    await this.#settle(account, record, "RUNNING");
  }

  /** Starts from the newest state there is, and tries again with longer and longer waits. */
  async #startNewest(account: string, record: ApplicationRecord): Promise<void> {
    const table = applicationTable(this.#parts.store.account(account));
    for (let waitMs = 1000; ; waitMs = Math.min(waitMs * 2, 60_000)) {
      const now = table.find([record.name]);
      if (this.#closing || now?.id !== record.id || now.wanted !== "running") return;
      try {
        await this.#start(account, now, await this.#newestState(account, now));
        return;
      } catch (error) {
        this.#engines.log(
          `${record.name}: does not start, again in ${waitMs} ms: ${String(error)}`,
        );
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }

  /** The newest complete checkpoint or snapshot. */
  async #newestState(
    account: string,
    record: ApplicationRecord,
    below = "",
  ): Promise<string | undefined> {
    const bucket = bucketName(account, record);
    const complete = (await listState(bucket, below, account, record.arn, this.#parts))
      .filter(({ key }) => key.endsWith("/_metadata"))
      .sort((left, right) => right.modifiedAtMs - left.modifiedAtMs);
    const [newest] = complete;
    return newest && `s3://${bucket}/${newest.key.slice(0, -"/_metadata".length)}`;
  }

  async #stopWithSnapshot(account: string, record: ApplicationRecord): Promise<string> {
    const live = this.#live.get(record.id);
    if (!live) throw new Error("the application does not run");
    const timeMs = this.#parts.clock.now();
    const name = `stop-${new Date(timeMs).toISOString().replace(/[:.]/g, "-")}`;
    const snapshot: SnapshotRecord = {
      name,
      status: "CREATING",
      version: record.version,
      createdAtMs: timeMs,
      runtime: record.runtime,
      encryption: record.encryption,
    };
    await this.#putSnapshot(account, record, snapshot, "CREATING");
    live.stopWatching();
    try {
      const { job, bucket } = live.running;
      const target = `snapshots/${name}`;
      const path =
        (await job.stopWithSavepoint(`s3://${bucket}/${target}`)) ??
        (await this.#newestState(account, record, `${target}/`));
      if (path === undefined) throw new Error("the snapshot is not complete");
      await this.#putSnapshot(account, record, { ...snapshot, path }, "READY");
      return path;
    } catch (error) {
      await this.#putSnapshot(account, record, snapshot, "FAILED");
      throw error;
    }
  }

  async #end({ id }: ApplicationRecord): Promise<void> {
    const live = this.#live.get(id);
    this.#live.delete(id);
    live?.stopWatching();
    await live?.running.end();
  }

  async #putSnapshot(
    account: string,
    { id }: ApplicationRecord,
    snapshot: SnapshotRecord,
    status: SnapshotRecord["status"],
  ): Promise<void> {
    const table = snapshotTable(this.#parts.store.account(account));
    const { store } = this.#parts;
    await store.transaction(() => table.put([id, snapshot.name], { ...snapshot, status }));
  }

  async #settle(
    account: string,
    record: ApplicationRecord,
    status: Status,
    wanted?: ApplicationRecord["wanted"],
  ): Promise<void> {
    await change(record, this.#parts.store.account(account), this.#parts, (now) => ({
      ...now,
      status,
      wanted: wanted ?? now.wanted,
    }));
  }

  /** Records an operation, and does it after what goes on already. */
  async #operate(
    account: string,
    record: ApplicationRecord,
    name: string,
    requestId: string,
    work: () => Promise<void>,
  ): Promise<string> {
    const operation = await startOperation(account, record, name, requestId, this.#parts);
    this.#enqueue(record, async () => {
      try {
        await work();
        await finishOperation(account, record, operation, undefined, this.#parts);
      } catch (error) {
        this.#engines.log(`${record.name}: ${name} failed: ${String(error)}`);
        const failure = error instanceof Error ? error.message : String(error);
        await finishOperation(account, record, operation, failure, this.#parts);
      }
    });
    return operation.id;
  }

  #enqueue({ id, name }: ApplicationRecord, work: () => Promise<void>): void {
    const before = this.#queues.get(id) ?? Promise.resolve();
    const next = before.then(work).catch((error: unknown) => {
      if (!this.#closing) this.#engines.log(`${name}: ${String(error)}`);
    });
    this.#queues.set(id, next);
    void next.then(() => {
      if (this.#queues.get(id) === next) this.#queues.delete(id);
    });
  }
}

async function removeStateBucket(
  record: ApplicationRecord,
  account: string,
  parts: Parts,
): Promise<void> {
  const bucket = bucketName(account, record);
  try {
    await clearState(bucket, "", account, record.arn, parts);
  } catch (error) {
    // It was never started: there is no bucket.
    if (error instanceof Error && error.name === "NoSuchBucket") return;
    throw error;
  }
  await parts.invoke("s3", "DeleteBucket", { Bucket: bucket }, asService(account, record.arn));
}

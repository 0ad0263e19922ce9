import type { Parts } from "../../pipeline/call.ts";
import type { AnalyticsCall } from "./find-application.ts";
import { Life } from "./life.ts";
import { finishOperation, unfinishedOperations } from "./operations.ts";
import type { Engines } from "./outside.ts";
import { type ApplicationRecord, applicationTable, snapshotTable } from "./records.ts";
import { leftGrants, neededGrants, retireGrant } from "./running-storage.ts";
import { keptState } from "./state.ts";
import { putSnapshot } from "./take-snapshot.ts";
import { change } from "./transitions.ts";

/** The applications of every account, while this Bondstore serves. */
export class Applications {
  readonly #parts: Parts;
  readonly engines: Engines;
  /** By application id. */
  readonly #lives = new Map<string, Life>();
  #closing = false;
  #resumed: Promise<void> = Promise.resolve();

  constructor(parts: Parts, engines: Engines) {
    this.#parts = parts;
    this.engines = engines;
  }

  /** What goes on for an application. */
  of(record: ApplicationRecord, { account }: Pick<AnalyticsCall, "account">): Life {
    const { id } = record;
    const known = this.#lives.get(id);
    if (known) return known;
    const life = new Life(record, { parts: this.#parts, engines: this.engines, account });
    this.#lives.set(id, life);
    return life;
  }

  /** Removes an application with its state. */
  async remove(record: ApplicationRecord, call: AnalyticsCall): Promise<void> {
    await this.of(record, call).remove();
    this.#lives.delete(record.id);
  }

  /** Starts again what was running when this Bondstore ended, and finishes what was going on. */
  resume(): void {
    // Before requests are served: none of these belongs to what they start.
    const left = leftGrants(this.#parts);
    this.#resumed = this.#resumeAll().then(() => this.#retireLeft(left));
  }

  /** Retires grants that nobody needs: of runs that ended when Bondstore did, or never began. */
  async #retireLeft(left: ReturnType<typeof leftGrants>): Promise<void> {
    for (const { arn, account, ...grant } of left) {
      const store = this.#parts.store.account(account);
      const record = applicationTable(store).find([arn.slice(arn.lastIndexOf("/") + 1)]);
      if (this.#closing || (record && neededGrants(record).includes(grant.grantId))) continue;
      await retireGrant(arn, grant, { parts: this.#parts, account }).catch((error: unknown) =>
        this.engines.log(`flink: a grant of ${grant.keyArn} stays: ${String(error)}`),
      );
    }
  }

  async #resumeAll(): Promise<void> {
    for (const { id: account } of this.#parts.directory.accounts()) {
      const records = [...applicationTable(this.#parts.store.account(account)).range()];
      for (const { value } of records) {
        if (this.#closing) return;
        await this.#resumeOne(value, account).catch((error: unknown) =>
          this.engines.log(`flink ${account}/${value.name}: does not resume: ${String(error)}`),
        );
      }
    }
  }

  async #resumeOne(record: ApplicationRecord, account: string): Promise<void> {
    const { store } = this.#parts;
    await this.#settleSnapshots(record, account);
    if (record.status === "DELETING") return this.of(record, { account }).remove();
    const state = keptState(record, account, this.#parts);
    const { snapshot, restore } = record.pending ?? {};
    const stoppedAt = snapshot && (await state.completeSnapshot(snapshot));
    const now = await change(record, store.account(account), this.#parts, (at) => {
      const { pending: _over, ...rest } = at;
      switch (at.status) {
        case "STOPPING":
          return snapshot && !stoppedAt
            ? { ...rest, status: "RUNNING" }
            : { ...rest, status: "READY", wanted: "stopped" };
        case "UPDATING": {
          const from = restore ? restore.from : stoppedAt;
          const began = restore !== undefined || stoppedAt !== undefined;
          const id = this.#parts.random.uuid();
          const next = began ? { id, ...(from !== undefined && { from }) } : at.current;
          const storage = at.pending?.storage ?? at.current?.storage;
          const current = next && { ...next, ...(storage && { storage }) };
          return { ...rest, status: "STARTING", ...(current && { current }) };
        }
        default:
          return at.wanted === "running" || at.status === "READY"
            ? at
            : { ...rest, status: "READY" };
      }
    });
    const finish = this.#finisher(now, account);
    if (now.wanted === "running" && now.status !== "READY") {
      this.of(now, { account }).resume(() => finish(true));
    } else await finish(false);
  }

  /** Says what has become of the operations that went on. */
  #finisher(record: ApplicationRecord, account: string): (runs: boolean) => Promise<void> {
    const begun = unfinishedOperations(account, record, this.#parts);
    return async (runs) => {
      for (const one of begun) {
        const done = (one.operation === "StopApplication") !== runs;
        const failure = done ? undefined : "Bondstore was restarted meanwhile.";
        await finishOperation(account, record, one, failure, this.#parts);
      }
    };
  }

  /** A snapshot that was being taken is complete, or it never will be. */
  async #settleSnapshots(record: ApplicationRecord, account: string): Promise<void> {
    const around = { parts: this.#parts, engines: this.engines, account };
    const state = keptState(record, account, this.#parts);
    const table = snapshotTable(this.#parts.store.account(account));
    for (const { value } of [...table.range({ prefix: [record.id] })]) {
      if (value.status !== "CREATING") continue;
      const path = await state.completeSnapshot(value.name);
      const found = { ...value, ...(path !== undefined && { path }) };
      await putSnapshot(record, found, path === undefined ? "FAILED" : "READY", around);
    }
  }

  /** Ends every cell; what was running starts again with the next start of this Bondstore. */
  async close(): Promise<void> {
    this.#closing = true;
    await this.#resumed;
    await Promise.all([...this.#lives.values()].map((life) => life.close()));
  }
}

import type { SealedVolumeKey } from "../../keys/volume-keys.ts";
import {
  type ApplicationRecord,
  applicationTable,
  operationTable,
  type Run,
  type Status,
  snapshotTable,
} from "./records.ts";
import type { Surroundings } from "./run-application.ts";
import { change } from "./transitions.ts";

/** The stored record of one application, as what goes on for it changes it. */
export class KeptRecord {
  readonly #first: ApplicationRecord;
  readonly #around: Surroundings;

  constructor(first: ApplicationRecord, around: Surroundings) {
    this.#first = first;
    this.#around = around;
  }

  /** As it is now; undefined when the application is gone. */
  now(): ApplicationRecord | undefined {
    const found = applicationTable(this.#store).find([this.#first.name]);
    return found?.id === this.#first.id ? found : undefined;
  }

  /** Moves on from the states given; what has become of the application meanwhile stays. */
  async settle(during: readonly Status[], status: "READY" | "RUNNING"): Promise<void> {
    await this.#change((now) => {
      if (!during.includes(now.status)) return now;
      const wanted = status === "READY" ? "stopped" : "running";
      return { ...this.#withoutPending(now), status, wanted };
    });
  }

  /** An update that cannot be done: the application goes on as it was. */
  async takeBack(): Promise<void> {
    await this.#change((now) => {
      const previous = now.pending?.previous;
      if (now.status !== "UPDATING" || !previous) return now;
      if (codeOf(previous) !== codeOf(now)) this.#dropCode(now);
      return { ...previous, tags: now.tags };
    });
  }

  /** The old run of an update is over, and so is the need for its code. */
  nextRun(from: string | undefined): Promise<ApplicationRecord> {
    const id = this.#around.parts.random.uuid();
    const run: Run = { id, ...(from !== undefined && { from }) };
    return this.#change((now) => {
      const storage = now.pending?.storage ?? now.current?.storage;
      return { ...this.#withoutPending(now), current: { ...run, ...(storage && { storage }) } };
    });
  }

  /** For a run that an older Bondstore began. */
  keepStorage(storage: SealedVolumeKey): Promise<ApplicationRecord> {
    return this.#change((now) => ({
      ...now,
      ...(now.current && { current: { ...now.current, storage } }),
    }));
  }

  /** Removes all that is stored of the application, but for its state. */
  async remove(): Promise<void> {
    const store = this.#store;
    const { id } = this.#first;
    await this.#around.parts.store.transaction(() => {
      for (const table of [snapshotTable(store), operationTable(store)]) {
        for (const { key } of [...table.range({ prefix: [id] })]) table.remove(key);
      }
      const now = this.now();
      if (!now) return;
      this.#dropCode(this.#withoutPending(now));
      applicationTable(store).remove([now.name]);
    });
  }

  #withoutPending({ pending, ...now }: ApplicationRecord): ApplicationRecord {
    const previous = pending?.previous;
    if (previous && codeOf(previous) !== codeOf(now)) this.#dropCode(previous);
    return now;
  }

  #dropCode({ code }: ApplicationRecord): void {
    if (code.kind === "zip") this.#store.blobs.remove(code.blob);
  }

  #change(how: (now: ApplicationRecord) => ApplicationRecord): Promise<ApplicationRecord> {
    return change(this.#first, this.#store, this.#around.parts, how);
  }

  get #store() {
    const { parts, account } = this.#around;
    return parts.store.account(account);
  }
}

const codeOf = ({ code }: ApplicationRecord): string => JSON.stringify(code);

import { serviceUse } from "./encryption.ts";
import type { KeptRecord } from "./kept-record.ts";
import { type ApplicationRecord, infrastructureName, type Run } from "./records.ts";
import type { Surroundings } from "./run-application.ts";
import { newStorageKey, retireStorage } from "./running-storage.ts";

/** The keys of one application's running storage, from run to run. */
export class RunStorage {
  readonly #kept: KeptRecord;
  readonly #arn: string;
  readonly #around: Surroundings;
  readonly #say: (line: string) => void;

  constructor(kept: KeptRecord, arn: string, around: Surroundings, say: (line: string) => void) {
    this.#kept = kept;
    this.#arn = arn;
    this.#around = around;
    this.#say = say;
  }

  /** A run that an older Bondstore began has no key yet, and no operator any more: the service makes the grant. */
  async ready(record: ApplicationRecord): Promise<ApplicationRecord> {
    if (record.current?.storage) return record;
    const { account, parts } = this.#around;
    const service = serviceUse(infrastructureName, this.#arn, account, parts);
    return this.#kept.keepStorage(await newStorageKey(record, service, this.#around));
  }

  /** Gives back the grants of runs that are over. One that stays for now is retired at the next start of Bondstore. */
  async retire(...runs: readonly (Pick<Run, "storage"> | undefined)[]): Promise<void> {
    for (const run of runs) {
      await retireStorage(this.#arn, run, this.#around).catch((error: unknown) =>
        this.#say(`a grant stays: ${String(error)}`),
      );
    }
  }
}

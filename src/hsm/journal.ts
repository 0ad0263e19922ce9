import { newEvent } from "../audit/event.ts";
import type { Json, Trail } from "../audit/trail.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { Store, Table } from "../storage/store.ts";
import { readKeys } from "./cluster-tables.ts";
import type { HsmLogEntry } from "./hsm.ts";

const entriesMax = 10_000;

/** What is told of something that happens in a cluster. */
export type Happening = Omit<HsmLogEntry, "timeMs"> & {
  /** Who is connected. */
  readonly peer?: string;
  readonly failed?: string;
};

export interface JournalParts {
  readonly store: Store;
  readonly trail: Trail;
  readonly clock: Clock;
  readonly random: Random;
  readonly region: string;
}

/** What happened in a cluster: in the trail of its account, and in its own log. */
export class Journal {
  readonly #parts: JournalParts;
  readonly #account: string;
  readonly #cluster: string;
  readonly #rows: Table<HsmLogEntry>;

  constructor(parts: JournalParts, account: string, cluster: string) {
    this.#parts = parts;
    this.#account = account;
    this.#cluster = cluster;
    this.#rows = parts.store.account(account).table("hsm.log");
  }

  /**
   * Records it, then makes the change that it tells of, with the log's entry in one transaction. Rejects, and nothing
   * changes, when the trail does not take it.
   */
  async record(happening: Happening, change: () => void = () => undefined): Promise<void> {
    const { peer, failed, ...said } = happening;
    await this.#parts.trail.record(this.#event(happening));
    await this.#parts.store.transaction(() => {
      change();
      this.#append({ timeMs: this.#parts.clock.now(), ...said });
    });
  }

  *entries(): Iterable<HsmLogEntry> {
    for (const { value } of this.#rows.range({ prefix: [this.#cluster] })) yield value;
  }

  get empty(): boolean {
    return readKeys(this.#rows, [this.#cluster]).length === 0;
  }

  async clear(): Promise<void> {
    await this.#parts.trail.record(this.#event({ what: "LogCleared" }));
    await this.#parts.store.transaction(() => {
      for (const key of readKeys(this.#rows, [this.#cluster])) this.#rows.remove(key);
    });
  }

  #append(entry: HsmLogEntry): void {
    const at = this.#next();
    this.#rows.put([this.#cluster, at], entry);
    this.#rows.remove([this.#cluster, at - entriesMax]);
  }

  #next(): number {
    try {
      const newest = { prefix: [this.#cluster], reverse: true, limit: 1 };
      const [last] = this.#rows.range(newest);
      return last ? Number(last.key[1]) + 1 : 0;
    } catch {
      // The newest entry was changed. A time is more than any number: the log goes on behind it.
      return this.#parts.clock.now();
    }
  }

  #event({ what, who, partition, detail, peer, failed }: Happening) {
    const { clock, random, region } = this.#parts;
    const given: Record<string, Json> = {
      clusterId: this.#cluster,
      ...(partition !== undefined && { partition }),
      ...(detail !== undefined && { detail }),
    };
    return newEvent(
      { clock, random, region },
      {
        userIdentity: {
          accountId: this.#account,
          invokedBy: "cloudhsm.amazonaws.com",
          ...(who !== undefined && { userName: who }),
        },
        eventSource: "cloudhsm.amazonaws.com",
        eventName: what,
        sourceIPAddress: peer ?? "AWS Internal",
        userAgent: peer === undefined ? "AWS Internal" : "PKCS #11",
        requestID: random.uuid(),
        ...(failed !== undefined && { errorCode: failed }),
        requestParameters: given,
        readOnly: false,
        resources: [
          {
            accountId: this.#account,
            type: "AWS::CloudHSM::Cluster",
            ARN: `arn:aws:cloudhsm:${region}:${this.#account}:cluster/${this.#cluster}`,
          },
        ],
        eventType: "AwsServiceEvent",
        recipientAccountId: this.#account,
      },
    );
  }
}

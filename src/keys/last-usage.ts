import type { Clock } from "../lib/clock.ts";
import type { Store } from "../storage/store.ts";
import type { KeyTables } from "./key-tables.ts";
import type { KmsKey } from "./kms-key.ts";

/** The last use of a key that succeeded. */
export interface Usage {
  /** As the API names it: `ReEncrypt`. */
  readonly operation: string;
  readonly atMs: number;
  readonly requestId: string;
  /** Of the event in the trail of the key's account. */
  readonly eventId: string;
}

interface Noted {
  readonly account: string;
  readonly keyId: string;
  readonly usage: Usage;
}

const notedMax = 10_000;
const dayMs = 86_400_000;

/**
 * When keys were used last. A use is noted in memory and written within a minute, so that it costs none of the uses
 * anything: what a kill -9 takes is that minute, which the trail still has.
 */
export class LastUsage {
  readonly #store: Pick<Store, "transaction">;
  readonly #tables: Pick<KeyTables, "usage" | "usageSince">;
  readonly #clock: Clock;
  /** Not written yet, by ARN of the key. */
  #noted = new Map<string, Noted>();
  #writing = new Map<string, Noted>();
  #running: Promise<void> = Promise.resolve();

  constructor(parts: {
    readonly store: Pick<Store, "transaction">;
    readonly tables: Pick<KeyTables, "usage" | "usageSince">;
    readonly clock: Clock;
  }) {
    this.#store = parts.store;
    this.#tables = parts.tables;
    this.#clock = parts.clock;
  }

  /** Notes from when on uses are noted in this data directory. */
  async start(): Promise<void> {
    if (this.#tables.usageSince.find(["since"]) !== undefined) return;
    await this.#store.transaction(() => this.#tables.usageSince.put(["since"], this.#clock.now()));
  }

  note({ arn, account, record }: KmsKey, usage: Usage): void {
    this.#noted.set(arn, { account, keyId: record.id, usage });
    // A failure shows itself to the upkeep, which tries again.
    if (this.#noted.size === notedMax) void this.write().catch(() => undefined);
  }

  /** Undefined for a key that was not used since uses are noted. */
  find({ arn, account, record }: KmsKey): Usage | undefined {
    const noted = this.#noted.get(arn) ?? this.#writing.get(arn);
    return noted?.usage ?? this.#tables.usage(account).find([record.id]);
  }

  /** Since when a key's uses are noted. */
  sinceMs({ record }: KmsKey): number {
    return Math.max(record.createdAtMs, this.#tables.usageSince.find(["since"]) ?? 0);
  }

  /** Whole days without a use: since the last one, or since uses are noted. */
  daysWithout(key: KmsKey): number {
    const lastMs = this.find(key)?.atMs ?? this.sinceMs(key);
    return Math.max(0, Math.floor((this.#clock.now() - lastMs) / dayMs));
  }

  /** Writes what was noted. */
  write(): Promise<void> {
    const written = this.#running.then(() => this.#write());
    this.#running = written.catch(() => undefined);
    return written;
  }

  async #write(): Promise<void> {
    if (this.#noted.size === 0) return;
    const writing = this.#noted;
    this.#noted = new Map();
    this.#writing = writing;
    try {
      await this.#store.transaction(() => {
        for (const { account, keyId, usage } of writing.values()) {
          this.#tables.usage(account).put([keyId], usage);
        }
      });
    } catch (error) {
      for (const [arn, noted] of writing) if (!this.#noted.has(arn)) this.#noted.set(arn, noted);
      throw error;
    } finally {
      this.#writing = new Map();
    }
  }

  /** Forgets a key that is destroyed; inside a transaction. */
  erase({ arn, account, record }: KmsKey): void {
    this.#noted.delete(arn);
    this.#writing.delete(arn);
    this.#tables.usage(account).remove([record.id]);
  }
}

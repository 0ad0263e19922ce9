import { assert } from "../lib/assert.ts";
import type { Clock } from "../lib/clock.ts";
import type { Store } from "../storage/store.ts";
import type { AliasRecord } from "./key-record.ts";
import type { KeyRecords } from "./key-records.ts";
import type { KeyTables } from "./key-tables.ts";
import { aliasTaken, type KmsKey } from "./kms-key.ts";

interface Parts {
  readonly store: Store;
  readonly tables: Pick<KeyTables, "aliases">;
  readonly records: KeyRecords;
  readonly clock: Clock;
  readonly region: string;
  /** Told of each key whose record was changed. */
  readonly changed: (key: KmsKey) => void;
}

/** The names that the accounts of a Region give their keys. */
export class Aliases {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  find(account: string, name: string): AliasRecord | undefined {
    return this.#parts.tables.aliases(account).find([name]);
  }

  /** Those of an account by name, after one of them. */
  *all(account: string, after?: string): Iterable<readonly [name: string, AliasRecord]> {
    const range = after === undefined ? {} : { after: [after] };
    for (const { key, value } of this.#parts.tables.aliases(account).range(range))
      yield [String(key[0]), value];
  }

  /** Points an alias at a key, at another key, or (without `to`) at none. */
  async point(name: string, from: KmsKey | undefined, to: KmsKey | undefined): Promise<void> {
    const { store, tables, records, clock, region, changed } = this.#parts;
    const account = (to ?? from)?.account;
    assert(account !== undefined, "an alias points somewhere before or after");
    const now = clock.now();
    const rows = tables.aliases(account);
    await store.transaction(() => {
      const before = rows.find([name]);
      if (before?.keyId !== from?.record.id) throw aliasTaken(region, account, name);
      for (const [key, add] of [[from, false] as const, [to, true] as const]) {
        const record = key && records.find(account, key.record.id);
        if (!record) continue;
        const others = record.aliases.filter((other) => other !== name);
        const aliases = add ? [...others, name].sort() : others;
        records.write(account, record, { ...record, aliases });
      }
      const createdAtMs = before?.createdAtMs ?? now;
      if (to) rows.put([name], { keyId: to.record.id, createdAtMs, updatedAtMs: now });
      else rows.remove([name]);
    });
    for (const key of [from, to]) if (key) changed(key);
  }
}

import type { Key } from "../storage/store.ts";
import { dueAt, type KeyPlace, type KeyRecord } from "./key-record.ts";
import type { KeyTables } from "./key-tables.ts";

/** The records of a Region's keys on disk, and the indexes that follow them. What writes does so inside a transaction. */
export class KeyRecords {
  readonly #tables: Pick<KeyTables, "keys" | "keepers" | "versions" | "due">;
  readonly #region: string;

  constructor(tables: KeyTables, region: string) {
    this.#tables = tables;
    this.#region = region;
  }

  find(account: string, id: string): KeyRecord | undefined {
    return this.#tables.keys(account).find([id]);
  }

  /** Writes a record in the place of another, or a first one. */
  write(account: string, before: KeyRecord | undefined, record: KeyRecord): void {
    const place: KeyPlace = { account, keyId: record.id };
    if (!before && !this.#tables.keepers.find([account])) this.#tables.keepers.put([account], true);
    const [had, has] = [idsOf(before), idsOf(record)];
    for (const id of has) if (!had.has(id)) this.#tables.versions.put([id], place);
    for (const id of had) if (!has.has(id)) this.#tables.versions.remove([id]);
    const [wasDue, due] = [before && this.#dueAt(before), this.#dueAt(record)];
    if (wasDue !== undefined && wasDue !== due) this.#tables.due.remove([wasDue, record.id]);
    if (due !== undefined && wasDue !== due) this.#tables.due.put([due, record.id], place);
    this.#tables.keys(account).put([record.id], record);
  }

  /** Keys whose deletion, rotation or end of an import is due: read in parts, since whoever asks changes them. */
  *due(nowMs: number): Iterable<KeyPlace> {
    for (let after: Key | undefined, full = true; full; ) {
      const range = { before: [nowMs + 1], limit: 100, ...(after && { after }) };
      const part = [...this.#tables.due.range(range)];
      for (const { key, value } of part) {
        after = key;
        yield value;
      }
      full = part.length === range.limit;
    }
  }

  remove(account: string, record: KeyRecord): void {
    this.#tables.keys(account).remove([record.id]);
    for (const id of idsOf(record)) this.#tables.versions.remove([id]);
    const due = this.#dueAt(record);
    if (due !== undefined) this.#tables.due.remove([due, record.id]);
  }

  #dueAt(record: KeyRecord): number | undefined {
    return dueAt(record, this.#region);
  }
}

const idsOf = (record: KeyRecord | undefined): ReadonlySet<string> =>
  new Set(record?.versions.map(({ id }) => id));

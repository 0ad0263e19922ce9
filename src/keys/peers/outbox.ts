import type { Random } from "../../lib/random.ts";
import type { Store } from "../../storage/store.ts";
import type { ReplicaParts } from "../replica.ts";

/** Something that another Bondstore has to hear: a key as it is now, or that a replica of it is no more. */
export interface Parcel {
  /** To the Bondstore of this Region. */
  readonly region: string;
  readonly account: string;
  readonly id: string;
  /** Set for a replica that is to be made there. */
  readonly own?: ReplicaParts;
  /** The Region here whose replica is no more. */
  readonly gone?: string;
}

/** A parcel as it lies there: a later one in its place has another mark. */
export interface Lying extends Parcel {
  readonly mark: string;
}

/**
 * What other Bondstores have yet to hear. Of a key there is one parcel for each Region, without its content: that is
 * what the key is when it is sent. All but `all` and `of` inside a transaction.
 */
export class Outbox {
  readonly #store: Store;
  readonly #random: Random;

  constructor({ store, random }: { readonly store: Store; readonly random: Random }) {
    this.#store = store;
    this.#random = random;
  }

  all(): readonly Lying[] {
    return [...this.#table.range()].map(({ value }) => value);
  }

  /** What lies there for a Region about a key: that it changed, not that a replica is gone. */
  find(region: string, account: string, id: string): Lying | undefined {
    return this.#table.find([region, account, id, ""]);
  }

  put(parcel: Parcel): void {
    const { region, account, id, gone = "" } = parcel;
    const key = [region, account, id, gone];
    const own = parcel.own ?? this.#table.find(key)?.own;
    this.#table.put(key, { ...parcel, ...(own && { own }), mark: this.#random.uuid() });
  }

  /** Takes out what was delivered, unless it has changed meanwhile. */
  remove({ region, account, id, gone = "", mark }: Lying): void {
    const key = [region, account, id, gone];
    if (this.#table.find(key)?.mark === mark) this.#table.remove(key);
  }

  /** Nothing need be said of a key to a Region any more. */
  clear(region: string, account: string, id: string): void {
    this.#table.remove([region, account, id, ""]);
  }

  get #table() {
    return this.#store.system.table<Lying>("kms.outbox");
  }
}

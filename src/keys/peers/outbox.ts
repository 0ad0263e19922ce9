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
  /** It was sent before, and whether it was heard is not known. */
  readonly sent?: true;
}

/**
 * What other Bondstores have yet to hear. Of a key there is one parcel for each Region, without its content: that is
 * what the key is when it is sent. What writes does so inside a transaction.
 */
export class Outbox {
  readonly #store: Store;
  readonly #random: Random;

  constructor({ store, random }: { readonly store: Store; readonly random: Random }) {
    this.#store = store;
    this.#random = random;
  }

  /** All that is for a Region. */
  *for(region: string): Iterable<Lying> {
    for (const { value } of this.#table.range({ prefix: [region] })) yield value;
  }

  /** What lies there for a Region about a key: that it changed, not that a replica is gone. */
  find(region: string, account: string, id: string): Lying | undefined {
    return this.#table.find([region, account, id, ""]);
  }

  /** The same parcel as it lies there now; undefined once it is delivered, or another lies in its place. */
  again(lying: Lying): Lying | undefined {
    const now = this.#table.find(keyOf(lying));
    return now?.mark === lying.mark ? now : undefined;
  }

  put(parcel: Parcel): void {
    const before = this.#table.find(keyOf(parcel));
    const own = parcel.own ?? before?.own;
    this.#table.put(keyOf(parcel), {
      ...parcel,
      ...(own && { own }),
      ...(before?.sent && { sent: true }),
      mark: this.#random.uuid(),
    });
  }

  /** Notes that a parcel is being sent. */
  send(lying: Lying): void {
    const now = this.again(lying);
    if (now && !now.sent) this.#table.put(keyOf(lying), { ...now, sent: true });
  }

  /** Notes that a parcel was heard and refused: what it asks for was not done. */
  refused(lying: Lying): void {
    const { sent: _, ...now } = this.again(lying) ?? lying;
    if (this.again(lying)) this.#table.put(keyOf(lying), now);
  }

  /** Takes out what was delivered, unless it has changed meanwhile. */
  remove(lying: Lying): void {
    if (this.again(lying)) this.#table.remove(keyOf(lying));
  }

  /** Nothing need be said of a key to a Region any more. */
  clear(region: string, account: string, id: string): void {
    this.#table.remove([region, account, id, ""]);
  }

  /** It is not said any more that the replica of a Region is gone: there is another. */
  clearGone(to: string, account: string, id: string, gone: string): void {
    this.#table.remove([to, account, id, gone]);
  }

  get #table() {
    return this.#store.system.table<Lying>("kms.outbox");
  }
}

const keyOf = ({ region, account, id, gone = "" }: Parcel) => [region, account, id, gone];

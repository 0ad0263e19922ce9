import type { ServiceError } from "../../lib/service-error.ts";
import type { Store } from "../../storage/store.ts";
import type { KeyRecord } from "../key-record.ts";
import type { KeyRegions } from "../key-regions.ts";
import type { KeyStore } from "../key-store.ts";
import { keyArn } from "../kms-key.ts";
import { isOnItsWay, nextOf, nextTurn, regionsOf } from "../replica.ts";
import type { Lying, Outbox } from "./outbox.ts";

/** Refusals that are of this moment, or of the way here: what is refused so is told again. */
const passing = ["RequestExpired", "ConflictException", "AccessDeniedException"];

/** What follows here when a Region elsewhere has heard of a key, or will not. */
export class Outcomes {
  readonly #regions: KeyRegions;
  readonly #store: Store;
  readonly #outbox: Outbox;

  constructor(regions: KeyRegions, store: Store, outbox: Outbox) {
    this.#regions = regions;
    this.#store = store;
    this.#outbox = outbox;
  }

  /** What waited until the Bondstores elsewhere have a key goes on, in one transaction with what they have heard. */
  async settle(account: string, id: string, heard: () => void = () => {}): Promise<void> {
    const changed = await this.#store.transaction(() => {
      heard();
      return [...this.#regions.all()].find((store) => this.#goesOn(store, account, id));
    });
    if (!changed) return;
    this.#regions.forget({ account, record: { id } });
    const arn = keyArn(changed.region, account, id);
    await this.#regions.related.record("SynchronizeMultiRegionKey", changed, { account, arn });
    this.#regions.elsewhere.deliverSoon();
  }

  #goesOn(store: KeyStore, account: string, id: string): boolean {
    const record = store.records.find(account, id);
    if (!record?.multiRegion) return false;
    const { primaryRegion, replicaRegions } = record.multiRegion;
    const waits = (region: string) => this.#outbox.find(region, account, id) !== undefined;
    if (record.state === "Updating" && !waits(primaryRegion)) {
      store.records.write(account, record, { ...record, state: "Enabled" });
      // Now that there is a new primary, the others hear of it: from who was it, they believe it.
      for (const region of replicaRegions) {
        if (!this.#regions.find(region)) this.#outbox.put({ region, account, id });
      }
      return true;
    }
    if (!isOnItsWay(record, store.region) || replicaRegions.some(waits)) return false;
    const after = nextTurn(record, turned(record, store.clock.now()));
    store.records.write(account, record, after);
    this.#regions.related.follow(store.region, account, record, after);
    return true;
  }

  /** The end of a replica was heard, inside a transaction; by who is not the primary any more, it is told anew. */
  gone(lying: Lying, region: string, primaryRegion: string | undefined): void {
    const { account, id } = lying;
    this.#outbox.remove(lying);
    if (primaryRegion === undefined || primaryRegion === lying.region) return;
    if (this.#regions.find(primaryRegion)) this.#regions.related.left(region, account, id);
    else this.#outbox.put({ region: primaryRegion, account, id, gone: region });
  }

  /**
   * A Region elsewhere has refused what it was told. Answers whether that was the end of it: what was to be made is not
   * made, what was to become the primary does not. Otherwise it is told again: the refusal is of this moment, or it may
   * have been heard before, when no answer came.
   */
  async refused(lying: Lying, refusal: ServiceError): Promise<boolean> {
    const { region, account, id } = lying;
    const end = this.#endOf(lying, refusal.code);
    await this.#store.transaction(() => {
      if (!lying.sent) this.#outbox.refused(lying);
      end?.act();
    });
    if (!end) return false;
    this.#regions.forget({ account, record: { id } });
    const { related } = this.#regions;
    const arn = keyArn(region, account, id);
    await related.record("SynchronizeMultiRegionKey", end.store, { account, arn }, refusal);
    await this.settle(account, id);
    this.#regions.elsewhere.deliverSoon();
    return true;
  }

  #endOf(
    { region, account, id, own, sent }: Lying,
    code: string,
  ): { readonly store: KeyStore; readonly act: () => void } | undefined {
    if (passing.includes(code)) return undefined;
    const { related } = this.#regions;
    const moving = this.#movingTo(region, account, id);
    const absent = code === "NotFoundException";
    if (moving) {
      // Who has the key, and is not its primary, never was.
      if (sent && code !== "KMSInvalidStateException") return undefined;
      const without = absent ? [region] : [];
      return { store: moving, act: () => this.takeBack(moving, account, id, without) };
    }
    const store = related.primaryStore(account, id);
    const isEnd = own ? !sent || code === "AlreadyExistsException" : absent;
    return store && isEnd ? { store, act: () => related.left(region, account, id) } : undefined;
  }

  /** Where the primary was that moves to a Region elsewhere. */
  #movingTo(region: string, account: string, id: string): KeyStore | undefined {
    return [...this.#regions.all()].find(({ records }) => {
      const record = records.find(account, id);
      return record?.state === "Updating" && record.multiRegion?.primaryRegion === region;
    });
  }

  /** Ends what waits for Regions that are nobody's any more, inside a transaction. */
  part(regions: readonly string[], account: string, id: string): void {
    for (const region of regions) {
      const moving = this.#movingTo(region, account, id);
      if (moving) this.takeBack(moving, account, id, regions);
      this.#regions.related.left(region, account, id);
    }
  }

  /** The Region that was to be the primary's is not: the one before stays it. Inside a transaction. */
  takeBack(store: KeyStore, account: string, id: string, without: readonly string[]): void {
    const known = store.records.find(account, id)?.multiRegion;
    if (!known) return;
    const multiRegion = nextOf(known, {
      primaryRegion: store.region,
      replicaRegions: regionsOf(known)
        .filter((region) => region !== store.region && !without.includes(region))
        .sort(),
    });
    for (const region of without) this.#outbox.clear(region, account, id);
    this.#regions.related.bring(account, id, regionsOf(multiRegion), (current, region) => ({
      ...current,
      multiRegion,
      ...(region === store.region && { state: "Enabled" as const }),
    }));
  }
}

/** The newest material encrypts from now on. */
function turned(record: KeyRecord, createdAtMs: number): KeyRecord {
  const last = record.versions.at(-1);
  if (!last?.pending) return record;
  const { pending: _, ...version } = last;
  return { ...record, versions: [...record.versions.slice(0, -1), { ...version, createdAtMs }] };
}

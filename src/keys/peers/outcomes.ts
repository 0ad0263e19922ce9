import type { ServiceError } from "../../lib/service-error.ts";
import type { Store } from "../../storage/store.ts";
import type { KeyRecord, MultiRegion } from "../key-record.ts";
import type { KeyRegions } from "../key-regions.ts";
import type { KeyStore } from "../key-store.ts";
import { isOnItsWay, regionsOf } from "../replica.ts";
import type { Lying, Outbox } from "./outbox.ts";

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

  /** After a delivery: what waited until the Bondstores elsewhere have a key goes on. */
  async settle(account: string, id: string, delivered?: Lying): Promise<void> {
    const waits = (region: string) => {
      const lying = this.#outbox.find(region, account, id);
      return lying !== undefined && lying.mark !== delivered?.mark;
    };
    for (const store of this.#regions.all()) {
      const key = store.find(account, id);
      const { multiRegion } = key?.record ?? {};
      if (!key || !multiRegion) continue;
      const { primaryRegion, replicaRegions } = multiRegion;
      if (key.record.state === "Updating" && !waits(primaryRegion)) {
        await store.change(key, moved);
      } else if (isOnItsWay(key.record, store.region) && !replicaRegions.some(waits)) {
        await store.change(key, (record) => turned(record, store.clock.now()));
      }
    }
  }

  /** What was to be made is not made, and what was to become the primary does not: nothing waits for it any more. */
  async refused({ region, account, id, own }: Lying, refusal: ServiceError): Promise<void> {
    const { related } = this.#regions;
    const absent = refusal.code === "NotFoundException";
    for (const store of this.#regions.all()) {
      const key = store.find(account, id);
      const { multiRegion, state } = key?.record ?? {};
      if (!key || !multiRegion) continue;
      const moves = state === "Updating" && multiRegion.primaryRegion === region;
      if (!moves && !(own && multiRegion.primaryRegion === store.region)) continue;
      await this.#store.transaction(() => {
        if (!moves) related.left(region, account, id);
        else this.#takeBack(store, account, id, absent ? [region] : []);
      });
      this.#regions.forget(key);
      await related.record("SynchronizeMultiRegionKey", store, key, refusal);
    }
  }

  /** The Region that was to be the primary's cannot be: the one before stays it. */
  #takeBack(store: KeyStore, account: string, id: string, without: readonly string[]): void {
    const known = store.records.find(account, id)?.multiRegion;
    if (!known) return;
    const multiRegion: MultiRegion = {
      primaryRegion: store.region,
      replicaRegions: regionsOf(known)
        .filter((region) => region !== store.region && !without.includes(region))
        .sort(),
    };
    for (const region of without) this.#outbox.clear(region, account, id);
    this.#regions.related.bring(account, id, regionsOf(multiRegion), (current, region) => ({
      ...current,
      multiRegion,
      ...(region === store.region && { state: "Enabled" as const }),
    }));
  }
}

/** Another Region has the primary. */
const moved = (record: KeyRecord): KeyRecord =>
  record.state === "Updating" ? { ...record, state: "Enabled" } : record;

/** The newest material encrypts from now on. */
function turned(record: KeyRecord, createdAtMs: number): KeyRecord {
  const last = record.versions.at(-1);
  if (!last?.pending) return record;
  const { pending: _, ...version } = last;
  return { ...record, versions: [...record.versions.slice(0, -1), { ...version, createdAtMs }] };
}

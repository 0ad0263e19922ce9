import type { Trail } from "../audit/trail.ts";
import { assert } from "../lib/assert.ts";
import { ServiceError } from "../lib/service-error.ts";
import { Corruption, type Store } from "../storage/store.ts";
import { GrantBook } from "./grants.ts";
import { internalEvent } from "./key-events.ts";
import type { KeyRecord, KeyVersion, MultiRegion } from "./key-record.ts";
import type { KeyRegions } from "./key-regions.ts";
import type { KeyStore } from "./key-store.ts";
import { type KmsKey, keyArn, toKmsKey } from "./kms-key.ts";
import type { MaterialWrapper } from "./materials.ts";
import {
  begun,
  droppedBy,
  following,
  isOnItsWay,
  nextOf,
  type ReplicaParts,
  regionsOf,
  replicaOf,
  sharedText,
} from "./replica.ts";
import type { Vault } from "./vault.ts";

/**
 * What related multi-Region keys have in common. A change of it is one transaction over the Regions of this Bondstore;
 * those of other Bondstores are told in the same transaction, and hear of it when they are reached.
 * INVARIANT: related keys of this Bondstore agree on `multiRegion`, and each Region of ours that it names has its key.
 */
export class RelatedKeys {
  readonly #regions: KeyRegions;
  readonly #store: Store;
  readonly #vault: Vault;
  readonly #trail: Trail;
  readonly #wrapper: MaterialWrapper;

  constructor(
    regions: KeyRegions,
    parts: { readonly store: Store; readonly vault: Vault; readonly trail: Trail },
    wrapper: MaterialWrapper,
  ) {
    this.#regions = regions;
    this.#store = parts.store;
    this.#vault = parts.vault;
    this.#trail = parts.trail;
    this.#wrapper = wrapper;
  }

  /**
   * Makes a replica of a primary in another Region: same id, same materials, the rest its own. Answers it, and whether
   * it is there already: another Bondstore may be out of reach. Throws `AlreadyExistsException` where the Region has
   * the key, `KMSInvalidStateException` when the primary has changed.
   */
  async replicate(
    primary: KmsKey,
    region: string,
    own: ReplicaParts,
  ): Promise<{ readonly key: KmsKey; readonly there: boolean }> {
    const { account, record } = primary;
    const { id } = record;
    const [source, target] = [this.#storeOf(primary), this.#regions.find(region)];
    const made = await this.#store.transaction(() => {
      const current = this.#primaryRecord(primary, source);
      if (current.state !== "Enabled") throw changed(primary.arn);
      const { replicaRegions: before } = current.multiRegion;
      if (target?.records.find(account, id) || before.includes(region)) {
        throw alreadyExists(keyArn(region, account, id));
      }
      const replicaRegions = [...before, region].sort();
      const multiRegion = nextOf(current.multiRegion, { replicaRegions });
      const replica = replicaOf({ ...current, multiRegion }, own, source.clock.now());
      if (target) this.#begin(target, account, replica);
      else this.#regions.elsewhere.later({ region, account, id, own });
      source.records.write(account, current, { ...current, multiRegion });
      this.follow(source.region, account, current, { ...current, multiRegion });
      return replica;
    });
    source.forget(primary);
    this.#regions.forget(primary);
    if (target) {
      const key = target.find(account, id);
      assert(key, "a replica just made is found");
      await this.record("CreateKey", target, key);
      await this.followed(primary);
      return { key, there: true };
    }
    const there = await this.#regions.elsewhere.deliver(region, account, id);
    await this.followed(primary);
    // A round of the minute may have been faster, and refused.
    if (!this.#primaryRecord(primary, source).multiRegion.replicaRegions.includes(region)) {
      throw changed(primary.arn);
    }
    return { key: toKmsKey(region, account, made, new GrantBook([])), there };
  }

  /** Writes a replica that has no materials yet, inside a transaction. */
  #begin(target: KeyStore, account: string, replica: KeyRecord): void {
    const arn = keyArn(target.region, account, replica.id);
    // What a call that was killed has left in the vault is as good as new: nothing is under it.
    if (!this.#vault.find(arn)) this.#vault.make(arn);
    target.records.write(account, undefined, { ...replica, versions: [] });
  }

  /** Makes a replica the primary, and the primary a replica. Throws `KMSInvalidStateException` when they have changed. */
  async movePrimary(primary: KmsKey, region: string): Promise<void> {
    const { account, record } = primary;
    const source = this.#storeOf(primary);
    const target = this.#regions.find(region);
    // Who is neither here nor the new primary hears of it when that has taken over.
    const isHere = (other: string) => this.#regions.find(other) !== undefined;
    // A rotation that is on its way ends first: its end is the primary's to see.
    await this.#regions.elsewhere.deliverAbout(account, record);
    await this.#store.transaction(() => {
      const current = this.#primaryRecord(primary, source);
      const { multiRegion: before, state } = current;
      const { elsewhere } = this.#regions;
      const busy =
        elsewhere.waits(region, account, record.id) ||
        before.replicaRegions.some((other) => elsewhere.makes(other, account, record.id));
      if (busy || isOnItsWay(current, source.region)) throw changed(primary.arn);
      const others = before.replicaRegions.filter((other) => other !== region);
      const known = others.length < before.replicaRegions.length;
      const replica = target?.records.find(account, record.id);
      const ready = !target || replica?.state === "Enabled";
      if (!known || state !== "Enabled" || !ready) throw changed(primary.arn);
      const multiRegion = nextOf(before, {
        primaryRegion: region,
        replicaRegions: [...others, source.region].sort(),
      });
      const told = target ? regionsOf(multiRegion) : regionsOf(multiRegion).filter(isHere);
      if (!target) elsewhere.later({ region, account, id: record.id });
      this.bring(account, record.id, told, (current, at) => ({
        ...current,
        multiRegion,
        // Until the other Bondstore has taken it there is no primary: two there are never.
        ...(!target && at === source.region && { state: "Updating" as const }),
      }));
    });
    source.forget(primary);
    this.#regions.forget(primary);
    if (!target) await this.#regions.elsewhere.deliver(region, account, record.id);
    this.#regions.elsewhere.deliverSoon();
    const arn = keyArn(region, account, record.id);
    await this.record("UpdatePrimaryRegion", target ?? source, { account, arn });
  }

  /**
   * Brings the replicas to the new state of their primary, inside the transaction of its change: same materials, same
   * rotation. Tells whether there was anything to bring. Throws `KMSInvalidStateException` for what a replica alone
   * would change: it was the primary when that was asked.
   */
  follow(region: string, account: string, before: KeyRecord, after: KeyRecord): boolean {
    const { multiRegion } = after;
    if (!multiRegion || sharedText(before) === sharedText(after)) return false;
    if (multiRegion.primaryRegion !== region) throw changed(keyArn(region, account, after.id));
    const { replicaRegions } = multiRegion;
    this.bring(account, after.id, replicaRegions, (current, at) => {
      const place = { account, arn: keyArn(at, account, after.id) };
      this.#wrapper.destroy(place, droppedBy(current, after));
      return following(current, after, (version) =>
        this.#carry(version, account, after.id, region, at),
      );
    });
    return replicaRegions.length > 0;
  }

  /** After the transaction of `follow`: drops what is in memory, tells who is elsewhere, and records it. */
  async followed(primary: KmsKey): Promise<void> {
    this.#regions.forget(primary);
    this.#regions.elsewhere.deliverSoon();
    await this.record("SynchronizeMultiRegionKey", this.#storeOf(primary), primary);
  }

  /** Takes a key that is destroyed off its related ones, inside the transaction of that. */
  leave(region: string, account: string, { id, multiRegion: known }: KeyRecord): void {
    if (!known || known.primaryRegion === region) return;
    if (this.#regions.find(known.primaryRegion)) this.left(region, account, id);
    else this.#regions.elsewhere.later({ region: known.primaryRegion, account, id, gone: region });
  }

  /**
   * The replica of a Region is no more, inside the transaction in which that is learned. The last one to go begins the
   * wait of a primary that waits for it.
   */
  left(region: string, account: string, id: string): void {
    const home = this.primaryStore(account, id);
    const primary = home?.records.find(account, id);
    if (!primary?.multiRegion?.replicaRegions.includes(region)) return;
    const replicaRegions = primary.multiRegion.replicaRegions.filter((other) => other !== region);
    const multiRegion = nextOf(primary.multiRegion, { replicaRegions });
    this.#regions.elsewhere.neverMind(region, account, id);
    this.bring(account, id, regionsOf(multiRegion), (current, at) =>
      begun({ ...current, multiRegion }, this.#regions.at(at).clock.now()),
    );
  }

  /** Where a key's primary is, if it is here. */
  primaryStore(account: string, id: string): KeyStore | undefined {
    return [...this.#regions.all()].find(
      ({ region, records }) => records.find(account, id)?.multiRegion?.primaryRegion === region,
    );
  }

  /** Changes the related keys of these Regions, inside a transaction: ours at once, those elsewhere are told. */
  bring(
    account: string,
    id: string,
    regions: readonly string[],
    how: (record: KeyRecord, region: string) => KeyRecord,
  ): void {
    for (const region of regions) {
      const store = this.#regions.find(region);
      if (!store) {
        this.#regions.elsewhere.later({ region, account, id });
        continue;
      }
      // A primary of another Bondstore may name a replica here that is just being made, or destroyed.
      const before = store.records.find(account, id);
      if (before) store.records.write(account, before, how(before, region));
    }
  }

  /** Whether a key has a related one in another Bondstore. */
  reachesElsewhere({ multiRegion }: KeyRecord): boolean {
    return (
      multiRegion !== undefined &&
      regionsOf(multiRegion).some((region) => !this.#regions.find(region))
    );
  }

  #storeOf({ arn }: KmsKey): KeyStore {
    return this.#regions.at(arn.split(":")[3] ?? "");
  }

  #primaryRecord(
    primary: KmsKey,
    source: KeyStore,
  ): KeyRecord & { readonly multiRegion: MultiRegion } {
    const record = source.records.find(primary.account, primary.record.id);
    const { multiRegion } = record ?? {};
    if (!record || multiRegion?.primaryRegion !== source.region) throw changed(primary.arn);
    return { ...record, multiRegion };
  }

  /**
   * A version of a key for another Region, where another secret of the vault wraps it. An imported one goes without its
   * material: its owner imports the same into each Region.
   */
  #carry(version: KeyVersion, account: string, id: string, from: string, to: string): KeyVersion {
    if (version.imported) {
      const { wrapped: _, imported: _said, ...named } = version;
      return named;
    }
    const [source, target] = [keyArn(from, account, id), keyArn(to, account, id)];
    const material = this.#wrapper.unwrap({ account, arn: source }, version);
    if (!material) throw new Corruption(`material ${version.id} of ${source}`);
    const wrapped = this.#wrapper.wrap({ account, arn: target }, version, material);
    material.fill(0);
    return { ...version, wrapped };
  }

  /** Shown as CloudTrail shows these: KMS Developer Guide, "SynchronizeMultiRegionKey". */
  async record(
    eventName: string,
    store: KeyStore,
    key: Pick<KmsKey, "account" | "arn">,
    refusal?: ServiceError,
  ): Promise<void> {
    const responseElements = refusal ? null : { keyId: key.arn };
    const refused = refusal && { errorCode: refusal.code, errorMessage: refusal.message };
    await this.#trail.record(
      internalEvent(store, eventName, key, {
        ...{ eventType: "AwsApiCall", responseElements },
        ...refused,
      }),
    );
  }
}

const changed = (arn: string) =>
  new ServiceError("KMSInvalidStateException", `${arn} or a key related to it has just changed.`);

const alreadyExists = (arn: string) =>
  new ServiceError("AlreadyExistsException", `${arn} already exists`);

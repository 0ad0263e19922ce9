import type { Trail } from "../audit/trail.ts";
import { assert } from "../lib/assert.ts";
import { ServiceError } from "../lib/service-error.ts";
import { Corruption, type Store } from "../storage/store.ts";
import { internalEvent } from "./key-events.ts";
import type { KeyRecord, KeyVersion, MultiRegion } from "./key-record.ts";
import { KeyStore } from "./key-store.ts";
import { type KmsKey, keyArn } from "./kms-key.ts";
import { createMaterialWrapper, type MaterialWrapper } from "./materials.ts";
import { noTokens } from "./token.ts";
import type { Vault } from "./vault.ts";

const dayMs = 86_400_000;

type StoreParts = Omit<ConstructorParameters<typeof KeyStore>[0], "region" | "regions">;

/** What a replica has of its own. */
export type ReplicaParts = Pick<KeyRecord, "policy" | "description" | "tags">;

/**
 * The keys of every Region of this Bondstore, and what related multi-Region keys have in common: each change of it is
 * one transaction over all their Regions.
 * INVARIANT: related keys agree on `multiRegion`, and each Region that it names has its key.
 */
export class KeyRegions {
  readonly home: string;
  readonly #stores = new Map<string, KeyStore>();
  readonly #store: Store;
  readonly #vault: Vault;
  readonly #trail: Trail;
  readonly #wrapper: MaterialWrapper;

  constructor(
    parts: StoreParts,
    dataKeys: ConstructorParameters<typeof KeyStore>[1],
    { home, further }: { readonly home: string; readonly further: readonly string[] },
  ) {
    this.home = home;
    this.#store = parts.store;
    this.#vault = parts.vault;
    this.#trail = parts.trail;
    this.#wrapper = createMaterialWrapper(parts);
    for (const region of [home, ...further]) {
      // HSMs are at home, and a custom key store is where its HSMs are.
      const tokens = region === home ? parts.tokens : noTokens;
      const store = new KeyStore({ ...parts, tokens, region, regions: this }, dataKeys);
      this.#stores.set(region, store);
    }
  }

  /** The keys of a Region; undefined when it is none of ours. */
  find(region: string): KeyStore | undefined {
    return this.#stores.get(region);
  }

  /** The keys of a Region of ours. */
  at(region: string): KeyStore {
    const found = this.#stores.get(region);
    assert(found, "keys are asked for in Regions that are served");
    return found;
  }

  all(): Iterable<KeyStore> {
    return this.#stores.values();
  }

  /**
   * Makes a replica of a primary in another Region: same id, same materials, the rest its own. Throws
   * `AlreadyExistsException` where the Region has the key, `KMSInvalidStateException` when the primary has changed.
   */
  async replicate(primary: KmsKey, region: string, own: ReplicaParts): Promise<KmsKey> {
    const { account, record } = primary;
    const { id } = record;
    const [source, target] = [this.#storeOf(primary), this.at(region)];
    const arn = keyArn(region, account, id);
    await this.#store.transaction(() => {
      const current = this.#primaryRecord(primary, source);
      if (current.state !== "Enabled") throw changed(primary.arn);
      if (target.records.find(account, id)) {
        throw new ServiceError("AlreadyExistsException", `${arn} already exists`);
      }
      const replicaRegions = [...current.multiRegion.replicaRegions, region].sort();
      const after = { ...current, multiRegion: { ...current.multiRegion, replicaRegions } };
      // What a call that was killed has left in the vault is as good as new: nothing is under it.
      if (!this.#vault.find(arn)) this.#vault.make(arn);
      target.records.write(account, undefined, {
        ...{ ...own, id, createdAtMs: target.clock.now(), manager: current.manager, aliases: [] },
        ...{ spec: current.spec, usage: current.usage, origin: current.origin },
        ...(current.importSecret && { importSecret: current.importSecret }),
        state: current.origin === "EXTERNAL" ? "PendingImport" : "Enabled",
        multiRegion: after.multiRegion,
        versions: [],
      });
      source.records.write(account, current, after);
      this.follow(source.region, account, current, after);
    });
    source.forget(primary);
    this.forget(primary);
    const made = target.find(account, id);
    assert(made, "a replica just made is found");
    await this.#record("CreateKey", target, made);
    await this.followed(primary);
    return made;
  }

  /** Makes a replica the primary, and the primary a replica. Throws `KMSInvalidStateException` when they have changed. */
  async movePrimary(primary: KmsKey, region: string): Promise<void> {
    const { account, record } = primary;
    const source = this.#storeOf(primary);
    await this.#store.transaction(() => {
      const { multiRegion: before, state } = this.#primaryRecord(primary, source);
      const others = before.replicaRegions.filter((other) => other !== region);
      const replica = this.at(region).records.find(account, record.id);
      const known = others.length < before.replicaRegions.length;
      if (!known || state !== "Enabled" || replica?.state !== "Enabled") throw changed(primary.arn);
      const multiRegion: MultiRegion = {
        primaryRegion: region,
        replicaRegions: [...others, source.region].sort(),
      };
      for (const related of regionsOf(multiRegion)) {
        this.#rewrite(related, account, record.id, (current) => ({ ...current, multiRegion }));
      }
    });
    source.forget(primary);
    this.forget(primary);
    const arn = keyArn(region, account, record.id);
    await this.#record("UpdatePrimaryRegion", this.at(region), { account, arn });
  }

  /**
   * Brings the replicas to the new state of their primary, inside the transaction of its change: same materials, same
   * rotation. Tells whether there was anything to bring. Throws `KMSInvalidStateException` for what a replica alone
   * would change: it was the primary when that was asked.
   */
  follow(region: string, account: string, before: KeyRecord, after: KeyRecord): boolean {
    const { multiRegion, rotation, versions } = after;
    const same =
      before.versions.length === versions.length &&
      before.rotation === rotation &&
      before.multiRegion === multiRegion;
    if (!multiRegion || same) return false;
    if (multiRegion.primaryRegion !== region) throw changed(keyArn(region, account, after.id));
    for (const replica of multiRegion.replicaRegions) {
      this.#rewrite(replica, account, after.id, ({ rotation: _, ...current }) => ({
        ...current,
        multiRegion,
        ...(rotation && { rotation }),
        versions: versions.map(
          (version) =>
            current.versions.find(({ id }) => id === version.id) ??
            this.#carry(version, account, after.id, region, replica),
        ),
      }));
    }
    return multiRegion.replicaRegions.length > 0;
  }

  /** After the transaction of `follow`: drops what is in memory, and records that Regions were synchronized. */
  async followed(primary: KmsKey): Promise<void> {
    this.forget(primary);
    await this.#record("SynchronizeMultiRegionKey", this.#storeOf(primary), primary);
  }

  /**
   * Takes a key that is destroyed off its related ones, inside the transaction of that. The last replica to go begins
   * the wait of a primary that waits for it.
   */
  leave(region: string, account: string, { id, multiRegion: known }: KeyRecord): void {
    if (!known || known.primaryRegion === region) return;
    const primary = this.at(known.primaryRegion).records.find(account, id);
    assert(primary?.multiRegion, "a primary is there as long as a replica");
    const replicaRegions = primary.multiRegion.replicaRegions.filter((other) => other !== region);
    const multiRegion: MultiRegion = { ...primary.multiRegion, replicaRegions };
    for (const related of regionsOf(multiRegion)) {
      this.#rewrite(related, account, id, (current) =>
        begun({ ...current, multiRegion }, this.at(related).clock.now()),
      );
    }
  }

  /** Drops what is in memory of the keys that are related to this one. */
  forget({ account, record }: KmsKey): void {
    for (const store of this.#stores.values()) {
      const related = store.findDue({ account, keyId: record.id });
      if (related) store.forget(related);
    }
  }

  #storeOf({ arn }: KmsKey): KeyStore {
    return this.at(arn.split(":")[3] ?? "");
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

  #rewrite(
    region: string,
    account: string,
    id: string,
    how: (record: KeyRecord) => KeyRecord,
  ): void {
    const { records } = this.at(region);
    const before = records.find(account, id);
    assert(before, "each Region that a multi-Region key names has it");
    records.write(account, before, how(before));
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
    const [source, target] = [from, to].map((region) => keyArn(region, account, id));
    assert(source && target, "there are two");
    const material = this.#wrapper.unwrap({ account, arn: source }, version);
    if (!material) throw new Corruption(`material ${version.id} of ${source}`);
    const wrapped = this.#wrapper.wrap({ account, arn: target }, version, material);
    material.fill(0);
    return { ...version, wrapped };
  }

  async #record(
    eventName: string,
    store: KeyStore,
    key: Pick<KmsKey, "account" | "arn">,
  ): Promise<void> {
    const responseElements = { keyId: key.arn };
    // Shown as CloudTrail shows these: KMS Developer Guide, "SynchronizeMultiRegionKey".
    await this.#trail.record(
      internalEvent(store, eventName, key, { eventType: "AwsApiCall", responseElements }),
    );
  }
}

const regionsOf = ({ primaryRegion, replicaRegions }: MultiRegion): readonly string[] => [
  primaryRegion,
  ...replicaRegions,
];

/** A primary that waited for its last replica waits for its own end from now on. */
function begun({ deletionWaitsDays: windowDays, ...record }: KeyRecord, nowMs: number): KeyRecord {
  if (windowDays === undefined) return record;
  if (record.multiRegion?.replicaRegions.length)
    return { ...record, deletionWaitsDays: windowDays };
  const atMs = nowMs + windowDays * dayMs;
  return { ...record, state: "PendingDeletion", deletion: { atMs, windowDays } };
}

const changed = (arn: string) =>
  new ServiceError("KMSInvalidStateException", `${arn} or a key related to it has just changed.`);

import type { Trail } from "../audit/trail.ts";
import { assert } from "../lib/assert.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import type { Store } from "../storage/store.ts";
import { Aliases } from "./aliases.ts";
import { CustomKeyStores } from "./custom-key-stores.ts";
import { ExternalKeyStores } from "./external/external-key-stores.ts";
import type { XksTransport } from "./external/xks-transport.ts";
import { GrantStore } from "./grant-store.ts";
import { GrantBook } from "./grants.ts";
import { ImportedMaterials } from "./imported-materials.ts";
import { asOf, type KeyPlace, type KeyRecord, type KeyVersion } from "./key-record.ts";
import { KeyRecords } from "./key-records.ts";
import type { KeyRegions } from "./key-regions.ts";
import { type KeyTables, keyTables } from "./key-tables.ts";
import type { Keyring } from "./keyring.ts";
import { type KmsKey, keyArn, toKmsKey } from "./kms-key.ts";
import { LastUsage } from "./last-usage.ts";
import { createMaterialWrapper, Materials, type MaterialWrapper } from "./materials.ts";
import { type FirstParts, type NewKey, type NewMaterial, symmetricKind } from "./new-key.ts";
import { Quotas } from "./quotas.ts";
import { nextTurn } from "./replica.ts";
import { rotated } from "./rotated.ts";
import type { SharedDataKeys } from "./shared-data-keys.ts";
import type { TokenSource } from "./token.ts";
import { Upkeep } from "./upkeep.ts";
import type { Vault } from "./vault.ts";

const [keysInMemoryMax, dayMs] = [10_000, 86_400_000];
/** The keys of all accounts in a Region: their records on disk, and what judging and using them needs in memory. */
export class KeyStore {
  readonly clock: Clock;
  readonly random: Random;
  readonly region: string;
  readonly materials: Materials;
  readonly upkeep: Upkeep;
  readonly grants: GrantStore;
  /** For changes that concern several Regions at once. */
  readonly records: KeyRecords;
  readonly regions: KeyRegions;
  readonly aliases: Aliases;
  readonly customStores: CustomKeyStores;
  readonly externalStores: ExternalKeyStores;
  readonly imports: ImportedMaterials;
  readonly quotas: Quotas;
  readonly lastUsage: LastUsage;
  /** Data keys in memory, which go when their key changes. */
  readonly dataKeys: Pick<SharedDataKeys, "drop" | "dropOld">;
  readonly #store: Store;
  readonly #tables: KeyTables;
  readonly #vault: Vault;
  readonly #wrapper: MaterialWrapper;
  readonly #known = new Map<string, KmsKey>();
  /** Where versions belong never changes while they exist. */
  readonly #places = new Map<string, KeyPlace>();

  constructor(
    parts: {
      readonly store: Store;
      readonly keyring: Keyring;
      readonly vault: Vault;
      readonly trail: Trail;
      readonly clock: Clock;
      readonly random: Random;
      readonly region: string;
      readonly regions: KeyRegions;
      readonly tokens: TokenSource;
      readonly proxies: XksTransport;
    },
    dataKeys: Pick<SharedDataKeys, "drop" | "dropOld">,
  ) {
    this.clock = parts.clock;
    this.random = parts.random;
    this.region = parts.region;
    this.#store = parts.store;
    this.regions = parts.regions;
    this.#tables = keyTables(parts.store, parts.region, parts.regions.home);
    this.records = new KeyRecords(this.#tables, parts.region);
    this.aliases = new Aliases({
      ...{ ...parts, tables: this.#tables, records: this.records },
      changed: (key) => this.forget(key),
    });
    this.grants = new GrantStore({
      ...parts,
      tables: this.#tables,
      findKey: (account, id) => this.find(account, id),
      changed: ({ arn }) => dataKeys.drop(arn),
    });
    this.#vault = parts.vault;
    this.#wrapper = createMaterialWrapper(parts);
    this.materials = new Materials(this.#wrapper, parts.clock, parts.random);
    this.imports = new ImportedMaterials(this, this.#wrapper);
    this.quotas = new Quotas(parts.clock);
    this.lastUsage = new LastUsage({ ...parts, tables: this.#tables });
    this.dataKeys = dataKeys;
    const isKey = (account: string, id: string) => this.records.find(account, id) !== undefined;
    const storeParts = { ...parts, tables: this.#tables, isKey };
    this.customStores = new CustomKeyStores(storeParts);
    this.externalStores = new ExternalKeyStores(storeParts);
    this.upkeep = new Upkeep(this, parts.trail);
  }

  /** The key; undefined when there is none, or none any more. */
  find(account: string, id: string): KmsKey | undefined {
    const place = `${account}/${id}`;
    const known = this.#known.get(place) ?? this.#load(account, id, place);
    if (!known) return undefined;
    const now = this.clock.now();
    const { deletion } = known.record;
    if (deletion && deletion.atMs <= now) return undefined;
    const record = asOf(known.record, now);
    return record === known.record ? known : { ...known, record };
  }

  #load(account: string, id: string, place: string): KmsKey | undefined {
    const record = this.#tables.keys(account).find([id]);
    if (!record) return undefined;
    const grants = this.#tables.grants(account).range({ prefix: [id] });
    const book = new GrantBook([...grants].map(({ value }) => value));
    const key = toKmsKey(this.region, account, record, book);
    const [oldest] = this.#known.keys();
    if (this.#known.size >= keysInMemoryMax && oldest) this.#known.delete(oldest);
    this.#known.set(place, key);
    return key;
  }

  /** Where the key is whose version made a ciphertext. */
  findVersion(versionId: string): KeyPlace | undefined {
    const known = this.#places.get(versionId);
    if (known) return known;
    const place = this.#tables.versions.find([versionId]);
    if (!place) return undefined;
    if (this.#places.size >= keysInMemoryMax) this.#places.clear();
    this.#places.set(versionId, place);
    return place;
  }

  /**
   * Whether an account has ever had a key. Callers may name any twelve digits: what is kept for an account that is
   * looked into stays in memory, so none is looked into that has nothing to find.
   */
  hasKeys(account: string): boolean {
    return this.#tables.keepers.find([account]) !== undefined;
  }

  /** Ids of an account's keys in order, after one of them. */
  *ids(account: string, after?: string): Iterable<string> {
    const range = after === undefined ? {} : { after: [after] };
    for (const { key } of this.#tables.keys(account).range(range)) yield String(key[0]);
  }

  /** Makes a key with its first material: a symmetric one that is drawn here, unless another is given. */
  async create(account: string, given: NewKey, more: FirstParts = {}): Promise<KmsKey> {
    const { alias, id = this.random.uuid(), material } = more;
    const createdAtMs = this.clock.now();
    this.#vault.make(keyArn(this.region, account, id));
    const record: KeyRecord = {
      ...symmetricKind,
      ...given,
      id,
      createdAtMs,
      ...(given.origin === "EXTERNAL" && { importSecret: this.random.bytes(32) }),
      state: material === "awaited" ? "PendingImport" : "Enabled",
      aliases: alias === undefined ? [] : [alias],
      versions: material === "awaited" ? [] : [this.newVersion(account, id, material)],
    };
    await this.#store.transaction(() => {
      this.records.write(account, undefined, record);
      if (alias === undefined) return;
      const at = { createdAtMs, updatedAtMs: createdAtMs };
      this.#tables.aliases(account).put([alias], { keyId: id, ...at });
    });
    const made = this.find(account, id);
    assert(made, "a key just made is found");
    return made;
  }

  /**
   * Changes a key. `how` sees the record as it is inside the transaction, and may throw a refusal.
   * Material in memory is dropped, so that what was disabled is gone at once.
   */
  async change(key: KmsKey, how: (record: KeyRecord) => KeyRecord): Promise<KmsKey | undefined> {
    const { account, record } = key;
    const followed = await this.#store.transaction(() => {
      const current = this.records.find(account, record.id);
      assert(current, "a key that was found exists");
      const changed = nextTurn(current, how(asOf(current, this.clock.now())));
      this.records.write(account, current, changed);
      return this.regions.related.follow(this.region, account, current, changed);
    });
    this.forget(key);
    if (followed) await this.regions.related.followed(key);
    return this.find(account, record.id);
  }

  /** Adds a material. On demand it changes no schedule. Throws `ConflictException` while one is on its way. */
  async rotate(
    key: KmsKey,
    rotation: "AUTOMATIC" | "ON_DEMAND",
    check: (record: KeyRecord) => void = () => {},
  ): Promise<KmsKey | undefined> {
    const version = this.newVersion(key.account, key.record.id, { rotation });
    // One that every Region elsewhere has by now, or that no Region is waited for any more, is on its way no longer.
    await this.regions.elsewhere.outcomes.settle(key.account, key.record.id);
    return this.change(key, (record) => {
      check(record);
      const elsewhere = this.regions.related.reachesElsewhere(record);
      const { periodDays } = (rotation === "AUTOMATIC" && record.rotation) || {};
      const next = periodDays === undefined ? undefined : this.nextRotation(periodDays);
      return rotated(key, record, { ...version, ...(elsewhere && { pending: true }) }, next);
    });
  }

  nextRotation(periodDays: number): NonNullable<KeyRecord["rotation"]> {
    return { periodDays, nextAtMs: this.clock.now() + periodDays * dayMs };
  }

  /** The key as it is on disk, even when its deletion is due. */
  findDue({ account, keyId }: KeyPlace): KmsKey | undefined {
    return (
      this.#known.get(`${account}/${keyId}`) ?? this.#load(account, keyId, `${account}/${keyId}`)
    );
  }

  /** Whether the custom key store of a key can be asked now; what is in none can. */
  isReachable(key: KmsKey): boolean {
    const { customKeyStore, externalKey } = key.record;
    const stores = externalKey === undefined ? this.customStores : this.externalStores;
    return customKeyStore === undefined || stores.isReachable(key);
  }

  /** Removes a key, its materials, aliases and grants: what it encrypted cannot be read again. */
  async destroy(key: KmsKey): Promise<void> {
    const { account } = key;
    // First: a kill after this leaves a key that is due, and nothing in it that opens.
    this.#vault.destroy(key.arn);
    this.#wrapper.destroy(key, key.record.versions);
    await this.#store.transaction(() => {
      const record = this.records.find(account, key.record.id);
      assert(record, "a key that is destroyed exists");
      this.records.remove(account, record);
      for (const name of record.aliases) this.#tables.aliases(account).remove([name]);
      for (const grant of key.grants.all()) this.grants.erase(account, record.id, grant);
      this.lastUsage.erase(key);
      this.customStores.orphan(key);
      this.regions.related.leave(this.region, account, record);
    });
    this.forget(key);
    if (key.record.multiRegion) {
      this.regions.forget(key);
      this.regions.elsewhere.deliverSoon();
    }
    // A token that cannot be reached now keeps it until the next connection: then it is destroyed there.
    await this.customStores
      .clearOrphans(account, key.record.customKeyStore ?? "")
      .catch(() => undefined);
  }

  /** A version of a key that does not have it yet; `change` adds it. The material given is wiped. */
  newVersion(account: string, keyId: string, material: NewMaterial = {}): KeyVersion {
    const { bytes = this.random.bytes(32), ...said } = material;
    const { id = this.random.bytes(32).toString("hex"), imported } = said;
    const place = { account, arn: keyArn(this.region, account, keyId) };
    const name = { id, ...(imported && { imported }) };
    const createdAtMs = this.clock.now();
    if (bytes === "in a token") return { ...said, id, createdAtMs };
    const wrapped = this.#wrapper.wrap(place, name, bytes);
    bytes.fill(0);
    return { ...said, id, createdAtMs, wrapped };
  }

  /** Drops what is in memory of a key that was changed on disk. */
  forget(key: KmsKey): void {
    this.dataKeys.drop(key.arn);
    this.#known.delete(`${key.account}/${key.record.id}`);
    for (const { id } of key.record.versions) {
      this.materials.drop(id);
      this.#places.delete(id);
    }
  }
}

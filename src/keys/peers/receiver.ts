import { assert } from "../../lib/assert.ts";
import { ServiceError } from "../../lib/service-error.ts";
import type { MadeMaterial } from "../algorithms/kind.ts";
import { isThere, type KeyRecord, type KeyVersion } from "../key-record.ts";
import type { KeyRegions } from "../key-regions.ts";
import type { KeyStore } from "../key-store.ts";
import { keyArn } from "../kms-key.ts";
import type { MaterialPlace, MaterialWrapper } from "../materials.ts";
import {
  droppedBy,
  following,
  nextOf,
  type ReplicaParts,
  regionsOf,
  replicaOf,
  sharedText,
} from "../replica.ts";
import { regionForm } from "./agreements.ts";
import {
  accountOf,
  alreadyExists,
  checkBegins,
  checkFollows,
  checkNames,
  checkPolicy,
  checkSpeaksFor,
  heldBack,
  invalid,
  isKnown,
  openMaterial,
} from "./checks.ts";
import type { Answers } from "./correspondence.ts";
import type { ElsewhereParts } from "./elsewhere.ts";
import { ifThere, type Members, membersOf, textIn, textsIn } from "./forms.ts";
import type { Peer } from "./peer.ts";
import {
  keyIdForm,
  readOwn,
  readShared,
  type SharedKey,
  type SharedVersion,
} from "./shared-key.ts";

const relatedMax = 101;
const refusalsPerMinute = 100;

/** What a message is about, and who sent it. */
interface Told {
  readonly peer: Peer;
  readonly account: string;
  readonly arn: string;
  readonly store: KeyStore;
}

/** What has become of news. */
interface Written {
  /** Name of the event; absent where nothing was new. */
  readonly event?: string;
  /** They wait for material to be imported here, and are told again. */
  readonly held?: true;
}

/**
 * What peers tell and ask about related keys. A peer speaks for the Regions that it serves and the accounts that were
 * agreed on: of a key whose primary is in one of these Regions it says what its replicas here are, and nothing else.
 */
export class Receiver {
  readonly answers: Answers;
  readonly #regions: KeyRegions;
  readonly #parts: ElsewhereParts;
  readonly #wrapper: MaterialWrapper;
  /** By peer: how many refusals are in the trail, of this minute. */
  readonly #refusals = new Map<string, { readonly minute: number; readonly count: number }>();

  constructor(regions: KeyRegions, parts: ElsewhereParts, wrapper: MaterialWrapper) {
    this.#regions = regions;
    this.#parts = parts;
    this.#wrapper = wrapper;
    this.answers = {
      hello: async (peer, message) => {
        await parts.peers.learn(peer, message);
        return {};
      },
      keep: (peer, message) =>
        this.#recorded(peer, message, (account) => this.#keep(peer, message, account)),
      gone: (peer, message) =>
        this.#recorded(peer, message, (account) => this.#gone(peer, message, account)),
      look: async (peer, message) => this.#look(peer, message),
      materials: async (peer, message) => this.#materials(peer, message),
    };
  }

  /** What is refused is in the trail of the account that it was about, up to so much a minute. */
  async #recorded(
    peer: Peer,
    message: Members,
    act: (account: string) => Promise<Members>,
  ): Promise<Members> {
    const account = accountOf(peer, message);
    try {
      return await act(account);
    } catch (error) {
      if (error instanceof ServiceError && this.#mayRecord(peer)) {
        const store = this.#regions.at(this.#regions.home);
        const arn = keyArn(store.region, account, "*");
        const event = "SynchronizeMultiRegionKey";
        await this.#regions.related.record(event, store, { account, arn }, error);
      }
      throw error;
    }
  }

  #mayRecord({ id }: Peer): boolean {
    const minute = Math.floor(this.#parts.clock.now() / 60_000);
    const known = this.#refusals.get(id);
    const count = known?.minute === minute ? known.count + 1 : 1;
    this.#refusals.set(id, { minute, count });
    return count <= refusalsPerMinute;
  }

  /** A replica as its primary is now; it is made where `own` says what it has of its own. */
  async #keep(peer: Peer, message: Members, account: string): Promise<Members> {
    const key = readShared(message["key"]);
    const own = ifThere(message, "own", (from, name) => readOwn(membersOf(from[name], name)));
    const store = this.#storeIn(message);
    const arn = keyArn(store.region, account, key.id);
    if (!regionsOf(key.multiRegion).includes(store.region)) {
      throw invalid(`${arn} is none of the related keys that were told of`);
    }
    const { vault } = this.#parts;
    const had = vault.find(arn) !== undefined;
    let written: Written;
    try {
      written = await this.#parts.store.transaction(() =>
        this.#write(key, own, { peer, account, arn, store }),
      );
    } catch (error) {
      // Nothing is under what was made for it.
      if (!had && !store.records.find(account, key.id)) vault.destroy(arn);
      throw error;
    }
    const { event, held } = written;
    if (event !== undefined) {
      this.#regions.forget({ account, record: key });
      await this.#regions.related.record(event, store, { account, arn });
      this.#regions.elsewhere.deliverSoon();
    }
    if (!held) return {};
    throw new ServiceError(
      "ConflictException",
      `${arn} waits for key material that encrypts in its primary to be imported`,
    );
  }

  /** Writes what was told, inside a transaction. */
  #write(
    told: SharedKey,
    own: ReplicaParts | undefined,
    { peer, account, arn, store }: Told,
  ): Written {
    const before = store.records.find(account, told.id);
    if (before && isKnown(before, told, peer)) return {};
    this.#checkAgrees(told, peer, account);
    if (before) checkFollows(before, told, arn);
    else checkBegins(told, own, peer, arn);
    checkNames(store, account, told);
    const held = before && heldBack(before, told, store.clock.now());
    const key = held ?? this.#taken(told, account, store);
    const known = before?.versions ?? [];
    // Opened before anything is made: most of what may be wrong with a key is wrong with these.
    const materials = new Map(
      key.versions
        .filter(({ id }) => !known.some((version) => version.id === id))
        .map((version) => [version.id, openMaterial(version, key, account, peer)]),
    );
    const replica = before ?? this.#begun(arn, key, own, store);
    if (!before) this.#regions.elsewhere.isBack(store.region, account, key.id);
    const after = following(replica, key, ({ sealed: _, ...version }) =>
      this.#wrapped(version, materials.get(version.id), { account, arn }),
    );
    if (held && sharedText(held) === sharedText(before)) return { held: true };
    if (before) this.#wrapper.destroy({ account, arn }, droppedBy(before, after));
    store.records.write(account, before, after);
    const { primaryRegion, replicaRegions } = key.multiRegion;
    if (primaryRegion === store.region && before?.multiRegion?.primaryRegion !== primaryRegion) {
      this.#regions.related.bring(account, key.id, replicaRegions, (current) => ({
        ...current,
        multiRegion: key.multiRegion,
      }));
    }
    const event = before ? "SynchronizeMultiRegionKey" : "CreateKey";
    return { event, ...(held && { held: true }) };
  }

  /** Every key of this id here is one of those that the peer has a say about. */
  #checkAgrees({ id }: SharedKey, peer: Peer, account: string): void {
    for (const { region, records } of this.#regions.all()) {
      const record = records.find(account, id);
      if (!record) continue;
      const arn = keyArn(region, account, id);
      if (!record.multiRegion) throw alreadyExists(arn);
      checkSpeaksFor(record.multiRegion.primaryRegion, peer, arn);
    }
  }

  /** A primary that moves here must be able to be one; it names no replica that is not here any more. */
  #taken(key: SharedKey, account: string, store: KeyStore): SharedKey {
    const { primaryRegion, replicaRegions } = key.multiRegion;
    const home = this.#regions.find(primaryRegion);
    if (!home) return key;
    const record = home.records.find(account, key.id);
    if (home !== store || record?.state !== "Enabled") {
      throw new ServiceError(
        "KMSInvalidStateException",
        `${keyArn(primaryRegion, account, key.id)} cannot become the primary.`,
      );
    }
    const there = replicaRegions.filter((region) => {
      const own = this.#regions.find(region);
      return !own || own.records.find(account, key.id);
    });
    if (there.length === replicaRegions.length) return key;
    return { ...key, multiRegion: nextOf(key.multiRegion, { replicaRegions: there }) };
  }

  #begun(arn: string, key: SharedKey, own: ReplicaParts | undefined, store: KeyStore): KeyRecord {
    assert(own, "what a new replica has of its own was checked");
    checkPolicy(own.policy);
    if (!this.#parts.vault.find(arn)) this.#parts.vault.make(arn);
    return replicaOf({ ...key, versions: [] }, own, store.clock.now());
  }

  #wrapped(
    version: Omit<SharedVersion, "sealed">,
    material: MadeMaterial | undefined,
    place: MaterialPlace,
  ): KeyVersion {
    if (!material) return version;
    const wrapped = this.#wrapper.wrap(place, version, material.bytes);
    material.bytes.fill(0);
    const { publicKey } = material;
    return { ...version, wrapped, ...(publicKey && { publicKey }) };
  }

  /** A replica in one of the peer's Regions is no more. Answers who is the primary now, if none here is. */
  async #gone(peer: Peer, message: Members, account: string): Promise<Members> {
    const id = textIn(message, "id", keyIdForm);
    const region = textIn(message, "region", regionForm);
    checkSpeaksFor(region, peer, keyArn(region, account, id));
    const { related, elsewhere } = this.#regions;
    const moved = await this.#parts.store.transaction(() => {
      related.left(region, account, id);
      const stores = [...this.#regions.all()];
      const record = stores.map(({ records }) => records.find(account, id)).find(Boolean);
      return related.primaryStore(account, id) ? undefined : record?.multiRegion?.primaryRegion;
    });
    this.#regions.forget({ account, record: { id } });
    await elsewhere.outcomes.settle(account, id);
    elsewhere.deliverSoon();
    return moved === undefined ? {} : { primaryRegion: moved };
  }

  /** A replica as it is here; and whether the Bondstores of all related Regions are known, as its primary's must be. */
  #look(peer: Peer, message: Members): Members {
    const account = accountOf(peer, message);
    const store = this.#storeIn(message);
    const id = textIn(message, "id", keyIdForm);
    const arn = keyArn(store.region, account, id);
    const key = store.find(account, id);
    if (!key?.record.multiRegion) {
      throw new ServiceError("NotFoundException", `Key '${arn}' does not exist`);
    }
    checkSpeaksFor(key.record.multiRegion.primaryRegion, peer, arn);
    for (const region of textsIn(message, "related", regionForm, relatedMax)) {
      if (this.#regions.find(region) || this.#parts.peers.serving(region)) continue;
      throw new ServiceError(
        "UnsupportedOperationException",
        `the Bondstore of ${store.region} is not joined with that of ${region}`,
      );
    }
    const { state, policy, tags, description, createdAtMs } = key.record;
    return { state, policy, tags, description, createdAtMs };
  }

  /** Which materials a key has here: for who has a key that is related to it. */
  #materials(peer: Peer, message: Members): Members {
    const account = accountOf(peer, message);
    const store = this.#storeIn(message);
    const id = textIn(message, "id", keyIdForm);
    const { multiRegion, versions = [] } = store.records.find(account, id) ?? {};
    const related = multiRegion ? regionsOf(multiRegion) : [];
    if (!related.some((region) => peer.regions.includes(region))) {
      throw new ServiceError(
        "NotFoundException",
        `Key '${keyArn(store.region, account, id)}' does not exist`,
      );
    }
    const there = versions.filter((version) => isThere(version, store.clock.now()));
    return { materials: there.map((version) => version.id) };
  }

  #storeIn(message: Members): KeyStore {
    const region = textIn(message, "region", regionForm);
    const store = this.#regions.find(region);
    if (store) return store;
    throw new ServiceError("UnsupportedOperationException", `Region ${region} is not served there`);
  }
}

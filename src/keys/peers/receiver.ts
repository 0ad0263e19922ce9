import { assert } from "../../lib/assert.ts";
import type { Random } from "../../lib/random.ts";
import { ServiceError } from "../../lib/service-error.ts";
import { compilePolicy } from "../../policy/policy.ts";
import { isExpired, type KeyRecord, type KeyVersion } from "../key-record.ts";
import type { KeyRegions } from "../key-regions.ts";
import type { KeyStore } from "../key-store.ts";
import { keyArn } from "../kms-key.ts";
import type { MaterialWrapper } from "../materials.ts";
import { following, type ReplicaParts, regionsOf, replicaOf } from "../replica.ts";
import { regionForm } from "./agreements.ts";
import type { Answers } from "./correspondence.ts";
import type { ElsewhereParts } from "./elsewhere.ts";
import { ifThere, type Members, membersOf, numberIn, textIn, textsIn } from "./forms.ts";
import type { Peer } from "./peer.ts";
import {
  accountForm,
  keyIdForm,
  materialOf,
  readOwn,
  readShared,
  type SharedKey,
  type SharedVersion,
} from "./shared-key.ts";

const relatedMax = 101;

/**
 * What peers tell and ask about related keys. A peer speaks for the Regions that it serves and the accounts that were
 * agreed on: of a key whose primary is in one of these Regions it says what its replicas here are, and nothing else.
 */
export class Receiver {
  readonly answers: Answers;
  readonly #regions: KeyRegions;
  readonly #parts: ElsewhereParts;
  readonly #wrapper: MaterialWrapper;

  constructor(regions: KeyRegions, parts: ElsewhereParts, wrapper: MaterialWrapper) {
    this.#regions = regions;
    this.#parts = parts;
    this.#wrapper = wrapper;
    this.answers = {
      hello: async (peer, message) => {
        await parts.peers.learn(peer, message);
        return {};
      },
      keep: (peer, message) => this.#recorded(peer, message, () => this.#keep(peer, message)),
      gone: (peer, message) => this.#recorded(peer, message, () => this.#gone(peer, message)),
      look: async (peer, message) => this.#look(peer, message),
    };
  }

  /** What is refused is in the trail of the account that it was about. */
  async #recorded(peer: Peer, message: Members, act: () => Promise<void>): Promise<Members> {
    try {
      await act();
      return {};
    } catch (error) {
      const account = accountOf(peer, message);
      if (error instanceof ServiceError) {
        const store = this.#regions.at(this.#regions.home);
        const arn = keyArn(store.region, account, "*");
        const event = "SynchronizeMultiRegionKey";
        await this.#regions.related.record(event, store, { account, arn }, error);
      }
      throw error;
    }
  }

  /** A replica as its primary is now; it is made where `own` says what it has of its own. */
  async #keep(peer: Peer, message: Members): Promise<void> {
    const account = accountOf(peer, message);
    const key = readShared(message["key"]);
    const own = ifThere(message, "own", (from, name) => readOwn(membersOf(from[name], name)));
    const toldAtMs = numberIn(message, "sentAtMs");
    const store = this.#storeIn(message);
    const arn = keyArn(store.region, account, key.id);
    if (!regionsOf(key.multiRegion).includes(store.region)) {
      throw invalid(`${arn} is none of the related keys that were told of`);
    }
    const isNew = await this.#parts.store.transaction(() => {
      const before = store.records.find(account, key.id);
      if (before && isOldNews(before, key, peer)) return undefined;
      if (before) checkFollows(before, key, peer, { arn, toldAtMs });
      else this.#checkBegins(arn, key, own, peer);
      checkNames(store, account, key);
      const replica = before ?? this.#begun(arn, key, own, store);
      const after = following(replica, key, (version) =>
        this.#carry(version, key, { peer, account, arn }),
      );
      store.records.write(account, before, { ...after, toldAtMs });
      return before === undefined;
    });
    if (isNew === undefined) return;
    this.#regions.forget({ account, record: key });
    const { related } = this.#regions;
    await related.record(isNew ? "CreateKey" : "SynchronizeMultiRegionKey", store, {
      account,
      arn,
    });
  }

  #checkBegins(arn: string, key: SharedKey, own: ReplicaParts | undefined, peer: Peer): void {
    if (!own) throw new ServiceError("NotFoundException", `Key '${arn}' does not exist`);
    checkSpeaksFor(key.multiRegion.primaryRegion, peer, arn);
  }

  #begun(arn: string, key: SharedKey, own: ReplicaParts | undefined, store: KeyStore): KeyRecord {
    assert(own, "what a new replica has of its own was checked");
    checkPolicy(own.policy);
    if (!this.#parts.vault.find(arn)) this.#parts.vault.make(arn);
    return replicaOf({ ...key, versions: [] }, own, store.clock.now());
  }

  #carry(
    { sealed, ...version }: SharedVersion,
    key: SharedKey,
    { peer, account, arn }: { readonly peer: Peer; readonly account: string; readonly arn: string },
  ): KeyVersion {
    if (key.origin === "EXTERNAL") return version;
    if (!sealed) throw invalid(`material ${version.id} of ${arn} is missing`);
    const random: Random = this.#parts.random;
    const { bytes, publicKey } = materialOf({ ...version, sealed }, key, account, { peer, random });
    const wrapped = this.#wrapper.wrap({ account, arn }, version, bytes);
    bytes.fill(0);
    return { ...version, wrapped, ...(publicKey && { publicKey }) };
  }

  /** A replica in one of the peer's Regions is no more. */
  async #gone(peer: Peer, message: Members): Promise<void> {
    const account = accountOf(peer, message);
    const id = textIn(message, "id", keyIdForm);
    const region = textIn(message, "region", regionForm);
    checkSpeaksFor(region, peer, keyArn(region, account, id));
    await this.#parts.store.transaction(() => this.#regions.related.left(region, account, id));
    this.#regions.forget({ account, record: { id } });
    await this.#regions.elsewhere.outcomes.settle(account, id);
    this.#regions.elsewhere.deliverSoon();
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
    const { state, policy, tags, description, createdAtMs, versions } = key.record;
    const materials = versions
      .filter((version) => version.wrapped && !isExpired(version, store.clock.now()))
      .map((version) => version.id);
    return { state, policy, tags, description, createdAtMs, materials };
  }

  #storeIn(message: Members): KeyStore {
    const region = textIn(message, "region", regionForm);
    const store = this.#regions.find(region);
    if (store) return store;
    throw new ServiceError("UnsupportedOperationException", `Region ${region} is not served there`);
  }
}

/** The account that a message is about, if the peer may speak of it. */
function accountOf(peer: Peer, message: Members): string {
  const account = textIn(message, "account", accountForm);
  if (peer.accounts.includes(account)) return account;
  throw new ServiceError(
    "UnsupportedOperationException",
    `the Bondstores were not joined for account ${account}`,
  );
}

function checkSpeaksFor(region: string, { regions }: Peer, arn: string): void {
  if (regions.includes(region)) return;
  throw new ServiceError("AccessDeniedException", `the peer has no say about ${arn}`);
}

/**
 * Whether a peer tells who the primary is after it has given it away, and that is known: its word was lost, or ours
 * that it was heard. Nothing else of what it says counts.
 */
const isOldNews = ({ multiRegion }: KeyRecord, key: SharedKey, { regions }: Peer): boolean =>
  multiRegion?.primaryRegion === key.multiRegion.primaryRegion &&
  !regions.includes(key.multiRegion.primaryRegion);

/** Whether a key here is the one that is told of, and this is news of it. */
function checkFollows(
  before: KeyRecord,
  key: SharedKey,
  peer: Peer,
  { arn, toldAtMs }: { readonly arn: string; readonly toldAtMs: number },
): void {
  if (!before.multiRegion) throw alreadyExists(arn);
  checkSpeaksFor(before.multiRegion.primaryRegion, peer, arn);
  const kinds = ["spec", "usage", "origin"] as const;
  if (kinds.some((kind) => before[kind] !== key[kind])) throw alreadyExists(arn);
  if ((before.toldAtMs ?? 0) >= toldAtMs) {
    throw new ServiceError("ConflictException", `${arn} has later news already`);
  }
  const lost = before.versions.find(
    ({ id, pending }) => !pending && !key.versions.some((version) => version.id === id),
  );
  if (lost) throw invalid(`${arn} would lose its material ${lost.id}`);
}

/** By the id of its material a ciphertext finds its key: none may be that of another key. */
function checkNames(store: KeyStore, account: string, { id: keyId, versions }: SharedKey): void {
  for (const { id } of versions) {
    const place = store.findVersion(id);
    if (!place || (place.account === account && place.keyId === keyId)) continue;
    throw invalid(`material ${id} is of another key`);
  }
  if (new Set(versions.map(({ id }) => id)).size < versions.length) {
    throw invalid(`key ${keyId} has a material twice`);
  }
}

/** A key whose policy is none could not even be looked at. */
function checkPolicy(text: string): void {
  try {
    compilePolicy(text, "resource");
  } catch {
    throw invalid("the policy of the replica is none");
  }
}

const invalid = (message: string) => new ServiceError("ValidationException", message);
const alreadyExists = (arn: string) =>
  new ServiceError("AlreadyExistsException", `${arn} already exists`);

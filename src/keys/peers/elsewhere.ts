import type { Clock } from "../../lib/clock.ts";
import { eachMinute } from "../../lib/each-minute.ts";
import type { Random } from "../../lib/random.ts";
import { ServiceError } from "../../lib/service-error.ts";
import { PolicyError } from "../../policy/policy.ts";
import type { Store } from "../../storage/store.ts";
import { GrantBook } from "../grants.ts";
import type { KeyRecord, MultiRegion } from "../key-record.ts";
import type { KeyRegions } from "../key-regions.ts";
import type { KeyStore } from "../key-store.ts";
import { type KmsKey, keyArn, toKmsKey } from "../kms-key.ts";
import type { MaterialWrapper } from "../materials.ts";
import { regionsOf } from "../replica.ts";
import type { Vault } from "../vault.ts";
import type { Agreements, Terms } from "./agreements.ts";
import { Correspondence, PeerSilent } from "./correspondence.ts";
import type { Members } from "./forms.ts";
import { Outbox, type Parcel } from "./outbox.ts";
import { Outcomes } from "./outcomes.ts";
import type { Peer, PeerTransport, Reached } from "./peer.ts";
import { Receiver } from "./receiver.ts";
import { Sender } from "./sender.ts";
import { readLook, readMaterials } from "./shared-key.ts";

/** Other Bondstores, which serve other Regions, and how they are reached. */
export interface PeerParts {
  readonly peers: Agreements;
  readonly transport: PeerTransport;
}

/** What is needed to keep related keys in other Bondstores. */
export interface ElsewhereParts extends PeerParts {
  readonly store: Store;
  readonly vault: Vault;
  readonly clock: Clock;
  readonly random: Random;
}

/** Parcels about one key for which one call waits. */
const marksMax = 64;

/**
 * Related keys in other Bondstores. Each change is a parcel in the transaction that makes it; parcels are sent at once
 * and then each minute, until the other side has taken them over.
 */
export class Elsewhere {
  readonly peers: Agreements;
  /** What follows when a Region elsewhere has heard something, or will not. */
  readonly outcomes: Outcomes;
  readonly #regions: KeyRegions;
  readonly #parts: ElsewhereParts;
  readonly #outbox: Outbox;
  readonly #letters: Correspondence;
  readonly #sender: Sender;
  #greeting: { readonly here: Reached; readonly left: Set<string> } | undefined;
  #endRounds: () => Promise<void> = async () => undefined;

  constructor(regions: KeyRegions, parts: ElsewhereParts, wrapper: MaterialWrapper) {
    this.peers = parts.peers;
    this.#regions = regions;
    this.#parts = parts;
    this.#outbox = new Outbox(parts);
    this.outcomes = new Outcomes(regions, parts.store, this.#outbox);
    const receiver = new Receiver(regions, parts, wrapper);
    this.#letters = new Correspondence(parts, receiver.answers);
    const { outcomes } = this;
    const carried = { outbox: this.#outbox, letters: this.#letters, outcomes, wrapper };
    this.#sender = new Sender(regions, parts, carried);
  }

  /** Tells the peers where this Bondstore is, and sends what was left; both again each minute until they have it. */
  start(here: Reached): void {
    this.#greeting = { here, left: new Set(this.peers.all().map(({ id }) => id)) };
    void this.#round();
    this.#endRounds = eachMinute(() => this.#round());
  }

  async stop(): Promise<void> {
    await this.#endRounds();
    await this.delivered();
  }

  /** Whether there is an agreement of this id. */
  knows(id: string): boolean {
    return this.peers.find(id) !== undefined;
  }

  /** The sealed answer to what a peer has sent; undefined for what is of no peer. */
  receive(id: string, request: Buffer): Promise<Buffer | undefined> {
    return this.#letters.receive(id, request);
  }

  /** Takes an offer, and tells the other side so. Throws what is wrong, also that it is not reached. */
  join(offer: unknown, terms: Terms, here: Reached): Promise<Peer> {
    return this.peers.join(offer, terms, async (peer) => {
      await this.#letters.ask(peer, "hello", this.#hello(peer, here)).catch((error: unknown) => {
        // Its operator may know why; a tenant need not.
        const why = error instanceof PeerSilent && error.cause instanceof Error && error.cause;
        return unreached(why ? new PeerSilent(`${peer.endpoint}: ${why.message}`) : error);
      });
    });
  }

  /** Notes something that a Region elsewhere has to hear, inside a transaction. */
  later(parcel: Parcel): void {
    this.#outbox.put(parcel);
  }

  /** The replica of a Region is no more: it need not hear of its key, inside a transaction. */
  neverMind(region: string, account: string, id: string): void {
    this.#outbox.clear(region, account, id);
  }

  /** A Region of ours has its replica again: that it was gone is not said any more. Inside a transaction. */
  isBack(region: string, account: string, id: string): void {
    for (const { regions } of this.peers.all()) {
      for (const to of regions) this.#outbox.clearGone(to, account, id, region);
    }
  }

  /** Sends what there is, some time soon. */
  deliverSoon(): void {
    this.#sender.deliverSoon();
  }

  /** Waits for what is being sent. */
  delivered(): Promise<void> {
    return this.#sender.delivered();
  }

  /**
   * Sends what a Region is to hear about a key, and tells whether it has. Throws the refusal where it never will; what
   * was to be made there is then not of the related keys any more.
   */
  async deliver(region: string, account: string, id: string): Promise<boolean> {
    const lying = this.#outbox.find(region, account, id);
    return lying === undefined || this.#sender.send(lying, "waited for");
  }

  /**
   * Sends all that lies there about a key, and waits for it: also for what is put there by its end, as that of a
   * rotation is. What was not taken is not tried again.
   */
  async deliverAbout(account: string, { id, multiRegion }: KeyRecord): Promise<void> {
    const regions = multiRegion ? regionsOf(multiRegion) : [];
    const tried = new Set<string>();
    const untried = () =>
      regions
        .flatMap((region) => this.#outbox.find(region, account, id) ?? [])
        .filter(({ mark }) => !tried.has(mark));
    for (let lying = untried(); lying.length > 0; lying = untried()) {
      if (tried.size > marksMax) return;
      for (const { mark } of lying) tried.add(mark);
      await Promise.all(
        lying.map((one) => this.#sender.send(one, "waited for").catch(() => undefined)),
      );
    }
  }

  /** Whether a Region has yet to make its replica of a key. */
  makes(region: string, account: string, id: string): boolean {
    return this.#outbox.find(region, account, id)?.own !== undefined;
  }

  /** Whether a Region has yet to hear of a key. */
  waits(region: string, account: string, id: string): boolean {
    return this.#outbox.find(region, account, id) !== undefined;
  }

  /** A replica elsewhere as it is there now. Throws why nothing is known. */
  async look(region: string, { account, record }: KmsKey): Promise<KmsKey> {
    const { id, multiRegion } = record;
    const related = multiRegion ? regionsOf(multiRegion) : [];
    const answer = await this.#ask(region, "look", { account, id, related });
    const seen: KeyRecord = { ...record, ...readLook(answer), aliases: [] };
    try {
      return toKmsKey(region, account, seen, new GrantBook([]));
    } catch (cause) {
      if (!(cause instanceof PolicyError)) throw cause;
      return unreached(new PeerSilent("the other Bondstore tells no key", { cause }));
    }
  }

  /** Ids of the materials that a related key elsewhere has now. Throws why nothing is known. */
  async materials(region: string, { account, record }: KmsKey): Promise<readonly string[]> {
    return readMaterials(await this.#ask(region, "materials", { account, id: record.id }));
  }

  async #ask(region: string, kind: string, about: Members): Promise<Members> {
    const peer = this.peers.serving(region);
    if (!peer) throw unreached(new PeerSilent(`no Bondstore is joined that serves ${region}`));
    return this.#letters.ask(peer, kind, { ...about, region }).catch(unreached);
  }

  async #round(): Promise<void> {
    const { here, left = new Set<string>() } = this.#greeting ?? {};
    for (const id of left) {
      const peer = this.peers.find(id);
      if (!here || !peer || peer.offeredUntilMs !== undefined) continue;
      await this.#letters
        .ask(peer, "hello", this.#hello(peer, here))
        .then(() => left.delete(id))
        .catch(() => undefined);
    }
    this.deliverSoon();
    await this.delivered();
  }

  #hello({ ownEndpoint }: Peer, here: Reached): Members {
    return { ...here, endpoint: ownEndpoint ?? here.endpoint, regions: this.peers.ownRegions };
  }

  /** ARN of a key that is related to one in a peer's Regions, or was and the peer does not know; undefined: none. */
  relatedTo({ accounts, regions }: Peer): string | undefined {
    for (const region of regions) {
      for (const { account, id } of this.#outbox.for(region)) return keyArn(region, account, id);
    }
    for (const [store, account, { id, multiRegion }] of this.#multiRegion(accounts)) {
      if (!regionsOf(multiRegion).some((region) => regions.includes(region))) continue;
      return keyArn(store.region, account, id);
    }
    return undefined;
  }

  /**
   * Ends an agreement, whatever is related: primaries here know the other's replicas no more, and nothing is left to be
   * said. Replicas here of its primaries stay as they are, and follow nobody.
   */
  async part({ id: peerId, accounts, regions }: Peer): Promise<void> {
    await this.peers.remove(peerId);
    for (const [store, account, { id }] of this.#multiRegion(accounts)) {
      await this.#parts.store.transaction(() => this.outcomes.part(regions, account, id));
      this.#regions.forget({ account, record: { id } });
      await this.outcomes.settle(account, id);
      await this.#regions.related.record("SynchronizeMultiRegionKey", store, {
        account,
        arn: keyArn(store.region, account, id),
      });
    }
    await this.#parts.store.transaction(() => {
      for (const region of regions) {
        for (const lying of [...this.#outbox.for(region)]) this.#outbox.remove(lying);
      }
    });
  }

  *#multiRegion(
    accounts: readonly string[],
  ): Iterable<
    readonly [KeyStore, account: string, KeyRecord & { readonly multiRegion: MultiRegion }]
  > {
    for (const store of this.#regions.all()) {
      for (const account of accounts) {
        for (const id of [...store.ids(account)]) {
          const record = store.records.find(account, id);
          const { multiRegion } = record ?? {};
          if (record && multiRegion) yield [store, account, { ...record, multiRegion }];
        }
      }
    }
  }
}

/** In words for who called. */
function unreached(error: unknown): never {
  if (!(error instanceof PeerSilent)) throw error;
  throw new ServiceError("DependencyTimeoutException", `${error.message}; try again later`);
}

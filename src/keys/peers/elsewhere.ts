import type { Clock } from "../../lib/clock.ts";
import { eachMinute } from "../../lib/each-minute.ts";
import type { Random } from "../../lib/random.ts";
import { ServiceError } from "../../lib/service-error.ts";
import type { Store } from "../../storage/store.ts";
import { GrantBook } from "../grants.ts";
import type { KeyRecord } from "../key-record.ts";
import type { KeyRegions } from "../key-regions.ts";
import { type KmsKey, keyArn, toKmsKey } from "../kms-key.ts";
import type { MaterialWrapper } from "../materials.ts";
import { regionsOf } from "../replica.ts";
import type { Vault } from "../vault.ts";
import type { Agreements, Terms } from "./agreements.ts";
import { Correspondence, PeerSilent } from "./correspondence.ts";
import type { Members } from "./forms.ts";
import { type Lying, Outbox, type Parcel } from "./outbox.ts";
import { Outcomes } from "./outcomes.ts";
import type { Peer, PeerTransport, Reached } from "./peer.ts";
import { Receiver } from "./receiver.ts";
import { readLook, writeShared } from "./shared-key.ts";

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

/** Refusals that are of this moment, or of the way here: what is refused so is sent again. */
const passing = ["RequestExpired", "ConflictException", "AccessDeniedException"];

/** Less than the minute after which everything is tried again. */
const silentMs = 30_000;

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
  readonly #wrapper: MaterialWrapper;
  readonly #outbox: Outbox;
  readonly #letters: Correspondence;
  /** By peer: what is sent to it goes one after the other. */
  readonly #lines = new Map<string, Promise<unknown>>();
  /** By peer that did not answer: when. What nobody waits for leaves it alone for a while. */
  readonly #silentAtMs = new Map<string, number>();
  #passes: Promise<void> | undefined;
  #anotherPass = false;
  #greeting: { readonly here: Reached; readonly left: Set<string> } | undefined;
  #endRounds: () => Promise<void> = async () => undefined;

  constructor(regions: KeyRegions, parts: ElsewhereParts, wrapper: MaterialWrapper) {
    this.peers = parts.peers;
    this.#regions = regions;
    this.#parts = parts;
    this.#wrapper = wrapper;
    this.#outbox = new Outbox(parts);
    this.outcomes = new Outcomes(regions, parts.store, this.#outbox);
    const receiver = new Receiver(regions, parts, wrapper);
    this.#letters = new Correspondence(parts, receiver.answers);
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
      await this.#letters.ask(peer, "hello", this.#hello(peer, here)).catch(unreached);
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

  /** Sends what there is, some time soon. */
  deliverSoon(): void {
    if (this.peers.all().length === 0) return;
    this.#anotherPass = true;
    this.#passes ??= this.#pass().finally(() => {
      this.#passes = undefined;
    });
  }

  /** Waits for what is being sent. */
  async delivered(): Promise<void> {
    await this.#passes;
    await Promise.all(this.#lines.values());
  }

  async #pass(): Promise<void> {
    while (this.#anotherPass) {
      this.#anotherPass = false;
      for (const lying of this.#outbox.all()) await this.#send(lying).catch(() => undefined);
    }
  }

  /**
   * Sends what a Region is to hear about a key, and tells whether it has. Throws the refusal where it never will; what
   * was to be made there is then not of the related keys any more.
   */
  async deliver(region: string, account: string, id: string): Promise<boolean> {
    const lying = this.#outbox.find(region, account, id);
    return lying === undefined || this.#send(lying, "waited for");
  }

  /** A replica elsewhere as it is there now, with the ids of the materials it has. Throws why nothing is known. */
  async look(
    region: string,
    { account, record }: KmsKey,
  ): Promise<{ readonly key: KmsKey; readonly materials: readonly string[] }> {
    const { id, multiRegion } = record;
    const peer = this.peers.serving(region);
    if (!peer) throw unreached(new PeerSilent(`no Bondstore is joined that serves ${region}`));
    const related = multiRegion ? regionsOf(multiRegion) : [];
    const asked = { account, region, id, related };
    const answer = await this.#letters.ask(peer, "look", asked).catch(unreached);
    const { materials, ...own } = readLook(answer);
    const seen: KeyRecord = { ...record, ...own, aliases: [] };
    return { key: toKmsKey(region, account, seen, new GrantBook([])), materials };
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
    await this.#passes;
  }

  #hello({ ownEndpoint }: Peer, here: Reached): Members {
    return { ...here, endpoint: ownEndpoint ?? here.endpoint, regions: this.peers.ownRegions };
  }

  /** ARN of a key here that is related to one in a peer's Regions; undefined where there is none. */
  relatedTo({ accounts, regions }: Peer): string | undefined {
    for (const store of this.#regions.all()) {
      for (const account of accounts) {
        for (const id of store.ids(account)) {
          const { multiRegion } = store.records.find(account, id) ?? {};
          if (!multiRegion || !regionsOf(multiRegion).some((region) => regions.includes(region))) {
            continue;
          }
          return keyArn(store.region, account, id);
        }
      }
    }
    return undefined;
  }

  /** In its turn; by then it may be gone, or another one lies in its place. */
  #send(parcel: Lying, haste?: "waited for"): Promise<boolean> {
    const peer = this.peers.serving(parcel.region);
    if (!peer || (!haste && this.#isSilent(peer))) return Promise.resolve(false);
    const before = this.#lines.get(peer.id) ?? Promise.resolve();
    const sent = before.then(() => this.#sendNow(parcel, peer));
    this.#lines.set(
      peer.id,
      sent.catch(() => undefined),
    );
    return sent;
  }

  #isSilent({ id }: Peer): boolean {
    return this.#parts.clock.now() - (this.#silentAtMs.get(id) ?? 0) < silentMs;
  }

  async #sendNow(parcel: Lying, peer: Peer): Promise<boolean> {
    const { region, account, id, gone, own } = parcel;
    const message =
      gone === undefined
        ? this.#keyMessage(parcel, peer)
        : { account, region: gone, id, primaryRegion: region };
    try {
      if (message) await this.#letters.ask(peer, gone === undefined ? "keep" : "gone", message);
    } catch (error) {
      if (error instanceof PeerSilent) {
        this.#silentAtMs.set(peer.id, this.#parts.clock.now());
        return false;
      }
      if (!(error instanceof ServiceError)) throw error;
      if (own === undefined && passing.includes(error.code)) return false;
      if (gone === undefined) await this.outcomes.refused(parcel, error);
      throw error;
    }
    this.#silentAtMs.delete(peer.id);
    // First: after a kill it is sent again, and so what waits for it goes on.
    if (gone === undefined) await this.outcomes.settle(account, id, parcel);
    await this.#parts.store.transaction(() => this.#outbox.remove(parcel));
    return true;
  }

  /** The key as it is now, for a peer; undefined where it is no more, or not there. */
  #keyMessage({ region, account, id, own }: Parcel, peer: Peer): Members | undefined {
    const source = [...this.#regions.all()].find(
      ({ records }) => records.find(account, id) !== undefined,
    );
    const record = source?.records.find(account, id);
    const { multiRegion } = record ?? {};
    if (!source || !record || !multiRegion || !regionsOf(multiRegion).includes(region)) {
      return undefined;
    }
    const place = { account, arn: keyArn(source.region, account, id) };
    const parts = { wrapper: this.#wrapper, random: this.#parts.random };
    const key = writeShared({ ...record, multiRegion }, place, peer, parts);
    return { account, region, key, ...(own && { own }) };
  }
}

/** In words for who called. */
function unreached(error: unknown): never {
  if (!(error instanceof PeerSilent)) throw error;
  throw new ServiceError("DependencyTimeoutException", error.message);
}

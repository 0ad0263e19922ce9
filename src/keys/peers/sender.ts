import { ServiceError } from "../../lib/service-error.ts";
import type { KeyRegions } from "../key-regions.ts";
import { keyArn } from "../kms-key.ts";
import type { MaterialWrapper } from "../materials.ts";
import { regionsOf } from "../replica.ts";
import { regionForm } from "./agreements.ts";
import { type Correspondence, PeerSilent } from "./correspondence.ts";
import type { ElsewhereParts } from "./elsewhere.ts";
import { ifThere, type Members, textIn } from "./forms.ts";
import type { Lying, Outbox, Parcel } from "./outbox.ts";
import type { Outcomes } from "./outcomes.ts";
import type { Peer } from "./peer.ts";
import { writeShared } from "./shared-key.ts";

/** Less than the minute after which everything is tried again. */
const restMs = 30_000;

/** Sends what lies in the outbox. */
export class Sender {
  readonly #regions: KeyRegions;
  readonly #parts: ElsewhereParts & {
    readonly outbox: Outbox;
    readonly letters: Correspondence;
    readonly outcomes: Outcomes;
    readonly wrapper: MaterialWrapper;
  };
  /** By peer: parcels for it go one after the other. */
  readonly #lines = new Map<string, Promise<unknown>>();
  /** When a peer did not answer, or refused a parcel: what nobody waits for leaves both alone for a while. */
  readonly #restsFromMs = new Map<string, number>();
  /** By peer: whether all for it is being sent, and is to be looked through once more. */
  readonly #passes = new Map<string, { again: boolean; readonly done: Promise<void> }>();

  constructor(
    regions: KeyRegions,
    parts: ElsewhereParts,
    carried: {
      readonly outbox: Outbox;
      readonly letters: Correspondence;
      readonly outcomes: Outcomes;
      readonly wrapper: MaterialWrapper;
    },
  ) {
    this.#regions = regions;
    this.#parts = { ...parts, ...carried };
  }

  /** Sends what there is, some time soon. */
  deliverSoon(): void {
    for (const peer of this.#parts.peers.all()) {
      const pass = this.#passes.get(peer.id);
      if (pass) pass.again = true;
      else if (!this.#rests(peer.id)) this.#startPass(peer);
    }
  }

  #startPass(peer: Peer): void {
    const pass = { again: true, done: Promise.resolve() };
    this.#passes.set(peer.id, pass);
    Object.assign(pass, { done: this.#pass(peer, pass) });
  }

  /** Waits for what is being sent. */
  async delivered(): Promise<void> {
    await Promise.all([...this.#passes.values()].map(({ done }) => done));
    await Promise.all(this.#lines.values());
  }

  async #pass({ id, regions }: Peer, pass: { again: boolean }): Promise<void> {
    while (pass.again) {
      pass.again = false;
      for (const region of regions) {
        for (const lying of [...this.#parts.outbox.for(region)]) {
          await this.send(lying).catch(() => undefined);
        }
      }
    }
    this.#passes.delete(id);
    for (const what of [...this.#restsFromMs.keys()]) this.#rests(what);
  }

  /** In its turn. */
  send(parcel: Lying, haste?: "waited for"): Promise<boolean> {
    const peer = this.#parts.peers.serving(parcel.region);
    if (!peer || (!haste && (this.#rests(peer.id) || this.#rests(parcel.mark)))) {
      return Promise.resolve(false);
    }
    const before = this.#lines.get(peer.id) ?? Promise.resolve();
    const sent = before.then(() => this.#sendNow(parcel, peer));
    const done = sent.then(
      () => undefined,
      () => undefined,
    );
    this.#lines.set(peer.id, done);
    return sent;
  }

  #rests(what: string): boolean {
    const fromMs = this.#restsFromMs.get(what);
    if (fromMs === undefined) return false;
    const passedMs = this.#parts.clock.now() - fromMs;
    if (passedMs >= 0 && passedMs < restMs) return true;
    this.#restsFromMs.delete(what);
    return false;
  }

  /** Sends a parcel, unless it was delivered by now or another lies in its place. */
  async #sendNow({ mark, ...place }: Lying, peer: Peer): Promise<boolean> {
    const lying = this.#parts.outbox.again({ mark, ...place });
    if (!lying) return true;
    const { region, account, id, gone } = lying;
    const { store } = this.#parts;
    const message = gone === undefined ? this.#keyMessage(lying, peer) : undefined;
    try {
      if (gone !== undefined) {
        const answer = await this.#parts.letters.ask(peer, "gone", { account, region: gone, id });
        const moved = ifThere(answer, "primaryRegion", (from, name) =>
          textIn(from, name, regionForm),
        );
        await store.transaction(() => this.#parts.outcomes.gone(lying, gone, moved));
        return true;
      }
      if (message) {
        await store.transaction(() => this.#parts.outbox.send(lying));
        await this.#parts.letters.ask(peer, "keep", message);
      }
    } catch (error) {
      if (error instanceof PeerSilent) {
        this.#restsFromMs.set(peer.id, this.#parts.clock.now());
        return false;
      }
      if (!(error instanceof ServiceError)) throw error;
      if (gone === undefined && (await this.#parts.outcomes.refused(lying, error))) throw error;
      this.#restsFromMs.set(mark, this.#parts.clock.now());
      return false;
    }
    this.#restsFromMs.delete(peer.id);
    await this.#parts.outcomes.settle(account, id, () => this.#parts.outbox.remove(lying));
    return this.#parts.outbox.find(region, account, id) === undefined;
  }

  /** The key as it is now, for a peer; undefined where it is no more, or not there. */
  #keyMessage({ region, account, id, own }: Parcel, peer: Peer): Members | undefined {
    // Related keys of this Bondstore agree: any of them will do.
    for (const { records, region: from } of this.#regions.all()) {
      const record = records.find(account, id);
      const { multiRegion } = record ?? {};
      if (!record || !multiRegion || !regionsOf(multiRegion).includes(region)) continue;
      const place = { account, arn: keyArn(from, account, id) };
      const parts = { wrapper: this.#parts.wrapper, random: this.#parts.random };
      const key = writeShared({ ...record, multiRegion }, place, peer, parts);
      return { account, region, key, ...(own && { own }) };
    }
    return undefined;
  }
}

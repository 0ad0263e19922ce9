import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import { ServiceError } from "../../lib/service-error.ts";
import type { Store } from "../../storage/store.ts";
import { bytesIn, ifThere, type Members, membersOf, textIn, textsIn } from "./forms.ts";
import type { Offer, Peer, Reached } from "./peer.ts";

/** An offer is taken within this time, or never. */
const offeredMs = 3_600_000;
const regionsMax = 100;
const peersMax = 1_000;

const idForm = /^[0-9a-f]{32}$/;
export const regionForm = /^(?=.{3,32}$)(?:[a-z]+-){2,3}\d+$/;
const endpointForm = /^https?:\/\/[A-Za-z0-9.:[\]-]{1,260}$/;
const caForm = /^-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=-]{1,20000}$/;

/** What an operator decides about another Bondstore. */
export type Terms = Pick<Peer, "accounts" | "ownEndpoint">;

/** Which other Bondstores there are, and what was agreed with each. */
export class Agreements {
  /** The Regions that are served here. */
  readonly ownRegions: readonly string[];
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #known: Map<string, Peer>;

  constructor(
    parts: { readonly store: Store; readonly clock: Clock; readonly random: Random },
    ownRegions: readonly string[],
  ) {
    this.#store = parts.store;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.ownRegions = ownRegions;
    this.#known = new Map([...this.#table.range()].map(({ value }) => [value.id, value]));
  }

  all(): readonly Peer[] {
    return [...this.#known.values()];
  }

  find(id: string): Peer | undefined {
    const peer = this.#known.get(id);
    const expired = (peer?.offeredUntilMs ?? Number.POSITIVE_INFINITY) <= this.#clock.now();
    return expired ? undefined : peer;
  }

  /** The peer that serves a Region; undefined where none does. */
  serving(region: string): Peer | undefined {
    return this.all().find(({ regions }) => regions.includes(region));
  }

  /** Offers another Bondstore to join, for one hour. What is answered is a secret. */
  async offer({ accounts, ownEndpoint }: Terms, here: Reached): Promise<Offer> {
    for (const { id } of this.all()) if (!this.find(id)) await this.remove(id);
    const id = this.#random.bytes(16).toString("hex");
    const secret = this.#random.bytes(32);
    const offeredUntilMs = this.#clock.now() + offeredMs;
    await this.#keep({
      ...{ id, secret, accounts, offeredUntilMs },
      ...{ role: "offerer", regions: [], endpoint: "" },
      ...(ownEndpoint !== undefined && { ownEndpoint }),
    });
    const told = { ...here, ...(ownEndpoint !== undefined && { endpoint: ownEndpoint }) };
    return { id, secret: secret.toString("base64"), regions: this.ownRegions, ...told };
  }

  /** Takes an offer. `meet` tells the other side before it counts here. Throws what is wrong with the offer. */
  async join(
    text: unknown,
    { accounts, ownEndpoint }: Terms,
    meet: (peer: Peer) => Promise<void>,
  ): Promise<Peer> {
    const offer = membersOf(text, "offer");
    const peer: Peer = {
      ...{ id: textIn(offer, "id", idForm), secret: bytesIn(offer, "secret"), role: "joiner" },
      ...{ accounts, ...placeIn(offer) },
      ...(ownEndpoint !== undefined && { ownEndpoint }),
    };
    if (this.#known.has(peer.id)) throw new ServiceError("AlreadyExists", "it has joined already");
    this.#checkRegions(peer);
    await meet(peer);
    await this.#keep(peer);
    return peer;
  }

  /** Notes where a peer is now and what it serves: it has said so itself. The first time, it has joined. */
  async learn({ offeredUntilMs: _, ...peer }: Peer, told: Members): Promise<void> {
    const { ca: _ca, ...before } = peer;
    const after: Peer = { ...before, ...placeIn(told) };
    this.#checkRegions(after);
    const lost = peer.regions.find((region) => !after.regions.includes(region));
    if (lost !== undefined) {
      throw new ServiceError("ValidationException", `Region ${lost} was served by the peer`);
    }
    await this.#keep(after);
  }

  /** Ends an agreement. */
  async remove(id: string): Promise<void> {
    await this.#store.transaction(() => {
      this.#table.remove([id]);
    });
    this.#known.delete(id);
  }

  async #keep(peer: Peer): Promise<void> {
    if (this.#known.size >= peersMax && !this.#known.has(peer.id)) {
      throw new ServiceError("LimitExceeded", `there are ${peersMax} peers already`);
    }
    await this.#store.transaction(() => this.#table.put([peer.id], peer));
    this.#known.set(peer.id, peer);
  }

  /** A Region is of one Bondstore: here, there, or at another peer. */
  #checkRegions({ id, regions }: Peer): void {
    for (const region of regions) {
      const served = this.serving(region);
      if (!this.ownRegions.includes(region) && (!served || served.id === id)) continue;
      throw new ServiceError("ValidationException", `Region ${region} is served elsewhere already`);
    }
  }

  get #table() {
    return this.#store.system.table<Peer>("peers");
  }
}

/** Where a Bondstore says that it is, and which Regions it serves. */
function placeIn(members: Members): Pick<Peer, "endpoint" | "ca" | "regions"> {
  const ca = ifThere(members, "ca", (from, name) => textIn(from, name, caForm));
  return {
    regions: textsIn(members, "regions", regionForm, regionsMax),
    endpoint: textIn(members, "endpoint", endpointForm),
    ...(ca !== undefined && { ca }),
  };
}

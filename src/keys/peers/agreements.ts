import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import { ServiceError } from "../../lib/service-error.ts";
import type { Store } from "../../storage/store.ts";
import { bytesIn, ifThere, type Members, membersOf, textIn, textsIn } from "./forms.ts";
import type { Offer, Peer, Reached } from "./peer.ts";

/** An offer is taken within this time, or never. */
const offeredMs = 3_600_000;
const secretBytes = 32;
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
    const secret = this.#random.bytes(secretBytes);
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
      ...{ id: textIn(offer, "id", idForm), role: "joiner" },
      secret: bytesIn(offer, "secret", secretBytes, secretBytes),
      ...{ accounts, ...placeIn(offer) },
      ...(ownEndpoint !== undefined && { ownEndpoint }),
    };
    if (this.#known.has(peer.id)) throw new ServiceError("AlreadyExists", "it has joined already");
    this.#checkRegions(peer, this.all());
    await meet(peer);
    await this.#keep(peer);
    return peer;
  }

  /** Notes where a peer is: it has said so itself. The first time, it has joined, and its Regions are those it names. */
  async learn({ offeredUntilMs, ...peer }: Peer, told: Members): Promise<void> {
    const { ca: _ca, ...before } = peer;
    const after: Peer = { ...before, ...placeIn(told) };
    const regions = JSON.stringify(after.regions) === JSON.stringify(peer.regions);
    // Later it may have another port or certificate: who it is, and what it serves, the operators have agreed on.
    if (offeredUntilMs === undefined && !(regions && isSameHost(peer, after))) {
      throw new ServiceError("ValidationException", "the agreement was about another place");
    }
    await this.#keep(after, peer.id);
  }

  /** Ends an agreement. */
  async remove(id: string): Promise<void> {
    this.#known.delete(id);
    await this.#store.transaction(() => {
      this.#table.remove([id]);
    });
  }

  /** Writes an agreement: a new one, or in the place of one that is still there. */
  async #keep(peer: Peer, known?: string): Promise<void> {
    await this.#store.transaction(() => {
      if (known !== undefined && !this.#table.find([known])) {
        throw new ServiceError("NotFoundException", "the agreement has ended");
      }
      this.#checkRegions(peer, this.#written());
      this.#table.put([peer.id], peer);
    });
    this.#known.set(peer.id, peer);
    // It may have been ended between the two.
    if (!this.#table.find([peer.id])) this.#known.delete(peer.id);
  }

  #written(): readonly Peer[] {
    return [...this.#table.range({ limit: peersMax })].map(({ value }) => value);
  }

  /** A Region is of one Bondstore: here, there, or at another peer. */
  #checkRegions({ id, regions }: Peer, peers: readonly Peer[]): void {
    const others = peers.filter((peer) => peer.id !== id);
    if (others.length >= peersMax) {
      throw new ServiceError("LimitExceeded", `there are ${peersMax} peers already`);
    }
    const taken = [this.ownRegions, ...others.map((peer) => peer.regions)].flat();
    for (const region of regions) {
      if (!taken.includes(region)) continue;
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
    regions: [...textsIn(members, "regions", regionForm, regionsMax)].sort(),
    endpoint: endpointIn(members),
    ...(ca !== undefined && { ca }),
  };
}

function endpointIn(members: Members): string {
  const endpoint = textIn(members, "endpoint", endpointForm);
  if (URL.canParse(endpoint)) return endpoint;
  throw new ServiceError("ValidationException", `\`${endpoint}\` is no endpoint`);
}

const isSameHost = (one: Peer, other: Peer): boolean => {
  const [here, there] = [new URL(one.endpoint), new URL(other.endpoint)];
  return here.protocol === there.protocol && here.hostname === there.hostname;
};

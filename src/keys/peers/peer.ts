/** Another Bondstore, which serves other Regions, as the operators of both have agreed. */
export interface Peer {
  /** Names the agreement in both: 32 hexadecimal digits. */
  readonly id: string;
  /** Which of the two this one is. */
  readonly role: Role;
  /** Both have these 32 bytes, and nobody else: they authenticate and seal whatever passes between them. */
  readonly secret: Uint8Array;
  /** Accounts whose multi-Region keys may be in both; each side names them for itself. */
  readonly accounts: readonly string[];
  /** The Regions that it serves; none until it has joined. */
  readonly regions: readonly string[];
  /** Where it reaches this one, if that was said; else where this one listens. */
  readonly ownEndpoint?: string;
  /** Where it is reached; empty until it has joined. */
  readonly endpoint: string;
  /** What vouches for its certificate (PEM); undefined on plain HTTP. */
  readonly ca?: string;
  /** Until when it may join; undefined once it has. */
  readonly offeredUntilMs?: number;
}

/** The one made the offer, the other took it. */
export type Role = "offerer" | "joiner";

/** Carries a sealed message to a peer, and its sealed answer back. Throws where it is not reached. */
export type PeerTransport = (
  place: Pick<Peer, "id" | "endpoint" | "ca">,
  sealed: Buffer,
) => Promise<Buffer>;

/** Where a Bondstore is reached. */
export interface Reached {
  readonly endpoint: string;
  readonly ca?: string;
}

/** What the one that joins is given, as a file. It is a secret. */
export interface Offer extends Reached {
  readonly id: string;
  /** Base64. */
  readonly secret: string;
  readonly regions: readonly string[];
}

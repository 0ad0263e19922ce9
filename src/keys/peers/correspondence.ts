import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import { ServiceError } from "../../lib/service-error.ts";
import type { Agreements } from "./agreements.ts";
import { type Members, membersOf, textIn, timeIn } from "./forms.ts";
import type { Peer, PeerTransport } from "./peer.ts";
import { openAnswer, openRequest, sealAnswer, sealRequest } from "./sealed-messages.ts";

/** What a peer may ask, by the message's kind: answers the members of the answer, or throws a refusal. */
export type Answers = Readonly<Record<string, (peer: Peer, message: Members) => Promise<Members>>>;

/** The peer was not reached, or what came back is not its answer. Whether it has done as asked is not known. */
export class PeerSilent extends Error {
  override readonly name = "PeerSilent";
}

/** What a peer may refuse with; anything else is a fault of its own. */
const refusals = [
  "AccessDeniedException",
  "AlreadyExistsException",
  "ConflictException",
  "KMSInvalidStateException",
  "LimitExceeded",
  "NotFoundException",
  "RequestExpired",
  "UnsupportedOperationException",
  "ValidationException",
];

/** Older than this, or as far ahead of our clock, a message does not count. */
const ageMaxMs = 5 * 60_000;
const wordsMax = 1_024;

/** Asks peers and answers them. Each message is sealed, of one agreement, and counts once, in the order of sending. */
export class Correspondence {
  readonly #peers: Agreements;
  readonly #transport: PeerTransport;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #answers: Answers;
  /** What was sent before is not known to have been new: it is refused, and sent again. */
  readonly #startedAtMs: number;
  /** By peer: when it sent what was heard last. */
  readonly #heardMs = new Map<string, number>();
  /** By peer: what it is asked one after the other, so that nothing overtakes. */
  readonly #lines = new Map<string, Promise<unknown>>();
  #lastMs = 0;

  constructor(
    parts: {
      readonly peers: Agreements;
      readonly transport: PeerTransport;
      readonly clock: Clock;
      readonly random: Random;
    },
    answers: Answers,
  ) {
    this.#peers = parts.peers;
    this.#transport = parts.transport;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#answers = answers;
    this.#startedAtMs = parts.clock.now();
  }

  /** Throws the peer's refusal, or `PeerSilent`. */
  ask(peer: Peer, kind: string, message: Members): Promise<Members> {
    const before = this.#lines.get(peer.id) ?? Promise.resolve();
    const asked = before.then(() => this.#askNow(peer, { ...message, kind }));
    const done = asked.then(
      () => undefined,
      () => undefined,
    );
    this.#lines.set(peer.id, done);
    void done.then(() => this.#lines.get(peer.id) === done && this.#lines.delete(peer.id));
    return asked;
  }

  async #askNow(peer: Peer, message: Members): Promise<Members> {
    // No two are of one time: the later one of two that overtake each other is known by it.
    this.#lastMs = Math.max(this.#lastMs + 1, this.#clock.now());
    const request = sealRequest(peer, { ...message, sentAtMs: this.#lastMs }, this.#random);
    const answer = await this.#transport(peer, request).catch((cause: unknown) => {
      throw new PeerSilent("the other Bondstore is not reached", { cause });
    });
    const opened = openAnswer(peer, answer, request);
    if (opened === undefined) throw new PeerSilent("what answers is not the other Bondstore");
    const members = membersOf(opened, "answer");
    if (members["refusal"] === undefined) return members;
    const { code, message: words } = membersOf(members["refusal"], "refusal");
    throw new ServiceError(
      refusals.find((known) => known === code) ?? "KMSInternalException",
      String(words).slice(0, wordsMax),
    );
  }

  /** The sealed answer to what a peer has sent; undefined for what is of no peer. */
  async receive(id: string, request: Buffer): Promise<Buffer | undefined> {
    const peer = this.#peers.find(id);
    const opened = peer && openRequest(peer, request);
    if (!peer || opened === undefined) return undefined;
    let answer: Members;
    try {
      answer = await this.#answer(peer, membersOf(opened, "request"));
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      answer = { refusal: { code: error.code, message: error.message } };
    }
    return sealAnswer(peer, answer, request, this.#random);
  }

  async #answer(peer: Peer, message: Members): Promise<Members> {
    const kind = textIn(message, "kind", /^[a-z]+$/);
    const sentAtMs = timeIn(message, "sentAtMs");
    const isOf = Math.abs(sentAtMs - this.#clock.now()) <= ageMaxMs;
    const heardMs = this.#heardMs.get(peer.id) ?? this.#startedAtMs - 1;
    if (!isOf || sentAtMs <= heardMs) {
      throw new ServiceError(
        "RequestExpired",
        "the message is not of the last five minutes, or came late: do the clocks of both agree?",
      );
    }
    this.#heardMs.set(peer.id, sentAtMs);
    const answer = Object.hasOwn(this.#answers, kind) ? this.#answers[kind] : undefined;
    if (!answer || (peer.offeredUntilMs !== undefined && kind !== "hello")) {
      throw new ServiceError("ValidationException", `a peer cannot ask for \`${kind}\` here`);
    }
    return answer(peer, message);
  }
}

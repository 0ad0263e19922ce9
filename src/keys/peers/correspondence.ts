import type { Clock } from "../../lib/clock.ts";
import type { Random } from "../../lib/random.ts";
import { ServiceError } from "../../lib/service-error.ts";
import type { Agreements } from "./agreements.ts";
import { type Members, membersOf, numberIn, textIn } from "./forms.ts";
import type { Peer, PeerTransport } from "./peer.ts";
import { openAnswer, openRequest, sealAnswer, sealRequest } from "./sealed-messages.ts";

/** What a peer may ask, by the message's kind: answers the members of the answer, or throws a refusal. */
export type Answers = Readonly<Record<string, (peer: Peer, message: Members) => Promise<Members>>>;

/** The peer was not reached, or what came back is not its answer. Whether it has done as asked is not known. */
export class PeerSilent extends Error {
  override readonly name = "PeerSilent";
}

/** Older than this, or as far ahead of our clock, a message does not count. */
const ageMaxMs = 5 * 60_000;

/** Asks peers and answers them. Each message is sealed, of one agreement, and of now. */
export class Correspondence {
  readonly #peers: Agreements;
  readonly #transport: PeerTransport;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #answers: Answers;
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
  }

  /** Throws the peer's refusal, or `PeerSilent`. */
  async ask(peer: Peer, kind: string, message: Members): Promise<Members> {
    // No two are of one time: the later one of two that overtake each other is known by it.
    this.#lastMs = Math.max(this.#lastMs + 1, this.#clock.now());
    const request = sealRequest(peer, { ...message, kind, sentAtMs: this.#lastMs }, this.#random);
    const answer = await this.#transport(peer, request).catch((error: Error) => {
      throw new PeerSilent(`${peer.endpoint} is not reached: ${error.message}`);
    });
    const opened = openAnswer(peer, answer, request);
    if (opened === undefined) throw new PeerSilent(`${peer.endpoint} gives no answer of the peer`);
    const members = membersOf(opened, "answer");
    if (members["refusal"] === undefined) return members;
    const refusal = membersOf(members["refusal"], "refusal");
    throw new ServiceError(textIn(refusal, "code", /^\w+$/), textIn(refusal, "message", /^.*$/s));
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
    if (Math.abs(numberIn(message, "sentAtMs") - this.#clock.now()) > ageMaxMs) {
      throw new ServiceError("RequestExpired", "the clocks differ by more than five minutes");
    }
    const answer = Object.hasOwn(this.#answers, kind) ? this.#answers[kind] : undefined;
    if (!answer || (peer.offeredUntilMs !== undefined && kind !== "hello")) {
      throw new ServiceError("ValidationException", `a peer cannot ask for \`${kind}\` here`);
    }
    return answer(peer, message);
  }
}

import { setImmediate } from "node:timers/promises";
import { eachMinute } from "./each-minute.ts";

/**
 * Work on many things, of which each has its turn: some of them each minute, and the next ones where the last round
 * ended. One that cannot be served keeps no other waiting.
 */
export abstract class Turns<One> {
  readonly #perRound: number;
  readonly #onFault: (what: string, cause: unknown) => void;
  #turn: Iterator<One, undefined> | undefined;
  #endRounds: () => Promise<void> = async () => undefined;

  constructor(perRound: number, onFault: (what: string, cause: unknown) => void) {
    this.#perRound = perRound;
    this.#onFault = onFault;
  }

  /** All that there is, each as it is when its turn comes. */
  protected abstract everyOne(): Iterator<One, undefined>;
  protected abstract serve(one: One): Promise<void>;
  /** What is told of one that could not be served. */
  protected abstract nameOf(one: One): string;

  /** Begins with what fell due while Bondstore was down, and goes on each minute. */
  async start(): Promise<void> {
    await this.round();
    this.#endRounds = eachMinute(() => this.round());
  }

  /** Waits for the round that is under way. */
  stop(): Promise<void> {
    return this.#endRounds();
  }

  /** Serves those whose turn it is. */
  async round(): Promise<void> {
    for (let seen = 0; seen < this.#perRound; seen += 1) {
      // Requests come between.
      await setImmediate();
      this.#turn ??= this.everyOne();
      const { value: one, done } = this.#turn.next();
      if (done) {
        this.#turn = undefined;
        return;
      }
      await this.serve(one).catch((error: unknown) => this.#onFault(this.nameOf(one), error));
    }
  }
}

import { Interruption } from "./abort.ts";

/** Work that ends early when the signal comes. */
export type Work = (signal: AbortSignal) => Promise<void>;

/** Work of one application: one piece after the other, until it is interrupted. */
export class WorkQueue {
  #last: Promise<void> = Promise.resolve();
  #interruption = new AbortController();
  #closing = false;
  readonly #say: (line: string) => void;

  /** `say` is told of work that failed. */
  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  get closing(): boolean {
    return this.#closing;
  }

  /** Resolves, never rejects, when the work is over. */
  add(work: Work): Promise<void> {
    const { signal } = this.#interruption;
    this.#last = this.#last
      .then(() => (this.#closing ? undefined : work(signal)))
      .catch((error: unknown) => {
        if (!signal.aborted) this.#say(String(error));
      });
    return this.#last;
  }

  /** Ends early what goes on and what waits; what is added later is not touched. */
  interrupt(): void {
    this.#interruption.abort(new Interruption(this.#closing));
    this.#interruption = new AbortController();
  }

  /** The same for good, because Bondstore ends. */
  close(): void {
    this.#closing = true;
    this.interrupt();
  }

  /** Resolves when nothing goes on. */
  async idle(): Promise<void> {
    await this.#last;
  }
}

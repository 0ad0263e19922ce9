import type { Clock } from "../../lib/clock.ts";
import { stopped } from "./jobs/jobs.ts";

/** How many there may be. */
export interface Room {
  readonly max: number;
  /** One account leaves room for others. */
  readonly perAccountMax: number;
  /** What nobody has used for so long is ended. */
  readonly idleMs: number;
}

/** What one is for: a project, or a job. */
interface Owner {
  readonly id: string;
  readonly account: string;
}

interface Endable {
  stop(): Promise<void>;
  /** Resolves when it can be used no more. */
  readonly failed?: Promise<unknown>;
}

/** One that is there, or comes up. */
export interface Slot<Thing> {
  readonly account: string;
  readonly opened: Promise<Thing>;
  /** Who works with it is told this when that fails. */
  refusal?: Error;
  users: number;
  usedMs: number;
}

/**
 * Things that projects or jobs need, one for each: made when it is first needed, kept while somebody uses it, ended when it has
 * been idle or another project needs its room.
 */
export class Slots<Thing extends Endable> {
  readonly #clock: Clock;
  readonly #room: Room;
  readonly #slots = new Map<string, Slot<Thing>>();
  readonly #timer: NodeJS.Timeout;
  /** Those that end just now still take their room. */
  #ending = 0;
  /** Who waits for one that somebody gives back. */
  #waiting: (() => void)[] = [];

  constructor(clock: Clock, room: Room) {
    this.#clock = clock;
    this.#room = room;
    this.#timer = setInterval(() => void this.#endIdle(), room.idleMs / 10).unref();
  }

  /** Those that there are, by what they are for. */
  get all(): readonly (readonly [id: string, Slot<Thing>])[] {
    return [...this.#slots];
  }

  /**
   * Works with the one of an owner, which stays for as long as somebody uses it. Waits for room where there are too many;
   * `signal` ends the waiting. The last who gives it back does `tidy`.
   */
  async use<Result>(
    owner: Owner,
    open: () => Promise<Thing>,
    work: (thing: Thing) => Promise<Result>,
    {
      signal,
      tidy,
    }: { readonly signal?: AbortSignal | undefined; readonly tidy?: Tidy<Thing> } = {},
  ): Promise<Result> {
    let slot = this.#slotFor(owner, open);
    while (!slot) {
      await this.#makeRoom(owner.account, signal);
      slot = this.#slotFor(owner, open);
    }
    slot.users += 1;
    try {
      return await work(await slot.opened);
    } catch (error) {
      throw slot.refusal ?? error;
    } finally {
      slot.usedMs = this.#clock.now();
      if (slot.users === 1 && tidy) await slot.opened.then(tidy).catch(() => {});
      slot.users -= 1;
      this.#wake();
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  /** The slot that an owner has, or a new one where there is room for it. */
  #slotFor({ id, account }: Owner, open: () => Promise<Thing>): Slot<Thing> | undefined {
    const there = this.#slots.get(id);
    if (there) return there;
    if (this.#isFull(account)) return undefined;
    const slot: Slot<Thing> = { account, opened: open(), users: 0, usedMs: this.#clock.now() };
    this.#slots.set(id, slot);
    const forget = () => void this.end(id, slot);
    slot.opened.then(({ failed }) => failed?.then(forget), forget);
    return slot;
  }

  #isFull(account: string): boolean {
    const { max, perAccountMax } = this.#room;
    const own = [...this.#slots.values()].filter((slot) => slot.account === account);
    return this.#slots.size + this.#ending >= max || own.length >= perAccountMax;
  }

  /** Ends one that nobody uses, of the account's own where that has enough, or waits until there is one. */
  async #makeRoom(account: string, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted) throw stopped;
    const own = this.all.filter(([, slot]) => slot.account === account);
    const among = own.length >= this.#room.perAccountMax ? own : this.all;
    const idle = among.filter(([, { users }]) => users === 0);
    const [oldest] = idle.toSorted(([, one], [, other]) => one.usedMs - other.usedMs);
    if (oldest) return this.end(...oldest);
    await new Promise<void>((resolve) => {
      const go = () => {
        signal?.removeEventListener("abort", go);
        resolve();
      };
      this.#waiting.push(go);
      signal?.addEventListener("abort", go);
    });
  }

  async #endIdle(): Promise<void> {
    const nowMs = this.#clock.now();
    for (const [id, slot] of this.all) {
      if (slot.users === 0 && nowMs - slot.usedMs > this.#room.idleMs) await this.end(id, slot);
    }
  }

  /** Ends the one of an owner; `slot`: only if it is still this one. */
  async end(id: string, slot: Slot<Thing> | undefined = this.#slots.get(id)): Promise<void> {
    if (!slot || this.#slots.get(id) !== slot) return;
    this.#slots.delete(id);
    this.#ending += 1;
    try {
      const thing = await slot.opened.catch(() => undefined);
      await thing?.stop();
    } finally {
      this.#ending -= 1;
      this.#wake();
    }
  }

  /** Ends all, and with them whatever runs in them. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.all.map(([id, slot]) => this.end(id, slot)));
  }
}

type Tidy<Thing> = (thing: Thing) => Promise<void>;

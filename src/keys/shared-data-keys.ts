import type { Clock } from "../lib/clock.ts";
import type { Sealer } from "../storage/store.ts";
import { canonicalContext } from "./ciphertext.ts";
import type { Context, DataKey, KeyUse } from "./keys.ts";
import { sealerId } from "./sealer.ts";

/** A data key serves no longer, for no more seals and no more bytes than this; then another is made. */
const keptMs = 5 * 60_000;
const sealsMax = 2 ** 20;
const bytesMax = 2 ** 36;
const keptMax = 10_000;

interface Kept {
  key: DataKey;
  readonly untilMs: number;
  seals: number;
  bytes: number;
}

/**
 * Data keys that are in memory: one that seals for each account, purpose, key version and encryption context, and
 * those that were opened. Who uses one is judged each time by who asks this cache; that a key, a policy or a grant
 * has changed drops all data keys of the key at once, and so does a rotation.
 */
export class SharedDataKeys {
  readonly #clock: Clock;
  /** In the order in which they were made or opened. */
  readonly #sealing = new Map<string, Kept>();
  readonly #opened = new Map<string, Kept>();
  readonly #watchers = new Set<(keyArn: string) => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The data key that seals now for this use under a key; undefined when a new one is due. */
  sealing(keyArn: string, context: Context, use: KeyUse): DataKey | undefined {
    const name = purposeOf(keyArn, context, use);
    const kept = this.#sealing.get(name);
    if (!kept) return undefined;
    if (this.#serves(kept)) return kept.key;
    this.#sealing.delete(name);
    return undefined;
  }

  /** Keeps a data key that was made; answers it with its seals counted. */
  keepSealing(key: DataKey, context: Context, use: KeyUse): DataKey {
    const kept = this.#keep(this.#sealing, purposeOf(key.keyArn, context, use), key);
    const { sealer } = key;
    const count = (plain: Uint8Array): void => {
      kept.seals += 1;
      kept.bytes += plain.length;
    };
    const counted: Sealer = {
      id: sealer.id,
      open: sealer.open,
      seal(plain, bound) {
        count(plain);
        return sealer.seal(plain, bound);
      },
      sealPieces(plain, bound) {
        count(plain);
        return sealer.sealPieces(plain, bound);
      },
    };
    kept.key = { ...key, sealer: counted };
    return kept.key;
  }

  /** A data key that was opened lately under this encryption context. */
  opened(wrapped: Uint8Array, context: Context): DataKey | undefined {
    const name = openedName(wrapped, context);
    const kept = this.#opened.get(name);
    if (!kept) return undefined;
    if (kept.untilMs > this.#clock.now()) return kept.key;
    this.#opened.delete(name);
    return undefined;
  }

  keepOpened(key: DataKey, context: Context): void {
    this.#keep(this.#opened, openedName(key.wrapped, context), key);
  }

  /** Drops every data key of a key. */
  drop(keyArn: string): void {
    for (const map of [this.#sealing, this.#opened]) {
      for (const [name, { key }] of map) if (key.keyArn === keyArn) map.delete(name);
    }
    for (const changed of this.#watchers) changed(keyArn);
  }

  /** Tells of each change of a key; the answer ends that. */
  watch(changed: (keyArn: string) => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  /** Drops what is old, used or not. */
  dropOld(): void {
    const now = this.#clock.now();
    for (const map of [this.#sealing, this.#opened]) {
      for (const [name, { untilMs }] of map) if (untilMs <= now) map.delete(name);
    }
  }

  #serves({ untilMs, seals, bytes }: Kept): boolean {
    return untilMs > this.#clock.now() && seals < sealsMax && bytes < bytesMax;
  }

  #keep(map: Map<string, Kept>, name: string, key: DataKey): Kept {
    const [oldest] = map.keys();
    if (map.size >= keptMax && oldest !== undefined) map.delete(oldest);
    const kept = { key, untilMs: this.#clock.now() + keptMs, seals: 0, bytes: 0 };
    map.set(name, kept);
    return kept;
  }
}

/** The account whose resource it is, the service that seals it, and what the data key is bound to. */
const purposeOf = (keyArn: string, context: Context, { account, via, sourceArn }: KeyUse): string =>
  [keyArn, account, via, sourceArn ?? "", canonicalContext(context).toString("base64")].join(" ");

const openedName = (wrapped: Uint8Array, context: Context): string =>
  `${sealerId(wrapped)} ${canonicalContext(context).toString("base64")}`;

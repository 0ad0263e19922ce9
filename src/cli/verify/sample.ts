import type { Random } from "../../lib/random.ts";

/** Keeps a fair sample of what is offered: each of all has the same chance (reservoir sampling). */
export interface Sample<Item> {
  readonly kept: readonly Item[];
  readonly offered: number;
  offer(item: Item): void;
}

/** A sample of at most `size` items; `Infinity` keeps all. */
export function createSample<Item>(size: number, random: Random): Sample<Item> {
  const kept: Item[] = [];
  let offered = 0;
  return {
    kept,
    get offered() {
      return offered;
    },
    offer(item) {
      offered += 1;
      if (kept.length < size) {
        kept.push(item);
        return;
      }
      const place = random.bytes(6).readUIntBE(0, 6) % offered;
      if (place < size) kept[place] = item;
    },
  };
}

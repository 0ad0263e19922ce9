/** A row in memory: its value, or the envelope it is still in. */
export interface Row<Value> {
  value: Value | undefined;
  envelope: Buffer | undefined;
  /** About what it takes in memory. */
  bytes: number;
}

/** One space's part of the cache; `null` remembers that there is no row. */
export interface RowCache<Value> {
  find(key: string): Row<Value> | null | undefined;
  keep(key: string, row: Row<Value> | null): void;
}

/** What a cached row takes beside key and value. */
const overheadBytes = 120;

/**
 * Keeps what was used lately, over all spaces within one limit: two generations, of which the older is dropped
 * whenever the younger has filled half. A find costs one or two look-ups and no bookkeeping.
 */
export function createCache(bytesMax: number): { share<Value>(): RowCache<Value> } {
  const turns: (() => void)[] = [];
  let youngBytes = 0;

  function grow(bytes: number): void {
    youngBytes += bytes + overheadBytes;
    if (youngBytes < bytesMax / 2) return;
    youngBytes = 0;
    for (const turn of turns) turn();
  }

  function share<Value>(): RowCache<Value> {
    let young = new Map<string, Row<Value> | null>();
    let old = new Map<string, Row<Value> | null>();
    turns.push(() => {
      old = young;
      young = new Map();
    });

    function keep(key: string, row: Row<Value> | null): void {
      young.set(key, row);
      grow(key.length + (row?.bytes ?? 0));
    }

    return {
      find(key) {
        const row = young.get(key);
        if (row !== undefined) return row;
        const older = old.get(key);
        if (older !== undefined) keep(key, older);
        return older;
      },
      keep,
    };
  }
  return { share };
}

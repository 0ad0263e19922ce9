import { assert } from "../../src/lib/assert.ts";
import type { AccountStore, Key, Range, Store, Table } from "../../src/storage/store.ts";

type Entry = { readonly key: Key; readonly value: unknown };

function compare(left: Key, right: Key): number {
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const [one, other] = [left[at], right[at]];
    if (one === other) continue;
    if (one === undefined) return -1;
    if (other === undefined) return 1;
    if (typeof one === "number" && typeof other === "number") return one - other;
    return Buffer.compare(Buffer.from(String(one)), Buffer.from(String(other)));
  }
  return 0;
}

/** A store in memory, with tables only: for the unit tests of what keeps records. */
export function createMemoryStore(): Store {
  let tables = new Map<string, Map<string, Entry>>();
  let changing = false;

  function open<Value>(account: string, name: string): Table<Value> {
    const rows = (): Map<string, Entry> => {
      const found = tables.get(`${account}/${name}`) ?? new Map<string, Entry>();
      tables.set(`${account}/${name}`, found);
      return found;
    };
    return {
      find: (key) => rows().get(JSON.stringify(key))?.value as Value | undefined,
      *range({ prefix = [], from, after, before, limit = Number.POSITIVE_INFINITY }: Range = {}) {
        const found = [...rows().values()]
          .filter(({ key }) => compare(key.slice(0, prefix.length), prefix) === 0)
          .filter(({ key }) => !from || compare(key, from) >= 0)
          .filter(({ key }) => !after || compare(key, after) > 0)
          .filter(({ key }) => !before || compare(key, before) < 0)
          .sort((left, right) => compare(left.key, right.key));
        for (const { key, value } of found.slice(0, limit)) yield { key, value: value as Value };
      },
      put(key, value) {
        assert(changing, "a write belongs in a transaction");
        rows().set(JSON.stringify(key), { key, value: structuredClone(value) });
      },
      remove(key) {
        assert(changing, "a write belongs in a transaction");
        return rows().delete(JSON.stringify(key));
      },
    };
  }

  const account = (id: string): AccountStore => ({
    account: id,
    table: (name) => open(id, name),
    log: () => Promise.reject(new Error("no logs in memory")),
    removeLog: () => Promise.reject(new Error("no logs in memory")),
    get blobs(): never {
      throw new Error("no blobs in memory");
    },
  });

  return {
    system: account("system"),
    account,
    async transaction(body) {
      const before = new Map([...tables].map(([name, rows]) => [name, new Map(rows)]));
      changing = true;
      try {
        return body();
      } catch (error) {
        tables = before;
        throw error;
      } finally {
        changing = false;
      }
    },
    close: async () => undefined,
  };
}

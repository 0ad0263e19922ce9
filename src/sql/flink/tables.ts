import type { ScriptStore, TableOptions } from "./stores.ts";

/** A table of a script, or a view with all that is read through it. */
export type ScriptTable =
  | { readonly kind: "table"; readonly options: TableOptions; readonly store: ScriptStore }
  | { readonly kind: "view"; readonly reads: ReadonlySet<ScriptStore> };

/** Each pair of them is a flow to judge. */
export const storesMax = 64;
const catalog = "default_catalog";

/** The tables that a script has made so far, by their full names. Names that differ by case alone are one. */
export class ScriptTables {
  readonly #tables = new Map<string, ScriptTable>();
  readonly #byStore = new Map<string, ScriptStore>();
  #database = "default_database";

  /** False where it has the name already: what counts then is not followed. */
  define(name: readonly string[], table: ScriptTable): boolean {
    const key = this.#keyOf(name);
    if (this.#tables.has(key)) return false;
    this.#tables.set(key, table);
    return true;
  }

  find(name: readonly string[]): ScriptTable | undefined {
    return this.#tables.get(this.#keyOf(name));
  }

  /** False where it is a database of another catalog. */
  use(name: readonly string[]): boolean {
    const [database = "", ...rest] = name.toReversed();
    if (rest.length > 1 || (rest.length === 1 && rest[0] !== catalog)) return false;
    this.#database = database;
    return true;
  }

  /** One object for each store, so that a set of them has each once; undefined where there are too many. */
  one(store: ScriptStore): ScriptStore | undefined {
    const key = JSON.stringify(store);
    const known = this.#byStore.get(key);
    if (known || this.#byStore.size === storesMax) return known;
    this.#byStore.set(key, store);
    return store;
  }

  #keyOf(name: readonly string[]): string {
    const [table = "", database = this.#database, of = catalog] = name.toReversed();
    return JSON.stringify([of, database, table]).toLowerCase();
  }
}

/** A version of a table that a statement has found. */
interface HeldVersion {
  readonly id: string;
  readonly version: number;
}

/** Tables that statements which run just now have found: nothing is reaped under them. */
export class BusyTables {
  /** By table, how many hold each version. */
  readonly #held = new Map<string, Map<number, number>>();

  /** Holds versions of tables; answers how to give them back. */
  hold(found: Iterable<HeldVersion>): () => void {
    const held = [...found];
    for (const one of held) this.#add(one, 1);
    return () => {
      for (const one of held.splice(0)) this.#add(one, -1);
    };
  }

  #add({ id, version }: HeldVersion, more: number): void {
    const versions = this.#held.get(id) ?? new Map<number, number>();
    const count = (versions.get(version) ?? 0) + more;
    if (count > 0) versions.set(version, count);
    else versions.delete(version);
    if (versions.size > 0) this.#held.set(id, versions);
    else this.#held.delete(id);
  }

  has(id: string): boolean {
    return this.#held.has(id);
  }

  /** The oldest version of a table that is read just now. */
  oldest(id: string): number {
    return Math.min(...(this.#held.get(id)?.keys() ?? []));
  }
}

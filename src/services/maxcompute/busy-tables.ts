/** Tables that statements which run just now have found: nothing is reaped under them. */
export class BusyTables {
  readonly #held = new Map<string, number>();

  /** Holds tables, by their ids; answers how to give them back. */
  hold(ids: Iterable<string>): () => void {
    const held = [...ids];
    for (const id of held) this.#held.set(id, (this.#held.get(id) ?? 0) + 1);
    return () => {
      for (const id of held.splice(0)) {
        const left = (this.#held.get(id) ?? 0) - 1;
        if (left > 0) this.#held.set(id, left);
        else this.#held.delete(id);
      }
    };
  }

  has(id: string): boolean {
    return this.#held.has(id);
  }
}

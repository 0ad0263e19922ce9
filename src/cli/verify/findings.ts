import { Corruption } from "../../storage/store.ts";

/** One thing that is wrong with what is stored: what, where, and how it is known. */
export interface StoreFinding {
  readonly what:
    | "changed record"
    | "changed object"
    | "changed stream"
    | "unresolved key"
    | "locked account"
    | "changed key";
  readonly where: string;
  readonly detail: string;
}

/** Gathers findings; damage is one, every other failure is the tool's own and goes on. */
export interface Findings {
  readonly list: StoreFinding[];
  add(what: StoreFinding["what"], where: string, detail: string): void;
  /** Runs a check that damage ends. */
  within(
    what: StoreFinding["what"],
    where: string,
    check: () => void | Promise<void>,
  ): Promise<void>;
}

/** An empty list. */
export function createFindings(): Findings {
  const list: StoreFinding[] = [];
  const add: Findings["add"] = (what, where, detail) => void list.push({ what, where, detail });
  return {
    list,
    add,
    async within(what, where, check) {
      try {
        await check();
      } catch (error) {
        if (!(error instanceof Corruption)) throw error;
        add(what, where, error.message);
      }
    },
  };
}

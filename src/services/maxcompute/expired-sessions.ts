import { Turns } from "../../lib/turns.ts";
import type { Parts } from "../../pipeline/call.ts";
import { projectTable } from "../../projects/project.ts";
import type { AccountStore, Key, Table } from "../../storage/store.ts";
import { type Erased, sessionKinds } from "./session-kinds.ts";
import { sessionMs, type TunnelSession } from "./tunnel/tunnel.ts";

/** Requests that came while their session served may be under way for so long. */
const underWayMs = 60 * 60 * 1000;
/** Sessions that are looked at each minute: all have their turn. */
const sessionsPerRound = 10_000;

interface Looked {
  readonly store: AccountStore;
  readonly kind: Erased<unknown>;
  readonly key: Key;
  readonly session: TunnelSession;
}

/** Forgets sessions that are over, with what they have on disk, whether or not somebody comes back to their project. */
export class ExpiredSessions extends Turns<Looked> {
  readonly #parts: Parts;

  constructor(parts: Parts, onFault: (what: string, cause: unknown) => void) {
    super(sessionsPerRound, onFault);
    this.#parts = parts;
  }

  protected everyOne(): Iterator<Looked, undefined> {
    return everySession(this.#parts);
  }

  protected nameOf({ session }: Looked): string {
    return `forgetting session ${session.id}`;
  }

  protected async serve(one: Looked): Promise<void> {
    if (this.#isOver(one.session)) await this.#forget(one);
  }

  #isOver({ beganAtMs }: TunnelSession): boolean {
    return this.#parts.clock.now() - beganAtMs > sessionMs + underWayMs;
  }

  #forget({ store, kind: { rows, also }, key }: Looked): Promise<void> {
    return this.#parts.store.transaction(() => {
      const now = rows(store).find(key);
      if (!now) return;
      also(store, now, key);
      rows(store).remove(key);
    });
  }
}

/** Every session of every project, each as it is when its turn comes. */
function* everySession({ directory, store: stores }: Parts): Generator<Looked, undefined> {
  for (const { id } of [...directory.accounts()]) {
    const store = stores.account(id);
    for (const { value: project } of projectTable(store).range()) {
      for (const kind of sessionKinds) {
        const sessions = kind.rows(store) as Table<TunnelSession>;
        for (const { key, value: session } of sessions.range({ prefix: [project.id] })) {
          yield { store, kind, key, session };
        }
      }
    }
  }
  return undefined;
}

import type { Clock } from "../lib/clock.ts";
import type { Store, Table } from "../storage/store.ts";
import type { KeyUse } from "./records.ts";

/** Where access keys were used last: exact in memory, on disk as often as IAM keeps it. */
export interface KeyUses {
  note(accessKeyId: string, service: string, account: string | undefined): void;
  recent(accessKeyId: string): KeyUse | undefined;
}

/** IAM itself says that its last use may be hours behind; ours is behind only after a crash. */
const writtenEveryMs = 15 * 60 * 1000;

const remembered = 20_000;

export function createKeyUses(store: Store, clock: Clock): KeyUses {
  const uses = new Map<string, KeyUse & { readonly writtenAtMs: number }>();

  function note(id: string, service: string, account: string | undefined): void {
    if (!id.startsWith("AKIA") || account === undefined) return;
    const timeMs = clock.now();
    const writtenAtMs = uses.get(id)?.writtenAtMs ?? 0;
    const due = timeMs - writtenAtMs >= writtenEveryMs;
    if (uses.size >= remembered) uses.clear();
    uses.set(id, { timeMs, service, writtenAtMs: due ? timeMs : writtenAtMs });
    if (!due) return;
    const table: Table<KeyUse> = store.account(account).table("identity-key-uses");
    // A use that cannot be written stays in memory; the request that it is about has its own word on the trail.
    store.transaction(() => table.put([id], { timeMs, service })).catch(() => undefined);
  }

  return { note, recent: (id) => uses.get(id) };
}

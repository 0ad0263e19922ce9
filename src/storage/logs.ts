import { rm } from "node:fs/promises";
import { join } from "node:path";
import { hmacSha256 } from "../lib/hash.ts";
import type { Random } from "../lib/random.ts";
import type { BlockCache } from "./block-cache.ts";
import type { Groups } from "./groups.ts";
import { orderKey } from "./key-order.ts";
import { type LogState, type OpenLog, openLog } from "./log.ts";
import { createSegments } from "./log-segments.ts";
import type { Codec, Space } from "./rows.ts";
import type { Log, SealerSource } from "./store.ts";

/** What the tables remember of a log, as bytes. */
export const logStateCodec: Codec<LogState> = {
  sealed: true,
  encode({ incarnation, first, head }) {
    const bytes = Buffer.alloc(12);
    bytes.writeUIntBE(first, 0, 6);
    bytes.writeUIntBE(head, 6, 6);
    return Buffer.concat([bytes, Buffer.from(incarnation, "hex")]);
  },
  decode: (bytes) => ({
    first: bytes.readUIntBE(0, 6),
    head: bytes.readUIntBE(6, 6),
    incarnation: bytes.toString("hex", 12),
  }),
};

/** The heads of logs that grew are written down at latest after this time. */
const headDelayMs = 1000;

/** A log that nothing was written to. */
const unmade: LogState = { incarnation: "", first: 0, head: 0 };

/** The open logs of a store. */
export interface Logs {
  open(account: string, name: string, states: Space<LogState>): Promise<Log>;
  remove(account: string, name: string, states: Space<LogState>): Promise<void>;
  close(): Promise<void>;
}

/** Opens the logs of a folder. */
export function openLogs(options: {
  readonly folder: string;
  readonly indexKey: Uint8Array;
  readonly groups: Groups;
  readonly sealers: SealerSource;
  readonly cache: BlockCache;
  readonly random: Random;
  /** Logs are read as they lie there; one that is not there is empty. */
  readonly readOnly: boolean;
  readonly report: (what: string) => void;
}): Logs {
  const { folder, groups, sealers, cache, random, readOnly, report } = options;
  const opened = new Map<string, Promise<OpenLog>>();
  /** A log that is being removed is not opened until it is gone. */
  const removals = new Map<string, Promise<void>>();
  /** Logs that grew since their head was written down. */
  const grown = new Map<string, { states: Space<LogState>; key: string; head: () => number }>();
  let timer: NodeJS.Timeout | undefined;

  const idOf = (account: string, name: string) => `${account}\x00${name}`;
  const folderOf = (id: string) =>
    join(folder, hmacSha256(options.indexKey, `log\x00${id}`).toString("hex", 0, 16));

  function writeHeads(): void {
    for (const { states, key, head } of grown.values()) {
      try {
        const state = states.find(key);
        if (state) states.put(key, { ...state, head: head() });
      } catch {
        // The account's keys are gone, and its logs with them: no reason to fail the others' transactions.
      }
    }
    grown.clear();
    clearTimeout(timer);
    timer = undefined;
  }

  function noteGrowth(id: string, states: Space<LogState>, key: string, head: () => number): void {
    grown.set(id, { states, key, head });
    timer ??= setTimeout(() => {
      groups.transaction(writeHeads).catch(() => report("the heads of logs were not written down"));
    }, headDelayMs).unref();
  }

  async function create(id: string, key: string, states: Space<LogState>): Promise<LogState> {
    await createSegments(folderOf(id), folder);
    const state = { incarnation: random.bytes(16).toString("hex"), first: 0, head: 0 };
    await groups.transaction(() => states.put(key, state));
    return state;
  }

  async function start(account: string, name: string, states: Space<LogState>): Promise<OpenLog> {
    const id = idOf(account, name);
    const key = orderKey([name]);
    const state = states.find(key) ?? (readOnly ? unmade : await create(id, key, states));
    const log: OpenLog = await openLog({
      folder: folderOf(id),
      account,
      name,
      state,
      readOnly,
      sealers,
      cache,
      changed: () => noteGrowth(id, states, key, () => log.nextOffset),
      trimmed: (first) =>
        groups.transaction(() => {
          const known = states.find(key) ?? state;
          states.put(key, { ...known, first, head: Math.max(known.head, first) });
        }),
    });
    if (log.cutBytes > 0) {
      report(
        `log \`${name}\` of account ${account}: ${log.cutBytes} bytes of an unfinished write cut`,
      );
    }
    return log;
  }

  async function remove(id: string, key: string, states: Space<LogState>): Promise<void> {
    const log = opened.get(id);
    opened.delete(id);
    await removals.get(id);
    await (await log)?.close();
    grown.delete(id);
    await groups.transaction(() => states.remove(key));
    await rm(folderOf(id), { recursive: true, force: true });
  }

  // A log whose head is known late is still whole: the head only tells tampering from an unfinished write.
  groups.withEachGroup(writeHeads);

  return {
    open(account, name, states) {
      const id = idOf(account, name);
      const known = opened.get(id);
      if (known) return known;
      const removal = removals.get(id) ?? Promise.resolve();
      const log = removal.catch(() => {}).then(() => start(account, name, states));
      opened.set(id, log);
      log.catch(() => opened.delete(id));
      return log;
    },
    async remove(account, name, states) {
      const id = idOf(account, name);
      const removal = remove(id, orderKey([name]), states);
      removals.set(id, removal);
      try {
        await removal;
      } finally {
        if (removals.get(id) === removal) removals.delete(id);
      }
    },
    async close() {
      clearTimeout(timer);
      for (const log of opened.values()) await (await log).close();
      await groups.transaction(writeHeads);
      clearTimeout(timer);
    },
  };
}

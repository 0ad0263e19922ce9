import { assert } from "../lib/assert.ts";
import { hmacSha256 } from "../lib/hash.ts";
import { open, seal } from "./envelope.ts";
import type { Groups, GroupWriter } from "./groups.ts";
import type { createCache, Row } from "./row-cache.ts";
import type { Sealer, SealerSource } from "./store.ts";

/*
 * Sealed rows under unreadable names.
 *
 * A row's name on disk is an HMAC of its space and key, so names say nothing and order nothing; the order of a table's
 * keys is kept in rows of its own (`ordered-keys.ts`). A transaction runs against memory: what it writes is `running`,
 * then `queued` for the next group, `written` while that group goes to disk, and only then in the cache.
 */

/** How values become bytes. */
export interface Codec<Value> {
  /** False for bytes that are envelopes already, or hold no secret. */
  readonly sealed: boolean;
  encode(value: Value): Uint8Array;
  /** The bytes are the callee's to keep. */
  decode(bytes: Buffer): Value;
}

/** Says whose rows of which kind; printable ASCII. */
export interface SpaceName {
  readonly kind: string;
  readonly account: string;
  readonly table: string;
}

/** Rows of one kind, of one account, by key. A key is a string of char codes 0 to 255. */
export interface Space<Value> {
  find(key: string): Value | undefined;
  /** Whether there is one, without opening it. */
  has(key: string): boolean;
  put(key: string, value: Value): void;
  remove(key: string): void;
}

type Layer<Value> = Map<string, Row<Value> | null>;

/** Opens spaces over the groups of one environment. */
export function createRows(options: {
  readonly groups: Groups;
  readonly sealers: SealerSource;
  readonly indexKey: Uint8Array;
  readonly cache: ReturnType<typeof createCache>;
}): <Value>(name: SpaceName, codec: Codec<Value>) => Space<Value> {
  const { groups, sealers, indexKey } = options;

  return function openSpace<Value>(name: SpaceName, codec: Codec<Value>): Space<Value> {
    const { account, table } = name;
    const label = [name.kind, account, table].join("\x00");
    assert(/^[ -~]+$/.test(label.replaceAll("\x00", " ")), "the name of a space is printable");
    // Rows of a space lie together on disk.
    const prefix = hmacSha256(indexKey, label).subarray(0, 4);
    const cached = options.cache.share<Value>();
    let running: Layer<Value> = new Map();
    let queued: Layer<Value> = new Map();
    let written: Layer<Value> = new Map();
    /** What readers outside transactions see of rows that are on their way to disk. */
    const before: Layer<Value> = new Map();
    let sealer: Sealer | undefined;

    const boundTo = (key: string) => Buffer.from(`${label}\x00${key}`, "latin1");
    const diskName = (bound: Buffer) =>
      Buffer.concat([prefix, hmacSha256(indexKey, bound).subarray(0, 16)], 20);
    const describe = () => `a record of table \`${table}\` of account ${account}`;

    function load(key: string): Row<Value> | null {
      const known = cached.find(key);
      if (known !== undefined) return known;
      const envelope = groups.read(diskName(boundTo(key)));
      const row = envelope ? { value: undefined, envelope, bytes: envelope.length } : null;
      cached.keep(key, row);
      return row;
    }

    function current(key: string): Row<Value> | null {
      if (!groups.running) {
        const row = before.get(key);
        return row === undefined ? load(key) : row;
      }
      for (const layer of [running, queued, written]) {
        const row = layer.get(key);
        if (row !== undefined) return row;
      }
      return load(key);
    }

    function openRow(key: string, row: Row<Value>): Value {
      if (row.value === undefined) {
        assert(row.envelope, "a row has a value or an envelope");
        const bytes = codec.sealed
          ? open(row.envelope, boundTo(key), (id) => sealers.find(account, id), describe)
          : row.envelope;
        row.value = codec.decode(bytes);
        row.envelope = undefined;
      }
      return row.value;
    }

    function change(key: string, row: Row<Value> | null): void {
      groups.join(writer);
      // Asked for now, so that an account without a key fails its own transaction only.
      if (codec.sealed) sealer = sealers.current(account);
      if (!before.has(key)) before.set(key, load(key));
      running.set(key, row);
    }

    function bytesOf(key: string, row: Row<Value>, bound: Buffer): Uint8Array {
      const bytes = codec.encode(openRow(key, row));
      if (!codec.sealed) return bytes;
      assert(sealer, "a space that was written to has its sealer");
      return seal(sealer, bytes, bound);
    }

    const writer: GroupWriter = {
      merge() {
        for (const [key, row] of running) queued.set(key, row);
        running = new Map();
      },
      abort() {
        for (const key of running.keys()) {
          if (!queued.has(key) && !written.has(key)) before.delete(key);
        }
        running = new Map();
      },
      begin(put) {
        written = queued;
        queued = new Map();
        for (const [key, row] of written) {
          const bound = boundTo(key);
          const bytes = row && bytesOf(key, row, bound);
          if (row && bytes) row.bytes = bytes.length;
          put(diskName(bound), bytes);
        }
      },
      settle() {
        for (const [key, row] of written) {
          cached.keep(key, row);
          if (queued.has(key)) before.set(key, row);
          else before.delete(key);
        }
        written = new Map();
      },
      drop() {
        written = new Map();
        queued = new Map();
        before.clear();
      },
    };

    return {
      find(key) {
        const row = current(key);
        return row ? openRow(key, row) : undefined;
      },
      has: (key) => current(key) !== null,
      put: (key, value) => change(key, { value, envelope: undefined, bytes: 0 }),
      remove: (key) => change(key, null),
    };
  };
}

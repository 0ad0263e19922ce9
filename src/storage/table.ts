import { Packr } from "msgpackr";
import { assert } from "../lib/assert.ts";
import type { Groups } from "./groups.ts";
import { orderKey, readKey, type Span, spanOf } from "./key-order.ts";
import type { OrderedKeys } from "./ordered-keys.ts";
import type { Codec, Space } from "./rows.ts";
import { Corruption, type Key, type Range, type Table } from "./store.ts";

/** A value as bytes, as it is, or both. It is decoded at its first find. */
export interface Packed {
  bytes: Uint8Array | undefined;
  value: unknown;
}

// Plain maps: a record must be readable without any that was written before it.
const packr = new Packr({ useRecords: false, copyBuffers: true });

export const packedCodec: Codec<Packed> = {
  sealed: true,
  encode: (packed) => packed.bytes ?? packr.pack(packed.value),
  decode: (bytes) => ({ bytes, value: undefined }),
};

/** A table over its values and the order of its keys. */
export function openTable<Value>(
  name: string,
  groups: Groups,
  values: Space<Packed>,
  order: OrderedKeys,
): Table<Value> {
  function read(ordered: string): Value | undefined {
    const packed = values.find(ordered);
    if (!packed) {
      // A record that was taken away is still known to the order of keys.
      if (order.has(ordered)) throw new Corruption(`a record of table \`${name}\` is missing`);
      return undefined;
    }
    if (packed.bytes) {
      packed.value = freeze(packr.unpack(packed.bytes));
      packed.bytes = undefined;
    }
    return packed.value as Value;
  }

  function* iterate(range: Range): Generator<{ key: Key; value: Value }> {
    let { first, end }: Span = spanOf(range);
    let left = range.limit ?? Number.POSITIVE_INFINITY;
    while (left > 0) {
      const found = range.reverse
        ? order.last({ first, end }).toReversed()
        : order.first({ first, end });
      if (found.length === 0) return;
      const seen = groups.version;
      for (const ordered of found) {
        // Something changed since the leaf was read: look from here anew.
        if (groups.version !== seen) break;
        const value = read(ordered);
        assert(value !== undefined, "a key in order has a record");
        if (range.reverse) end = ordered;
        else first = `${ordered}\x00`;
        yield { key: readKey(ordered), value };
        left -= 1;
        if (left === 0) return;
      }
    }
  }

  return {
    find: (key) => read(orderKey(key)),
    range: (range = {}) => iterate(range),
    put(key, value) {
      assert(value !== undefined, "a table keeps values");
      const ordered = orderKey(key);
      const known = values.has(ordered);
      values.put(ordered, { bytes: packr.pack(value), value: undefined });
      if (!known) order.insert(ordered);
    },
    remove(key) {
      const ordered = orderKey(key);
      if (!values.has(ordered)) return false;
      values.remove(ordered);
      order.remove(ordered);
      return true;
    },
  };
}

/** Values are shared by all who find them. */
function freeze<Part>(part: Part): Part {
  if (typeof part !== "object" || part === null || ArrayBuffer.isView(part)) return part;
  for (const inner of Object.values(part)) freeze(inner);
  return Object.freeze(part);
}

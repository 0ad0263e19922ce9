import { ServiceError } from "../lib/service-error.ts";
import type { Key, Table } from "../storage/store.ts";

/** Which part of a list is wanted. */
export interface PageRequest {
  readonly marker?: string | undefined;
  readonly limit?: number | undefined;
}

/** A part of a list; with a marker there is more. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly marker?: string;
}

const limitDefault = 100;
const limitMax = 1000;

const toMarker = (key: Key): string => Buffer.from(JSON.stringify(key)).toString("base64url");

function fromMarker(marker: string): Key {
  try {
    const key: unknown = JSON.parse(Buffer.from(marker, "base64url").toString());
    if (Array.isArray(key) && key.length > 0 && key.every((part) => typeof part === "string")) {
      return key;
    }
  } catch {
    // Said below.
  }
  throw new ServiceError("ValidationError", `Invalid Marker: ${marker.slice(0, 100)}`);
}

/** One page of a table in key order, of the entries that `wanted` keeps. */
export function page<Value>(
  table: Table<Value>,
  { marker, limit = limitDefault }: PageRequest,
  wanted: (value: Value) => boolean = () => true,
  prefix?: Key,
): Page<Value> {
  const most = Math.min(limit, limitMax);
  const items: Value[] = [];
  let last: Key | undefined;
  const after = marker === undefined ? undefined : fromMarker(marker);
  for (const { key, value } of table.range({
    ...(prefix && { prefix }),
    ...(after && { after }),
  })) {
    if (!wanted(value)) continue;
    if (items.length === most && last) return { items, marker: toMarker(last) };
    items.push(value);
    last = key;
  }
  return { items };
}

/** One page of a list that is in memory, in its own order. */
export function pageOf<Item>(
  all: readonly Item[],
  { marker, limit = limitDefault }: PageRequest,
): Page<Item> {
  const start = marker === undefined ? 0 : Number(fromMarker(marker)[0]);
  if (!Number.isSafeInteger(start) || start < 0) fromMarker("");
  const end = start + Math.min(limit, limitMax);
  const items = all.slice(start, end);
  return end < all.length ? { items, marker: toMarker([String(end)]) } : { items };
}

import { ServiceError } from "../../pipeline/operation.ts";

/** One page of a list, in the members that KMS answers with. */
export interface Page<Item> {
  readonly items: Item[];
  readonly Truncated: boolean;
  readonly NextMarker?: string;
}

/** Cuts a page from an ordered list that begins after the marker; `nameOf` names where an item stands. */
export function pageOf<Item>(
  ordered: Iterable<Item>,
  limit: number,
  nameOf: (item: Item) => string,
): Page<Item> {
  const items: Item[] = [];
  for (const item of ordered) {
    const last = items.at(-1);
    if (items.length === limit && last !== undefined) {
      const NextMarker = Buffer.from(nameOf(last)).toString("base64url");
      return { items, Truncated: true, NextMarker };
    }
    items.push(item);
  }
  return { items, Truncated: false };
}

/** The name after which the next page begins. Throws KMS's refusal of a marker that no answer held. */
export function afterMarker(marker: string | undefined): string | undefined {
  if (marker === undefined) return undefined;
  const name = Buffer.from(marker, "base64url").toString();
  if (name === "" || Buffer.from(name).toString("base64url") !== marker) {
    throw new ServiceError("InvalidMarkerException", "The marker is not valid");
  }
  return name;
}

/** The rest of a list in memory, after the item of this name. */
export function restAfter<Item>(
  items: readonly Item[],
  after: string | undefined,
  nameOf: (item: Item) => string,
): readonly Item[] {
  if (after === undefined) return items;
  const at = items.findIndex((item) => nameOf(item) === after);
  if (at < 0) throw new ServiceError("InvalidMarkerException", "The marker is not valid");
  return items.slice(at + 1);
}

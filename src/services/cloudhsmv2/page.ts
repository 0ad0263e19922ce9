import { invalid } from "./find.ts";

/** How a filter of a list reads an item: what its values are compared with. */
export type Filters<Item> = Readonly<Record<string, (item: Item) => string | undefined>>;

/** The items that every filter of a request admits: one of its values is the item's. */
export function filtered<Item>(
  items: readonly Item[],
  asked: Readonly<Record<string, readonly string[]>> | undefined,
  known: Filters<Item>,
): readonly Item[] {
  let left = items;
  for (const [name, values] of Object.entries(asked ?? {})) {
    const read = Object.hasOwn(known, name) ? known[name] : undefined;
    if (!read) {
      throw invalid(`Filter ${name} is none of ${Object.keys(known).join(", ")}.`);
    }
    const wanted = new Set(values);
    left = left.filter((item) => {
      const value = read(item);
      return value !== undefined && wanted.has(value);
    });
  }
  return left;
}

/** One page of a list; its token is where the next one begins. */
export function pageOf<Item>(
  items: readonly Item[],
  size: number,
  token: string | undefined,
): { readonly items: readonly Item[]; readonly NextToken?: string } {
  const from = token === undefined ? 0 : Number(/^[0-9]{1,6}$/.test(token) ? token : Number.NaN);
  if (!(from <= items.length)) throw invalid("The NextToken is not valid.");
  const to = from + size;
  return {
    items: items.slice(from, to),
    ...(to < items.length && { NextToken: String(to) }),
  };
}

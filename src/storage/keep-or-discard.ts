import type { AccountStore, BlobRef, Store } from "./store.ts";

/**
 * Does a transaction that keeps files, which belong to nobody before. Where it throws, nothing of them is left; without
 * this, what nobody keeps stays on disk until the next start.
 */
export async function keepOrDiscard<Result>(
  stores: Pick<Store, "transaction">,
  { blobs }: Pick<AccountStore, "blobs">,
  files: readonly { readonly blob: BlobRef }[],
  keep: () => Result,
): Promise<Result> {
  try {
    return await stores.transaction(keep);
  } catch (error) {
    for (const { blob } of files) blobs.discard(blob);
    throw error;
  }
}

/** Makes one after the other of what has files, which belong to nobody yet. Where one cannot be made, nothing is left. */
export async function makeOrDiscard<Item, Made>(
  items: Iterable<Item>,
  { blobs }: Pick<AccountStore, "blobs">,
  make: (item: Item) => Promise<Made>,
  filesOf: (made: Made) => readonly { readonly blob: BlobRef }[],
): Promise<readonly Made[]> {
  const all: Made[] = [];
  try {
    for (const item of items) all.push(await make(item));
    return all;
  } catch (error) {
    for (const { blob } of all.flatMap(filesOf)) blobs.discard(blob);
    throw error;
  }
}

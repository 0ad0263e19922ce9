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

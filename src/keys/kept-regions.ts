import type { Store } from "../storage/store.ts";

const names = (store: Store) => store.system.table<string>("settings");
const lists = (store: Store) => store.system.table<readonly string[]>("settings");

/** The home Region of a data directory; undefined before its first start. */
export const homeRegionOf = (store: Store): string | undefined => names(store).find(["region"]);

/** The Regions besides home that a data directory has ever served. */
export const furtherRegionsOf = (store: Store): readonly string[] =>
  lists(store).find(["further regions"]) ?? [];

/**
 * Notes the Regions of a directory; answers those besides home, the older first. It is of one home for ever: its ARNs
 * and policies say so. A Region once served stays: its keys have related ones elsewhere, and deletions that fall due.
 */
export async function keepRegions(
  store: Store,
  home: string,
  further: readonly string[],
): Promise<readonly string[]> {
  const kept = homeRegionOf(store);
  if (kept !== undefined && kept !== home) {
    throw new Error(`this data directory is of region ${kept}: give \`--region ${kept}\``);
  }
  const before = furtherRegionsOf(store);
  const all = [...before, ...further.filter((region) => !before.includes(region))];
  await store.transaction(() => {
    if (kept === undefined) names(store).put(["region"], home);
    if (all.length > before.length) lists(store).put(["further regions"], all);
  });
  return all;
}

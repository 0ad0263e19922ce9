import { ServiceError } from "../lib/service-error.ts";
import { isThere, type KeyRecord } from "./key-record.ts";
import type { KeyRegions } from "./key-regions.ts";
import type { KmsKey } from "./kms-key.ts";
import { regionsOf } from "./replica.ts";

/** Where the Bondstores elsewhere say that a material is, of related keys as they were when they were asked. */
export interface Said {
  readonly turn: number | undefined;
  readonly regions: ReadonlySet<string>;
  /** Why it is not known of one. */
  readonly unknown?: ServiceError;
}

/** Asks the Bondstores elsewhere whether their related keys have an imported material. */
export async function askElsewhere(
  ours: KeyRegions,
  key: KmsKey,
  materialId: string,
): Promise<Said> {
  const { multiRegion } = key.record;
  const regions = new Set<string>();
  for (const region of multiRegion ? regionsOf(multiRegion) : []) {
    if (ours.find(region)) continue;
    try {
      const there = await ours.elsewhere.materials(region, key);
      if (there.includes(materialId)) regions.add(region);
    } catch (error) {
      if (!(error instanceof ServiceError)) throw error;
      // Who is silent may be so for each of its Regions.
      if (error.code === "DependencyTimeoutException") {
        return { turn: multiRegion?.turn, regions, unknown: error };
      }
    }
  }
  return { turn: multiRegion?.turn, regions };
}

/** Whether every related key has this imported material: ours as they are, those elsewhere as was said of them. */
export function isEverywhere(
  regions: KeyRegions,
  account: string,
  { id, multiRegion }: KeyRecord,
  materialId: string,
  said: Said,
): boolean {
  return (multiRegion ? regionsOf(multiRegion) : []).every((region) => {
    const store = regions.find(region);
    if (!store) {
      const heard = !regions.elsewhere.waits(region, account, id);
      return heard && said.turn === multiRegion?.turn && said.regions.has(region);
    }
    const record = store.records.find(account, id);
    const version = record?.versions.find((one) => one.id === materialId);
    return version !== undefined && isThere(version, store.clock.now());
  });
}

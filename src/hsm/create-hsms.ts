import { assert } from "../lib/assert.ts";
import { Cluster, type HsmParts } from "./cluster.ts";
import { clusterIndex } from "./cluster-tables.ts";
import type { Hsms } from "./hsm.ts";

/**
 * Opens the HSMs of a data directory. What a kill cut short is finished, and what was changed behind our back is
 * zeroized, before it resolves.
 */
export async function createHsms(parts: HsmParts): Promise<Hsms> {
  const index = clusterIndex(parts.store);
  const clusters = new Map<string, Cluster>();
  const nameOf = (account: string, clusterId: string) => `${account}/${clusterId}`;

  async function open(account: string, clusterId: string, isNew: boolean): Promise<void> {
    const cluster = new Cluster(parts, account, clusterId);
    if (isNew) await cluster.begin(() => index.put([account, clusterId], true));
    else await cluster.open();
    clusters.set(nameOf(account, clusterId), cluster);
  }

  for (const { key } of [...index.range()]) await open(String(key[0]), String(key[1]), false);

  return {
    async create(account, clusterId) {
      const there = index.find([account, clusterId]);
      assert(!there && !clusters.has(nameOf(account, clusterId)), "a cluster is made once");
      await open(account, clusterId, true);
    },
    find: (account, clusterId) => clusters.get(nameOf(account, clusterId)),
    async remove(account, clusterId) {
      const cluster = clusters.get(nameOf(account, clusterId));
      assert(cluster, "a cluster that is removed is there");
      await cluster.end(() => index.remove([account, clusterId]));
      clusters.delete(nameOf(account, clusterId));
    },
  };
}

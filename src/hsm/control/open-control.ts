import type { CertificateAndKey } from "../../identity/certificates/authority.ts";
import { createHsmAuthority } from "./certificates.ts";
import { Clusters, type ControlParts } from "./clusters.ts";
import { ClusterLife } from "./life.ts";
import { ControlUpkeep } from "./upkeep.ts";

/** How the HSMs of this Bondstore are managed, by whichever interface. */
export interface HsmControl {
  readonly clusters: Clusters;
  readonly life: ClusterLife;
  readonly upkeep: ControlUpkeep;
}

/** Opens the control of HSMs; makes this installation's authority for them at first start. */
export async function openControl(parts: ControlParts): Promise<HsmControl> {
  const { store } = parts;
  const table = store.system.table<CertificateAndKey>("certificates");
  const kept = table.find(["hsm-authority"]);
  const authority = kept ?? createHsmAuthority(parts);
  if (!kept) await store.transaction(() => table.put(["hsm-authority"], authority));
  const clusters = new Clusters(parts, authority);
  const life = new ClusterLife(clusters, parts);
  return { clusters, life, upkeep: new ControlUpkeep(clusters, life, parts) };
}

import type { AccountStore, Store, Table } from "../storage/store.ts";
import type { ObjectRow, PartitionRow } from "./live-partition.ts";

/** A cluster: which partitions it has, sealed under its secret in the vault. */
export interface ClusterRow {
  readonly list: Buffer;
}

/** A partition as its cluster lists it. */
export interface Listed {
  readonly serial: string;
  readonly slot: number;
  /** It is being set up: found after a kill, it is undone. */
  readonly making?: true;
}

export interface HsmTables {
  /** By id of the cluster. */
  readonly clusters: Table<ClusterRow>;
  /** By id of the cluster and serial. */
  readonly partitions: Table<PartitionRow>;
  /** By serial of the partition and id. */
  readonly objects: Table<ObjectRow>;
}

export function hsmTables(account: AccountStore): HsmTables {
  return {
    clusters: account.table("hsm.clusters"),
    partitions: account.table("hsm.partitions"),
    objects: account.table("hsm.objects"),
  };
}

/** Every cluster there is, by account and id. */
export const clusterIndex = (store: Store): Table<true> => store.system.table("hsm.index");

/** Names of secrets in the vault. */
export const clusterSecret = (account: string, cluster: string) => `hsm ${account} ${cluster}`;
export const partitionSecret = (account: string, cluster: string, serial: string) =>
  `hsm ${account} ${cluster} ${serial}`;

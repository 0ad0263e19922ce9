import type { AccountStore, Key, Store, Table } from "../storage/store.ts";
import type { ObjectRow, PartitionRow } from "./live-partition.ts";

/** A cluster: which partitions it has, sealed under its secret in the vault. */
export interface ClusterRow {
  readonly list: Buffer;
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

/** The row; undefined also when it does not open. */
export function readRow<Row>(table: Table<Row>, key: Key): Row | undefined {
  try {
    return table.find(key);
  } catch {
    return undefined;
  }
}

/** Keys of rows from both ends up to one that does not open. What stays after a zeroization, nobody can read. */
export function readKeys(table: Table<unknown>, prefix: Key): readonly Key[] {
  const keys = new Map<string, Key>();
  for (const reverse of [false, true]) {
    try {
      for (const { key } of table.range({ prefix, reverse })) keys.set(key.join(" "), key);
      return [...keys.values()];
    } catch {
      // A row that was changed: those on its other side are reached from the other end.
    }
  }
  return [...keys.values()];
}

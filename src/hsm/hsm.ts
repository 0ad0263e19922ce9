import type { Cryptoki } from "./cryptoki.ts";

/**
 * The HSMs of this Bondstore: each cluster is one security boundary with partitions in it, each partition with a
 * security officer and users of its own. Keys never leave a partition in clear.
 *
 * A cluster has slots; a slot without a partition in it is free, and there is always one free slot until the cluster
 * has its most. `initToken` on it sets a partition up.
 */
export interface Hsms {
  /** Makes a cluster that holds nothing. Its `clusterId` is what `services/cloudhsmv2` calls it. */
  create(account: string, clusterId: string): Promise<void>;
  find(account: string, clusterId: string): HsmCluster | undefined;
  /** Removes a cluster. Throws when a partition or its log is still there: `zeroize` and `clearLog` come first. */
  remove(account: string, clusterId: string): Promise<void>;
}

export interface HsmCluster {
  readonly account: string;
  readonly id: string;
  partitions(): readonly Partition[];
  /** A connection of an application. Ended with `finalize`. `peer` is who connects, for the trail. */
  connect(peer: string): Cryptoki;
  /** Ends the sessions of everybody who is connected; each connection does nothing more. */
  endConnections(): void;
  /** Destroys every key, user and object in every partition, whatever goes on; an event in the trail says why. */
  zeroize(why: ZeroizeCause): Promise<void>;
  zeroizePartition(serial: string, why: ZeroizeCause): Promise<void>;
  /** What happened in this cluster, oldest first; at most the last 10,000. */
  log(): Iterable<HsmLogEntry>;
  clearLog(): Promise<void>;
}

export interface Partition {
  readonly slot: number;
  /** 16 characters, as CK_TOKEN_INFO shows it; never used again. */
  readonly serial: string;
  readonly label: string;
  /** Names of its users, besides the security officer. */
  readonly users: readonly string[];
  readonly objects: number;
}

export type ZeroizeCause =
  | "three failed logins"
  | "its store was changed"
  | "its seal is broken"
  | "the host's sensor reported tampering"
  | "its owner asked for it"
  /** Found at a start: its master key was destroyed before, and the rest was still there. */
  | "a zeroization was cut short";

export interface HsmLogEntry {
  readonly timeMs: number;
  readonly partition?: string;
  /** `Login`, `LoginFailed`, `PartitionInitialized`, `PartitionZeroized`, `KeyGenerated` … */
  readonly what: string;
  readonly who?: string;
  readonly detail?: string;
}

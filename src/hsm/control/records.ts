import type { Store, Table } from "../../storage/store.ts";
import type { ClusterCertificates } from "./certificates.ts";

export type Tags = Readonly<Record<string, string>>;
export type Mode = "FIPS" | "NON_FIPS";

/** An HSM of a cluster. All HSMs of a cluster hold the same partitions. */
export interface HsmRecord {
  /** `hsm-…` */
  readonly id: string;
  readonly zone: string;
  readonly subnet: string;
  readonly eniId: string;
}

/** What CloudHSM Classic shows of an HSM besides: there a cluster is one HSM. */
export interface ClassicRecord {
  /** Digits. */
  readonly serial: string;
  readonly subnet: string;
  readonly sshKey: string;
  readonly sshKeyAtMs: number;
  readonly roleArn: string;
  readonly externalId?: string;
  /** Makes a repeated CreateHsm answer the same HSM. */
  readonly clientToken?: string;
}

/** A cluster of HSMs, in `hsm-clusters` of its account, by id. */
export interface ClusterRecord {
  /** `cluster-…`; of CloudHSM Classic: `hsm-…` */
  readonly id: string;
  readonly account: string;
  readonly createdAtMs: number;
  readonly state: "CREATE_IN_PROGRESS" | "UNINITIALIZED" | "INITIALIZED" | "DELETE_IN_PROGRESS";
  readonly hsmType: string;
  readonly mode: Mode;
  readonly networkType: "IPV4" | "DUALSTACK";
  readonly retentionDays: number;
  /** Subnets by their availability zones. */
  readonly subnets: Readonly<Record<string, string>>;
  readonly hsms: readonly HsmRecord[];
  readonly certificates: ClusterCertificates;
  /** The certificate that the cluster shows to clients; PEM. */
  readonly cert?: string;
  /** Authority of the cluster's certificate, and of its clients'; PEM. Undefined: see `LunaClientRecord`. */
  readonly anchor?: string;
  readonly tags: Tags;
  readonly classic?: ClassicRecord;
}

/**
 * What a cluster without HSMs still holds, in `hsm-backups` of its account, by id. The content stays where it is,
 * sealed, and nobody can connect to it.
 */
export interface BackupRecord {
  /** `backup-…` */
  readonly id: string;
  readonly clusterId: string;
  readonly createdAtMs: number;
  readonly hsmType: string;
  readonly mode: Mode;
  readonly neverExpires: boolean;
  /** When the content is zeroized; undefined: not at all. */
  readonly deleteAtMs?: number;
  readonly tags: Tags;
  /** Resource policy, as it was given. */
  readonly policy?: string;
}

/** A client of CloudHSM Classic, in `hsm-luna-clients` of its account, by id. */
export interface LunaClientRecord {
  /** `client-…` */
  readonly id: string;
  readonly label?: string;
  /** Self-signed, PEM: who has its key may connect to the account's classic HSMs. */
  readonly certificate: string;
  readonly fingerprint: string;
  readonly modifiedAtMs: number;
}

/** Whose a cluster is: ids are unique in this Bondstore, and a door knows the id alone. */
export interface ClusterPlace {
  readonly account: string;
}

/** The tables of the control records. */
export const controlTables = (store: Store) => ({
  clusters: (account: string): Table<ClusterRecord> => store.account(account).table("hsm-clusters"),
  /** Private keys of clusters, wrapped under their account's root, by cluster id. */
  keys: (account: string): Table<Uint8Array> => store.account(account).table("hsm-cluster-keys"),
  backups: (account: string): Table<BackupRecord> => store.account(account).table("hsm-backups"),
  lunaClients: (account: string): Table<LunaClientRecord> =>
    store.account(account).table("hsm-luna-clients"),
  places: store.system.table<ClusterPlace>("hsm-clusters"),
});

export type ControlTables = ReturnType<typeof controlTables>;

import type { Backup, Cluster, Hsm, Tag } from "@aws-sdk/client-cloudhsm-v2";
import type { BackupRecord, ClusterRecord, HsmRecord, Tags } from "../../hsm/control/records.ts";
import { backupArn, type HsmCall } from "./find.ts";

/** Members that the SDK's newest client does not know yet. */
interface Newer {
  readonly Mode?: string;
  readonly HsmType?: string;
  readonly NetworkType?: string;
  readonly BackupArn?: string;
}

export const tagList = (tags: Tags): Tag[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

export type ClusterState = NonNullable<Cluster["State"]>;

/** A cluster as DescribeClusters shows it, in the state that it has or is said to have. */
export function describeCluster(
  cluster: ClusterRecord,
  call: HsmCall,
  state: ClusterState = stateOf(cluster, call),
): Cluster & Newer {
  const { certificates, cert } = cluster;
  return {
    BackupPolicy: "DEFAULT",
    BackupRetentionPolicy: { Type: "DAYS", Value: String(cluster.retentionDays) },
    ClusterId: cluster.id,
    CreateTimestamp: new Date(cluster.createdAtMs),
    Hsms: cluster.hsms.map((hsm) => describeHsm(hsm, cluster, call)),
    HsmType: cluster.hsmType,
    Mode: cluster.mode,
    NetworkType: cluster.networkType,
    State: state,
    SubnetMapping: { ...cluster.subnets },
    Certificates: {
      HsmCertificate: certificates.hsm,
      AwsHardwareCertificate: certificates.hardware,
      ManufacturerHardwareCertificate: certificates.hardware,
      ...(cert === undefined ? { ClusterCsr: certificates.csr } : { ClusterCertificate: cert }),
    },
    TagList: tagList(cluster.tags),
  };
}

/** ACTIVE once a partition is set up. */
export const stateOf = (cluster: ClusterRecord, { own: { clusters } }: HsmCall): ClusterState =>
  clusters.isActive(cluster) ? "ACTIVE" : cluster.state;

export function describeHsm(
  { id, zone, subnet, eniId }: HsmRecord,
  { id: ClusterId, hsmType }: ClusterRecord,
  { own: { clusters } }: HsmCall,
  State = "ACTIVE",
): Hsm & Newer {
  const address = clusters.port?.host;
  return {
    AvailabilityZone: zone,
    ClusterId,
    SubnetId: subnet,
    EniId: eniId,
    ...(address !== undefined && { EniIp: address }),
    HsmId: id,
    HsmType: hsmType,
    State,
  };
}

export function describeBackup(backup: BackupRecord, call: HsmCall): Backup & Newer {
  const { deleteAtMs } = backup;
  return {
    BackupId: backup.id,
    BackupArn: backupArn(call, backup.id),
    BackupState: deleteAtMs === undefined ? "READY" : "PENDING_DELETION",
    ClusterId: backup.clusterId,
    CreateTimestamp: new Date(backup.createdAtMs),
    NeverExpires: backup.neverExpires,
    HsmType: backup.hsmType,
    Mode: backup.mode,
    TagList: tagList(backup.tags),
    ...(deleteAtMs !== undefined && { DeleteTimestamp: new Date(deleteAtMs) }),
  };
}

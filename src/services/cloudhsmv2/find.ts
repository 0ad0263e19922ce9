import type { HsmControl } from "../../hsm/control/open-control.ts";
import type { BackupRecord, ClusterRecord } from "../../hsm/control/records.ts";
import { assert } from "../../lib/assert.ts";
import type { Call } from "../../pipeline/call.ts";
import { ServiceError, type Target } from "../../pipeline/operation.ts";
import { compilePolicy } from "../../policy/policy.ts";

export type HsmCall = Call<HsmControl>;

export interface ClusterTarget extends Target {
  /** Undefined only in a target that is absent. */
  readonly cluster?: ClusterRecord;
}

export interface BackupTarget extends Target {
  /** Undefined only in a target that is absent. */
  readonly backup?: BackupRecord;
}

export type TaggedTarget = ClusterTarget & BackupTarget;

const arnOf = (call: HsmCall, kind: "cluster" | "backup", id: string) =>
  `arn:aws:cloudhsm:${call.region}:${call.account}:${kind}/${id}`;

export const backupArn = (call: HsmCall, id: string): string => arnOf(call, "backup", id);

export const notFound = (what: string): ServiceError =>
  new ServiceError("CloudHsmResourceNotFoundException", `${what} does not exist.`);

export const invalid = (message: string): ServiceError =>
  new ServiceError("CloudHsmInvalidRequestException", message);

/** What AWS has and this Bondstore does not. */
export const notBuilt = (what: string): ServiceError =>
  invalid(`${what} is not built in this Bondstore yet.`);

/** The cluster of this id in the caller's account. */
export function findCluster(id: string | undefined, call: HsmCall): ClusterTarget {
  const wanted = id ?? "";
  const { account } = call;
  const found = call.own.clusters.find(account, wanted);
  const target = {
    arn: arnOf(call, "cluster", wanted),
    account,
    type: "AWS::CloudHSM::Cluster",
  };
  if (found && !found.classic) return { ...target, cluster: found, tags: found.tags };
  return { ...target, absent: { refusal: notFound(`Cluster ${wanted}`) } };
}

/** The backup of this id in the caller's account. */
export function findBackup(id: string | undefined, call: HsmCall): BackupTarget {
  const wanted = id ?? "";
  const { account } = call;
  const found = call.own.clusters.tables.backups(account).find([wanted]);
  const arn = backupArn(call, wanted);
  const target = { arn, account, type: "AWS::CloudHSM::Backup" };
  if (!found) return { ...target, absent: { refusal: notFound(`Backup ${wanted}`) } };
  const { policy } = found;
  return {
    ...target,
    backup: found,
    tags: found.tags,
    ...(policy !== undefined && {
      policy: { name: `resource policy of ${arn}`, policy: compilePolicy(policy, "resource") },
    }),
  };
}

/** A cluster or a backup, as tags have them. */
export const findTagged = (id: string | undefined, call: HsmCall): TaggedTarget =>
  id?.startsWith("backup-") ? findBackup(id, call) : findCluster(id, call);

/** What acts on no cluster: lists, and CreateCluster. */
export const inAccount = (_input: unknown, call: HsmCall): Target => ({
  arn: "*",
  account: call.account,
});

/** The record of a cluster that was judged: it is there. */
export function clusterOf({ cluster }: ClusterTarget): ClusterRecord {
  assert(cluster, "a cluster that is missing is refused before it is handled");
  return cluster;
}

/** The record of a backup that was judged: it is there. */
export function backupOf({ backup }: BackupTarget): BackupRecord {
  assert(backup, "a backup that is missing is refused before it is handled");
  return backup;
}

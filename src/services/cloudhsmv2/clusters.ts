import type {
  CreateClusterRequest,
  CreateClusterResponse,
  DeleteClusterRequest,
  DeleteClusterResponse,
  DescribeClustersRequest,
  DescribeClustersResponse,
  InitializeClusterRequest,
  InitializeClusterResponse,
  ModifyClusterRequest,
  ModifyClusterResponse,
} from "@aws-sdk/client-cloudhsm-v2";
import { checkSignedCertificate } from "../../hsm/control/read-certificate.ts";
import type { ClusterRecord } from "../../hsm/control/records.ts";
import { type Checked, operation } from "../../pipeline/operation.ts";
import { checkNewType, modeOf, retentionDays, zonesOf } from "./cluster-rules.ts";
import { describeCluster, stateOf } from "./describe.ts";
import { clusterOf, findCluster, type HsmCall, inAccount, invalid, notBuilt } from "./find.ts";
import { type Filters, filtered, pageOf } from "./page.ts";
import { refused } from "./refuse.ts";
import { tagFacts, withTags } from "./tag-rules.ts";

/** Members that the SDK's newest client does not know yet. */
interface NewerRequest {
  readonly Mode?: string;
  readonly NetworkType?: "IPV4" | "DUALSTACK";
  readonly HsmType?: string;
}

/** Makes a cluster without HSMs, with the request for its certificate. */
export const createCluster = operation("CreateCluster", {
  resolve: (input: Checked<CreateClusterRequest> & NewerRequest, call: HsmCall) =>
    inAccount(input, call),
  context: ({ TagList }) => tagFacts(TagList),

  async handle(_account, input, call): Promise<CreateClusterResponse> {
    if (input.SourceBackupId !== undefined) throw notBuilt("SourceBackupId");
    const { HsmType, SubnetIds } = input;
    const made = await refused(
      call.own.life.create({
        account: call.account,
        hsmType: HsmType,
        mode: modeOf(HsmType, input.Mode),
        networkType: input.NetworkType ?? "IPV4",
        retentionDays: retentionDays(input.BackupRetentionPolicy),
        subnets: zonesOf(call.region, SubnetIds),
        tags: withTags({}, input.TagList),
      }),
    );
    return { Cluster: describeCluster(made, call) };
  },

  responseElements: ({ Cluster }) => ({
    cluster: { clusterId: Cluster?.ClusterId ?? null, state: Cluster?.State ?? null },
  }),
});

const filters = (call: HsmCall): Filters<ClusterRecord> => ({
  clusterIds: ({ id }) => id,
  // There are no VPCs here, so that no cluster is in one.
  vpcIds: () => undefined,
  states: (cluster) => stateOf(cluster, call),
});

export const describeClusters = operation("DescribeClusters", {
  resolve: (input: Checked<DescribeClustersRequest>, call: HsmCall) => inAccount(input, call),

  handle(_account, { Filters, MaxResults = 25, NextToken }, call): DescribeClustersResponse {
    const own = call.own.clusters.all(call.account).filter(({ classic }) => !classic);
    const found = filtered(own, Filters, filters(call));
    const { items, ...next } = pageOf(found, MaxResults, NextToken);
    return { Clusters: items.map((cluster) => describeCluster(cluster, call)), ...next };
  },
});

/** Takes the certificate that the owner's authority made from the cluster's request. */
export const initializeCluster = operation("InitializeCluster", {
  resolve: ({ ClusterId }: Checked<InitializeClusterRequest>, call: HsmCall) =>
    findCluster(ClusterId, call),

  async handle(target, { SignedCert, TrustAnchor }, call): Promise<InitializeClusterResponse> {
    const { account, id, certificates } = clusterOf(target);
    const given = { signed: SignedCert, anchor: TrustAnchor };
    const checked = checkSignedCertificate(given, certificates, call.timeMs);
    if ("refused" in checked) throw invalid(checked.refused);
    await refused(
      call.own.clusters.change(account, id, (now) => {
        if (now.state !== "UNINITIALIZED") {
          throw invalid(`Cluster ${id} is ${now.state}: only one that is UNINITIALIZED can be.`);
        }
        return { ...now, state: "INITIALIZED", ...checked };
      }),
    );
    return {
      State: "INITIALIZE_IN_PROGRESS",
      StateMessage: "Set up a partition before use: the cluster is ACTIVE from then on.",
    };
  },

  responseElements: ({ State }) => ({ state: State ?? null }),
});

export const modifyCluster = operation("ModifyCluster", {
  resolve: (
    {
      ClusterId,
    }: Omit<Checked<ModifyClusterRequest>, "BackupRetentionPolicy"> &
      Partial<ModifyClusterRequest> &
      NewerRequest,
    call: HsmCall,
  ) => findCluster(ClusterId, call),

  async handle(target, { HsmType, BackupRetentionPolicy }, call): Promise<ModifyClusterResponse> {
    const { account, id } = clusterOf(target);
    const days = BackupRetentionPolicy && retentionDays(BackupRetentionPolicy);
    if (HsmType !== undefined) modeOf(HsmType, undefined);
    const changed = await refused(
      call.own.clusters.change(account, id, (now) => {
        if (HsmType !== undefined) checkNewType(now.hsmType, HsmType);
        return {
          ...now,
          ...(HsmType !== undefined && { hsmType: HsmType }),
          ...(days !== undefined && { retentionDays: days }),
        };
      }),
    );
    return { Cluster: describeCluster(changed, call) };
  },
});

/** Removes a cluster whose HSMs are gone and that is zeroized: partitions, keys and log. */
export const deleteCluster = operation("DeleteCluster", {
  resolve: ({ ClusterId }: Checked<DeleteClusterRequest>, call: HsmCall) =>
    findCluster(ClusterId, call),

  async handle(target, _input, call): Promise<DeleteClusterResponse> {
    const { account, id } = clusterOf(target);
    const removed = await refused(call.own.life.remove(account, id));
    return { Cluster: describeCluster(removed, call, "DELETE_IN_PROGRESS") };
  },

  responseElements: ({ Cluster }) => ({
    cluster: { clusterId: Cluster?.ClusterId ?? null, state: Cluster?.State ?? null },
  }),
});

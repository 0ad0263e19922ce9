import type { Running } from "./bondstore.ts";
import { makeOwner, setUpPartition } from "./hsm-owner.ts";
import type { Known } from "./minimal-input.ts";
import { type Do, type Members, member, text } from "./world.ts";

/** A cluster that asks for its certificate, and a backup of another one. */
export async function makeCluster(hsm: Do, account: string, running: Running): Promise<Known> {
  const spec = { HsmType: "hsm1.medium", SubnetIds: ["subnet-0123456789abcdef0"] };
  const make = async () => member(await hsm("CreateCluster", spec), "Cluster");
  const zone = { AvailabilityZone: "us-east-1a" };
  const used = text(await make(), "ClusterId");
  const shown = await hsm("DescribeClusters", { Filters: { clusterIds: [used] } });
  const [before] = shown["Clusters"] as readonly Members[];
  const { anchor, sign } = makeOwner();
  const SignedCert = sign(text(member(before, "Certificates"), "ClusterCsr"));
  const signed = { SignedCert, TrustAnchor: anchor };
  await hsm("InitializeCluster", { ClusterId: used, ...signed });
  const added = member(await hsm("CreateHsm", { ClusterId: used, ...zone }), "Hsm");
  await setUpPartition(running, used, "an object");
  await hsm("DeleteHsm", { ClusterId: used, HsmId: text(added, "HsmId") });
  const { Backups } = await hsm("DescribeBackups", {});
  const BackupId = text((Backups as readonly Members[])[0], "BackupId");
  const ResourceArn = `arn:aws:cloudhsm:us-east-1:${account}:backup/${BackupId}`;
  const AWS = `arn:aws:iam::${account}:root`;
  const statement = { Effect: "Allow", Principal: { AWS }, Action: "cloudhsm:*", Resource: "*" };
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  await hsm("PutResourcePolicy", { ResourceArn, Policy });
  const ClusterId = text(await make(), "ClusterId");
  const hsmOf = member(await hsm("CreateHsm", { ClusterId, ...zone }), "Hsm");
  const named = ["PutResourcePolicy", "GetResourcePolicy", "DeleteResourcePolicy"];
  return {
    ...spec,
    ...zone,
    ...signed,
    ClusterId,
    BackupId,
    ResourceId: ClusterId,
    DestinationRegion: "eu-west-1",
    NeverExpires: true,
    "DeleteHsm.HsmId": text(hsmOf, "HsmId"),
    "PutResourcePolicy.Policy": Policy,
    "ModifyCluster.HsmType": "hsm2m.medium",
    ...Object.fromEntries(named.map((operation) => [`${operation}.ResourceArn`, ResourceArn])),
  };
}

/** An HSM of CloudHSM Classic with a group and a client. */
export async function makeClassicHsm(hsm: Do, IamRoleArn: string): Promise<Known> {
  const spec = {
    SubnetId: "subnet-0a1b2c3d",
    SshKey: "ssh-rsa AAAA",
    IamRoleArn,
    SubscriptionType: "PRODUCTION",
  };
  const Certificate = makeOwner().selfSigned("client");
  const HsmArn = text(await hsm("CreateHsm", spec), "HsmArn");
  const HapgArn = text(await hsm("CreateHapg", { Label: "orders" }), "HapgArn");
  const ClientArn = text(await hsm("CreateLunaClient", { Certificate }), "ClientArn");
  return {
    ...spec,
    Certificate,
    HsmArn,
    HapgArn,
    ClientArn,
    HapgList: [HapgArn],
    ResourceArn: HapgArn,
    Label: "more",
    ClientVersion: "5.3",
    "DescribeHsm.HsmArn": HsmArn,
    "DescribeLunaClient.ClientArn": ClientArn,
  };
}

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { startBondstore } from "../support/bondstore.ts";
import { emptyPartition, makeOwner, setUpPartition } from "../support/hsm-owner.ts";
import { aws, awsAll, python, tryAws } from "../support/python.ts";

async function start(t: TestContext) {
  const running = await startBondstore(t);
  const { root, account } = await running.tenant("acme");
  return { running, root, account };
}

const prelude = `
import boto3, json, os, subprocess, tempfile
from botocore.exceptions import ClientError
cloudhsmv2 = boto3.client("cloudhsmv2")
def refused(call, **input):
    try: call(**input)
    except ClientError as error: return [error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]]
def cluster(id): return cloudhsmv2.describe_clusters(Filters={"clusterIds": [id]})["Clusters"][0]
out = {}
`;

/** From an owner's new authority to a cluster that is initialized and has an HSM, all with boto3 and OpenSSL. */
const made = `${prelude}
os.chdir(tempfile.mkdtemp())
made = cloudhsmv2.create_cluster(HsmType="hsm2m.medium", Mode="NON_FIPS", SubnetIds=["subnet-0123456789abcdef0"], TagList=[{"Key": "team", "Value": "orders"}])["Cluster"]
id = made["ClusterId"]
out["id"] = id
out["states"] = [made["State"], cluster(id)["State"]]
out["kind"] = [made["HsmType"], made["Mode"], made["TagList"]]
open("cluster.csr", "w").write(cluster(id)["Certificates"]["ClusterCsr"])
def openssl(*words): subprocess.run(["openssl", *words], check=True, capture_output=True)
openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.crt", "-days", "365", "-subj", "/CN=owner")
openssl("x509", "-req", "-days", "365", "-in", "cluster.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-out", "cluster.crt")
certificates = {"SignedCert": open("cluster.crt").read(), "TrustAnchor": open("ca.crt").read()}
out["initializing"] = cloudhsmv2.initialize_cluster(ClusterId=id, **certificates)["State"]
out["again"] = refused(cloudhsmv2.initialize_cluster, ClusterId=id, **certificates)
hsm = cloudhsmv2.create_hsm(ClusterId=id, AvailabilityZone=list(cluster(id)["SubnetMapping"])[0])["Hsm"]
out["hsm"] = [hsm["State"], cluster(id)["Hsms"][0]["State"], cluster(id)["State"]]
print(json.dumps(out))`;

test("boto3 and OpenSSL: the whole life of a cluster", async (t) => {
  const { running, root } = await start(t);
  const first = (await python(running, root, made)) as Record<string, unknown> & { id: string };
  const { id, ...said } = first;
  assert.deepEqual(said, {
    states: ["CREATE_IN_PROGRESS", "UNINITIALIZED"],
    kind: ["hsm2m.medium", "NON_FIPS", [{ Key: "team", Value: "orders" }]],
    initializing: "INITIALIZE_IN_PROGRESS",
    again: ["CloudHsmInvalidRequestException", 400],
    hsm: ["CREATE_IN_PROGRESS", "ACTIVE", "INITIALIZED"],
  });
  await setUpPartition(running, id, "an object");
  const used = `${prelude}
id = "${id}"
out["state"] = cluster(id)["State"]
out["with HSMs"] = refused(cloudhsmv2.delete_cluster, ClusterId=id)
cloudhsmv2.delete_hsm(ClusterId=id, HsmId=cluster(id)["Hsms"][0]["HsmId"])
backup = cloudhsmv2.describe_backups(Filters={"clusterIds": [id]})["Backups"][0]
out["kept"] = [backup["BackupState"], backup["HsmType"], backup["Mode"]]
out["not zeroized"] = refused(cloudhsmv2.delete_cluster, ClusterId=id)
policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "cloudhsm:DeleteBackup", "Resource": "*"}]})
arn = backup["BackupArn"]
out["no policy"] = refused(cloudhsmv2.get_resource_policy, ResourceArn=arn)
cloudhsmv2.put_resource_policy(ResourceArn=arn, Policy=policy)
out["policy"] = cloudhsmv2.get_resource_policy(ResourceArn=arn)["Policy"] == policy
out["denied"] = refused(cloudhsmv2.delete_backup, BackupId=backup["BackupId"])
out["gone"] = cloudhsmv2.delete_resource_policy(ResourceArn=arn)["Policy"] == policy
out["bad policy"] = refused(cloudhsmv2.put_resource_policy, ResourceArn=arn, Policy="{}")
cloudhsmv2.modify_backup_attributes(BackupId=backup["BackupId"], NeverExpires=True)
out["deleting"] = cloudhsmv2.delete_backup(BackupId=backup["BackupId"])["Backup"]["BackupState"]
out["restored"] = cloudhsmv2.restore_backup(BackupId=backup["BackupId"])["Backup"]["BackupState"]
out["copied"] = refused(cloudhsmv2.copy_backup_to_region, BackupId=backup["BackupId"], DestinationRegion="eu-west-1")
cloudhsmv2.create_hsm(ClusterId=id, AvailabilityZone="us-east-1a")
out["back"] = [cluster(id)["State"], cloudhsmv2.describe_backups()["Backups"]]
cloudhsmv2.modify_cluster(ClusterId=id, BackupRetentionPolicy={"Type": "DAYS", "Value": "7"})
cloudhsmv2.tag_resource(ResourceId=id, TagList=[{"Key": "stage", "Value": "test"}])
cloudhsmv2.untag_resource(ResourceId=id, TagKeyList=["team"])
out["tags"] = cloudhsmv2.list_tags(ResourceId=id)["TagList"]
print(json.dumps(out))`;
  const invalid = ["CloudHsmInvalidRequestException", 400];
  assert.deepEqual(await python(running, root, used), {
    state: "ACTIVE",
    "with HSMs": invalid,
    kept: ["READY", "hsm2m.medium", "NON_FIPS"],
    "not zeroized": invalid,
    "no policy": ["CloudHsmResourceNotFoundException", 400],
    policy: true,
    denied: ["AccessDeniedException", 400],
    gone: true,
    "bad policy": invalid,
    deleting: "PENDING_DELETION",
    restored: "READY",
    copied: invalid,
    back: ["ACTIVE", []],
    tags: [{ Key: "stage", Value: "test" }],
  });
  await emptyPartition(running, id);
  const last = `${prelude}
id = "${id}"
cloudhsmv2.delete_hsm(ClusterId=id, HsmId=cluster(id)["Hsms"][0]["HsmId"])
out["zeroized"] = [cluster(id)["State"], cloudhsmv2.describe_backups()["Backups"]]
out["deleting"] = cloudhsmv2.delete_cluster(ClusterId=id)["Cluster"]["State"]
out["left"] = cloudhsmv2.describe_clusters()["Clusters"]
print(json.dumps(out))`;
  assert.deepEqual(await python(running, root, last), {
    zeroized: ["INITIALIZED", []],
    deleting: "DELETE_IN_PROGRESS",
    left: [],
  });
});

test("the AWS CLI: a cluster, and what the trail says of it", async (t) => {
  const { running, root } = await start(t);
  const words = ["--hsm-type", "hsm1.medium", "--subnet-ids", "subnet-0123456789abcdef0"];
  const made = JSON.parse(await aws(running, root, "cloudhsmv2", "create-cluster", ...words));
  const id: string = made.Cluster.ClusterId;
  const by = ["--filters", `clusterIds=${id}`, "--output", "text", "--query"];
  const csr = "Clusters[0].Certificates.ClusterCsr";
  const request = await aws(running, root, "cloudhsmv2", "describe-clusters", ...by, csr);
  const owner = makeOwner();
  const [signed, anchor] = [join(running.data, "signed.crt"), join(running.data, "anchor.crt")];
  writeFileSync(signed, owner.sign(request));
  writeFileSync(anchor, owner.anchor);
  const given = ["--signed-cert", `file://${signed}`, "--trust-anchor", `file://${anchor}`];
  const named = ["--cluster-id", id];
  const [initialized, hsm, listed] = (await awsAll(running, root, [
    ["cloudhsmv2", "initialize-cluster", ...named, ...given],
    ["cloudhsmv2", "create-hsm", ...named, "--availability-zone", "us-east-1a"],
    ["cloudhsmv2", "list-tags", "--resource-id", id],
  ])) as readonly Readonly<Record<string, unknown>>[];
  assert.equal(initialized?.["State"], "INITIALIZE_IN_PROGRESS");
  assert.deepEqual(listed?.["TagList"], []);
  const { HsmId } = (hsm?.["Hsm"] ?? {}) as { readonly HsmId: string };
  const { status, stderr } = await tryAws(running, root, "cloudhsmv2", "delete-cluster", ...named);
  assert.notEqual(status, 0);
  assert.match(stderr, /CloudHsmInvalidRequestException.*has HSMs/);
  const [removed, deleted, events] = (await awsAll(running, root, [
    ["cloudhsmv2", "delete-hsm", ...named, "--hsm-id", HsmId],
    ["cloudhsmv2", "delete-cluster", ...named],
    ["cloudtrail", "lookup-events", "--lookup-attributes", eventSource],
  ])) as readonly Readonly<Record<string, unknown>>[];
  assert.equal(removed?.["HsmId"], HsmId);
  assert.ok(deleted?.["Cluster"]);
  const trail = events?.["Events"] as readonly { EventName: string; CloudTrailEvent: string }[];
  const [newest] = trail;
  assert.equal(newest?.EventName, "DeleteCluster");
  const event = JSON.parse(newest.CloudTrailEvent);
  assert.equal(event.resources[0].ARN.replace(/^.*\//, ""), id);
  assert.deepEqual(event.responseElements, {
    cluster: { clusterId: id, state: "DELETE_IN_PROGRESS" },
  });
  assert.ok(!JSON.stringify(trail).includes("PRIVATE KEY"));
});

const eventSource = "AttributeKey=EventSource,AttributeValue=cloudhsm.amazonaws.com";

test("boto3 and the AWS CLI: CloudHSM Classic", async (t) => {
  const { running, root, account } = await start(t);
  const script = `
import boto3, json
cloudhsm = boto3.client("cloudhsm")
out = {}
arn = cloudhsm.create_hsm(SubnetId="subnet-0a1b2c3d", SshKey="ssh-rsa AAAA", IamRoleArn="arn:aws:iam::${account}:role/hsm", SubscriptionType="PRODUCTION")["HsmArn"]
out["status"] = cloudhsm.describe_hsm(HsmArn=arn)["Status"]
out["zones"] = cloudhsm.list_available_zones()["AZList"]
group = cloudhsm.create_hapg(Label="orders")["HapgArn"]
out["group"] = cloudhsm.describe_hapg(HapgArn=group)["State"]
cloudhsm.add_tags_to_resource(ResourceArn=arn, TagList=[{"Key": "team", "Value": "orders"}])
out["tags"] = cloudhsm.list_tags_for_resource(ResourceArn=arn)["TagList"]
print(json.dumps(out))`;
  assert.deepEqual(await python(running, root, script), {
    status: "RUNNING",
    zones: ["us-east-1a"],
    group: "READY",
    tags: [{ Key: "team", Value: "orders" }],
  });
  const [listed] = (await awsAll(running, root, [["cloudhsm", "list-hsms"]])) as readonly [
    { readonly HsmList: readonly string[] },
  ];
  const [HsmArn = ""] = listed.HsmList;
  const [gone] = await awsAll(running, root, [["cloudhsm", "delete-hsm", "--hsm-arn", HsmArn]]);
  assert.deepEqual(gone, { Status: "SUCCESS" });
});

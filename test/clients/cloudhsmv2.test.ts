import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  CloudHSMV2Client,
  CloudHsmInvalidRequestException,
  CloudHsmResourceNotFoundException,
  CloudHsmTagException,
  type Cluster,
  CopyBackupToRegionCommand,
  CreateClusterCommand,
  type CreateClusterCommandInput,
  CreateHsmCommand,
  DeleteBackupCommand,
  DeleteClusterCommand,
  DeleteHsmCommand,
  DescribeBackupsCommand,
  DescribeClustersCommand,
  InitializeClusterCommand,
  ListTagsCommand,
  ModifyBackupAttributesCommand,
  ModifyClusterCommand,
  RestoreBackupCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from "@aws-sdk/client-cloudhsm-v2";
import { startBondstore, temporary } from "../support/bondstore.ts";
import { emptyPartition, makeOwner, openssl, setUpPartition } from "../support/hsm-owner.ts";

const dayMs = 86_400_000;

async function start(t: TestContext, data?: string) {
  let laterMs = 0;
  const clock = { now: () => Date.now() + laterMs };
  const running = await startBondstore(t, {}, data, clock);
  const { root } = await running.tenant("acme");
  const hsm = new CloudHSMV2Client(running.client(root));
  t.after(() => hsm.destroy());
  // The SDK would set its clock by the Date header, which tells the real time.
  Object.defineProperty(hsm.config, "systemClockOffset", { get: () => laterMs, set: () => {} });
  /** Lets time pass, for the server and for who signs; what falls due is done. */
  const pass = async (days: number) => {
    laterMs += days * dayMs;
    await running.bondstore.opened.hsms.upkeep.round();
  };
  const owner = makeOwner();
  const create = async (): Promise<Cluster & { ClusterId: string }> => {
    const HsmType = "hsm1.medium";
    const SubnetIds = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"];
    const { Cluster: made } = await hsm.send(new CreateClusterCommand({ HsmType, SubnetIds }));
    assert.ok(made?.ClusterId);
    return { ...made, ClusterId: made.ClusterId };
  };
  const describe = async (id: string): Promise<Cluster> => {
    const Filters = { clusterIds: [id] };
    const { Clusters } = await hsm.send(new DescribeClustersCommand({ Filters }));
    return Clusters?.[0] ?? {};
  };
  const initialize = async (ClusterId: string) => {
    const { Certificates } = await describe(ClusterId);
    const SignedCert = owner.sign(Certificates?.ClusterCsr ?? "");
    const input = { ClusterId, SignedCert, TrustAnchor: owner.anchor };
    return hsm.send(new InitializeClusterCommand(input));
  };
  const addHsm = async (ClusterId: string) => {
    const AvailabilityZone = "us-east-1a";
    const { Hsm } = await hsm.send(new CreateHsmCommand({ ClusterId, AvailabilityZone }));
    assert.ok(Hsm?.HsmId && Hsm.EniId);
    return { ...Hsm, HsmId: Hsm.HsmId, EniId: Hsm.EniId };
  };
  return {
    running,
    pass,
    root,
    hsm,
    owner,
    create,
    describe,
    initialize,
    addHsm,
  };
}

test("a cluster's whole life: made, initialized, used, kept, zeroized, deleted", async (t) => {
  const { running, pass, hsm, create, describe, initialize, addHsm } = await start(t);
  const made = await create();
  const { ClusterId } = made;
  assert.equal(made.State, "CREATE_IN_PROGRESS");
  assert.equal((await describe(ClusterId)).State, "UNINITIALIZED");
  assert.equal((await initialize(ClusterId)).State, "INITIALIZE_IN_PROGRESS");
  const initialized = await describe(ClusterId);
  assert.equal(initialized.State, "INITIALIZED");
  assert.equal(initialized.Certificates?.ClusterCsr, undefined);
  assert.ok(initialized.Certificates?.ClusterCertificate);
  const added = await addHsm(ClusterId);
  assert.equal(added.State, "CREATE_IN_PROGRESS");
  assert.equal((await describe(ClusterId)).State, "INITIALIZED", "no partition is set up yet");
  await setUpPartition(running, ClusterId, "an object");
  const active = await describe(ClusterId);
  assert.equal(active.State, "ACTIVE");
  assert.equal(active.Hsms?.[0]?.State, "ACTIVE");

  const remove = new DeleteClusterCommand({ ClusterId });
  await assert.rejects(hsm.send(remove), /has HSMs: DeleteHsm/);
  const HsmId = added.HsmId;
  assert.equal((await hsm.send(new DeleteHsmCommand({ ClusterId, HsmId }))).HsmId, HsmId);
  const { Backups } = await hsm.send(new DescribeBackupsCommand({}));
  assert.deepEqual(
    Backups?.map((backup) => [backup.ClusterId, backup.BackupState, backup.NeverExpires]),
    [[ClusterId, "READY", false]],
  );
  const BackupId = Backups?.[0]?.BackupId;
  await assert.rejects(hsm.send(remove), (error) => {
    assert.ok(error instanceof CloudHsmInvalidRequestException);
    assert.match(error.message, /is not zeroized: .* DeleteBackup/);
    return true;
  });

  const { Backup } = await hsm.send(new DeleteBackupCommand({ BackupId }));
  assert.equal(Backup?.BackupState, "PENDING_DELETION");
  assert.ok(Backup.DeleteTimestamp);
  await assert.rejects(hsm.send(remove), /is not zeroized yet/);
  await assert.rejects(addHsm(ClusterId), /RestoreBackup/);
  await pass(7);
  assert.deepEqual((await hsm.send(new DescribeBackupsCommand({}))).Backups, []);
  assert.equal((await describe(ClusterId)).State, "INITIALIZED");
  assert.equal((await hsm.send(remove)).Cluster?.State, "DELETE_IN_PROGRESS");
  assert.deepEqual(await describe(ClusterId), {});
  await assert.rejects(hsm.send(remove), CloudHsmResourceNotFoundException);
});

test("what a backup keeps comes back with the next HSM, and RestoreBackup keeps it from its end", async (t) => {
  const { running, pass, hsm, create, describe, initialize, addHsm } = await start(t);
  const { ClusterId } = await create();
  await initialize(ClusterId);
  const added = await addHsm(ClusterId);
  await setUpPartition(running, ClusterId, "an object");
  await hsm.send(new DeleteHsmCommand({ ClusterId, EniId: added.EniId }));
  const { Backups } = await hsm.send(
    new DescribeBackupsCommand({ Filters: { states: ["READY"] } }),
  );
  const BackupId = Backups?.[0]?.BackupId;
  await hsm.send(new ModifyBackupAttributesCommand({ BackupId, NeverExpires: true }));
  await assert.rejects(hsm.send(new RestoreBackupCommand({ BackupId })), /not PENDING_DELETION/);
  await hsm.send(new DeleteBackupCommand({ BackupId }));
  await assert.rejects(hsm.send(new DeleteBackupCommand({ BackupId })), /is PENDING_DELETION/);
  await pass(6);
  const restored = await hsm.send(new RestoreBackupCommand({ BackupId }));
  assert.deepEqual(
    [restored.Backup?.BackupState, restored.Backup?.NeverExpires, restored.Backup?.DeleteTimestamp],
    ["READY", true, undefined],
  );
  await pass(6);
  const copy = { BackupId, DestinationRegion: "eu-west-1" };
  await assert.rejects(hsm.send(new CopyBackupToRegionCommand(copy)), /is not built/);
  await addHsm(ClusterId);
  assert.equal((await describe(ClusterId)).State, "ACTIVE");
  assert.deepEqual((await hsm.send(new DescribeBackupsCommand({}))).Backups, []);
  const { clusters } = running.bondstore.opened.hsms;
  const [cluster] = clusters.everybodys();
  assert.equal(cluster && clusters.holdsKeys(cluster), true);
});

test("partitions that were emptied are zeroized with the last HSM: no backup, no wait", async (t) => {
  const { running, hsm, create, describe, initialize, addHsm } = await start(t);
  const { ClusterId } = await create();
  await initialize(ClusterId);
  const HsmId = (await addHsm(ClusterId)).HsmId;
  const second = (await addHsm(ClusterId)).HsmId;
  await setUpPartition(running, ClusterId, "an object");
  await emptyPartition(running, ClusterId);
  await hsm.send(new DeleteHsmCommand({ ClusterId, HsmId }));
  assert.equal((await describe(ClusterId)).State, "ACTIVE");
  await hsm.send(new DeleteHsmCommand({ ClusterId, HsmId: second }));
  assert.deepEqual((await hsm.send(new DescribeBackupsCommand({}))).Backups, []);
  assert.equal((await describe(ClusterId)).State, "INITIALIZED");
  await hsm.send(new DeleteClusterCommand({ ClusterId }));
});

test("the certificates of a cluster hold together, and its door shows what its owner signed", async (t) => {
  const { running, owner, create, describe, initialize, addHsm } = await start(t);
  const { ClusterId } = await create();
  const { Certificates: shown = {} } = await describe(ClusterId);
  const at = (name: string) => join(running.data, name);
  const csr = shown.ClusterCsr ?? "";
  writeFileSync(at("cluster.csr"), csr);
  writeFileSync(at("hsm.pem"), shown.HsmCertificate ?? "");
  writeFileSync(at("hardware.pem"), shown.AwsHardwareCertificate ?? "");
  assert.match(
    openssl("req", "-in", at("cluster.csr"), "-verify", "-noout", "-subject"),
    new RegExp(ClusterId),
  );
  const publicKey = openssl("req", "-in", at("cluster.csr"), "-pubkey", "-noout");
  assert.equal(openssl("x509", "-in", at("hsm.pem"), "-pubkey", "-noout"), publicKey);
  const trusted = ["-CAfile", at("hsm-ca.pem"), "-untrusted", at("hardware.pem")];
  assert.match(openssl("verify", ...trusted, at("hsm.pem")), /OK/);

  const { clusters } = running.bondstore.opened.hsms;
  assert.equal(clusters.tls(ClusterId), undefined, "before it is initialized");
  await initialize(ClusterId);
  assert.equal(clusters.tls(ClusterId), undefined, "before it has an HSM");
  await addHsm(ClusterId);
  const tls = clusters.tls(ClusterId);
  assert.equal(tls?.ca, new X509Certificate(owner.anchor).toString());
  const cert = new X509Certificate(tls.cert);
  assert.equal(cert.publicKey.export({ type: "spki", format: "pem" }), publicKey);
  writeFileSync(at("key.pem"), tls.key);
  assert.equal(openssl("pkey", "-in", at("key.pem"), "-pubout"), publicKey);
  assert.equal(readFileSync(at("hsm-ca.pem"), "utf8"), clusters.authority.cert);
});

test("types, modes, zones and days are checked", async (t) => {
  const { hsm, create, describe } = await start(t);
  const SubnetIds = ["subnet-0123456789abcdef0"];
  for (const [title, input, message] of [
    ["a type that AWS does not have", { HsmType: "hsm9.huge", SubnetIds }, /HsmType hsm9.huge/],
    [
      "the old type outside of FIPS mode",
      { HsmType: "hsm1.medium", SubnetIds, Mode: "NON_FIPS" },
      /no mode NON_FIPS/,
    ],
    [
      "a subnet twice",
      { HsmType: "hsm1.medium", SubnetIds: [...SubnetIds, ...SubnetIds] },
      /twice/,
    ],
    [
      "too few days",
      { HsmType: "hsm1.medium", SubnetIds, BackupRetentionPolicy: { Type: "DAYS", Value: "6" } },
      /7 to 379/,
    ],
    [
      "another's backup",
      { HsmType: "hsm1.medium", SubnetIds, SourceBackupId: "backup-aaaaaaaaaaa" },
      /SourceBackupId is not built/,
    ],
  ] as const) {
    const asked: CreateClusterCommandInput = { ...input, SubnetIds: [...input.SubnetIds] };
    await assert.rejects(hsm.send(new CreateClusterCommand(asked)), message, title);
  }
  const { ClusterId, SubnetMapping } = await create();
  assert.deepEqual(SubnetMapping, {
    "us-east-1a": "subnet-0123456789abcdef0",
    "us-east-1b": "subnet-0123456789abcdef1",
  });
  const elsewhere = { ClusterId, AvailabilityZone: "us-east-1c" };
  await assert.rejects(hsm.send(new CreateHsmCommand(elsewhere)), /no subnet in availability zone/);
  const days = { BackupRetentionPolicy: { Type: "DAYS", Value: "30" } };
  const newer = { ClusterId, HsmType: "hsm2m.medium", ...days };
  await hsm.send(new ModifyClusterCommand(newer));
  const changed = await describe(ClusterId);
  assert.deepEqual([changed.HsmType, changed.BackupRetentionPolicy?.Value], ["hsm2m.medium", "30"]);
  const back = { ClusterId, HsmType: "hsm1.medium", ...days };
  await assert.rejects(hsm.send(new ModifyClusterCommand(back)), /cannot become/);
  const unknown = { Filters: { colours: ["red"] } };
  await assert.rejects(hsm.send(new DescribeClustersCommand(unknown)), /Filter colours/);
  await create();
  const first = await hsm.send(new DescribeClustersCommand({ MaxResults: 1 }));
  const { NextToken = "" } = first;
  const rest = await hsm.send(new DescribeClustersCommand({ MaxResults: 1, NextToken }));
  assert.equal(rest.NextToken, undefined);
  assert.notEqual(first.Clusters?.[0]?.ClusterId, rest.Clusters?.[0]?.ClusterId);
});

test("clusters have tags", async (t) => {
  const { hsm, create } = await start(t);
  const { ClusterId: ResourceId } = await create();
  const TagList = [
    { Key: "team", Value: "orders" },
    { Key: "stage", Value: "test" },
  ];
  await hsm.send(new TagResourceCommand({ ResourceId, TagList }));
  await hsm.send(new UntagResourceCommand({ ResourceId, TagKeyList: ["stage"] }));
  const listed = await hsm.send(new ListTagsCommand({ ResourceId }));
  assert.deepEqual(listed.TagList, [{ Key: "team", Value: "orders" }]);
  const reserved = { ResourceId, TagList: [{ Key: "aws:owner", Value: "me" }] };
  await assert.rejects(hsm.send(new TagResourceCommand(reserved)), CloudHsmTagException);
});

test("everything is there after a restart", async (t) => {
  const data = temporary(t);
  const first = await start(t, data);
  const { ClusterId } = await first.create();
  await first.initialize(ClusterId);
  await first.addHsm(ClusterId);
  const before = await first.describe(ClusterId);
  const tls = first.running.bondstore.opened.hsms.clusters.tls(ClusterId);
  await first.running.close();
  const again = await startBondstore(t, {}, data);
  const hsm = new CloudHSMV2Client(again.client(first.root));
  const { Clusters } = await hsm.send(new DescribeClustersCommand({}));
  assert.deepEqual(Clusters, [before]);
  assert.deepEqual(again.bondstore.opened.hsms.clusters.tls(ClusterId), tls);
  hsm.destroy();
  await again.close();
});

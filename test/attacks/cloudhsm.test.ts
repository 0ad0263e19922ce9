import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { type TestContext, test } from "node:test";
import { everyAccount } from "../../src/audit/trail.ts";
import { startBondstore } from "../support/bondstore.ts";
import { scanFor } from "../support/files-below.ts";
import { makeOwner, setUpPartition } from "../support/hsm-owner.ts";
import { callerOf } from "../support/sdk.ts";

/** Promise: only its owner opens a cluster, to whom its owner's authority vouches for, and no key of it is shown. */

type Members = Readonly<Record<string, unknown>>;

async function start(t: TestContext) {
  const running = await startBondstore(t);
  const [acme, eve] = [await running.tenant("acme"), await running.tenant("eve")];
  const { call } = callerOf("cloudhsmv2", running.client(acme.root));
  const owner = makeOwner();
  const make = async () => {
    const spec = { HsmType: "hsm1.medium", SubnetIds: ["subnet-0123456789abcdef0"] };
    const { output } = await call("CreateCluster", spec);
    const { ClusterId } = output["Cluster"] as { readonly ClusterId: string };
    const Filters = { clusterIds: [ClusterId] };
    const described = await call("DescribeClusters", { Filters });
    const [cluster] = described.output["Clusters"] as readonly Members[];
    const { ClusterCsr } = (cluster?.["Certificates"] ?? {}) as { readonly ClusterCsr: string };
    return { ClusterId, ClusterCsr };
  };
  const { clusters } = running.bondstore.opened.hsms;
  return { running, clusters, acme, eve, call, owner, make };
}

test("a cluster takes only the certificate of its own key, by the authority that is given", async (t) => {
  const { clusters, acme, call, owner, make } = await start(t);
  const { ClusterId, ClusterCsr } = await make();
  const other = await make();
  const [stranger, weak, hers] = [
    makeOwner({ name: "stranger" }),
    makeOwner({ rsaBits: 1024 }),
    makeOwner(),
  ];
  const good = owner.sign(ClusterCsr);
  const key = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const pem = key.export({ type: "pkcs8", format: "pem" }).toString();
  const cut = (text: string) => text.slice(0, text.length / 2);
  const flipped = good.replace(/\n(.)/, (_, first: string) => `\n${first === "M" ? "N" : "M"}`);
  const cases: readonly (readonly [title: string, SignedCert: string, TrustAnchor: string])[] = [
    ["another cluster's certificate", owner.sign(other.ClusterCsr), owner.anchor],
    ["an anchor that did not sign", good, stranger.anchor],
    ["an anchor of the same name that did not sign", good, hers.anchor],
    ["the certificate as its own anchor", good, good],
    ["an anchor that is no authority", good, owner.selfSigned("leaf", "no authority")],
    ["the anchor as certificate", owner.anchor, owner.anchor],
    ["a weak authority", weak.sign(ClusterCsr), weak.anchor],
    ["the request itself", ClusterCsr, owner.anchor],
    ["a private key", pem, owner.anchor],
    ["two certificates", good + good, owner.anchor],
    ["half a certificate", cut(good), owner.anchor],
    ["a changed certificate", flipped, owner.anchor],
    ["half an anchor", good, cut(owner.anchor)],
    ["nothing", "", ""],
    ["no PEM", "A".repeat(20_000), owner.anchor],
    ["many begins", "-----BEGIN CERTIFICATE-----\n".repeat(700), owner.anchor],
    ["an empty body", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", owner.anchor],
  ];
  for (const [title, SignedCert, TrustAnchor] of cases) {
    const given = { ClusterId, SignedCert, TrustAnchor };
    const { code, message } = await call("InitializeCluster", given);
    assert.equal(code, "CloudHsmInvalidRequestException", `${title}: ${message}`);
    assert.equal(clusters.find(acme.account, ClusterId)?.state, "UNINITIALIZED", title);
  }
  const right = { ClusterId, SignedCert: good, TrustAnchor: owner.anchor };
  assert.equal((await call("InitializeCluster", right)).code, undefined);
  const swapped = { ClusterId, SignedCert: hers.sign(ClusterCsr), TrustAnchor: hers.anchor };
  assert.equal((await call("InitializeCluster", swapped)).code, "CloudHsmInvalidRequestException");
  assert.equal(clusters.find(acme.account, ClusterId)?.anchor?.trim(), owner.anchor.trim());
});

test("another account's root does nothing with a cluster or a backup whose ids it knows", async (t) => {
  const { running, clusters, acme, eve, call, owner, make } = await start(t);
  const { ClusterId, ClusterCsr } = await make();
  const certificates = { SignedCert: owner.sign(ClusterCsr), TrustAnchor: owner.anchor };
  const hers = callerOf("cloudhsmv2", running.client(eve.root)).call;
  const zone = { AvailabilityZone: "us-east-1a" };
  const attempt = async (operation: string, input: object) => {
    const { code, message = "" } = await hers(operation, input);
    assert.equal(code, "CloudHsmResourceNotFoundException", operation);
    assert.ok(!message.includes(acme.account), message);
  };
  await attempt("InitializeCluster", { ClusterId, ...certificates });
  await call("InitializeCluster", { ClusterId, ...certificates });
  await attempt("CreateHsm", { ClusterId, ...zone });
  await call("CreateHsm", { ClusterId, ...zone });
  await setUpPartition(running, ClusterId, "an object");
  const HsmId = clusters.find(acme.account, ClusterId)?.hsms[0]?.id;
  await attempt("DeleteHsm", { ClusterId, HsmId });
  await attempt("ModifyCluster", { ClusterId, HsmType: "hsm2m.medium" });
  await attempt("DeleteCluster", { ClusterId });
  await attempt("TagResource", { ResourceId: ClusterId, TagList: [{ Key: "a", Value: "b" }] });
  await call("DeleteHsm", { ClusterId, HsmId });
  const [backup] = [...clusters.tables.backups(acme.account).range()];
  const BackupId = backup?.value.id;
  await attempt("DeleteBackup", { BackupId });
  await attempt("ModifyBackupAttributes", { BackupId, NeverExpires: true });
  await attempt("UntagResource", { ResourceId: BackupId, TagKeyList: ["a"] });
  const ResourceArn = `arn:aws:cloudhsm:us-east-1:${acme.account}:backup/${BackupId}`;
  for (const operation of ["GetResourcePolicy", "PutResourcePolicy", "DeleteResourcePolicy"]) {
    const { code } = await hers(operation, { ResourceArn, Policy: "{}" });
    assert.match(code ?? "success", /^AccessDeniedException|CloudHsmResourceNotFoundException$/);
  }
  for (const operation of ["DescribeClusters", "DescribeBackups"]) {
    const { output } = await hers(operation, {});
    assert.deepEqual(output["Clusters"] ?? output["Backups"], []);
  }
  assert.deepEqual([...clusters.tables.backups(acme.account).range()], [backup]);
});

test("the key of a cluster is in no answer, no event and no file", async (t) => {
  const { running, clusters, call, owner, make } = await start(t);
  const { ClusterId, ClusterCsr } = await make();
  const given = { SignedCert: owner.sign(ClusterCsr), TrustAnchor: owner.anchor };
  await call("InitializeCluster", { ClusterId, ...given });
  await call("CreateHsm", { ClusterId, AvailabilityZone: "us-east-1a" });
  const key = clusters.tls(ClusterId)?.key ?? "";
  assert.match(key, /PRIVATE KEY/);
  const { output } = await call("DescribeClusters", {});
  const { trail } = running.bondstore.opened;
  const events = await trail.find({ account: everyAccount, limit: 1000 });
  const line = key.split("\n")[1] ?? "";
  assert.equal(line.length, 64);
  for (const shown of [JSON.stringify(output), JSON.stringify(events), running.logged.join()]) {
    assert.ok(!shown.includes("PRIVATE KEY") && !shown.includes(line));
  }
  const { found, scannedBytes } = scanFor(running.data, [line, line.slice(16, 48)]);
  assert.deepEqual(found, []);
  assert.ok(scannedBytes > 10_000, "an empty scan must not pass");
});

test("who may make HSMs may not thereby pass a role, nor another account's", async (t) => {
  const { running, acme, eve } = await start(t);
  const iam = callerOf("iam", running.client(acme.root)).call;
  await iam("CreateUser", { UserName: "mallory" });
  const Statement = [{ Effect: "Allow", Action: "cloudhsm:*", Resource: "*" }];
  const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
  await iam("PutUserPolicy", { UserName: "mallory", PolicyName: "hsm", PolicyDocument });
  const { output } = await iam("CreateAccessKey", { UserName: "mallory" });
  const made = output["AccessKey"] as Readonly<Record<string, string>>;
  const { call } = callerOf(
    "cloudhsm",
    running.client({
      accessKeyId: made["AccessKeyId"] ?? "",
      secretAccessKey: made["SecretAccessKey"] ?? "",
    }),
  );
  const spec = { SubnetId: "subnet-0a1b2c3d", SshKey: "ssh-rsa A", SubscriptionType: "PRODUCTION" };
  const own = { ...spec, IamRoleArn: `arn:aws:iam::${acme.account}:role/admin` };
  assert.equal((await call("CreateHsm", own)).code, "AccessDeniedException");
  const foreign = { ...spec, IamRoleArn: `arn:aws:iam::${eve.account}:role/admin` };
  assert.equal((await call("CreateHsm", foreign)).code, "InvalidRequestException");
  assert.deepEqual((await call("ListHsms", {})).output["HsmList"], []);
});

test("a cluster that lost its last HSM lets nobody in, and its connections end", async (t) => {
  const { running, clusters, acme, call, owner, make } = await start(t);
  const { ClusterId, ClusterCsr } = await make();
  assert.equal(clusters.connect(ClusterId, "somebody"), undefined, "not before it is initialized");
  const given = { SignedCert: owner.sign(ClusterCsr), TrustAnchor: owner.anchor };
  await call("InitializeCluster", { ClusterId, ...given });
  await call("CreateHsm", { ClusterId, AvailabilityZone: "us-east-1a" });
  const shut: string[] = [];
  clusters.opened({ host: "127.0.0.1", port: 1, shut: (id) => void shut.push(id) });
  await setUpPartition(running, ClusterId, "an object");
  const HsmId = clusters.find(acme.account, ClusterId)?.hsms[0]?.id;
  await call("DeleteHsm", { ClusterId, HsmId });
  assert.deepEqual(shut, [ClusterId]);
  assert.equal(clusters.connect(ClusterId, "somebody"), undefined);
  assert.equal(clusters.tls(ClusterId), undefined);
  for (const id of ["", "cluster-aaaaaaaaaaa", "../cluster", "__proto__"]) {
    assert.equal(clusters.connect(id, "somebody"), undefined);
    assert.equal(clusters.tls(id), undefined);
  }
});

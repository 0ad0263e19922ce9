import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  AddTagsToResourceCommand,
  CloudHSMClient,
  CreateHapgCommand,
  CreateHsmCommand,
  CreateLunaClientCommand,
  DeleteHapgCommand,
  DeleteHsmCommand,
  DeleteLunaClientCommand,
  DescribeHapgCommand,
  DescribeHsmCommand,
  DescribeLunaClientCommand,
  GetConfigCommand,
  InvalidRequestException,
  ListAvailableZonesCommand,
  ListHapgsCommand,
  ListHsmsCommand,
  ListLunaClientsCommand,
  ListTagsForResourceCommand,
  ModifyHapgCommand,
  ModifyHsmCommand,
  ModifyLunaClientCommand,
  RemoveTagsFromResourceCommand,
} from "@aws-sdk/client-cloudhsm";
import { startBondstore } from "../support/bondstore.ts";
import { emptyPartition, makeOwner, setUpPartition } from "../support/hsm-owner.ts";

async function start(t: TestContext) {
  const running = await startBondstore(t);
  const { root, account } = await running.tenant("acme");
  const hsm = new CloudHSMClient(running.client(root));
  t.after(() => hsm.destroy());
  const spec = {
    SubnetId: "subnet-0a1b2c3d",
    SshKey: "ssh-rsa AAAA",
    IamRoleArn: `arn:aws:iam::${account}:role/hsm`,
    SubscriptionType: "PRODUCTION",
  } as const;
  const create = async (more: { ClientToken?: string } = {}): Promise<string> => {
    const { HsmArn = "" } = await hsm.send(new CreateHsmCommand({ ...spec, ...more }));
    return HsmArn;
  };
  const { clusters } = running.bondstore.opened.hsms;
  return { running, clusters, hsm, spec, create, owner: makeOwner() };
}

const idOf = (arn: string) => arn.replace(/^.*:/, "");

test("an HSM is made, used by a registered client, and removed once its partitions are empty", async (t) => {
  const { running, clusters, hsm, spec, create, owner } = await start(t);
  const HsmArn = await create();
  const made = await hsm.send(new DescribeHsmCommand({ HsmArn }));
  assert.deepEqual([made.Status, made.SubnetId, made.Partitions], ["RUNNING", spec.SubnetId, []]);
  const bySerial = { HsmSerialNumber: made.SerialNumber ?? "" };
  assert.equal((await hsm.send(new DescribeHsmCommand(bySerial))).HsmArn, HsmArn);
  assert.deepEqual((await hsm.send(new ListHsmsCommand({}))).HsmList, [HsmArn]);
  const { AZList } = await hsm.send(new ListAvailableZonesCommand({}));
  assert.deepEqual(AZList, [made.AvailabilityZone]);

  assert.equal(clusters.tls(idOf(HsmArn)), undefined, "nobody is registered");
  const Certificate = owner.selfSigned("client");
  await hsm.send(new CreateLunaClientCommand({ Certificate, Label: "orders" }));
  assert.equal(clusters.tls(idOf(HsmArn))?.ca.trim(), Certificate.trim());

  await setUpPartition(running, idOf(HsmArn), "an object");
  const { Partitions } = await hsm.send(new DescribeHsmCommand({ HsmArn }));
  assert.match(Partitions?.[0] ?? "", new RegExp(`^${HsmArn}/partition-[0-9]{12}$`));
  await assert.rejects(hsm.send(new DeleteHsmCommand({ HsmArn })), (error) => {
    assert.ok(error instanceof InvalidRequestException);
    assert.match(error.message, /hold keys: C_InitToken/);
    return true;
  });
  await emptyPartition(running, idOf(HsmArn));
  assert.equal((await hsm.send(new DeleteHsmCommand({ HsmArn }))).Status, "SUCCESS");
  assert.deepEqual((await hsm.send(new ListHsmsCommand({}))).HsmList, []);
  assert.deepEqual([...clusters.everybodys()], []);
});

test("a request that is sent twice makes one HSM, and what is not so is refused", async (t) => {
  const { hsm, spec, create } = await start(t);
  const [first, again] = await Promise.all([
    create({ ClientToken: "once" }),
    create({ ClientToken: "once" }),
  ]);
  assert.equal(again, first);
  assert.notEqual(await create(), first);
  for (const [title, input, message] of [
    ["a log that would go nowhere", { SyslogIp: "10.0.0.1" }, /SyslogIp is not built/],
    ["an address of somebody else", { EniIp: "10.0.0.1" }, /not the address/],
    ["another's role", { IamRoleArn: "arn:aws:iam::999999999999:role/hsm" }, /role of account/],
  ] as const) {
    await assert.rejects(hsm.send(new CreateHsmCommand({ ...spec, ...input })), message, title);
  }
  const IamRoleArn = spec.IamRoleArn.replace("hsm", "other");
  const HsmArn = first;
  await hsm.send(new ModifyHsmCommand({ HsmArn, IamRoleArn, SubnetId: "subnet-99999999" }));
  const changed = await hsm.send(new DescribeHsmCommand({ HsmArn }));
  assert.deepEqual([changed.IamRoleArn, changed.SubnetId], [IamRoleArn, "subnet-99999999"]);
});

test("a group is of partitions that are there, and says when one is gone", async (t) => {
  const { running, hsm, create } = await start(t);
  const HsmArn = await create();
  await setUpPartition(running, idOf(HsmArn), "nothing");
  const { Partitions = [] } = await hsm.send(new DescribeHsmCommand({ HsmArn }));
  const number = Partitions[0]?.slice(-12) ?? "";
  const { HapgArn = "" } = await hsm.send(new CreateHapgCommand({ Label: "orders" }));
  const unknown = { HapgArn, PartitionSerialList: ["123456"] };
  await assert.rejects(hsm.send(new ModifyHapgCommand(unknown)), /No HSM of account/);
  await hsm.send(new ModifyHapgCommand({ HapgArn, Label: "all", PartitionSerialList: [number] }));
  const described = await hsm.send(new DescribeHapgCommand({ HapgArn }));
  assert.deepEqual(
    [described.State, described.Label, described.PartitionSerialList],
    ["READY", "all", [number]],
  );
  await hsm.send(new DeleteHsmCommand({ HsmArn }));
  assert.equal((await hsm.send(new DescribeHapgCommand({ HapgArn }))).State, "DEGRADED");
  assert.deepEqual((await hsm.send(new ListHapgsCommand({}))).HapgList, [HapgArn]);
  await hsm.send(new DeleteHapgCommand({ HapgArn }));
  await assert.rejects(hsm.send(new DescribeHapgCommand({ HapgArn })), /There is no/);
});

test("clients are known by their certificates, and told how to connect", async (t) => {
  const { running, clusters, hsm, create, owner } = await start(t);
  const HsmArn = await create();
  await setUpPartition(running, idOf(HsmArn), "nothing");
  const { Partitions = [] } = await hsm.send(new DescribeHsmCommand({ HsmArn }));
  const Certificate = owner.selfSigned("client");
  const { ClientArn = "" } = await hsm.send(new CreateLunaClientCommand({ Certificate }));
  await assert.rejects(hsm.send(new CreateLunaClientCommand({ Certificate })), /exists/);
  const { CertificateFingerprint = "" } = await hsm.send(
    new DescribeLunaClientCommand({ ClientArn }),
  );
  const found = await hsm.send(new DescribeLunaClientCommand({ CertificateFingerprint }));
  assert.equal(found.ClientArn, ClientArn);
  const other = owner.selfSigned("other");
  await hsm.send(new ModifyLunaClientCommand({ ClientArn, Certificate: other }));
  assert.equal(
    clusters.tls(idOf(HsmArn))?.ca.trim(),
    other.trim(),
    "the old one is let in no more",
  );
  assert.deepEqual((await hsm.send(new ListLunaClientsCommand({}))).ClientList, [ClientArn]);

  const { HapgArn = "" } = await hsm.send(new CreateHapgCommand({ Label: "orders" }));
  const PartitionSerialList = Partitions.map((arn) => arn.slice(-12));
  await hsm.send(new ModifyHapgCommand({ HapgArn, PartitionSerialList }));
  const ask = new GetConfigCommand({ ClientArn, ClientVersion: "5.3", HapgList: [HapgArn] });
  if (!clusters.port) {
    await assert.rejects(hsm.send(ask), /not open/);
    clusters.opened({ host: "127.0.0.1", port: 2225, shut: () => undefined });
  }
  const { port } = clusters;
  const config = await hsm.send(ask);
  assert.equal(config.ConfigType, "p11-kit");
  const endpoint = `--endpoint ${port?.host}:${port?.port} --cluster ${idOf(HsmArn)}`;
  assert.ok(config.ConfigFile?.includes(endpoint), config.ConfigFile);
  assert.ok(config.ConfigCred?.startsWith(clusters.authority.cert));
  await hsm.send(new DeleteLunaClientCommand({ ClientArn }));
  assert.equal(clusters.tls(idOf(HsmArn)), undefined);
});

test("HSMs and groups have tags", async (t) => {
  const { hsm, create } = await start(t);
  const { HapgArn = "" } = await hsm.send(new CreateHapgCommand({ Label: "orders" }));
  for (const ResourceArn of [await create(), HapgArn]) {
    const TagList = [
      { Key: "team", Value: "orders" },
      { Key: "stage", Value: "test" },
    ];
    await hsm.send(new AddTagsToResourceCommand({ ResourceArn, TagList }));
    await hsm.send(new RemoveTagsFromResourceCommand({ ResourceArn, TagKeyList: ["stage"] }));
    const listed = await hsm.send(new ListTagsForResourceCommand({ ResourceArn }));
    assert.deepEqual(listed.TagList, [{ Key: "team", Value: "orders" }]);
  }
});

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  AwsKmsMrkAwareSymmetricDiscoveryKeyringNode,
  buildAwsKmsMrkAwareStrictMultiKeyringNode,
  buildClient,
  CommitmentPolicy,
} from "@aws-crypto/client-node";
import { CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import {
  AlreadyExistsException,
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  KMS,
  KMSClient,
  ListKeysCommand,
  ReplicateKeyCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  UnsupportedOperationException,
  UpdatePrimaryRegionCommand,
} from "@aws-sdk/client-kms";
import { verifyDirectory } from "../../src/cli/verify/verify-directory.ts";
import type { KeyRecord } from "../../src/keys/key-record.ts";
import { systemRandom } from "../../src/lib/random.ts";
import { open, realEnvironment } from "../../src/server.ts";
import { startBondstore, temporary, testConfig } from "../support/bondstore.ts";
import { aws, python } from "../support/python.ts";

const [home, further] = ["us-east-1", "eu-west-1"] as const;
const Plaintext = Buffer.from("four windows of June");

async function start(t: TestContext) {
  const running = await startBondstore(t, { furtherRegions: [further] });
  const acme = await running.tenant("acme");
  const [here, there] = [home, further].map((region) => {
    const client = new KMSClient({ ...running.client(acme.root), region });
    t.after(() => client.destroy());
    return client;
  });
  assert.ok(here && there);
  const { KeyMetadata } = await here.send(new CreateKeyCommand({ MultiRegion: true }));
  const primary = KeyMetadata?.Arn ?? "";
  const replicate = new ReplicateKeyCommand({ KeyId: primary, ReplicaRegion: further });
  return { running, acme, here, there, primary, replicate };
}

test("the AWS SDK replicates a key, and uses it in either Region of one endpoint", async (t) => {
  const { here, there, primary, replicate } = await start(t);
  const made = await here.send(replicate);
  const replica = made.ReplicaKeyMetadata?.Arn;
  assert.equal(replica, primary.replace(home, further));
  assert.match(made.ReplicaPolicy ?? "", /Enable IAM User Permissions/);
  await assert.rejects(here.send(replicate), AlreadyExistsException);
  const sealed = await here.send(new EncryptCommand({ KeyId: primary, Plaintext }));
  assert.equal(sealed.KeyId, primary);
  const { CiphertextBlob } = sealed;
  const opened = await there.send(new DecryptCommand({ CiphertextBlob }));
  assert.equal(opened.KeyId, replica);
  assert.deepEqual(Buffer.from(opened.Plaintext ?? []), Plaintext);
  const { Keys } = await there.send(new ListKeysCommand({}));
  assert.deepEqual(Keys, [{ KeyArn: replica, KeyId: primary.split("/")[1] }]);
});

test("the AWS SDK moves the primary, rotates it there, and ends it after its replicas", async (t) => {
  const { here, there, primary, replicate } = await start(t);
  const replica = (await here.send(replicate)).ReplicaKeyMetadata?.Arn;
  await here.send(new UpdatePrimaryRegionCommand({ KeyId: primary, PrimaryRegion: further }));
  const rotate = (KeyId?: string) => new RotateKeyOnDemandCommand({ KeyId });
  await assert.rejects(here.send(rotate(primary)), UnsupportedOperationException);
  await there.send(rotate(replica));
  const { KeyMetadata } = await here.send(new DescribeKeyCommand({ KeyId: primary }));
  assert.equal(KeyMetadata?.MultiRegionConfiguration?.MultiRegionKeyType, "REPLICA");
  assert.equal(KeyMetadata.MultiRegionConfiguration.PrimaryKey?.Region, further);
  const ended = await there.send(new ScheduleKeyDeletionCommand({ KeyId: replica }));
  assert.equal(ended.KeyState, "PendingReplicaDeletion");
  assert.equal(ended.DeletionDate, undefined);
});

test("the AWS Encryption SDK's multi-Region keyrings open in one Region what another encrypted", async (t) => {
  const { running, acme, here, primary, replicate } = await start(t);
  const replica = (await here.send(replicate)).ReplicaKeyMetadata?.Arn ?? "";
  const clientProvider = (region: string) => new KMS({ ...running.client(acme.root), region });
  const { encrypt, decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT);
  // The two libraries differ only in how their types spell an absent member.
  const strict = (generatorKeyId: string) =>
    buildAwsKmsMrkAwareStrictMultiKeyringNode({
      generatorKeyId,
      clientProvider: clientProvider as never,
    });
  const encryptionContext = { tenant: "acme" };
  const { result } = await encrypt(strict(primary), Plaintext, { encryptionContext });
  const opened = await decrypt(strict(replica), result);
  assert.deepEqual(Buffer.from(opened.plaintext), Plaintext);
  const discovery = new AwsKmsMrkAwareSymmetricDiscoveryKeyringNode({
    client: clientProvider(further) as never,
    discoveryFilter: { accountIDs: [acme.account], partition: "aws" },
  });
  const found = await decrypt(discovery, result);
  assert.deepEqual(Buffer.from(found.plaintext), Plaintext);
});

test("each Region's history has its own events", async (t) => {
  const { running, acme, here, there, primary, replicate } = await start(t);
  await here.send(replicate);
  await there.send(new EncryptCommand({ KeyId: primary.split("/")[1], Plaintext }));
  for (const [region, names] of [
    [home, ["ReplicateKey", "SynchronizeMultiRegionKey", "CreateKey"]],
    [further, ["Encrypt", "CreateKey"]],
  ] as const) {
    const trail = new CloudTrailClient({ ...running.client(acme.root), region });
    const { Events = [] } = await trail.send(
      new LookupEventsCommand({
        LookupAttributes: [{ AttributeKey: "EventSource", AttributeValue: "kms.amazonaws.com" }],
      }),
    );
    assert.deepEqual(
      Events.map(({ EventName }) => EventName),
      names,
    );
    for (const { CloudTrailEvent = "{}" } of Events) {
      assert.equal(JSON.parse(CloudTrailEvent).awsRegion, region);
    }
    trail.destroy();
  }
});

test("a Region once served stays, and verify looks into it", async (t) => {
  const data = temporary(t);
  const first = await startBondstore(t, { furtherRegions: [further] }, data);
  const { root, account } = await first.tenant("acme");
  const make = async (endpoint: string, region: string, KeyId?: string) => {
    const kms = new KMSClient({ ...first.client(root), endpoint, region });
    const made = KeyId ? undefined : await kms.send(new CreateKeyCommand({ MultiRegion: true }));
    const id = KeyId ?? made?.KeyMetadata?.KeyId;
    const known = await kms.send(new DescribeKeyCommand({ KeyId: id }));
    kms.destroy();
    return known.KeyMetadata;
  };
  const made = await make(first.endpoint, further);
  await first.close();
  const second = await startBondstore(t, {}, data);
  const known = await make(second.endpoint, further, made?.KeyId);
  assert.equal(known?.Arn, made?.Arn);
  await second.close();
  const report = await look(data);
  assert.deepEqual(report.findings, []);
  assert.equal(report.store?.keys, 1);
  // Changed behind the back of the service: it names a replica that is not there.
  const { parts, close } = await open(
    testConfig(data),
    realEnvironment(() => {}),
  );
  const table = parts.store.account(account).table<KeyRecord>(`kms.keys@${further}`);
  const [entry] = [...table.range()];
  assert.ok(entry);
  const multiRegion = { primaryRegion: further, replicaRegions: [home] };
  await parts.store.transaction(() => table.put(entry.key, { ...entry.value, multiRegion }));
  await close();
  const found = (await look(data)).findings.map(({ what, detail }) => [what, detail]);
  assert.deepEqual(found, [["changed key", `its related key in ${home} is gone`]]);
});

function look(data: string) {
  const { root, vault } = testConfig(data);
  return verifyDirectory({
    ...{ data, root, vault, publicKey: undefined, full: true },
    ...{ random: systemRandom, onProgress: () => {} },
  });
}

test("boto3 and the AWS CLI replicate and move keys", async (t) => {
  const { running, acme } = await start(t);
  const script = `
import boto3, json
here, there = [boto3.client("kms", region_name=region) for region in ("${home}", "${further}")]
made = here.create_key(MultiRegion=True, Description="orders")["KeyMetadata"]
replica = here.replicate_key(KeyId=made["KeyId"], ReplicaRegion="${further}")["ReplicaKeyMetadata"]
sealed = here.encrypt(KeyId=made["KeyId"], Plaintext=b"June")["CiphertextBlob"]
opened = there.decrypt(CiphertextBlob=sealed, KeyId=replica["Arn"])["Plaintext"].decode()
here.update_primary_region(KeyId=made["KeyId"], PrimaryRegion="${further}")
kind = there.describe_key(KeyId=replica["Arn"])["KeyMetadata"]["MultiRegionConfiguration"]["MultiRegionKeyType"]
print(json.dumps({"id": made["KeyId"], "opened": opened, "kind": kind, "state": replica["KeyState"]}))
`;
  const out = (await python(running, acme.root, script)) as Readonly<Record<string, string>>;
  const { id = "", ...rest } = out;
  assert.match(id, /^mrk-[0-9a-f]{32}$/);
  assert.deepEqual(rest, { opened: "June", kind: "PRIMARY", state: "Enabled" });
  const there = ["--region", further, "--output", "json"];
  const move = ["kms", "update-primary-region", "--key-id", id, "--primary-region", home];
  await aws(running, acme.root, ...move, ...there);
  const told = await aws(running, acme.root, "kms", "describe-key", "--key-id", id, ...there);
  const { MultiRegionConfiguration } = JSON.parse(told).KeyMetadata;
  assert.equal(MultiRegionConfiguration.PrimaryKey.Region, home);
});

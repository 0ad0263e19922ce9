import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import {
  CreateGrantCommand,
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  KMSClient,
  ListGrantsCommand,
  PutKeyPolicyCommand,
  ReplicateKeyCommand,
  RetireGrantCommand,
  UpdatePrimaryRegionCommand,
} from "@aws-sdk/client-kms";
import { type Keys, type Running, startBondstore, type Tenant } from "../support/bondstore.ts";
import { serialize } from "../support/sdk.ts";
import { sendSigned } from "../support/send.ts";

const [home, further] = ["us-east-1", "eu-west-1"] as const;
const Plaintext = Buffer.from("four windows of June");
const denied = { name: "AccessDeniedException" };

async function start(t: TestContext) {
  const running = await startBondstore(t, { furtherRegions: [further] });
  const acme = await running.tenant("acme");
  const client = (keys: Keys, region: string) => {
    const made = new KMSClient({ ...running.client(keys), region });
    t.after(() => made.destroy());
    return made;
  };
  const [here, there] = [client(acme.root, home), client(acme.root, further)];
  const { KeyMetadata } = await here.send(new CreateKeyCommand({ MultiRegion: true }));
  const primary = KeyMetadata?.Arn ?? "";
  return { running, acme, client, here, there, primary, replica: primary.replace(home, further) };
}

const replicate = (KeyId: string, more: object = {}) =>
  new ReplicateKeyCommand({ KeyId, ReplicaRegion: further, ...more });

/** A user with an identity policy of these statements. */
async function userOf(running: Running, tenant: Tenant, ...Statement: object[]): Promise<Keys> {
  const iam = new IAMClient(running.client(tenant.root));
  const UserName = "alice";
  await iam.send(new CreateUserCommand({ UserName }));
  const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "own", PolicyDocument }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  iam.destroy();
  const { AccessKeyId = "", SecretAccessKey = "" } = AccessKey ?? {};
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey };
}

test("a request signed for one Region is nothing in another", async (t) => {
  const { running, acme, primary, here, replica } = await start(t);
  await here.send(replicate(primary));
  const described = await serialize("kms", "DescribeKey", { KeyId: replica.split("/")[1] });
  const sentFor = (region: string) =>
    sendSigned(running, "kms", described, acme.root, { sign: { region } });
  for (const region of [home, further]) {
    const answer = await sentFor(region);
    assert.equal(answer.status, 200, answer.text);
    assert.match(answer.text, new RegExp(`arn:aws:kms:${region}:`));
  }
  // The Region is in the key that signs: put another name into the scope, and the signature is of nobody.
  const signed = await sendSigned(running, "kms", described, acme.root, {
    sign: { region: home },
    claimedRegion: further,
  });
  assert.equal(signed.status, 400);
  assert.match(signed.text, /InvalidSignatureException/);
  const nowhere = await sentFor("sa-east-1");
  assert.match(nowhere.text, /not 'sa-east-1'. Here kms is in 'us-east-1', 'eu-west-1'/);
});

test("a further Region has the services that are everywhere, and no others", async (t) => {
  const { running, acme } = await start(t);
  const call = async (service: string, operation: string, input: object = {}) => {
    const serialized = await serialize(service, operation, input);
    return sendSigned(running, service, serialized, acme.root, { sign: { region: further } });
  };
  for (const [service, operation] of [
    ["kms", "ListKeys"],
    ["sts", "GetCallerIdentity"],
    ["iam", "ListUsers"],
    ["cloudtrail", "LookupEvents"],
  ] as const) {
    const answer = await call(service, operation);
    assert.equal(answer.status, 200, `${service}: ${answer.text}`);
  }
  const kinesis = await call("kinesis", "ListStreams");
  assert.equal(kinesis.status, 400);
  assert.match(kinesis.text, /not 'eu-west-1'. Here kinesis is in 'us-east-1'/);
  const s3 = await call("s3", "ListBuckets");
  assert.match(s3.text, /AuthorizationHeaderMalformed.*expecting 'us-east-1'/s);
});

test("grants, their tokens and policies of one Region's key do not count in the other", async (t) => {
  const { running, acme, client, here, there, primary, replica } = await start(t);
  await here.send(replicate(primary));
  const alice = await userOf(running, acme, {
    Effect: "Allow",
    Action: "kms:ListKeys",
    Resource: "*",
  });
  const GranteePrincipal = `arn:aws:iam::${acme.account}:user/alice`;
  const Operations = ["Encrypt", "Decrypt", "RetireGrant"] as const;
  const { GrantToken } = await here.send(
    new CreateGrantCommand({ KeyId: primary, GranteePrincipal, Operations: [...Operations] }),
  );
  const [herHere, herThere] = [client(alice, home), client(alice, further)];
  const { CiphertextBlob } = await herHere.send(new EncryptCommand({ KeyId: primary, Plaintext }));
  await assert.rejects(herThere.send(new DecryptCommand({ CiphertextBlob })), denied);
  assert.ok(GrantToken);
  const notOurs = { name: "InvalidGrantTokenException" };
  const withToken = new DecryptCommand({
    KeyId: replica,
    CiphertextBlob,
    GrantTokens: [GrantToken],
  });
  await assert.rejects(herThere.send(withToken), notOurs);
  await assert.rejects(herThere.send(new RetireGrantCommand({ GrantToken })), notOurs);
  assert.deepEqual((await there.send(new ListGrantsCommand({ KeyId: replica }))).Grants, []);

  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: { AWS: acme.account }, Action: "kms:*", Resource: "*" },
      { Effect: "Allow", Principal: { AWS: GranteePrincipal }, Action: "kms:*", Resource: "*" },
    ],
  });
  await there.send(new PutKeyPolicyCommand({ KeyId: replica, Policy }));
  const opened = await herThere.send(new DecryptCommand({ CiphertextBlob }));
  assert.deepEqual(Buffer.from(opened.Plaintext ?? []), Plaintext);
  await assert.rejects(herHere.send(new DescribeKeyCommand({ KeyId: primary })), denied);
});

test("who may make keys in one Region only makes no replica in another", async (t) => {
  const { running, acme, client, here, there, primary } = await start(t);
  const alice = await userOf(
    running,
    acme,
    { Effect: "Allow", Action: "kms:*", Resource: "*" },
    {
      Effect: "Deny",
      Action: ["kms:CreateKey", "kms:TagResource", "kms:UpdatePrimaryRegion"],
      Resource: "*",
      Condition: { StringNotEquals: { "aws:RequestedRegion": home } },
    },
  );
  const her = client(alice, home);
  await her.send(new CreateKeyCommand({}));
  await assert.rejects(her.send(replicate(primary)), denied);
  assert.equal(await exists(there, primary), false);
  await here.send(replicate(primary));
  const move = new UpdatePrimaryRegionCommand({ KeyId: primary, PrimaryRegion: further });
  await assert.rejects(her.send(move), denied);
});

test("a replica's own policy has a say in what becomes the primary", async (t) => {
  const { acme, here, primary } = await start(t);
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: { AWS: acme.account }, Action: "kms:*", Resource: "*" },
      { Effect: "Deny", Principal: "*", Action: "kms:UpdatePrimaryRegion", Resource: "*" },
    ],
  });
  await here.send(replicate(primary, { Policy }));
  const move = new UpdatePrimaryRegionCommand({ KeyId: primary, PrimaryRegion: further });
  await assert.rejects(here.send(move), denied);
  const { KeyMetadata } = await here.send(new DescribeKeyCommand({ KeyId: primary }));
  assert.equal(KeyMetadata?.MultiRegionConfiguration?.MultiRegionKeyType, "PRIMARY");
});

test("another tenant replicates, moves and opens nothing, whatever the key policy says", async (t) => {
  const { running, client, here, there, primary, replica } = await start(t);
  const eve = await running.tenant("eve");
  const [stranger, strangerThere] = [client(eve.root, home), client(eve.root, further)];
  const open = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: "*", Action: "kms:*", Resource: "*" }],
  });
  for (const Policy of [undefined, open]) {
    if (Policy) await here.send(new PutKeyPolicyCommand({ KeyId: primary, Policy }));
    await assert.rejects(stranger.send(replicate(primary)), denied);
    const move = new UpdatePrimaryRegionCommand({ KeyId: primary, PrimaryRegion: further });
    await assert.rejects(stranger.send(move), denied);
    assert.equal(await exists(there, primary), false);
  }
  await here.send(replicate(primary));
  const { CiphertextBlob } = await here.send(new EncryptCommand({ KeyId: primary, Plaintext }));
  // The primary's policy lets everybody in; the replica's does not.
  await assert.rejects(
    strangerThere.send(new DecryptCommand({ KeyId: replica, CiphertextBlob })),
    denied,
  );
  const id = primary.split("/")[1];
  await assert.rejects(strangerThere.send(new DescribeKeyCommand({ KeyId: id })), {
    name: "NotFoundException",
  });
});

async function exists(there: KMSClient, primary: string): Promise<boolean> {
  const KeyId = primary.replace(home, further);
  try {
    await there.send(new DescribeKeyCommand({ KeyId }));
    return true;
  } catch (error) {
    assert.equal(error instanceof Error && error.name, "NotFoundException");
    return false;
  }
}

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Config } from "../../src/config.ts";
import { startBondstore } from "../support/bondstore.ts";
import { aws, awsAll, python } from "../support/python.ts";

async function start(t: TestContext, more: Partial<Config> = {}) {
  const running = await startBondstore(t, more);
  const { account, root } = await running.tenant("acme");
  return { running, account, root };
}

/** What every script begins with. */
const prelude = `
import boto3, json
from botocore.exceptions import ClientError
kms, trail = boto3.client("kms"), boto3.client("cloudtrail")
def refused(call, **input):
    try: call(**input)
    except ClientError as error: return [error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]]
context = {"tenant": "acme"}
text = b"four windows of June"
out = {}
`;

test("boto3 makes keys and uses them", async (t) => {
  const { running, root } = await start(t);
  const script = `${prelude}
made = kms.create_key(Description="orders", Tags=[{"TagKey": "team", "TagValue": "orders"}])["KeyMetadata"]
key = made["KeyId"]
kms.update_key_description(KeyId=key, Description="all orders")
out["described"] = kms.describe_key(KeyId=key)["KeyMetadata"]["Description"]
out["listed"] = [k["KeyArn"] == made["Arn"] for k in kms.list_keys()["Keys"]]
kms.create_alias(AliasName="alias/orders", TargetKeyId=key)
out["again"] = refused(kms.create_alias, AliasName="alias/orders", TargetKeyId=key)
out["aliases"] = [a["AliasName"] for a in kms.list_aliases(KeyId=key)["Aliases"]]
sealed = kms.encrypt(KeyId="alias/orders", Plaintext=text, EncryptionContext=context)["CiphertextBlob"]
out["opened"] = kms.decrypt(CiphertextBlob=sealed, EncryptionContext=context)["Plaintext"] == text
out["other context"] = refused(kms.decrypt, CiphertextBlob=sealed)
other = kms.create_key()["KeyMetadata"]["KeyId"]
moved = kms.re_encrypt(CiphertextBlob=sealed, SourceEncryptionContext=context, DestinationKeyId=other)["CiphertextBlob"]
out["moved"] = kms.decrypt(CiphertextBlob=moved, KeyId=other)["Plaintext"] == text
kms.update_alias(AliasName="alias/orders", TargetKeyId=other)
kms.delete_alias(AliasName="alias/orders")
out["gone"] = refused(kms.describe_key, KeyId="alias/orders")
data = kms.generate_data_key(KeyId=key, KeySpec="AES_256", EncryptionContext=context)
out["data key"] = kms.decrypt(CiphertextBlob=data["CiphertextBlob"], EncryptionContext=context)["Plaintext"] == data["Plaintext"]
blind = kms.generate_data_key_without_plaintext(KeyId=key, NumberOfBytes=24)
out["blind"] = [len(kms.decrypt(CiphertextBlob=blind["CiphertextBlob"])["Plaintext"]), "Plaintext" in blind]
out["random"] = len(kms.generate_random(NumberOfBytes=33)["Plaintext"])
out["dry run"] = refused(kms.encrypt, KeyId=key, Plaintext=text, DryRun=True)
kms.rotate_key_on_demand(KeyId=key)
kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=90)
out["rotation"] = kms.get_key_rotation_status(KeyId=key)["RotationPeriodInDays"]
kms.disable_key_rotation(KeyId=key)
out["rotations"] = [r["RotationType"] for r in kms.list_key_rotations(KeyId=key)["Rotations"]]
out["old"] = kms.decrypt(CiphertextBlob=sealed, EncryptionContext=context)["Plaintext"] == text
kms.disable_key(KeyId=key)
out["disabled"] = refused(kms.decrypt, CiphertextBlob=sealed, EncryptionContext=context)
kms.enable_key(KeyId=key)
out["window"] = kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=7)["KeyState"]
out["pending"] = refused(kms.encrypt, KeyId=key, Plaintext=text)
out["cancelled"] = kms.cancel_key_deletion(KeyId=key)["KeyId"] == made["Arn"]
out["state"] = kms.describe_key(KeyId=key)["KeyMetadata"]["KeyState"]
print(json.dumps(out))`;
  assert.deepEqual(await python(running, root, script), {
    described: "all orders",
    listed: [true],
    again: ["AlreadyExistsException", 400],
    aliases: ["alias/orders"],
    opened: true,
    "other context": ["InvalidCiphertextException", 400],
    moved: true,
    gone: ["NotFoundException", 400],
    "data key": true,
    blind: [24, false],
    random: 33,
    "dry run": ["DryRunOperationException", 400],
    rotation: 90,
    rotations: ["ON_DEMAND"],
    old: true,
    disabled: ["DisabledException", 400],
    window: "PendingDeletion",
    pending: ["KMSInvalidStateException", 400],
    cancelled: true,
    state: "Disabled",
  });
});

test("boto3 lets others in by policies and grants, and finds in the trail what they did", async (t) => {
  const { running, root } = await start(t);
  const script = `${prelude}
iam = boto3.client("iam")
key = kms.create_key()["KeyMetadata"]["Arn"]
kms.tag_resource(KeyId=key, Tags=[{"TagKey": "a", "TagValue": "1"}, {"TagKey": "b", "TagValue": "2"}])
kms.untag_resource(KeyId=key, TagKeys=["a"])
out["tags"] = kms.list_resource_tags(KeyId=key)["Tags"]
out["policies"] = kms.list_key_policies(KeyId=key)["PolicyNames"]
policy = json.loads(kms.get_key_policy(KeyId=key)["Policy"])
alice = iam.create_user(UserName="alice")["User"]["Arn"]
pair = iam.create_access_key(UserName="alice")["AccessKey"]
hers = boto3.client("kms", aws_access_key_id=pair["AccessKeyId"], aws_secret_access_key=pair["SecretAccessKey"])
out["before"] = refused(hers.encrypt, KeyId=key, Plaintext=text)
mine = dict(policy, Statement=policy["Statement"] + [{"Effect": "Allow", "Principal": {"AWS": alice}, "Action": "kms:Encrypt", "Resource": "*"}])
kms.put_key_policy(KeyId=key, Policy=json.dumps(mine))
sealed = hers.encrypt(KeyId=key, Plaintext=text, EncryptionContext=context)["CiphertextBlob"]
out["no decrypt"] = refused(hers.decrypt, CiphertextBlob=sealed, EncryptionContext=context)
wanted = dict(KeyId=key, GranteePrincipal=alice, RetiringPrincipal=alice, Operations=["Decrypt"], Constraints={"EncryptionContextEquals": context})
grant = kms.create_grant(**wanted)
out["granted"] = hers.decrypt(CiphertextBlob=sealed, EncryptionContext=context)["Plaintext"] == text
out["grants"] = [g["Operations"] for g in kms.list_grants(KeyId=key)["Grants"]]
out["retirable"] = len(kms.list_retirable_grants(RetiringPrincipal=alice)["Grants"])
hers.retire_grant(GrantToken=grant["GrantToken"])
again = kms.create_grant(**wanted)
kms.revoke_grant(KeyId=key, GrantId=again["GrantId"])
out["revoked"] = refused(hers.decrypt, CiphertextBlob=sealed, EncryptionContext=context)
def look(name): return [json.loads(e["CloudTrailEvent"]) for p in trail.get_paginator("lookup_events").paginate(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}], PaginationConfig={"PageSize": 1}) for e in p["Events"]]
out["decrypts"] = [[e["userIdentity"]["userName"], e.get("errorCode")] for e in look("Decrypt")]
out["by alice"] = len(trail.lookup_events(LookupAttributes=[{"AttributeKey": "Username", "AttributeValue": "alice"}])["Events"])
out["created"] = [e["requestParameters"]["userName"] for e in look("CreateAccessKey")]
out["shown"] = pair["SecretAccessKey"] in json.dumps(look("CreateAccessKey"))
out["times"] = refused(trail.lookup_events, StartTime=2000000000, EndTime=1000000000)
print(json.dumps(out))`;
  assert.deepEqual(await python(running, root, script), {
    tags: [{ TagKey: "b", TagValue: "2" }],
    policies: ["default"],
    before: ["AccessDeniedException", 400],
    "no decrypt": ["AccessDeniedException", 400],
    granted: true,
    grants: [["Decrypt"]],
    retirable: 1,
    revoked: ["AccessDeniedException", 400],
    decrypts: [
      ["alice", "AccessDeniedException"],
      ["alice", null],
      ["alice", "AccessDeniedException"],
    ],
    "by alice": 6,
    created: ["alice"],
    shown: false,
    times: ["InvalidTimeRangeException", 400],
  });
});

test("the AWS CLI makes a key, uses it by its alias and looks the events up, over HTTPS", async (t) => {
  const { running, account, root } = await start(t, { plainHttp: false });
  const made = JSON.parse(await aws(running, root, "kms", "create-key", "--description", "orders"));
  const key = ["--key-id", made.KeyMetadata.KeyId];
  const alias = ["--key-id", "alias/orders"];
  const [, sealed, ...answers] = await awsAll(running, root, [
    ["kms", "create-alias", "--alias-name", "alias/orders", "--target-key-id", key[1] ?? ""],
    ["kms", "encrypt", ...alias, "--plaintext", "an order", "--encryption-context", "tenant=acme"],
    ["kms", "describe-key", ...alias, "--query", "KeyMetadata.Arn"],
    ["kms", "list-aliases", "--query", "Aliases[].AliasName"],
    ["kms", "generate-random", "--number-of-bytes", "16", "--query", "length(Plaintext)"],
    ["kms", "get-key-policy", ...key, "--policy-name", "default", "--query", "PolicyName"],
    ["kms", "describe-key", "--key-id", "alias/nothing"],
    ["cloudtrail", "lookup-events", "--query", "Events[].EventName"],
  ]);
  const arn = `arn:aws:kms:${running.region}:${account}:key/${key[1]}`;
  const [described, aliases, random, policy, missing, events] = answers;
  assert.deepEqual([described, aliases, random, policy], [arn, ["alias/orders"], 24, "default"]);
  assert.match(JSON.stringify(missing), /NotFoundException.* DescribeKey operation/);
  for (const name of ["CreateKey", "CreateAlias", "Encrypt", "DescribeKey", "GetKeyPolicy"]) {
    assert.ok((events as readonly string[]).includes(name), name);
  }
  const { CiphertextBlob } = sealed as { readonly CiphertextBlob: string };
  const file = join(running.data, "sealed");
  writeFileSync(file, Buffer.from(CiphertextBlob, "base64"));
  const opened = ["--ciphertext-blob", `fileb://${file}`, "--encryption-context", "tenant=acme"];
  const [open] = await awsAll(running, root, [["kms", "decrypt", ...opened]]);
  const { Plaintext } = open as { readonly Plaintext: string };
  assert.equal(Buffer.from(Plaintext, "base64").toString(), "an order");
  const looked = await aws(running, root, "cloudtrail", "lookup-events", "--max-items", "1");
  assert.equal(JSON.parse(looked).Events[0].EventName, "Decrypt");
});

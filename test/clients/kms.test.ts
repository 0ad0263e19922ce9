import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient } from "@aws-sdk/client-iam";
import {
  AlreadyExistsException,
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateGrantCommand,
  CreateKeyCommand,
  DecryptCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisabledException,
  DisableKeyCommand,
  DisableKeyRotationCommand,
  DryRunOperationException,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GenerateRandomCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  InvalidCiphertextException,
  KMSClient,
  KMSInvalidStateException,
  ListAliasesCommand,
  ListGrantsCommand,
  ListKeyPoliciesCommand,
  ListKeyRotationsCommand,
  ListKeysCommand,
  ListResourceTagsCommand,
  ListRetirableGrantsCommand,
  MalformedPolicyDocumentException,
  NotFoundException,
  PutKeyPolicyCommand,
  ReEncryptCommand,
  RetireGrantCommand,
  RevokeGrantCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
  UpdateKeyDescriptionCommand,
} from "@aws-sdk/client-kms";
import { startKmsClient } from "../support/kms-client.ts";

const Plaintext = Buffer.from("four windows of June");
const EncryptionContext = { tenant: "acme", "aws:s3:arn": "arn:aws:s3:::orders" };

async function start(t: TestContext) {
  const { running, acme, kms } = await startKmsClient(t);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: "orders" }));
  assert.ok(KeyMetadata?.Arn);
  return { running, acme, kms, KeyId: KeyMetadata.Arn };
}

test("the AWS SDK makes, describes and lists keys", async (t) => {
  const { kms, acme, KeyId } = await start(t);
  await kms.send(new UpdateKeyDescriptionCommand({ KeyId, Description: "all orders" }));
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
  assert.equal(KeyMetadata?.Description, "all orders");
  assert.equal(KeyMetadata?.KeyState, "Enabled");
  assert.equal(KeyMetadata?.AWSAccountId, acme.account);
  assert.ok(KeyMetadata?.CreationDate instanceof Date);
  const { Keys } = await kms.send(new ListKeysCommand({}));
  assert.deepEqual(Keys, [{ KeyArn: KeyId, KeyId: KeyId.split("/")[1] }]);
  const gone = new DescribeKeyCommand({ KeyId: "00000000-0000-0000-0000-000000000000" });
  await assert.rejects(kms.send(gone), NotFoundException);
});

test("the AWS SDK encrypts, decrypts and re-encrypts; another context is refused", async (t) => {
  const { kms, KeyId } = await start(t);
  const { CiphertextBlob } = await kms.send(
    new EncryptCommand({ KeyId, Plaintext, EncryptionContext }),
  );
  const opened = await kms.send(new DecryptCommand({ CiphertextBlob, EncryptionContext }));
  assert.deepEqual(Buffer.from(opened.Plaintext ?? []), Plaintext);
  await assert.rejects(
    kms.send(new DecryptCommand({ CiphertextBlob })),
    InvalidCiphertextException,
  );
  const moved = await kms.send(
    new ReEncryptCommand({
      CiphertextBlob,
      SourceEncryptionContext: EncryptionContext,
      DestinationKeyId: KeyId,
    }),
  );
  const again = await kms.send(new DecryptCommand({ CiphertextBlob: moved.CiphertextBlob }));
  assert.deepEqual(Buffer.from(again.Plaintext ?? []), Plaintext);
});

test("the AWS SDK makes data keys and random bytes", async (t) => {
  const { kms, KeyId } = await start(t);
  const made = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256" }));
  const opened = await kms.send(new DecryptCommand({ CiphertextBlob: made.CiphertextBlob }));
  assert.deepEqual(opened.Plaintext, made.Plaintext);
  const { CiphertextBlob } = await kms.send(
    new GenerateDataKeyWithoutPlaintextCommand({ KeyId, NumberOfBytes: 24 }),
  );
  const hidden = await kms.send(new DecryptCommand({ CiphertextBlob }));
  assert.equal(hidden.Plaintext?.length, 24);
  const random = await kms.send(new GenerateRandomCommand({ NumberOfBytes: 16 }));
  assert.equal(random.Plaintext?.length, 16);
});

test("the AWS SDK disables, enables, and schedules the end of a key", async (t) => {
  const { kms, KeyId } = await start(t);
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext }));
  const decrypt = () => kms.send(new DecryptCommand({ CiphertextBlob }));
  await kms.send(new DisableKeyCommand({ KeyId }));
  await assert.rejects(decrypt(), DisabledException);
  await kms.send(new EnableKeyCommand({ KeyId }));
  await decrypt();
  const scheduled = await kms.send(
    new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }),
  );
  assert.equal(scheduled.KeyState, "PendingDeletion");
  await assert.rejects(decrypt(), KMSInvalidStateException);
  await kms.send(new CancelKeyDeletionCommand({ KeyId }));
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
  assert.equal(KeyMetadata?.KeyState, "Disabled");
});

test("the AWS SDK names keys by aliases", async (t) => {
  const { kms, KeyId } = await start(t);
  const AliasName = "alias/orders";
  const alias = { AliasName, TargetKeyId: KeyId };
  await kms.send(new CreateAliasCommand(alias));
  await assert.rejects(kms.send(new CreateAliasCommand(alias)), AlreadyExistsException);
  await kms.send(new EncryptCommand({ KeyId: AliasName, Plaintext }));
  const second = await kms.send(new CreateKeyCommand({}));
  const TargetKeyId = second.KeyMetadata?.KeyId;
  await kms.send(new UpdateAliasCommand({ AliasName, TargetKeyId }));
  const { Aliases } = await kms.send(new ListAliasesCommand({}));
  assert.deepEqual(
    Aliases?.map((one) => [one.AliasName, one.TargetKeyId]),
    [[AliasName, TargetKeyId]],
  );
  await kms.send(new DeleteAliasCommand({ AliasName }));
  await assert.rejects(kms.send(new DescribeKeyCommand({ KeyId: AliasName })), NotFoundException);
});

test("the AWS SDK rotates keys, and reads what was written before", async (t) => {
  const { kms, KeyId } = await start(t);
  const { CiphertextBlob } = await kms.send(new EncryptCommand({ KeyId, Plaintext }));
  await kms.send(new RotateKeyOnDemandCommand({ KeyId }));
  await kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 100 }));
  const status = await kms.send(new GetKeyRotationStatusCommand({ KeyId }));
  assert.equal(status.RotationPeriodInDays, 100);
  await kms.send(new DisableKeyRotationCommand({ KeyId }));
  const { Rotations } = await kms.send(new ListKeyRotationsCommand({ KeyId }));
  assert.deepEqual(
    Rotations?.map(({ RotationType }) => RotationType),
    ["ON_DEMAND"],
  );
  const opened = await kms.send(new DecryptCommand({ CiphertextBlob }));
  assert.deepEqual(Buffer.from(opened.Plaintext ?? []), Plaintext);
});

test("the AWS SDK tags keys and changes their policies", async (t) => {
  const { kms, KeyId } = await start(t);
  await kms.send(new TagResourceCommand({ KeyId, Tags: [{ TagKey: "team", TagValue: "a" }] }));
  await kms.send(new TagResourceCommand({ KeyId, Tags: [{ TagKey: "stage", TagValue: "b" }] }));
  await kms.send(new UntagResourceCommand({ KeyId, TagKeys: ["team"] }));
  const { Tags } = await kms.send(new ListResourceTagsCommand({ KeyId }));
  assert.deepEqual(Tags, [{ TagKey: "stage", TagValue: "b" }]);

  const { PolicyNames } = await kms.send(new ListKeyPoliciesCommand({ KeyId }));
  assert.deepEqual(PolicyNames, ["default"]);
  const { Policy = "" } = await kms.send(new GetKeyPolicyCommand({ KeyId }));
  await kms.send(new PutKeyPolicyCommand({ KeyId, Policy }));
  const empty = JSON.stringify({ ...JSON.parse(Policy), Statement: [] });
  await assert.rejects(
    kms.send(new PutKeyPolicyCommand({ KeyId, Policy: empty })),
    MalformedPolicyDocumentException,
  );
});

test("the AWS SDK lets a user in by a grant, whose constraints are enforced", async (t) => {
  const { running, acme, kms, KeyId } = await start(t);
  const iam = new IAMClient(running.client(acme.root));
  const { User } = await iam.send(new CreateUserCommand({ UserName: "alice" }));
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "alice" }));
  assert.ok(User?.Arn && AccessKey?.AccessKeyId && AccessKey.SecretAccessKey);
  const alice = new KMSClient(
    running.client({
      accessKeyId: AccessKey.AccessKeyId,
      secretAccessKey: AccessKey.SecretAccessKey,
    }),
  );
  const denied = { name: "AccessDeniedException" };
  const encrypt = (context: Record<string, string>) =>
    alice.send(new EncryptCommand({ KeyId, Plaintext, EncryptionContext: context }));
  await assert.rejects(encrypt(EncryptionContext), denied);
  const grant = {
    KeyId,
    GranteePrincipal: User.Arn,
    RetiringPrincipal: User.Arn,
    Operations: ["Encrypt" as const, "Decrypt" as const],
    Constraints: { EncryptionContextSubset: { tenant: "acme" } },
  };
  const dryRun = new CreateGrantCommand({ ...grant, DryRun: true });
  await assert.rejects(kms.send(dryRun), DryRunOperationException);
  const { GrantId, GrantToken } = await kms.send(new CreateGrantCommand(grant));
  await encrypt(EncryptionContext);
  await assert.rejects(encrypt({ tenant: "umbrella" }), denied);
  const { Grants } = await kms.send(new ListGrantsCommand({ KeyId }));
  assert.deepEqual(
    Grants?.map((one) => [one.GrantId, one.Constraints]),
    [[GrantId, grant.Constraints]],
  );
  const retirable = await kms.send(new ListRetirableGrantsCommand({ RetiringPrincipal: User.Arn }));
  assert.equal(retirable.Grants?.length, 1);
  await alice.send(new RetireGrantCommand({ GrantToken }));
  await assert.rejects(encrypt(EncryptionContext), denied);
  const next = await kms.send(new CreateGrantCommand(grant));
  await kms.send(new RevokeGrantCommand({ KeyId, GrantId: next.GrantId }));
  await assert.rejects(encrypt(EncryptionContext), denied);
});

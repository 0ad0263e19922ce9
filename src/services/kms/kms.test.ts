import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  DecryptResponse,
  DescribeKeyResponse,
  GenerateDataKeyResponse,
  GetKeyRotationStatusResponse,
  ListAliasesResponse,
  ListKeyRotationsResponse,
  ListKeysResponse,
  ListResourceTagsResponse,
  ReEncryptResponse,
} from "@aws-sdk/client-kms";
import {
  acme,
  context,
  makeKey,
  other,
  Plaintext,
  refuses,
  region,
  seal,
  startKms,
} from "../../../test/support/kms.ts";

test("what a key encrypts, it decrypts, without being named", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const arn = await makeKey(root);
  const CiphertextBlob = await seal(root, arn, context);
  const answer = await root<DecryptResponse>("Decrypt", {
    CiphertextBlob,
    EncryptionContext: context,
  });
  assert.deepEqual(answer.Plaintext, Plaintext);
  assert.equal(answer.KeyId, arn);
  await refuses(root("Decrypt", { CiphertextBlob }), "InvalidCiphertextException");
  for (const at of [0, 1, 20, 40, 60, CiphertextBlob.length - 1]) {
    const altered = Buffer.from(CiphertextBlob);
    altered[at] = (altered[at] ?? 0) ^ 1;
    const input = { CiphertextBlob: altered, EncryptionContext: context };
    await refuses(root("Decrypt", input), "InvalidCiphertextException");
    await refuses(root("Decrypt", { ...input, KeyId: arn }), "InvalidCiphertextException");
  }
  const KeyId = await makeKey(root);
  const named = { CiphertextBlob, EncryptionContext: context, KeyId };
  await refuses(root("Decrypt", named), "IncorrectKeyException");
});

test("the trail names key and material of every use, and holds no plaintext", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const arn = await makeKey(root);
  const CiphertextBlob = await seal(root, arn);
  await root("Decrypt", { CiphertextBlob });
  const uses = kms.events.filter(({ eventName }) => /crypt/.test(eventName));
  assert.equal(uses.length, 2);
  for (const { resources, additionalEventData, readOnly } of uses) {
    assert.deepEqual(resources, [{ accountId: acme, type: "AWS::KMS::Key", ARN: arn }]);
    assert.match(String(additionalEventData?.["keyMaterialId"]), /^[0-9a-f]{64}$/);
    assert.equal(readOnly, true);
  }
  assert.ok(!JSON.stringify(kms.events).includes(Plaintext.toString()));
});

test("a key that is disabled or waits for deletion is of no use, at once", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const KeyId = await makeKey(root);
  const CiphertextBlob = await seal(root, KeyId);
  await root("DisableKey", { KeyId });
  await refuses(root("Decrypt", { CiphertextBlob }), "DisabledException", /^arn:.* is disabled\.$/);
  await refuses(root("GenerateDataKey", { KeyId, KeySpec: "AES_256" }), "DisabledException");
  await root("EnableKey", { KeyId });
  await root("Decrypt", { CiphertextBlob });
  await root("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
  const pending = "KMSInvalidStateException";
  await refuses(root("Decrypt", { CiphertextBlob }), pending, /is pending deletion\.$/);
  await refuses(root("EnableKey", { KeyId }), pending);
  await refuses(root("TagResource", { KeyId, Tags: [] }), pending);
  await root("CancelKeyDeletion", { KeyId });
  await refuses(root("Decrypt", { CiphertextBlob }), "DisabledException");
  await root("EnableKey", { KeyId });
  await root("Decrypt", { CiphertextBlob });
});

test("a deleted key is gone, and so is what it encrypted", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const KeyId = await makeKey(root);
  await root("CreateAlias", { AliasName: "alias/orders", TargetKeyId: KeyId });
  const CiphertextBlob = await seal(root, KeyId);
  await root("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
  kms.clock.nowMs += 7 * 86_400_000;
  await refuses(root("DescribeKey", { KeyId }), "NotFoundException", /does not exist$/);
  await refuses(root("Decrypt", { CiphertextBlob }), "InvalidCiphertextException");
  await kms.keys.store.upkeep.start();
  assert.deepEqual((await root<ListKeysResponse>("ListKeys")).Keys, []);
  assert.deepEqual((await root<ListAliasesResponse>("ListAliases")).Aliases, []);
  assert.equal(kms.events.at(-3)?.eventName, "DeleteKey");
});

test("a rotated key reads what it wrote before", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const KeyId = await makeKey(root);
  const before = await seal(root, KeyId);
  await root("RotateKeyOnDemand", { KeyId });
  await root("EnableKeyRotation", { KeyId, RotationPeriodInDays: 90 });
  kms.clock.nowMs += 90 * 86_400_000;
  await kms.keys.store.upkeep.start();
  const after = await seal(root, KeyId);
  const materials = new Set<string | undefined>();
  for (const CiphertextBlob of [before, after]) {
    const answer = await root<DecryptResponse>("Decrypt", { CiphertextBlob });
    assert.deepEqual(answer.Plaintext, Plaintext);
    materials.add(answer.KeyMaterialId);
  }
  assert.equal(materials.size, 2);
  const { Rotations = [] } = await root<ListKeyRotationsResponse>("ListKeyRotations", { KeyId });
  assert.deepEqual(
    Rotations.map(({ RotationType }) => RotationType),
    ["AUTOMATIC", "ON_DEMAND"],
  );
  const status = await root<GetKeyRotationStatusResponse>("GetKeyRotationStatus", { KeyId });
  assert.equal(status.NextRotationDate?.getTime(), kms.clock.nowMs + 90 * 86_400_000);
});

test("an alias names a key, and can be moved", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const [first, second] = [await makeKey(root), await makeKey(root)];
  const AliasName = "alias/orders";
  await root("CreateAlias", { AliasName, TargetKeyId: first });
  const again = root("CreateAlias", { AliasName, TargetKeyId: second });
  await refuses(again, "AlreadyExistsException", /already exists$/);
  const aws = { AliasName: "alias/aws/s3", TargetKeyId: first };
  await refuses(root("CreateAlias", aws), "InvalidAliasNameException");
  const CiphertextBlob = await seal(root, AliasName);
  await root("UpdateAlias", { AliasName, TargetKeyId: second });
  const { KeyMetadata } = await root<DescribeKeyResponse>("DescribeKey", { KeyId: AliasName });
  assert.equal(KeyMetadata?.Arn, second);
  await root("Decrypt", { CiphertextBlob });
  await refuses(root("Decrypt", { CiphertextBlob, KeyId: AliasName }), "IncorrectKeyException");
  await root("DeleteAlias", { AliasName });
  await refuses(root("DescribeKey", { KeyId: AliasName }), "NotFoundException", /is not found\.$/);
  const bob = kms.as(kms.user("bob", ["kms:CreateAlias"]));
  await bob("CreateAlias", { AliasName: "alias/bob", TargetKeyId: first });
  const eve = kms.as(kms.user("eve", ["kms:CreateAlias"], other));
  const foreign = eve("CreateAlias", { AliasName: "alias/eve", TargetKeyId: first });
  await refuses(foreign, "AccessDeniedException");
});

test("ReEncrypt needs permission on both keys, and shows no plaintext", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const [source, DestinationKeyId] = [await makeKey(root), await makeKey(root)];
  const CiphertextBlob = await seal(root, source, context);
  const input = { CiphertextBlob, SourceEncryptionContext: context, DestinationKeyId };
  const moved = await root<ReEncryptResponse>("ReEncrypt", input);
  assert.deepEqual([moved.SourceKeyId, moved.KeyId], [source, DestinationKeyId]);
  const opened = await root<DecryptResponse>("Decrypt", { CiphertextBlob: moved.CiphertextBlob });
  assert.deepEqual(opened.Plaintext, Plaintext);
  const bob = kms.user("bob", ["kms:ReEncryptFrom"]);
  await refuses(kms.as(bob)("ReEncrypt", input), "AccessDeniedException", /kms:ReEncryptTo/);
  const gone = `arn:aws:kms:${region}:${acme}:key/00000000-0000-0000-0000-000000000000`;
  await refuses(root("ReEncrypt", { ...input, DestinationKeyId: gone }), "NotFoundException");
});

test("data keys have the size asked for", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const KeyId = await makeKey(root);
  const sizes = [
    [{ KeySpec: "AES_256" }, 32],
    [{ KeySpec: "AES_128" }, 16],
    [{ NumberOfBytes: 64 }, 64],
  ] as const;
  for (const [input, size] of sizes) {
    const made = await root<GenerateDataKeyResponse>("GenerateDataKey", { KeyId, ...input });
    assert.equal(made.Plaintext?.length, size);
    const { CiphertextBlob } = made;
    const opened = await root<DecryptResponse>("Decrypt", { CiphertextBlob });
    assert.deepEqual(opened.Plaintext, made.Plaintext);
  }
  await refuses(root("GenerateDataKey", { KeyId }), "ValidationException");
});

test("lists come in pages, and a made-up marker is refused", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const made = new Set<string>();
  for (let round = 0; round < 5; round += 1) made.add(await makeKey(root));
  const seen = new Set<string | undefined>();
  let Marker: string | undefined;
  do {
    const page: ListKeysResponse = await root("ListKeys", { Limit: 2, ...(Marker && { Marker }) });
    for (const { KeyArn } of page.Keys ?? []) seen.add(KeyArn);
    Marker = page.NextMarker;
    assert.equal(page.Truncated, Marker !== undefined);
  } while (Marker);
  assert.deepEqual(seen, made);
  await refuses(root("ListKeys", { Marker: "?" }), "InvalidMarkerException");
});

test("tags change, within KMS's rules", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const KeyId = await makeKey(root, { Tags: [{ TagKey: "team", TagValue: "orders" }] });
  await root("TagResource", { KeyId, Tags: [{ TagKey: "stage", TagValue: "prod" }] });
  await root("UntagResource", { KeyId, TagKeys: ["team"] });
  const { Tags } = await root<ListResourceTagsResponse>("ListResourceTags", { KeyId });
  assert.deepEqual(Tags, [{ TagKey: "stage", TagValue: "prod" }]);
  const reserved = { KeyId, Tags: [{ TagKey: "aws:x", TagValue: "" }] };
  await refuses(root("TagResource", reserved), "TagException");
});

test("what is not built says so", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const unsupported = "UnsupportedOperationException";
  const lattice = { KeySpec: "ML_DSA_44", KeyUsage: "SIGN_VERIFY", Origin: "EXTERNAL" };
  await refuses(root("CreateKey", lattice), unsupported);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  CreateGrantResponse,
  CreateKeyResponse,
  DecryptResponse,
  DescribeKeyResponse,
  EncryptResponse,
  GenerateDataKeyResponse,
  GetKeyPolicyResponse,
  GetKeyRotationStatusResponse,
  ListAliasesResponse,
  ListGrantsResponse,
  ListKeyRotationsResponse,
  ListKeysResponse,
  ListResourceTagsResponse,
  ReEncryptResponse,
} from "@aws-sdk/client-kms";
import { type As, acme, other, region, startKms } from "../../../test/support/kms.ts";
import { ServiceError } from "../../pipeline/operation.ts";

const Plaintext = Buffer.from("four windows of June");
const context = { tenant: "acme" };

async function makeKey(as: As, input: Record<string, unknown> = {}): Promise<string> {
  const { KeyMetadata } = await as<CreateKeyResponse>("CreateKey", input);
  assert.ok(KeyMetadata?.Arn);
  return KeyMetadata.Arn;
}

const seal = async (as: As, KeyId: string, EncryptionContext: Record<string, string> = {}) => {
  const answer = await as<EncryptResponse>("Encrypt", { KeyId, Plaintext, EncryptionContext });
  assert.ok(answer.CiphertextBlob);
  return answer.CiphertextBlob;
};

const refuses = (promise: Promise<unknown>, code: string, message?: RegExp) =>
  assert.rejects(promise, (error) => {
    assert.ok(error instanceof ServiceError, String(error));
    assert.equal(error.code, code, error.message);
    if (message) assert.match(error.message, message);
    return true;
  });

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

test("a trial run answers with its own error, after everything was judged", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const KeyId = await makeKey(root);
  const CiphertextBlob = await seal(root, KeyId);
  const trials: readonly (readonly [operation: string, input: Record<string, unknown>])[] = [
    ["Encrypt", { KeyId, Plaintext }],
    ["Decrypt", { CiphertextBlob }],
    ["Decrypt", { KeyId, DryRunModifiers: ["IGNORE_CIPHERTEXT"] }],
    ["ReEncrypt", { CiphertextBlob, DestinationKeyId: KeyId }],
    ["GenerateDataKey", { KeyId, KeySpec: "AES_256" }],
    ["GenerateDataKeyWithoutPlaintext", { KeyId, NumberOfBytes: 64 }],
    ["CreateGrant", { KeyId, GranteePrincipal: root_, Operations: ["Decrypt"] }],
  ];
  const bob = kms.as(kms.user("bob"));
  for (const [operation, input] of trials) {
    await refuses(root(operation, { ...input, DryRun: true }), "DryRunOperationException");
    await refuses(bob(operation, { ...input, DryRun: true }), "AccessDeniedException");
  }
  assert.deepEqual((await root<ListGrantsResponse>("ListGrants", { KeyId })).Grants, []);
  await root("DisableKey", { KeyId });
  await refuses(root("Decrypt", { CiphertextBlob, DryRun: true }), "DisabledException");
});
const root_ = `arn:aws:iam::${acme}:root`;

test("who may do little may not use a key, and learns nothing of foreign ones", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const KeyId = await makeKey(root);
  const CiphertextBlob = await seal(root, KeyId);
  const bob = kms.as(kms.user("bob", ["kms:ListKeys"]));
  await refuses(bob("Decrypt", { CiphertextBlob }), "AccessDeniedException");
  const stranger = kms.as(kms.user("eve", ["kms:*"], other));
  const missing = `arn:aws:kms:${region}:${acme}:key/00000000-0000-0000-0000-000000000000`;
  for (const operation of ["DescribeKey", "DisableKey", "GetKeyPolicy", "ScheduleKeyDeletion"]) {
    await refuses(stranger(operation, { KeyId }), "AccessDeniedException");
    await refuses(stranger(operation, { KeyId: missing }), "AccessDeniedException");
    await refuses(root(operation, { KeyId: missing }), "NotFoundException", /^Key 'arn:/);
  }
  await refuses(stranger("Decrypt", { CiphertextBlob }), "AccessDeniedException");
});

test("a key serves another account when both sides say so", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const allow = (account: string, Action: string) => ({
    Effect: "Allow",
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action,
    Resource: "*",
  });
  const Statement = [allow(acme, "kms:*"), allow(other, "kms:Decrypt")];
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
  const KeyId = await makeKey(root, { Policy });
  const CiphertextBlob = await seal(root, KeyId);
  const eve = kms.as(kms.user("eve", ["kms:Decrypt"], other));
  const answer = await eve<DecryptResponse>("Decrypt", { CiphertextBlob, KeyId });
  assert.deepEqual(answer.Plaintext, Plaintext);
  const mallory = kms.as(kms.user("mallory", [], other));
  await refuses(mallory("Decrypt", { CiphertextBlob }), "AccessDeniedException");
  const greedy = kms.as(kms.user("greedy", ["kms:*"], other));
  await refuses(greedy("Encrypt", { KeyId, Plaintext }), "AccessDeniedException");
});

test("conditions on context, caller and alias are judged", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const KeyId = await makeKey(root);
  await root("CreateAlias", { AliasName: "alias/orders", TargetKeyId: KeyId });
  const alice = kms.user("alice");
  const allow = (Principal: unknown, Condition: unknown = {}) => ({
    Effect: "Allow",
    Principal,
    Action: "kms:*",
    Resource: "*",
    Condition,
  });
  const cases: readonly (readonly [
    title: string,
    condition: unknown,
    keyId: string,
    context: Record<string, string>,
    allowed: boolean,
  ])[] = [
    ["value", { StringEquals: { "kms:EncryptionContext:tenant": "acme" } }, KeyId, context, true],
    ["no value", { StringEquals: { "kms:EncryptionContext:tenant": "acme" } }, KeyId, {}, false],
    [
      "key names know letter case",
      { "ForAnyValue:StringEquals": { "kms:EncryptionContextKeys": "Tenant" } },
      KeyId,
      context,
      false,
    ],
    [
      "by alias",
      { StringEquals: { "kms:RequestAlias": "alias/orders" } },
      "alias/orders",
      {},
      true,
    ],
    ["not by id", { StringEquals: { "kms:RequestAlias": "alias/orders" } }, KeyId, {}, false],
    [
      "the key's aliases",
      { "ForAnyValue:StringLike": { "kms:ResourceAliases": "alias/ord*" } },
      KeyId,
      {},
      true,
    ],
    ["caller", { StringEquals: { "kms:CallerAccount": acme } }, KeyId, {}, true],
    ["foreign caller", { StringEquals: { "kms:CallerAccount": other } }, KeyId, {}, false],
    ["service", { Null: { "kms:ViaService": "false" } }, KeyId, {}, false],
    ["spec", { StringEquals: { "kms:KeySpec": "SYMMETRIC_DEFAULT" } }, KeyId, {}, true],
  ];
  for (const [title, condition, keyId, given, allowed] of cases) {
    const Statement = [
      allow({ AWS: `arn:aws:iam::${acme}:root` }),
      allow({ AWS: alice.arn }, condition),
    ];
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
    await root("PutKeyPolicy", { KeyId, Policy });
    const outcome = await seal(kms.as(alice), keyId, given).then(
      () => true,
      (error: ServiceError) => error.code !== "AccessDeniedException",
    );
    assert.equal(outcome, allowed, title);
  }
});

test("a policy that would lock its author out is refused, unless that is wanted", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const KeyId = await makeKey(root);
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { AWS: `arn:aws:iam::${acme}:user/alice` },
        Action: "kms:*",
        Resource: "*",
      },
    ],
  });
  const malformed = "MalformedPolicyDocumentException";
  await refuses(root("PutKeyPolicy", { KeyId, Policy }), malformed, /will not allow you to update/);
  await refuses(root("CreateKey", { Policy }), malformed);
  await refuses(root("PutKeyPolicy", { KeyId, Policy: "{" }), malformed);
  await root("PutKeyPolicy", { KeyId, Policy, BypassPolicyLockoutSafetyCheck: true });
  await refuses(root("DescribeKey", { KeyId }), "AccessDeniedException");
  const alice = kms.as(kms.user("alice"));
  const shown = await alice<GetKeyPolicyResponse>("GetKeyPolicy", { KeyId });
  assert.equal(shown.Policy, Policy);
});

test("a grant allows its operations within its constraints, and no more", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const KeyId = await makeKey(root);
  const bob = kms.user("bob");
  const asBob = kms.as(bob);
  const granted = await root<CreateGrantResponse>("CreateGrant", {
    KeyId,
    GranteePrincipal: bob.arn,
    RetiringPrincipal: bob.arn,
    Operations: ["Encrypt", "CreateGrant"],
    Constraints: { EncryptionContextSubset: context },
    Name: "orders",
  });
  await seal(asBob, KeyId, { ...context, more: "yes" });
  const denied = "AccessDeniedException";
  await refuses(seal(asBob, KeyId, { tenant: "umbrella" }), denied);
  await refuses(seal(asBob, KeyId, { Tenant: "acme" }), denied);
  await refuses(asBob("GenerateDataKey", { KeyId, NumberOfBytes: 32 }), denied);

  const child = { KeyId, GranteePrincipal: `arn:aws:iam::${acme}:user/eve` };
  const within = { EncryptionContextSubset: { ...context, job: "1" } };
  await asBob("CreateGrant", { ...child, Operations: ["Encrypt"], Constraints: within });
  await refuses(asBob("CreateGrant", { ...child, Operations: ["Encrypt"] }), denied);
  const wider = { ...child, Operations: ["Decrypt"], Constraints: within };
  await refuses(asBob("CreateGrant", wider), denied);

  const listed = await root<ListGrantsResponse>("ListRetirableGrants", {
    RetiringPrincipal: bob.arn,
  });
  assert.deepEqual(
    listed.Grants?.map(({ GrantId, Name }) => [GrantId, Name]),
    [[granted.GrantId, "orders"]],
  );
  await refuses(asBob("RetireGrant", { GrantToken: "none" }), "InvalidGrantTokenException");
  await asBob("RetireGrant", { GrantToken: granted.GrantToken });
  await refuses(seal(asBob, KeyId, context), denied);
});

test("a grant for equal contexts takes no larger one, and is revoked at once", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const KeyId = await makeKey(root);
  const bob = kms.user("bob");
  const { GrantId } = await root<CreateGrantResponse>("CreateGrant", {
    KeyId,
    GranteePrincipal: bob.arn,
    Operations: ["Encrypt"],
    Constraints: { EncryptionContextEquals: context },
  });
  await seal(kms.as(bob), KeyId, context);
  const larger = { ...context, more: "yes" };
  await refuses(seal(kms.as(bob), KeyId, larger), "AccessDeniedException");
  await refuses(kms.as(bob)("RevokeGrant", { KeyId, GrantId }), "AccessDeniedException");
  await root("RevokeGrant", { KeyId, GrantId });
  await refuses(seal(kms.as(bob), KeyId, context), "AccessDeniedException");
  await refuses(root("RevokeGrant", { KeyId, GrantId }), "NotFoundException");
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
  await refuses(root("CreateKey", { KeySpec: "RSA_2048", KeyUsage: "SIGN_VERIFY" }), unsupported);
  await refuses(root("CreateKey", { MultiRegion: true }), unsupported);
  await refuses(root("CreateKey", { Origin: "EXTERNAL" }), unsupported);
});

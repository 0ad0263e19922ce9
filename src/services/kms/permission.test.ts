import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  CreateGrantResponse,
  DecryptResponse,
  GetKeyPolicyResponse,
  ListGrantsResponse,
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
import type { ServiceError } from "../../pipeline/operation.ts";

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

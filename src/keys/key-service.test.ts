import assert from "node:assert/strict";
import { test } from "node:test";
import { acme, type KmsBench, other, region, startKms } from "../../test/support/kms.ts";
import type { RoleSession } from "../identity/principal.ts";
import { ServiceError } from "../lib/service-error.ts";
import { Corruption } from "../storage/store.ts";
import type { KeyUse } from "./keys.ts";

const application = `arn:aws:kinesisanalytics:${region}:${acme}:application/MyCmkApplication`;
const context = { "aws:kinesisanalytics:arn": application };
const service = "kinesisanalytics.amazonaws.com";
const plain = Buffer.from("state of the windows");
const bound = Buffer.from("checkpoint 7");

const operator: RoleSession = {
  kind: "session",
  account: acme,
  arn: `arn:aws:iam::${acme}:role/Operator`,
  id: "AROAOPERATOR:CmkTestingSession",
  tags: {},
  accessKeyId: "ASIAOPERATOR",
  session: {
    issuedAtMs: Date.UTC(2025, 7, 7, 13, 29, 28),
    expiresAtMs: Date.UTC(2030, 0),
    policies: [],
    mfa: false,
  },
  sessionArn: `arn:aws:sts::${acme}:assumed-role/Operator/CmkTestingSession`,
  roleName: "Operator",
  roleId: "AROAOPERATOR",
  sessionName: "CmkTestingSession",
};

const use = (principal: KeyUse["principal"], more: Partial<KeyUse> = {}): KeyUse => ({
  principal,
  via: `kinesisanalytics.${region}.amazonaws.com`,
  account: acme,
  requestId: "56764d19-1eb1-48f1-8044-594aa7dd05c4",
  sourceIp: "192.0.2.7",
  userAgent: "aws-cli/2",
  ...more,
});

const refuses = (promise: Promise<unknown>, code: string) =>
  assert.rejects(promise, (error) => error instanceof ServiceError && error.code === code);

/** A key whose policy lets Flink's service principal and the operator, through Flink, use it. */
async function makeKey(kms: KmsBench): Promise<string> {
  const allow = (Principal: unknown, Condition: unknown) => ({
    Effect: "Allow",
    Principal,
    Action: ["kms:Decrypt", "kms:GenerateDataKey*", "kms:DescribeKey", "kms:CreateGrant"],
    Resource: "*",
    Condition,
  });
  const policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      allow(
        { AWS: operator.arn },
        { StringEquals: { "kms:ViaService": `kinesisanalytics.${region}.amazonaws.com` } },
      ),
      allow(
        { Service: service },
        {
          StringEquals: {
            "aws:SourceAccount": acme,
            "kms:EncryptionContext:aws:kinesisanalytics:arn": application,
          },
          ArnEquals: { "aws:SourceArn": application },
        },
      ),
    ],
  });
  const given = { description: "", policy, tags: {}, manager: "CUSTOMER" } as const;
  return (await kms.keys.store.create(acme, given)).arn;
}

const asService = use(
  { kind: "service", name: service },
  { sourceArn: application, sourceAccount: acme },
);

test("a data key seals, is kept wrapped, and opens again", async (t) => {
  const kms = await startKms(t);
  const keyArn = await makeKey(kms);
  const made = await kms.keys.dataKey(keyArn, context, asService);
  assert.equal(made.keyArn, keyArn);
  const sealed = made.sealer.seal(plain, bound);
  const [one, two] = [
    await kms.keys.openDataKey(made.wrapped, context, asService),
    await kms.keys.openDataKey(made.wrapped, context, asService),
  ];
  assert.equal(one.id, made.sealer.id);
  assert.deepEqual(one.open(sealed, bound), plain);
  assert.throws(() => one.open(sealed, Buffer.from("checkpoint 8")), Corruption);
  const nonces = [made.sealer, one, two].map((sealer) =>
    sealer.seal(plain, bound).subarray(0, 12).toString("hex"),
  );
  assert.equal(new Set(nonces).size, 3, "openings of one data key share no nonce");
  const elsewhere = { "aws:kinesisanalytics:arn": `${application}2` };
  await refuses(kms.keys.openDataKey(made.wrapped, elsewhere, asService), "AccessDeniedException");
  const altered = Buffer.from(made.wrapped);
  altered[60] = (altered[60] ?? 0) ^ 1;
  await refuses(kms.keys.openDataKey(altered, context, asService), "InvalidCiphertextException");
});

test("a trial as an assumed role is in the trail as the documentation shows", async (t) => {
  const kms = await startKms(t);
  const keyArn = await makeKey(kms);
  await kms.keys.tryOut(keyArn, ["Decrypt"], context, use(operator));
  const { eventTime, eventID, additionalEventData, decision, ...event } = kms.events.at(-1) ?? {};
  assert.match(String(eventTime), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  assert.match(String(eventID), /^[0-9a-f-]{36}$/);
  assert.match(String(additionalEventData?.["keyMaterialId"]), /^[0-9a-f]{64}$/);
  assert.ok(decision);
  assert.deepEqual(event, {
    eventVersion: "1.11",
    userIdentity: {
      type: "AssumedRole",
      principalId: operator.id,
      arn: operator.sessionArn,
      accountId: acme,
      accessKeyId: "ASIAOPERATOR",
      sessionContext: {
        sessionIssuer: {
          type: "Role",
          principalId: "AROAOPERATOR",
          arn: operator.arn,
          accountId: acme,
          userName: "Operator",
        },
        attributes: { creationDate: "2025-08-07T13:29:28Z", mfaAuthenticated: "false" },
      },
      invokedBy: service,
    },
    eventSource: "kms.amazonaws.com",
    eventName: "Decrypt",
    awsRegion: region,
    sourceIPAddress: service,
    userAgent: service,
    errorCode: "DryRunOperationException",
    errorMessage: "The request would have succeeded, but the DryRun option is set.",
    requestParameters: {
      encryptionContext: context,
      keyId: keyArn,
      encryptionAlgorithm: "SYMMETRIC_DEFAULT",
      dryRun: true,
    },
    responseElements: null,
    requestID: "56764d19-1eb1-48f1-8044-594aa7dd05c4",
    readOnly: true,
    resources: [{ accountId: acme, type: "AWS::KMS::Key", ARN: keyArn }],
    eventType: "AwsApiCall",
    managementEvent: true,
    recipientAccountId: acme,
    eventCategory: "Management",
  });
});

test("a use across accounts is told to both, under one shared event id", async (t) => {
  const kms = await startKms(t);
  const keyArn = await makeKey(kms);
  const far = { ...asService, account: other };
  await kms.keys.tryOut(keyArn, ["Decrypt"], context, far);
  const [own, owner] = kms.events.slice(-2);
  assert.deepEqual(own?.userIdentity, { type: "AWSService", invokedBy: service });
  assert.deepEqual([own?.recipientAccountId, owner?.recipientAccountId], [other, acme]);
  assert.ok(own?.sharedEventID);
  assert.equal(own?.sharedEventID, owner?.sharedEventID);
  assert.notEqual(own?.eventID, owner?.eventID);
  assert.equal(owner?.decision, undefined, "the owner does not see a stranger's policies");
});

test("a service that acts for the wrong resource is refused: no confused deputy", async (t) => {
  const kms = await startKms(t);
  const keyArn = await makeKey(kms);
  const { wrapped } = await kms.keys.sharedDataKey(keyArn, context, asService);
  await kms.keys.openSharedDataKey(wrapped, context, asService);
  const deputies: readonly (readonly [title: string, use: KeyUse])[] = [
    ["no source", use({ kind: "service", name: service })],
    ["another application", { ...asService, sourceArn: `${application}2` }],
    ["another account", { ...asService, sourceAccount: other }],
    ["another service", { ...asService, principal: { kind: "service", name: "s3.amazonaws.com" } }],
    ["the operator by another service", use(operator, { via: `s3.${region}.amazonaws.com` })],
    ["a user without permission", use(kms.user("bob", ["kms:*"]))],
  ];
  for (const [title, deputy] of deputies) {
    const attempts = [
      () => kms.keys.dataKey(keyArn, context, deputy),
      () => kms.keys.sharedDataKey(keyArn, context, deputy),
      () => kms.keys.openSharedDataKey(wrapped, context, deputy),
    ];
    for (const attempt of attempts) {
      const before = kms.events.length;
      await refuses(attempt(), "AccessDeniedException");
      assert.equal(kms.events.length, before + 1, `${title}: a refusal is recorded`);
      assert.equal(kms.events.at(-1)?.errorCode, "AccessDeniedException");
    }
  }
});

test("a key that is disabled stops services at their next look", async (t) => {
  const kms = await startKms(t);
  const keyArn = await makeKey(kms);
  const { wrapped } = await kms.keys.sharedDataKey(keyArn, context, asService);
  await kms.keys.openSharedDataKey(wrapped, context, asService);
  const key = kms.keys.store.find(acme, keyArn.split("/")[1] ?? "");
  assert.ok(key);
  await kms.keys.store.change(key, (record) => ({ ...record, state: "Disabled" }));
  await refuses(kms.keys.openSharedDataKey(wrapped, context, asService), "DisabledException");
  await refuses(kms.keys.sharedDataKey(keyArn, context, asService), "DisabledException");
  await refuses(kms.keys.openDataKey(wrapped, context, asService), "DisabledException");
  const { errorCode, eventName } = kms.events.at(-1) ?? {};
  assert.deepEqual([eventName, errorCode], ["Decrypt", "DisabledException"]);
});

test("all that Flink needs is tried, and the first refusal is told", async (t) => {
  const kms = await startKms(t);
  const keyArn = await makeKey(kms);
  const actions = [
    "DescribeKey",
    "Decrypt",
    "GenerateDataKey",
    "GenerateDataKeyWithoutPlaintext",
    "CreateGrant",
  ] as const;
  await kms.keys.tryOut(keyArn, actions, context, use(operator));
  assert.deepEqual(
    kms.events.slice(-5).map(({ eventName, errorCode }) => [eventName, errorCode]),
    actions.map((name) => [name, name === "DescribeKey" ? undefined : "DryRunOperationException"]),
  );
  const bob = use(kms.user("bob"));
  await refuses(kms.keys.tryOut(keyArn, actions, context, bob), "AccessDeniedException");
});

test("a service's own key is made when it is first used, and works through that service only", async (t) => {
  const kms = await startKms(t);
  const alice = kms.user("alice");
  const byS3 = use(alice, { via: `s3.${region}.amazonaws.com` });
  const [one, two] = await Promise.all([
    kms.keys.dataKey("alias/aws/s3", {}, byS3),
    kms.keys.dataKey("alias/aws/s3", {}, byS3),
  ]);
  assert.equal(one.keyArn, two.keyArn);
  await kms.keys.openDataKey(one.wrapped, {}, byS3);
  await refuses(kms.keys.openDataKey(one.wrapped, {}, use(alice)), "AccessDeniedException");
  await refuses(kms.as(alice)("Decrypt", { CiphertextBlob: one.wrapped }), "AccessDeniedException");
  const foreign = kms.user("eve", ["kms:*"], other);
  const byStranger = use(foreign, { account: other, via: `s3.${region}.amazonaws.com` });
  await refuses(kms.keys.openDataKey(one.wrapped, {}, byStranger), "AccessDeniedException");
  await refuses(kms.keys.dataKey("alias/aws/kinesis", {}, byS3), "AccessDeniedException");
});

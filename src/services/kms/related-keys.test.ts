import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  CreateKeyResponse,
  EncryptResponse,
  GenerateMacResponse,
  GetPublicKeyResponse,
  ScheduleKeyDeletionResponse,
  SignResponse,
  VerifyMacResponse,
  VerifyResponse,
} from "@aws-sdk/client-kms";
import {
  type As,
  context as EncryptionContext,
  otherRegion,
  Plaintext,
  refuses,
  region,
  seal,
} from "../../../test/support/kms.ts";
import { describe, idOf, open, startRelated } from "../../../test/support/related-keys.ts";

const dayMs = 86_400_000;

test("a primary with replicas waits until the last is gone, and then its own window", async (t) => {
  const { kms, here, there, primary, replica } = await startRelated(t);
  const scheduled = await here<ScheduleKeyDeletionResponse>("ScheduleKeyDeletion", {
    KeyId: primary,
    PendingWindowInDays: 7,
  });
  assert.deepEqual(scheduled, {
    KeyId: primary,
    KeyState: "PendingReplicaDeletion",
    PendingWindowInDays: 7,
  });
  const known = await describe(here, primary);
  assert.deepEqual(
    [known?.KeyState, known?.PendingDeletionWindowInDays, known?.DeletionDate],
    ["PendingReplicaDeletion", 7, undefined],
  );
  const unusable = ["EnableKey", "DisableKey", "EnableKeyRotation", "ScheduleKeyDeletion"];
  for (const operation of unusable) {
    await refuses(here(operation, { KeyId: primary }), "KMSInvalidStateException");
  }
  await refuses(here("Encrypt", { KeyId: primary, Plaintext }), "KMSInvalidStateException");
  const sealed = await there<EncryptResponse>("Encrypt", { KeyId: replica, Plaintext });
  assert.ok(sealed.CiphertextBlob, "the replica works on");
  await there("ScheduleKeyDeletion", { KeyId: replica, PendingWindowInDays: 10 });
  const round = async () => {
    for (const { upkeep } of kms.keys.regions.all()) {
      await upkeep.start();
      await upkeep.stop();
    }
  };
  kms.clock.nowMs += 9 * dayMs;
  await round();
  assert.equal((await describe(here, primary))?.KeyState, "PendingReplicaDeletion");
  kms.clock.nowMs += 1 * dayMs;
  await round();
  await refuses(there("DescribeKey", { KeyId: replica }), "NotFoundException");
  const waiting = await describe(here, primary);
  assert.equal(waiting?.KeyState, "PendingDeletion");
  assert.equal(waiting.DeletionDate?.getTime(), kms.clock.nowMs + 7 * dayMs);
  assert.deepEqual(waiting.MultiRegionConfiguration?.ReplicaKeys, []);
  kms.clock.nowMs += 7 * dayMs;
  await round();
  await refuses(here("DescribeKey", { KeyId: primary }), "NotFoundException");
});

test("a primary that waited for its replicas is kept after all", async (t) => {
  const { here, primary } = await startRelated(t);
  await here("ScheduleKeyDeletion", { KeyId: primary });
  await here("CancelKeyDeletion", { KeyId: primary });
  const known = await describe(here, primary);
  assert.deepEqual([known?.KeyState, known?.PendingDeletionWindowInDays], ["Disabled", undefined]);
});

test("a replica that was deleted can be made again", async (t) => {
  const { kms, here, there, primary, replica } = await startRelated(t);
  const sealed = await seal(there, replica, EncryptionContext);
  await there("ScheduleKeyDeletion", { KeyId: replica, PendingWindowInDays: 7 });
  const again = () => here("ReplicateKey", { KeyId: primary, ReplicaRegion: otherRegion });
  await refuses(again(), "AlreadyExistsException");
  kms.clock.nowMs += 7 * dayMs;
  await refuses(again(), "AlreadyExistsException");
  for (const { upkeep } of kms.keys.regions.all()) {
    await upkeep.start();
    await upkeep.stop();
  }
  await again();
  assert.equal(await open(there, sealed), Plaintext.toString());
});

test("what is asked of a primary while it moves does not part it from its replicas", async (t) => {
  const { kms, here, primary } = await startRelated(t);
  const PrimaryRegion = otherRegion;
  const asked = [
    ["UpdatePrimaryRegion", { KeyId: primary, PrimaryRegion }],
    ["RotateKeyOnDemand", { KeyId: primary }],
    ["EnableKeyRotation", { KeyId: primary }],
    ["ScheduleKeyDeletion", { KeyId: primary }],
    ["UpdatePrimaryRegion", { KeyId: primary, PrimaryRegion }],
  ] as const;
  const ended = await Promise.allSettled(asked.map(([name, input]) => here(name, input)));
  assert.deepEqual(kms.inspect(), []);
  const done = ended.map(({ status }) => status === "fulfilled");
  assert.ok(done.includes(true) && done.includes(false), "they stood in each other's way");
});

test("the trail shows both ends of what happens between Regions", async (t) => {
  const { kms, here, primary, replica } = await startRelated(t);
  await here("UpdatePrimaryRegion", { KeyId: primary, PrimaryRegion: otherRegion });
  const seen = kms.events.map(({ eventName, awsRegion, resources }) => [
    eventName,
    awsRegion,
    resources?.[0]?.ARN,
  ]);
  assert.deepEqual(seen, [
    ["CreateKey", region, undefined],
    ["CreateKey", otherRegion, replica],
    ["SynchronizeMultiRegionKey", region, primary],
    ["ReplicateKey", region, primary],
    ["UpdatePrimaryRegion", otherRegion, replica],
    ["UpdatePrimaryRegion", region, primary],
  ]);
  const synchronized = kms.events[2];
  assert.deepEqual(synchronized?.userIdentity, {
    accountId: primary.split(":")[4],
    invokedBy: "AWS Internal",
  });
  assert.deepEqual(synchronized.responseElements, { keyId: primary });
});

test("condition keys tell multi-Region keys, their kind and where they go", async (t) => {
  const { kms, here, primary, replica } = await startRelated(t);
  const root = kms.root();
  assert.ok("arn" in root);
  const rule = (Action: string, Condition: object) =>
    JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Principal: { AWS: root.arn }, Action: "kms:*", Resource: "*" },
        { Effect: "Deny", Principal: "*", Action, Resource: "*", Condition },
      ],
    });
  const elsewhere = kms.as(kms.root(), {}, otherRegion);
  const cases: readonly [As, string, string, object, Record<string, unknown>][] = [
    [here, primary, "DescribeKey", { Bool: { "kms:MultiRegion": "true" } }, {}],
    [here, primary, "DescribeKey", { StringEquals: { "kms:MultiRegionKeyType": "PRIMARY" } }, {}],
    [
      elsewhere,
      replica,
      "DescribeKey",
      { StringEquals: { "kms:MultiRegionKeyType": "REPLICA" } },
      {},
    ],
    [
      here,
      primary,
      "ReplicateKey",
      { StringEquals: { "kms:ReplicaRegion": "sa-east-1" } },
      { ReplicaRegion: "sa-east-1" },
    ],
    [
      here,
      primary,
      "UpdatePrimaryRegion",
      { StringEquals: { "kms:PrimaryRegion": otherRegion } },
      { PrimaryRegion: otherRegion },
    ],
  ];
  for (const [as, KeyId, operation, condition, input] of cases) {
    await as("PutKeyPolicy", { KeyId, Policy: rule(`kms:${operation}`, condition) });
    await refuses(as(operation, { KeyId, ...input }), "AccessDeniedException");
  }
  const made = await here<CreateKeyResponse>("CreateKey", { MultiRegion: true });
  assert.equal(made.KeyMetadata?.MultiRegionConfiguration?.MultiRegionKeyType, "PRIMARY");
});

test("keys of every kind that may be of several Regions are the same key in each", async (t) => {
  const Message = Plaintext;
  const signing = await startRelated(t, { KeySpec: "ECC_NIST_P256", KeyUsage: "SIGN_VERIFY" });
  const SigningAlgorithm = "ECDSA_SHA_256";
  const asked = { KeyId: idOf(signing.primary), Message, SigningAlgorithm };
  const { Signature } = await signing.here<SignResponse>("Sign", asked);
  const verified = await signing.there<VerifyResponse>("Verify", { ...asked, Signature });
  assert.equal(verified.SignatureValid, true);
  const [one, other] = [signing.here, signing.there].map((as) =>
    as<GetPublicKeyResponse>("GetPublicKey", { KeyId: asked.KeyId }),
  );
  assert.deepEqual((await one)?.PublicKey, (await other)?.PublicKey);

  const hmac = await startRelated(t, { KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" });
  const input = { KeyId: idOf(hmac.primary), Message, MacAlgorithm: "HMAC_SHA_256" };
  const { Mac } = await hmac.there<GenerateMacResponse>("GenerateMac", input);
  const { MacValid } = await hmac.here<VerifyMacResponse>("VerifyMac", { ...input, Mac });
  assert.equal(MacValid, true);

  const root = hmac.here;
  await refuses(
    root("CreateKey", { MultiRegion: true, Origin: "AWS_CLOUDHSM", CustomKeyStoreId: "cks-1" }),
    "UnsupportedOperationException",
  );
});

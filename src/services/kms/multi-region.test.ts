import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type {
  CreateKeyResponse,
  DecryptResponse,
  DescribeKeyResponse,
  EncryptResponse,
  GetKeyRotationStatusResponse,
  ListAliasesResponse,
  ListResourceTagsResponse,
  ReplicateKeyResponse,
  ScheduleKeyDeletionResponse,
} from "@aws-sdk/client-kms";
import {
  type As,
  context as EncryptionContext,
  makeKey,
  otherRegion,
  Plaintext,
  refuses,
  region,
  seal,
  startKms,
} from "../../../test/support/kms.ts";

const dayMs = 86_400_000;

/** Two Regions, and a primary in the first with a replica in the second. */
async function start(t: TestContext, input: Record<string, unknown> = {}) {
  const kms = await startKms(t);
  const here = kms.as(kms.root());
  const there = kms.as(kms.root(), {}, otherRegion);
  const primary = await makeKey(here, { MultiRegion: true, Description: "orders", ...input });
  const made = await here<ReplicateKeyResponse>("ReplicateKey", {
    KeyId: primary,
    ReplicaRegion: otherRegion,
    Description: "orders elsewhere",
    Tags: [{ TagKey: "team", TagValue: "west" }],
  });
  const replica = made.ReplicaKeyMetadata?.Arn ?? "";
  return { kms, here, there, primary, replica, made };
}

const describe = async (as: As, KeyId: string) =>
  (await as<DescribeKeyResponse>("DescribeKey", { KeyId })).KeyMetadata;
const open = async (as: As, CiphertextBlob: Uint8Array) =>
  Buffer.from(
    (await as<DecryptResponse>("Decrypt", { CiphertextBlob, EncryptionContext })).Plaintext ?? [],
  ).toString();
const idOf = (arn: string) => arn.slice(arn.lastIndexOf("/") + 1);

test("a replica has the id and the materials of its primary, and all else of its own", async (t) => {
  const { here, there, primary, replica } = await start(t);
  assert.match(primary, new RegExp(`^arn:aws:kms:${region}:\\d{12}:key/mrk-[0-9a-f]{32}$`));
  assert.equal(replica, primary.replace(region, otherRegion));
  const [one, other] = [await describe(here, primary), await describe(there, idOf(replica))];
  const configuration = {
    PrimaryKey: { Arn: primary, Region: region },
    ReplicaKeys: [{ Arn: replica, Region: otherRegion }],
  };
  assert.equal(one?.MultiRegion, true);
  assert.deepEqual(one.MultiRegionConfiguration, {
    MultiRegionKeyType: "PRIMARY",
    ...configuration,
  });
  assert.deepEqual(other?.MultiRegionConfiguration, {
    MultiRegionKeyType: "REPLICA",
    ...configuration,
  });
  assert.equal(other.CurrentKeyMaterialId, one.CurrentKeyMaterialId);
  assert.deepEqual([one.Description, other.Description], ["orders", "orders elsewhere"]);
  const tags = async (as: As, KeyId: string) =>
    (await as<ListResourceTagsResponse>("ListResourceTags", { KeyId })).Tags;
  assert.deepEqual(await tags(here, primary), []);
  assert.deepEqual(await tags(there, replica), [{ TagKey: "team", TagValue: "west" }]);
  await there("CreateAlias", { AliasName: "alias/orders", TargetKeyId: replica });
  assert.deepEqual((await here<ListAliasesResponse>("ListAliases")).Aliases, []);
  assert.equal((await describe(there, "alias/orders"))?.Arn, replica);
});

test("what one Region encrypts, the other opens, by whatever material", async (t) => {
  const { here, there, primary, replica } = await start(t);
  const text = Plaintext.toString();
  const first = await seal(here, primary, EncryptionContext);
  assert.equal(await open(there, first), text);
  assert.equal(await open(here, await seal(there, replica, EncryptionContext)), text);
  await here("RotateKeyOnDemand", { KeyId: primary });
  const second = await seal(here, primary, EncryptionContext);
  const third = await seal(there, replica, EncryptionContext);
  for (const sealed of [first, second, third]) {
    assert.equal(await open(here, sealed), text);
    assert.equal(await open(there, sealed), text);
  }
  const materials = [await describe(here, primary), await describe(there, replica)].map(
    (key) => key?.CurrentKeyMaterialId,
  );
  assert.equal(materials[0], materials[1]);
});

test("a key of one Region is unknown in another, and so are its ciphertexts", async (t) => {
  const { here, there, kms, primary } = await start(t);
  const single = await makeKey(here);
  await refuses(there("DescribeKey", { KeyId: single }), "NotFoundException");
  await refuses(there("DescribeKey", { KeyId: primary }), "NotFoundException");
  await refuses(there("DescribeKey", { KeyId: idOf(single) }), "NotFoundException");
  const CiphertextBlob = await seal(here, single);
  await refuses(there("Decrypt", { CiphertextBlob }), "InvalidCiphertextException");
  const other = await makeKey(there);
  assert.match(other, new RegExp(`:${otherRegion}:`));
  assert.deepEqual(kms.events.at(-1)?.eventName, "CreateKey");
  assert.equal(kms.events.at(-1)?.awsRegion, otherRegion);
});

test("rotation is the primary's, and its replicas follow", async (t) => {
  const { kms, here, there, primary, replica } = await start(t);
  for (const operation of ["EnableKeyRotation", "DisableKeyRotation", "RotateKeyOnDemand"]) {
    await refuses(there(operation, { KeyId: replica }), "UnsupportedOperationException");
  }
  await here("EnableKeyRotation", { KeyId: primary, RotationPeriodInDays: 90 });
  const status = () =>
    there<GetKeyRotationStatusResponse>("GetKeyRotationStatus", { KeyId: replica });
  assert.equal((await status()).RotationPeriodInDays, 90);
  const before = (await describe(there, replica))?.CurrentKeyMaterialId;
  kms.clock.nowMs += 91 * dayMs;
  for (const { upkeep } of [...kms.keys.regions.all()].reverse()) await upkeep.start();
  t.after(() => Promise.all([...kms.keys.regions.all()].map(({ upkeep }) => upkeep.stop())));
  const after = (await describe(there, replica))?.CurrentKeyMaterialId;
  assert.notEqual(after, before);
  assert.equal(after, (await describe(here, primary))?.CurrentKeyMaterialId);
  assert.equal(kms.events.filter(({ eventName }) => eventName === "RotateKey").length, 1);
  await here("DisableKeyRotation", { KeyId: primary });
  assert.equal((await status()).KeyRotationEnabled, false);
});

test("another Region becomes the primary's, and rotates from then on", async (t) => {
  const { kms, here, there, primary, replica } = await start(t);
  await here("EnableKeyRotation", { KeyId: primary });
  const sealed = await seal(here, primary, EncryptionContext);
  await here("UpdatePrimaryRegion", { KeyId: primary, PrimaryRegion: otherRegion });
  const configuration = {
    PrimaryKey: { Arn: replica, Region: otherRegion },
    ReplicaKeys: [{ Arn: primary, Region: region }],
  };
  for (const [as, KeyId, MultiRegionKeyType] of [
    [here, primary, "REPLICA"],
    [there, replica, "PRIMARY"],
  ] as const) {
    const known = await describe(as, KeyId);
    assert.deepEqual(known?.MultiRegionConfiguration, { MultiRegionKeyType, ...configuration });
    assert.equal(known.KeyState, "Enabled");
  }
  await refuses(here("RotateKeyOnDemand", { KeyId: primary }), "UnsupportedOperationException");
  await there("RotateKeyOnDemand", { KeyId: replica });
  assert.equal(await open(here, sealed), Plaintext.toString());
  kms.clock.nowMs += 366 * dayMs;
  const due = [...kms.keys.regions.all()].map((keys) => [keys.region, keys.due().length]);
  assert.deepEqual(due, [
    [region, 0],
    [otherRegion, 1],
  ]);
  await refuses(
    there("UpdatePrimaryRegion", { KeyId: replica, PrimaryRegion: otherRegion }),
    "UnsupportedOperationException",
  );
});

test("a primary with replicas waits until the last is gone, and then its own window", async (t) => {
  const { kms, here, there, primary, replica } = await start(t);
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
  const { here, primary } = await start(t);
  await here("ScheduleKeyDeletion", { KeyId: primary });
  await here("CancelKeyDeletion", { KeyId: primary });
  const known = await describe(here, primary);
  assert.deepEqual([known?.KeyState, known?.PendingDeletionWindowInDays], ["Disabled", undefined]);
});

test("a replica that was deleted can be made again", async (t) => {
  const { kms, here, there, primary, replica } = await start(t);
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

test("what cannot be replicated, or moved, is refused in KMS's words", async (t) => {
  const { here, there, primary, replica } = await start(t);
  const single = await makeKey(here);
  const ReplicaRegion = otherRegion;
  const cases: readonly [As, string, Record<string, unknown>, string][] = [
    [here, "ReplicateKey", { KeyId: single, ReplicaRegion }, "UnsupportedOperationException"],
    [there, "ReplicateKey", { KeyId: replica, ReplicaRegion }, "UnsupportedOperationException"],
    [here, "ReplicateKey", { KeyId: primary, ReplicaRegion }, "AlreadyExistsException"],
    [here, "ReplicateKey", { KeyId: primary, ReplicaRegion: region }, "AlreadyExistsException"],
    [
      here,
      "ReplicateKey",
      { KeyId: primary, ReplicaRegion: "sa-east-1" },
      "UnsupportedOperationException",
    ],
    [here, "ReplicateKey", { KeyId: "alias/orders", ReplicaRegion }, "NotFoundException"],
    [
      here,
      "UpdatePrimaryRegion",
      { KeyId: primary, PrimaryRegion: "sa-east-1" },
      "UnsupportedOperationException",
    ],
    [
      here,
      "UpdatePrimaryRegion",
      { KeyId: single, PrimaryRegion: otherRegion },
      "UnsupportedOperationException",
    ],
  ];
  for (const [as, operation, input, code] of cases) await refuses(as(operation, input), code);
  const alone = await makeKey(here, { MultiRegion: true });
  const moved = here("UpdatePrimaryRegion", { KeyId: alone, PrimaryRegion: otherRegion });
  await refuses(moved, "NotFoundException");
  await there("DisableKey", { KeyId: replica });
  const toDisabled = here("UpdatePrimaryRegion", { KeyId: primary, PrimaryRegion: otherRegion });
  await refuses(toDisabled, "DisabledException");
  await here("DisableKey", { KeyId: alone });
  await refuses(here("ReplicateKey", { KeyId: alone, ReplicaRegion }), "DisabledException");
});

test("the trail shows both ends of what happens between Regions", async (t) => {
  const { kms, here, primary, replica } = await start(t);
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
  const { kms, here, primary, replica } = await start(t);
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

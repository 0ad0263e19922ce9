import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  GetKeyRotationStatusResponse,
  ListAliasesResponse,
  ListResourceTagsResponse,
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
} from "../../../test/support/kms.ts";
import { describe, idOf, open, startRelated } from "../../../test/support/related-keys.ts";

const dayMs = 86_400_000;

test("a replica has the id and the materials of its primary, and all else of its own", async (t) => {
  const { here, there, primary, replica } = await startRelated(t);
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
  const { here, there, primary, replica } = await startRelated(t);
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
  const { here, there, kms, primary } = await startRelated(t);
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
  const { kms, here, there, primary, replica } = await startRelated(t);
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
  const { kms, here, there, primary, replica } = await startRelated(t);
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
  const due = [...kms.keys.regions.all()].map((keys) => [
    keys.region,
    [...keys.records.due(kms.clock.nowMs)].length,
  ]);
  assert.deepEqual(due, [
    [region, 0],
    [otherRegion, 1],
  ]);
  await refuses(
    there("UpdatePrimaryRegion", { KeyId: replica, PrimaryRegion: otherRegion }),
    "UnsupportedOperationException",
  );
});

test("what cannot be replicated, or moved, is refused in KMS's words", async (t) => {
  const { here, there, primary, replica } = await startRelated(t);
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

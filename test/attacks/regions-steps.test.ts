import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  DecryptResponse,
  DescribeKeyResponse,
  ListKeyRotationsResponse,
} from "@aws-sdk/client-kms";
import { dieAt } from "../support/key-death.ts";
import { afterDeletionMs, type Before } from "../support/key-stepper.ts";
import { type As, type KmsBench, openKms, otherRegion, region, seal } from "../support/kms.ts";

const reads = async (as: As, ciphertext: string): Promise<string> => {
  const CiphertextBlob = Buffer.from(ciphertext, "base64");
  const { Plaintext } = await as<DecryptResponse>("Decrypt", { CiphertextBlob });
  return Buffer.from(Plaintext ?? []).toString();
};

const describe = async (as: As, KeyId: string) =>
  (await as<DescribeKeyResponse>("DescribeKey", { KeyId })).KeyMetadata;

/** What one Region encrypts, the other opens. */
async function areRelated(here: As, there: As, { keyId, ciphertext }: Before): Promise<void> {
  for (const as of [here, there]) {
    assert.equal(await reads(as, ciphertext), "kept");
    const text = Buffer.from(await seal(as, keyId)).toString("base64");
    assert.equal(await reads(here, text), await reads(there, text));
  }
}

const rotations = async (as: As, KeyId: string) =>
  (await as<ListKeyRotationsResponse>("ListKeyRotations", { KeyId })).Rotations?.length ?? 0;

type Check = (here: As, there: As, before: Before, kms: KmsBench) => Promise<void>;

const scenes: readonly (readonly [what: string, nowMs: number | undefined, check: Check])[] = [
  [
    "replicate",
    undefined,
    async (here, there, before) => {
      const known = await describe(here, before.keyId);
      const made = known?.MultiRegionConfiguration?.ReplicaKeys?.length === 1;
      const again = here("ReplicateKey", { KeyId: before.keyId, ReplicaRegion: otherRegion });
      if (made) await assert.rejects(again, { code: "AlreadyExistsException" });
      else await again;
      await areRelated(here, there, before);
    },
  ],
  [
    "move",
    undefined,
    async (here, there, before) => {
      const [one, other] = [
        await describe(here, before.keyId),
        await describe(there, before.keyId),
      ].map((key) => key?.MultiRegionConfiguration);
      assert.deepEqual(one?.PrimaryKey, other?.PrimaryKey);
      assert.deepEqual(
        [one?.MultiRegionKeyType, other?.MultiRegionKeyType].sort(),
        ["PRIMARY", "REPLICA"],
        "one of them is the primary",
      );
      const as = one?.PrimaryKey?.Region === region ? here : there;
      await as("RotateKeyOnDemand", { KeyId: before.keyId });
      await areRelated(here, there, before);
    },
  ],
  [
    "rotate related",
    undefined,
    async (here, there, before) => {
      assert.equal(await rotations(here, before.keyId), await rotations(there, before.keyId));
      await here("RotateKeyOnDemand", { KeyId: before.keyId });
      await areRelated(here, there, before);
    },
  ],
  [
    "leave",
    afterDeletionMs,
    async (here, there, before, kms) => {
      await assert.rejects(describe(there, before.keyId), { code: "NotFoundException" });
      // What a kill has left undone is done at the next start, as it was here.
      const known = await describe(here, before.keyId);
      assert.equal(known?.KeyState, "PendingDeletion");
      assert.deepEqual(known.MultiRegionConfiguration?.ReplicaKeys, []);
      assert.equal(known.DeletionDate?.getTime(), kms.clock.nowMs + 9 * 86_400_000);
      await here("CancelKeyDeletion", { KeyId: before.keyId });
      await here("EnableKey", { KeyId: before.keyId });
      assert.equal(await reads(here, before.ciphertext), "kept");
    },
  ],
];

for (const [what, nowMs, check] of scenes) {
  test(`kill -9 between any two steps of ${what} leaves related keys that agree`, async (t) => {
    let step = 1;
    for (let killed = true; killed; step += 1) {
      const died = await dieAt(t, what, step);
      killed = died.killed;
      const kms = await openKms(died.directory, nowMs === undefined ? {} : { nowMs });
      try {
        assert.deepEqual(kms.inspect(), []);
        const [here, there] = [kms.as(kms.root()), kms.as(kms.root(), {}, otherRegion)];
        await check(here, there, died.before, kms);
        assert.deepEqual(kms.inspect(), []);
      } finally {
        await kms.close();
      }
    }
    assert.ok(step > 3, "there were steps to be killed at");
  });
}

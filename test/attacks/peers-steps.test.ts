import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  DecryptResponse,
  DescribeKeyResponse,
  ListKeyRotationsResponse,
} from "@aws-sdk/client-kms";
import { dieAt } from "../support/key-death.ts";
import { type As, seal } from "../support/kms.ts";
import type { BeforeDeath } from "../support/peer-stepper.ts";
import { openNeighbours, regionsOf } from "../support/peers.ts";

const [[home], [away]] = [regionsOf.first, regionsOf.second];

const describe = async (as: As, KeyId: string) =>
  (await as<DescribeKeyResponse>("DescribeKey", { KeyId })).KeyMetadata;

const reads = async (as: As, CiphertextBlob: Uint8Array) =>
  Buffer.from(
    (await as<DecryptResponse>("Decrypt", { CiphertextBlob })).Plaintext ?? [],
  ).toString();

const rotations = async (as: As, KeyId: string) =>
  (await as<ListKeyRotationsResponse>("ListKeyRotations", { KeyId })).Rotations?.length ?? 0;

for (const what of ["replicate", "move", "rotate"]) {
  test(`kill -9 of two Bondstores between any two steps of ${what} leaves keys that agree once they meet`, async (t) => {
    let step = 1;
    for (let killed = true; killed; step += 1) {
      const died = await dieAt<BeforeDeath>(t, what, step, "peer-stepper");
      killed = died.killed;
      const { keyId, ciphertext } = died.before;
      const world = await openNeighbours(died.directory);
      try {
        for (let round = 0; round < 3; round += 1) await world.deliver();
        const here = world.at.first.as(world.at.first.root());
        const there = world.at.second.as(world.at.second.root(), {}, away);
        if (what === "replicate") {
          const known = await describe(here, keyId);
          const made = known?.MultiRegionConfiguration?.ReplicaKeys?.length === 1;
          // What was not begun before the kill was not acknowledged either.
          if (!made) await here("ReplicateKey", { KeyId: keyId, ReplicaRegion: away });
        }
        const [one, another] = [await describe(here, keyId), await describe(there, keyId)];
        assert.deepEqual(
          one?.MultiRegionConfiguration?.PrimaryKey,
          another?.MultiRegionConfiguration?.PrimaryKey,
        );
        const types = [one, another].map(
          (key) => key?.MultiRegionConfiguration?.MultiRegionKeyType,
        );
        assert.deepEqual(types.sort(), ["PRIMARY", "REPLICA"]);
        assert.deepEqual([one?.KeyState, another?.KeyState], ["Enabled", "Enabled"]);
        assert.equal(one?.CurrentKeyMaterialId, another?.CurrentKeyMaterialId);
        assert.equal(await rotations(here, keyId), await rotations(there, keyId));
        for (const as of [here, there]) {
          assert.equal(await reads(as, Buffer.from(ciphertext, "base64")), "kept");
          const sealed = await seal(as, keyId);
          assert.equal(await reads(here, sealed), await reads(there, sealed));
        }
        const primary = one?.MultiRegionConfiguration?.PrimaryKey?.Region === home ? here : there;
        await primary("RotateKeyOnDemand", { KeyId: keyId });
        for (const kms of [world.at.first, world.at.second]) assert.deepEqual(kms.inspect(), []);
      } finally {
        await world.close();
      }
    }
    assert.ok(step > 3, "there were steps to be killed at");
  });
}

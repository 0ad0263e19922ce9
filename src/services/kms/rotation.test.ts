import assert from "node:assert/strict";
import { test } from "node:test";
import type { GetKeyRotationStatusResponse, ListKeyRotationsResponse } from "@aws-sdk/client-kms";
import { makeKey, startKms } from "../../../test/support/kms.ts";

const dayMs = 86_400_000;

test("a key that is disabled is not rotated, and makes up for it when it is enabled", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const KeyId = await makeKey(root);
  const round = async () => {
    await kms.keys.store.upkeep.start();
    await kms.keys.store.upkeep.stop();
    const { Rotations = [] } = await root<ListKeyRotationsResponse>("ListKeyRotations", { KeyId });
    return Rotations.length;
  };
  const status = () => root<GetKeyRotationStatusResponse>("GetKeyRotationStatus", { KeyId });
  await root("EnableKeyRotation", { KeyId, RotationPeriodInDays: 90 });
  const first = await status();
  assert.deepEqual(first.NextRotationDate, new Date(kms.clock.nowMs + 90 * dayMs));
  kms.clock.nowMs += 30 * dayMs;
  await root("RotateKeyOnDemand", { KeyId });
  assert.deepEqual(await status(), first, "on demand changes no schedule");
  await root("DisableKey", { KeyId });
  assert.equal((await status()).KeyRotationEnabled, true);
  kms.clock.nowMs += 100 * dayMs;
  assert.equal(await round(), 1, "only the one on demand");
  await root("EnableKey", { KeyId });
  assert.equal(await round(), 2);
  assert.equal(await round(), 2);
  const { NextRotationDate } = await status();
  assert.deepEqual(NextRotationDate, new Date(kms.clock.nowMs + 90 * dayMs));
  await root("ScheduleKeyDeletion", { KeyId });
  assert.deepEqual(await status(), { KeyRotationEnabled: false, KeyId });
});

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { GetKeyLastUsageResponse } from "@aws-sdk/client-kms";
import { type As, acme, makeKey, openKms, refuses, seal } from "../../test/support/kms.ts";

const dayMs = 86_400_000;

test("the last use of a key is known, also after a restart, until the key is destroyed", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "bondstore-kms-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const last = (call: As, KeyId: string) =>
    call<GetKeyLastUsageResponse>("GetKeyLastUsage", { KeyId });
  const first = await openKms(directory);
  const root = first.as(first.root());
  const [KeyId, second] = [await makeKey(root), await makeKey(root)];
  assert.deepEqual((await last(root, KeyId)).KeyLastUsage, {});
  const CiphertextBlob = await seal(root, KeyId);
  first.clock.nowMs += 1000;
  await root("ReEncrypt", { CiphertextBlob, DestinationKeyId: second });
  await refuses(root("Decrypt", { CiphertextBlob, DryRun: true }), "DryRunOperationException");
  await refuses(root("Decrypt", { CiphertextBlob, KeyId: second }), "IncorrectKeyException");
  const event = first.events.find(({ eventName }) => eventName === "ReEncrypt");
  const found = [await last(root, KeyId), await last(root, second)];
  for (const { KeyLastUsage } of found) {
    assert.deepEqual(KeyLastUsage, {
      Operation: "ReEncrypt",
      Timestamp: new Date(first.clock.nowMs),
      CloudTrailEventId: event?.eventID,
      KmsRequestId: event?.requestID,
    });
  }
  await first.close();

  const again = await openKms(directory, { nowMs: first.clock.nowMs + dayMs });
  const owner = again.as(again.root());
  assert.deepEqual([await last(owner, KeyId), await last(owner, second)], found);
  await owner("Decrypt", { CiphertextBlob });
  await owner("ScheduleKeyDeletion", { KeyId, PendingWindowInDays: 7 });
  again.clock.nowMs += 7 * dayMs;
  await again.keys.store.upkeep.start();
  const [table] = [...again.keys.store.ids(acme)];
  assert.equal(table, second.split("/")[1]);
  await refuses(last(owner, KeyId), "NotFoundException");
  await again.close();
});

test("a key that was used lately is neither disabled nor deleted, where its policy says so", async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "bondstore-kms-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const kms = await openKms(directory);
  const root = kms.as(kms.root());
  const allow = { Effect: "Allow", Principal: { AWS: `arn:aws:iam::${acme}:root` } };
  const Condition = { NumericLessThan: { "kms:TrailingDaysWithoutKeyUsage": "90" } };
  const Action = ["kms:DisableKey", "kms:ScheduleKeyDeletion"];
  const Statement = [
    { ...allow, Action: "kms:*", Resource: "*" },
    { Effect: "Deny", Principal: "*", Action, Resource: "*", Condition },
  ];
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
  const KeyId = await makeKey(root, { Policy });
  await refuses(root("DisableKey", { KeyId }), "AccessDeniedException");
  kms.clock.nowMs += 89 * dayMs;
  await seal(root, KeyId);
  kms.clock.nowMs += 90 * dayMs - 1;
  for (const operation of ["DisableKey", "ScheduleKeyDeletion"]) {
    await refuses(root(operation, { KeyId }), "AccessDeniedException");
  }
  kms.clock.nowMs += 1;
  await root("DisableKey", { KeyId });
  await root("ScheduleKeyDeletion", { KeyId });
  await kms.close();
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { CreateGrantResponse, CreateKeyResponse } from "@aws-sdk/client-kms";
import { acme, type KmsBench, region, startKms } from "../../test/support/kms.ts";
import type { DataKey, KeyUse } from "./keys.ts";
import { SharedDataKeys } from "./shared-data-keys.ts";

const context = { "aws:s3:arn": "arn:aws:s3:::orders" };

async function scene(kms: KmsBench) {
  const root = kms.as(kms.root());
  const { KeyMetadata } = await root<CreateKeyResponse>("CreateKey");
  const keyArn = KeyMetadata?.Arn ?? "";
  const use: KeyUse = {
    principal: kms.user("alice"),
    via: `s3.${region}.amazonaws.com`,
    account: acme,
    requestId: "a-request",
    sourceIp: "127.0.0.1",
    userAgent: "test",
  };
  const { GrantId } = await root<CreateGrantResponse>("CreateGrant", {
    KeyId: keyArn,
    GranteePrincipal: "arn:aws:iam::111122223333:user/alice",
    Operations: ["Decrypt", "GenerateDataKey"],
  });
  return { root, keyArn, use, GrantId };
}

test("one data key serves for five minutes, for one context, account and service", async (t) => {
  const kms = await startKms(t);
  const { keyArn, use } = await scene(kms);
  const idOf = async (of = context, by = use) =>
    (await kms.keys.sharedDataKey(keyArn, of, by)).sealer.id;
  const first = await idOf();
  const events = kms.events.length;
  assert.equal(await idOf(), first);
  assert.equal(kms.events.length, events, "a use of what is in memory is no use of the key");
  assert.notEqual(await idOf({ "aws:s3:arn": "arn:aws:s3:::others" }), first);
  assert.notEqual(await idOf(context, { ...use, via: `sqs.${region}.amazonaws.com` }), first);
  kms.clock.nowMs += 5 * 60_000 - 1;
  assert.equal(await idOf(), first);
  kms.clock.nowMs += 1;
  assert.notEqual(await idOf(), first);
});

test("a data key seals a bounded number of bytes", async (t) => {
  const kms = await startKms(t);
  const { keyArn, use } = await scene(kms);
  const { sealer } = await kms.keys.sharedDataKey(keyArn, context, use);
  const large = { length: 2 ** 36 } as Uint8Array;
  assert.throws(() => sealer.seal(large, new Uint8Array()));
  assert.notEqual((await kms.keys.sharedDataKey(keyArn, context, use)).sealer.id, sealer.id);
});

test("a data key seals so many times, and then another does", () => {
  const kept = new SharedDataKeys({ now: () => 0 });
  const nothing = Buffer.alloc(0);
  const sealer = { id: "one", sealPieces: () => [nothing] } as unknown as DataKey["sealer"];
  const use = { account: acme, via: "s3" } as KeyUse;
  const made = { keyArn: "a-key", sealer } as DataKey;
  const counted = kept.keepSealing(made, context, use).sealer;
  for (let seals = 1; seals < 2 ** 20; seals += 1) counted.sealPieces(nothing, nothing);
  assert.equal(kept.sealing("a-key", context, use)?.sealer, counted);
  counted.sealPieces(nothing, nothing);
  assert.equal(kept.sealing("a-key", context, use), undefined);
});

type Change = (place: Awaited<ReturnType<typeof scene>>) => Promise<unknown>;

const changes: readonly (readonly [title: string, change: Change, refusal: string | undefined])[] =
  [
    ["rotated", ({ root, keyArn }) => root("RotateKeyOnDemand", { KeyId: keyArn }), undefined],
    ["disabled", ({ root, keyArn }) => root("DisableKey", { KeyId: keyArn }), "DisabledException"],
    [
      "to be deleted",
      ({ root, keyArn }) => root("ScheduleKeyDeletion", { KeyId: keyArn }),
      "KMSInvalidStateException",
    ],
    [
      "without the grant",
      ({ root, keyArn, GrantId }) => root("RevokeGrant", { KeyId: keyArn, GrantId }),
      "AccessDeniedException",
    ],
    [
      "under another policy",
      async ({ root, keyArn }) => {
        const Policy = JSON.stringify({
          Version: "2012-10-17",
          Statement: [
            { Effect: "Allow", Principal: { AWS: acme }, Action: "kms:*", Resource: "*" },
            {
              Effect: "Deny",
              Principal: "*",
              Action: ["kms:Decrypt", "kms:GenerateDataKey"],
              Resource: "*",
            },
          ],
        });
        await root("PutKeyPolicy", { KeyId: keyArn, Policy });
      },
      "AccessDeniedException",
    ],
  ];

for (const [title, change, refusal] of changes) {
  test(`what is in memory is dropped at once when the key is ${title}`, async (t) => {
    const kms = await startKms(t);
    const place = await scene(kms);
    const { keyArn, use } = place;
    const first = await kms.keys.sharedDataKey(keyArn, context, use);
    await kms.keys.openSharedDataKey(first.wrapped, context, use);
    await change(place);
    const events = kms.events.length;
    for (const attempt of [
      () => kms.keys.sharedDataKey(keyArn, context, use),
      () => kms.keys.openSharedDataKey(first.wrapped, context, use),
    ]) {
      if (refusal === undefined) await attempt();
      else await assert.rejects(attempt, { name: refusal });
    }
    assert.equal(kms.events.length, events + 2, "each of them asked the key");
  });
}

test("a data key that is in memory opens only under the context that it was made with", async (t) => {
  const kms = await startKms(t);
  const { keyArn, use } = await scene(kms);
  const { wrapped } = await kms.keys.sharedDataKey(keyArn, context, use);
  await kms.keys.openSharedDataKey(wrapped, context, use);
  const wrong = kms.keys.openSharedDataKey(wrapped, { "aws:s3:arn": "arn:aws:s3:::other" }, use);
  await assert.rejects(wrong, { name: "InvalidCiphertextException" });
});

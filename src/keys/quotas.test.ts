import assert from "node:assert/strict";
import { test } from "node:test";
import type { GetKeyLastUsageResponse } from "@aws-sdk/client-kms";
import {
  acme,
  context,
  makeKey,
  Plaintext,
  refuses,
  region,
  seal,
  startKms,
} from "../../test/support/kms.ts";
import { Quotas } from "./quotas.ts";

test("a second allows so many uses, however they are spread", () => {
  const clock = { nowMs: 0, now: () => clock.nowMs };
  const quotas = new Quotas(clock);
  const key = { arn: "a key", usesPerSecond: 10 };
  const uses = (wanted: number, of = key): number => {
    for (let done = 0; done < wanted; done += 1) {
      try {
        quotas.takeUse(of);
      } catch (error) {
        assert.equal((error as Error).name, "ThrottlingException");
        return done;
      }
    }
    return wanted;
  };
  const rows: readonly (readonly [title: string, afterMs: number, allowed: number])[] = [
    ["a whole second's at once", 0, 10],
    ["no more in the same instant", 0, 0],
    ["what the time has brought since", 300, 3],
    ["a part of a use is none", 99, 0],
    ["parts add up", 1, 1],
    ["rest does not pile up", 60_000, 10],
    ["a clock that goes back brings nothing", -30_000, 0],
    ["and takes nothing either", 1000, 10],
  ];
  for (const [title, afterMs, allowed] of rows) {
    clock.nowMs += afterMs;
    assert.equal(uses(100), allowed, title);
  }
  assert.equal(uses(100, { arn: "another key", usesPerSecond: 5 }), 5, "each key has its own");
  clock.nowMs += 1000;
  assert.equal(uses(100, { ...key, usesPerSecond: 2 }), 2, "what is lowered counts at once");
});

test("the owner of a key lowers its quota by a tag, and nobody raises it", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const TagKey = "bondstore:RequestsPerSecond";
  const KeyId = await makeKey(root, { Tags: [{ TagKey, TagValue: "2" }] });
  const CiphertextBlob = await seal(root, KeyId);
  await root("Decrypt", { CiphertextBlob });
  const slow = "ThrottlingException";
  await refuses(root("Encrypt", { KeyId, Plaintext }), slow, /^You have exceeded the rate/);
  await refuses(root("ReEncrypt", { CiphertextBlob, DestinationKeyId: KeyId }), slow);
  await root("DescribeKey", { KeyId });
  kms.clock.nowMs += 1000;
  await root("Decrypt", { CiphertextBlob });
  for (const TagValue of ["", "0", "-1", "1.5", "1e3", "many", "9999999999"]) {
    const Tags = [{ TagKey, TagValue }];
    await refuses(root("TagResource", { KeyId, Tags }), "TagException");
    await refuses(root("CreateKey", { Tags }), "TagException");
  }
  await root("TagResource", { KeyId, Tags: [{ TagKey, TagValue: "999999999" }] });
  const own = kms.keys.store.find(KeyId.split(":")[4] ?? "", KeyId.split("/")[1] ?? "");
  assert.equal(own?.usesPerSecond, 10_000);
});

test("what services do for their callers counts, and is the last use as well", async (t) => {
  const kms = await startKms(t);
  const root = kms.as(kms.root());
  const Tags = [{ TagKey: "bondstore:RequestsPerSecond", TagValue: "2" }];
  const KeyId = await makeKey(root, { Tags });
  const use = {
    principal: kms.root(),
    via: `s3.${region}.amazonaws.com`,
    account: acme,
    requestId: "56764d19-1eb1-48f1-8044-594aa7dd05c4",
    sourceIp: "192.0.2.7",
    userAgent: "aws-cli/2",
  };
  const { wrapped } = await kms.keys.dataKey(KeyId, context, use);
  await kms.keys.describe(KeyId, use);
  await kms.keys.openDataKey(wrapped, context, use);
  const event = kms.events.at(-1);
  assert.equal(event?.eventName, "Decrypt");
  const slow = "ThrottlingException";
  await refuses(kms.keys.dataKey(KeyId, context, use), slow);
  assert.equal(kms.events.at(-1)?.errorCode, slow, "the refusal is recorded");
  await refuses(root("Encrypt", { KeyId, Plaintext }), slow);
  const { KeyLastUsage } = await root<GetKeyLastUsageResponse>("GetKeyLastUsage", { KeyId });
  assert.equal(KeyLastUsage?.Operation, "Decrypt");
  assert.equal(KeyLastUsage.CloudTrailEventId, event.eventID);
  assert.equal(KeyLastUsage.KmsRequestId, use.requestId);
});

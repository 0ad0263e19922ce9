import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CloudTrailClient,
  InvalidTimeRangeException,
  LookupEventsCommand,
} from "@aws-sdk/client-cloudtrail";
import { CreateKeyCommand, DescribeKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { startBondstore } from "../support/bondstore.ts";

test("the AWS SDK finds what an account did, refusals included, and nothing of another account", async (t) => {
  const running = await startBondstore(t);
  const [acme, other] = [await running.tenant("acme"), await running.tenant("other")];
  const kms = new KMSClient(running.client(acme.root));
  const begun = new Date(Math.floor(Date.now() / 1000) * 1000);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  await assert.rejects(kms.send(new DescribeKeyCommand({ KeyId: "alias/nothing" })));
  await new STSClient(running.client(other.root)).send(new GetCallerIdentityCommand({}));

  const trail = new CloudTrailClient(running.client(acme.root));
  const lookUp = async (name: string) => {
    const attribute = { AttributeKey: "EventName" as const, AttributeValue: name };
    const { Events = [] } = await trail.send(
      new LookupEventsCommand({ LookupAttributes: [attribute], StartTime: begun }),
    );
    return Events;
  };
  const [created, ...more] = await lookUp("CreateKey");
  assert.deepEqual(more, []);
  assert.equal(created?.EventSource, "kms.amazonaws.com");
  assert.equal(created?.Username, "root");
  assert.equal(created?.AccessKeyId, acme.root.accessKeyId);
  assert.ok(created?.EventTime instanceof Date && created.EventTime >= begun);
  const shown = JSON.parse(created?.CloudTrailEvent ?? "{}");
  assert.equal(shown.recipientAccountId, acme.account);
  assert.equal(shown.decision, undefined);
  assert.ok(KeyMetadata?.Arn);

  const [refused] = await lookUp("DescribeKey");
  assert.equal(JSON.parse(refused?.CloudTrailEvent ?? "{}").errorCode, "NotFoundException");
  assert.deepEqual(await lookUp("GetCallerIdentity"), [], "another account's");

  const { Events = [], NextToken } = await trail.send(new LookupEventsCommand({ MaxResults: 1 }));
  assert.equal(Events.length, 1);
  const next = await trail.send(new LookupEventsCommand({ MaxResults: 1, NextToken }));
  assert.notEqual(next.Events?.[0]?.EventId, Events[0]?.EventId);
  const [StartTime, EndTime] = [new Date(2_000_000), new Date(1_000_000)];
  await assert.rejects(
    trail.send(new LookupEventsCommand({ StartTime, EndTime })),
    InvalidTimeRangeException,
  );
});

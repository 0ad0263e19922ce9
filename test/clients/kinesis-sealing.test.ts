import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KMSAccessDeniedException,
  KMSDisabledException,
  KMSNotFoundException,
  PutRecordCommand,
  PutRecordsCommand,
  StartStreamEncryptionCommand,
  StopStreamEncryptionCommand,
} from "@aws-sdk/client-kinesis";
import {
  CreateKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  KMSClient,
  RotateKeyOnDemandCommand,
} from "@aws-sdk/client-kms";
import { firstShard, readFrom, startKinesis, texts } from "../support/kinesis.ts";
import { allow, makeUser } from "../support/s3.ts";

async function start(t: TestContext) {
  const bench = await startKinesis(t, { shardLimits: "lift" });
  const kms = new KMSClient(bench.running.client(bench.acme.root));
  t.after(() => kms.destroy());
  const KeyId = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? "";
  return { ...bench, kms, KeyId };
}

const begin = (StreamName: string) => ({ StreamName, ShardIteratorType: "TRIM_HORIZON" }) as const;

test("encryption starts and stops between records, and all of them are read", async (t) => {
  const { kinesis, StreamName, KeyId, kms } = await start(t);
  const put = (text: string) =>
    kinesis.send(new PutRecordCommand({ StreamName, Data: Buffer.from(text), PartitionKey: "k" }));
  const key = { StreamName, KeyId, EncryptionType: "KMS" } as const;
  assert.equal((await put("plain")).EncryptionType, "NONE");
  await kinesis.send(new StartStreamEncryptionCommand(key));
  const summary = () => kinesis.send(new DescribeStreamSummaryCommand({ StreamName }));
  const { StreamDescriptionSummary: sealed } = await summary();
  assert.deepEqual([sealed?.EncryptionType, sealed?.KeyId], ["KMS", KeyId]);
  assert.equal((await put("sealed")).EncryptionType, "KMS");
  await kms.send(new RotateKeyOnDemandCommand({ KeyId }));
  await put("rotated");
  await kinesis.send(new StopStreamEncryptionCommand(key));
  await put("plain again");
  assert.deepEqual(texts(await readFrom(kinesis, begin(StreamName))), [
    "plain",
    "sealed",
    "rotated",
    "plain again",
  ]);
  assert.equal((await summary()).StreamDescriptionSummary?.EncryptionType, "NONE");
});

test("a disabled key stops writing and reading at once, in memory too, until it is enabled", async (t) => {
  const { kinesis, StreamName, KeyId, kms } = await start(t);
  const EncryptionType = "KMS";
  await kinesis.send(new StartStreamEncryptionCommand({ StreamName, KeyId, EncryptionType }));
  const put = new PutRecordsCommand({
    StreamName,
    Records: [{ Data: Buffer.from("v"), PartitionKey: "k" }],
  });
  await kinesis.send(put);
  const { ShardIterator } = await kinesis.send(
    new GetShardIteratorCommand({ ShardId: firstShard, ...begin(StreamName) }),
  );
  const read = () => kinesis.send(new GetRecordsCommand({ ShardIterator }));
  for (let n = 0; n < 3; n += 1) assert.deepEqual(texts(await read()), ["v"]);
  await kms.send(new DisableKeyCommand({ KeyId }));
  await assert.rejects(read(), KMSDisabledException);
  await assert.rejects(kinesis.send(put), KMSDisabledException);
  await kms.send(new EnableKeyCommand({ KeyId }));
  assert.deepEqual(texts(await read()), ["v"]);
});

test("producers need kms:GenerateDataKey and consumers kms:Decrypt, bound to the stream", async (t) => {
  const { kinesis, StreamName, KeyId, running, acme, as } = await start(t);
  const EncryptionType = "KMS";
  await kinesis.send(new StartStreamEncryptionCommand({ StreamName, KeyId, EncryptionType }));
  const own = {
    StringEquals: {
      "kms:ViaService": "kinesis.us-east-1.amazonaws.com",
      "kms:EncryptionContext:aws:kinesis:arn": `arn:aws:kinesis:us-east-1:${acme.account}:stream/orders`,
    },
  };
  const user = async (name: string, action: string) =>
    as(
      await makeUser(running, acme, name, allow("kinesis:*"), {
        ...allow(action),
        Condition: own,
      }),
    );
  const producer = await user("producer", "kms:GenerateDataKey");
  const consumer = await user("consumer", "kms:Decrypt");
  const put = new PutRecordCommand({ StreamName, Data: Buffer.from("v"), PartitionKey: "k" });
  await producer.send(put);
  assert.deepEqual(texts(await readFrom(consumer, begin(StreamName))), ["v"]);
  await assert.rejects(readFrom(producer, begin(StreamName)), KMSAccessDeniedException);
  await assert.rejects(consumer.send(put), KMSAccessDeniedException);
});

test("a stream is sealed only under a key that is there and may be used", async (t) => {
  const { kinesis, StreamName, running, as } = await start(t);
  const seal = (KeyId: string) =>
    kinesis.send(new StartStreamEncryptionCommand({ StreamName, KeyId, EncryptionType: "KMS" }));
  await assert.rejects(seal("alias/none"), KMSNotFoundException);
  const eve = await running.tenant("eve");
  const hers = new KMSClient(running.client(eve.root));
  t.after(() => hers.destroy());
  const { KeyMetadata } = await hers.send(new CreateKeyCommand({}));
  await assert.rejects(seal(KeyMetadata?.Arn ?? ""), KMSAccessDeniedException);
  const bob = as(await makeUser(running, eve, "bob", allow("kinesis:*")));
  const theirs = new StartStreamEncryptionCommand({
    ...{ StreamName, EncryptionType: "KMS" },
    KeyId: KeyMetadata?.Arn,
  });
  await assert.rejects(bob.send(theirs), { name: "ResourceNotFoundException" });
});

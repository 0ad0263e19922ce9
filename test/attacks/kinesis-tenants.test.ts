import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AddTagsToStreamCommand,
  CreateStreamCommand,
  DeleteStreamCommand,
  DescribeStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListShardsCommand,
  ListStreamsCommand,
  PutRecordCommand,
  StartStreamEncryptionCommand,
} from "@aws-sdk/client-kinesis";
import { firstShard, readFrom, startKinesis, texts } from "../support/kinesis.ts";
import { allow, makeUser } from "../support/s3.ts";

test("another account reaches no stream, and learns from no refusal whether it is there", async (t) => {
  const { kinesis, StreamName, running, acme, as } = await startKinesis(t, { shardLimits: "lift" });
  await kinesis.send(
    new PutRecordCommand({ StreamName, Data: Buffer.from("secret"), PartitionKey: "k" }),
  );
  const { ShardIterator } = await kinesis.send(
    new GetShardIteratorCommand({
      ...{ StreamName, ShardId: firstShard },
      ShardIteratorType: "TRIM_HORIZON",
    }),
  );
  const hers = as((await running.tenant("eve")).root);
  const arnOf = (name: string) => `arn:aws:kinesis:us-east-1:${acme.account}:stream/${name}`;
  const words = new Set<string>();
  for (const name of [StreamName, "no-such"]) {
    const StreamARN = arnOf(name);
    for (const [attempt, send] of [
      ["describe", () => hers.send(new DescribeStreamCommand({ StreamARN }))],
      ["shards", () => hers.send(new ListShardsCommand({ StreamARN }))],
      ["delete", () => hers.send(new DeleteStreamCommand({ StreamARN }))],
      ["tag", () => hers.send(new AddTagsToStreamCommand({ StreamARN, Tags: { a: "b" } }))],
      [
        "put",
        () =>
          hers.send(
            new PutRecordCommand({ StreamARN, Data: Buffer.from("mine"), PartitionKey: "k" }),
          ),
      ],
      [
        "iterator",
        () =>
          hers.send(
            new GetShardIteratorCommand({
              ...{ StreamARN, ShardId: firstShard },
              ShardIteratorType: "LATEST",
            }),
          ),
      ],
      [
        "seal",
        () =>
          hers.send(
            new StartStreamEncryptionCommand({
              StreamARN,
              KeyId: "alias/x",
              EncryptionType: "KMS",
            }),
          ),
      ],
    ] as const) {
      const refusal: unknown = await send().then(
        () => "let in",
        (error: unknown) => error,
      );
      const { name: code, message } = refusal as Error;
      assert.equal(code, "AccessDeniedException", attempt);
      words.add(`${attempt} ${message.replaceAll(name, "NAME").replaceAll(/[0-9a-f-]{36}/g, "")}`);
    }
  }
  assert.equal(words.size, 7, "the refusal is the same whether the stream is there or not");
  await assert.rejects(hers.send(new GetRecordsCommand({ ShardIterator })), {
    name: "AccessDeniedException",
  });
  assert.deepEqual((await hers.send(new ListStreamsCommand({}))).StreamNames, []);
  const own = new DescribeStreamCommand({ StreamName });
  await assert.rejects(hers.send(own), { name: "ResourceNotFoundException" });
});

test("an iterator is no capability: each use is judged, also when it was made by someone who may", async (t) => {
  const { kinesis, StreamName, running, acme, as } = await startKinesis(t, { shardLimits: "lift" });
  const bob = as(
    await makeUser(running, acme, "bob", allow(["kinesis:GetShardIterator", "kinesis:PutRecord"])),
  );
  const { ShardIterator } = await bob.send(
    new GetShardIteratorCommand({
      ...{ StreamName, ShardId: firstShard },
      ShardIteratorType: "TRIM_HORIZON",
    }),
  );
  await assert.rejects(bob.send(new GetRecordsCommand({ ShardIterator })), {
    name: "AccessDeniedException",
  });
  assert.deepEqual(texts(await kinesis.send(new GetRecordsCommand({ ShardIterator }))), []);
});

test("an iterator that was tampered with opens nothing and breaks nothing", async (t) => {
  const { kinesis, StreamName, running, as } = await startKinesis(t, { shardLimits: "lift" });
  const { ShardIterator = "" } = await kinesis.send(
    new GetShardIteratorCommand({
      ...{ StreamName, ShardId: firstShard },
      ShardIteratorType: "TRIM_HORIZON",
    }),
  );
  const inside = JSON.parse(Buffer.from(ShardIterator, "base64").toString()) as unknown[];
  const hostile = [
    [...inside.slice(0, 3), -1, Date.now()],
    [...inside.slice(0, 3), 1e300, Date.now()],
    [...inside.slice(0, 3), "0", Date.now()],
    [...inside.slice(0, 3), 0, null],
    [...inside.slice(0, 2), "shardId-000000000099", 0, Date.now()],
    [...inside.slice(0, 2), "../../x", 0, Date.now()],
    [inside[0], "another-id", ...inside.slice(2)],
    [{ toString: 1 }, ...inside.slice(1)],
    {},
    null,
  ];
  for (const parts of hostile) {
    const forged = Buffer.from(JSON.stringify(parts)).toString("base64");
    const sent = kinesis.send(new GetRecordsCommand({ ShardIterator: forged }));
    const { $metadata, name } = await sent.then(
      () => ({ $metadata: { httpStatusCode: 200 }, name: "let in" }),
      (error: { $metadata: { httpStatusCode: number }; name: string }) => error,
    );
    assert.equal($metadata.httpStatusCode, 400, `${JSON.stringify(parts)}: ${name}`);
  }
  const eve = await running.tenant("eve");
  const hers = as(eve.root);
  await hers.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
  const ofHers = [String(inside[0]).replace(/\d{12}/, eve.account), ...inside.slice(1)];
  const mixed = Buffer.from(JSON.stringify(ofHers)).toString("base64");
  await assert.rejects(hers.send(new GetRecordsCommand({ ShardIterator: mixed })), {
    name: "InvalidArgumentException",
  });
});

test("a stream that comes back under its name has none of the old one's records", async (t) => {
  const { kinesis, StreamName } = await startKinesis(t, { shardLimits: "lift" });
  await kinesis.send(
    new PutRecordCommand({ StreamName, Data: Buffer.from("old"), PartitionKey: "k" }),
  );
  const begin = { StreamName, ShardIteratorType: "TRIM_HORIZON" } as const;
  const { NextShardIterator: ShardIterator } = await readFrom(kinesis, begin);
  await kinesis.send(new DeleteStreamCommand({ StreamName }));
  await assert.rejects(kinesis.send(new GetRecordsCommand({ ShardIterator })), {
    name: "ResourceNotFoundException",
  });
  await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
  assert.deepEqual(texts(await readFrom(kinesis, begin)), []);
  await assert.rejects(kinesis.send(new GetRecordsCommand({ ShardIterator })), {
    name: "InvalidArgumentException",
  });
});

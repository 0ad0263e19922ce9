import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AddTagsToStreamCommand,
  CreateStreamCommand,
  DecreaseStreamRetentionPeriodCommand,
  DeleteStreamCommand,
  DescribeStreamCommand,
  DescribeStreamSummaryCommand,
  ExpiredIteratorException,
  GetRecordsCommand,
  GetShardIteratorCommand,
  IncreaseStreamRetentionPeriodCommand,
  InvalidArgumentException,
  LimitExceededException,
  ListShardsCommand,
  ListStreamsCommand,
  ListTagsForStreamCommand,
  ProvisionedThroughputExceededException,
  PutRecordCommand,
  PutRecordsCommand,
  RemoveTagsFromStreamCommand,
  ResourceInUseException,
  ResourceNotFoundException,
} from "@aws-sdk/client-kinesis";
import { firstShard, readFrom, startKinesis, texts } from "../support/kinesis.ts";

const lifted = { shardLimits: "lift" } as const;

test("streams are made, described, listed and removed", async (t) => {
  const { kinesis, StreamName, acme } = await startKinesis(t);
  const { StreamDescription } = await kinesis.send(new DescribeStreamCommand({ StreamName }));
  assert.equal(StreamDescription?.StreamStatus, "ACTIVE");
  assert.equal(
    StreamDescription?.StreamARN,
    `arn:aws:kinesis:us-east-1:${acme.account}:stream/orders`,
  );
  assert.ok(StreamDescription?.StreamCreationTimestamp instanceof Date);
  const byArn = { StreamARN: StreamDescription?.StreamARN };
  const { StreamDescriptionSummary } = await kinesis.send(new DescribeStreamSummaryCommand(byArn));
  assert.equal(StreamDescriptionSummary?.OpenShardCount, 1);
  assert.equal(StreamDescriptionSummary?.RetentionPeriodHours, 24);
  const again = new CreateStreamCommand({ StreamName, ShardCount: 1 });
  await assert.rejects(kinesis.send(again), ResourceInUseException);
  for (const name of ["a", "b", "c"]) {
    await kinesis.send(
      new CreateStreamCommand({
        StreamName: name,
        StreamModeDetails: { StreamMode: "ON_DEMAND" },
      }),
    );
  }
  const first = await kinesis.send(new ListStreamsCommand({ Limit: 2 }));
  assert.deepEqual([first.StreamNames, first.HasMoreStreams], [["a", "b"], true]);
  const { NextToken } = first;
  const rest = await kinesis.send(new ListStreamsCommand({ NextToken }));
  assert.deepEqual([rest.StreamNames, rest.HasMoreStreams], [["c", "orders"], false]);
  assert.equal(rest.StreamSummaries?.[0]?.StreamModeDetails?.StreamMode, "ON_DEMAND");
  await kinesis.send(new DeleteStreamCommand({ StreamName }));
  const gone = new DescribeStreamCommand({ StreamName });
  await assert.rejects(kinesis.send(gone), ResourceNotFoundException);
  const many = new CreateStreamCommand({ StreamName: "many", ShardCount: 501 });
  await assert.rejects(kinesis.send(many), LimitExceededException);
});

test("shards share the space of hash keys, and are listed page by page", async (t) => {
  const { kinesis } = await startKinesis(t, lifted);
  const StreamName = "wide";
  await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 5 }));
  const first = await kinesis.send(new ListShardsCommand({ StreamName, MaxResults: 3 }));
  const { NextToken } = first;
  const rest = await kinesis.send(new ListShardsCommand({ NextToken }));
  const shards = [...(first.Shards ?? []), ...(rest.Shards ?? [])];
  assert.equal(shards.length, 5);
  let next = 0n;
  for (const { HashKeyRange } of shards) {
    assert.equal(BigInt(HashKeyRange?.StartingHashKey ?? ""), next);
    next = BigInt(HashKeyRange?.EndingHashKey ?? "") + 1n;
  }
  assert.equal(next, 2n ** 128n);
  const filtered = await kinesis.send(
    new ListShardsCommand({ StreamName, ShardFilter: { Type: "AT_LATEST" } }),
  );
  assert.equal(filtered.Shards?.length, 5);
  const after = await kinesis.send(
    new ListShardsCommand({ StreamName, ExclusiveStartShardId: "shardId-000000000003" }),
  );
  assert.deepEqual(
    after.Shards?.map(({ ShardId }) => ShardId),
    ["shardId-000000000004"],
  );
  for (const [index, { HashKeyRange }] of shards.entries()) {
    const { ShardId } = await kinesis.send(
      new PutRecordCommand({
        ...{ StreamName, Data: Buffer.from("v"), PartitionKey: "same" },
        ExplicitHashKey: HashKeyRange?.EndingHashKey,
      }),
    );
    assert.equal(ShardId, shards[index]?.ShardId);
  }
});

test("records come back as they were, in order, from each of the five beginnings", async (t) => {
  const clock = { timeMs: Date.now(), now: () => clock.timeMs };
  const { kinesis, StreamName } = await startKinesis(t, lifted, clock);
  const empty = await kinesis.send(new ListShardsCommand({ StreamName }));
  const StartingSequenceNumber = empty.Shards?.[0]?.SequenceNumberRange?.StartingSequenceNumber;
  const latest = await kinesis.send(
    new GetShardIteratorCommand({ StreamName, ShardId: firstShard, ShardIteratorType: "LATEST" }),
  );
  const { Records = [], FailedRecordCount } = await kinesis.send(
    new PutRecordsCommand({
      StreamName,
      Records: ["0", "1", "2"].map((text) => ({ Data: Buffer.from(text), PartitionKey: "é key" })),
    }),
  );
  assert.equal(FailedRecordCount, 0);
  clock.timeMs += 1_000;
  const between = new Date(clock.timeMs);
  clock.timeMs += 1_000;
  const last = await kinesis.send(
    new PutRecordCommand({ StreamName, Data: Buffer.from("3"), PartitionKey: "k" }),
  );
  const numbers = [
    ...Records.map(({ SequenceNumber = "" }) => SequenceNumber),
    last.SequenceNumber ?? "",
  ];
  assert.deepEqual(
    [...numbers].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)),
    numbers,
  );
  const from = async (more: object) =>
    texts(await readFrom(kinesis, { StreamName, ...more } as Parameters<typeof readFrom>[1]));
  const at = (type: string, number: string | undefined) =>
    from({ ShardIteratorType: type, StartingSequenceNumber: number });
  assert.deepEqual(await from({ ShardIteratorType: "TRIM_HORIZON" }), ["0", "1", "2", "3"]);
  assert.deepEqual(await from({ ShardIteratorType: "LATEST" }), []);
  assert.deepEqual(await at("AT_SEQUENCE_NUMBER", numbers[1]), ["1", "2", "3"]);
  assert.deepEqual(await at("AFTER_SEQUENCE_NUMBER", numbers[1]), ["2", "3"]);
  assert.deepEqual(await at("AT_SEQUENCE_NUMBER", StartingSequenceNumber), ["0", "1", "2", "3"]);
  assert.deepEqual(await from({ ShardIteratorType: "AT_TIMESTAMP", Timestamp: between }), ["3"]);
  const since = await kinesis.send(new GetRecordsCommand({ ShardIterator: latest.ShardIterator }));
  assert.deepEqual(texts(since), ["0", "1", "2", "3"]);
  const [one] = since.Records ?? [];
  assert.equal(one?.PartitionKey, "é key");
  assert.equal(one?.SequenceNumber, numbers[0]);
  assert.equal(one?.ApproximateArrivalTimestamp?.getTime(), clock.timeMs - 2_000);
  const rows = [
    { ShardIteratorType: "AT_SEQUENCE_NUMBER" },
    { ShardIteratorType: "AT_TIMESTAMP" },
    { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", StartingSequenceNumber: "1" },
  ];
  for (const more of rows) await assert.rejects(from(more), InvalidArgumentException);
});

test("reading goes on from where it was, page by page", async (t) => {
  const { kinesis, StreamName } = await startKinesis(t, lifted);
  const Records = Array.from({ length: 250 }, (_, n) => ({
    Data: Buffer.from(`${n}`),
    PartitionKey: `${n}`,
  }));
  await kinesis.send(new PutRecordsCommand({ StreamName, Records }));
  let page = await readFrom(kinesis, { StreamName, ShardIteratorType: "TRIM_HORIZON" }, 100);
  const seen = texts(page);
  while (seen.length < 250) {
    const { NextShardIterator: ShardIterator } = page;
    page = await kinesis.send(new GetRecordsCommand({ ShardIterator, Limit: 100 }));
    seen.push(...texts(page));
  }
  assert.deepEqual(
    seen,
    Records.map((_, n) => `${n}`),
  );
  assert.equal(page.MillisBehindLatest, 0);
});

test("records go when their retention ends, and iterators after five minutes", async (t) => {
  const clock = { timeMs: Date.now(), now: () => clock.timeMs };
  const { kinesis, StreamName } = await startKinesis(t, lifted, clock);
  const put = (text: string) =>
    kinesis.send(new PutRecordCommand({ StreamName, Data: Buffer.from(text), PartitionKey: "k" }));
  await put("old");
  const { ShardIterator } = await kinesis.send(
    new GetShardIteratorCommand({
      ...{ StreamName, ShardId: firstShard },
      ShardIteratorType: "TRIM_HORIZON",
    }),
  );
  clock.timeMs += 23 * 3_600_000;
  await assert.rejects(
    kinesis.send(new GetRecordsCommand({ ShardIterator })),
    ExpiredIteratorException,
  );
  await kinesis.send(
    new PutRecordCommand({ StreamName, Data: Buffer.from("new"), PartitionKey: "k" }),
  );
  const begin = { StreamName, ShardIteratorType: "TRIM_HORIZON" } as const;
  assert.deepEqual(texts(await readFrom(kinesis, begin)), ["old", "new"]);
  await kinesis.send(
    new IncreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours: 48 }),
  );
  clock.timeMs += 2 * 3_600_000;
  assert.deepEqual(texts(await readFrom(kinesis, begin)), ["old", "new"]);
  await kinesis.send(
    new DecreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours: 24 }),
  );
  assert.deepEqual(texts(await readFrom(kinesis, begin)), ["new"]);
  for (const command of [
    new DecreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours: 25 }),
    new DecreaseStreamRetentionPeriodCommand({ StreamName, RetentionPeriodHours: 1 }),
  ]) {
    await assert.rejects(kinesis.send(command), InvalidArgumentException);
  }
});

test("a shard takes 1000 records and gives five reads in a second; the rest fails by itself", async (t) => {
  const clock = { timeMs: Date.now(), now: () => clock.timeMs };
  const { kinesis, StreamName } = await startKinesis(t, {}, clock);
  const put = (length: number, size = 1) =>
    kinesis.send(
      new PutRecordsCommand({
        StreamName,
        Records: Array.from({ length }, () => ({ Data: Buffer.alloc(size, 1), PartitionKey: "k" })),
      }),
    );
  assert.equal((await put(500)).FailedRecordCount, 0);
  assert.equal((await put(400)).FailedRecordCount, 0);
  const { FailedRecordCount, Records = [] } = await put(200);
  assert.equal(FailedRecordCount, 100);
  assert.ok(Records[0]?.SequenceNumber);
  assert.equal(Records[199]?.ErrorCode, "ProvisionedThroughputExceededException");
  assert.equal(Records[199]?.SequenceNumber, undefined);
  const one = new PutRecordCommand({ StreamName, Data: Buffer.from("v"), PartitionKey: "k" });
  await assert.rejects(kinesis.send(one), ProvisionedThroughputExceededException);
  clock.timeMs += 1000;
  await kinesis.send(one);
  clock.timeMs += 1000;
  assert.equal((await put(3, 400_000)).FailedRecordCount, 1, "1 MiB a second");
  clock.timeMs += 1000;
  const large = { StreamName, Data: Buffer.alloc(3_000_000), PartitionKey: "k" };
  await kinesis.send(new PutRecordCommand(large));
  clock.timeMs += 1000;
  await assert.rejects(kinesis.send(one), ProvisionedThroughputExceededException, "still owed");
  clock.timeMs += 3000;
  await kinesis.send(one);

  const { ShardIterator } = await kinesis.send(
    new GetShardIteratorCommand({ StreamName, ShardId: firstShard, ShardIteratorType: "LATEST" }),
  );
  const read = () => kinesis.send(new GetRecordsCommand({ ShardIterator }));
  for (let n = 0; n < 5; n += 1) await read();
  await assert.rejects(read(), ProvisionedThroughputExceededException);
  clock.timeMs += 1000;
  await read();
});

test("tags are added, listed page by page and removed", async (t) => {
  const { kinesis, StreamName } = await startKinesis(t);
  const Tags = { team: "north", stage: "prod", cost: "1" };
  await kinesis.send(new AddTagsToStreamCommand({ StreamName, Tags }));
  const first = await kinesis.send(new ListTagsForStreamCommand({ StreamName, Limit: 2 }));
  assert.deepEqual(
    [first.Tags?.map(({ Key }) => Key), first.HasMoreTags],
    [["cost", "stage"], true],
  );
  await kinesis.send(new RemoveTagsFromStreamCommand({ StreamName, TagKeys: ["cost", "stage"] }));
  const rest = await kinesis.send(new ListTagsForStreamCommand({ StreamName }));
  assert.deepEqual([rest.Tags, rest.HasMoreTags], [[{ Key: "team", Value: "north" }], false]);
});

test("inputs that no stream can have are refused in AWS's words", async (t) => {
  const { kinesis, StreamName } = await startKinesis(t);
  const rows: readonly (readonly [string, () => Promise<unknown>])[] = [
    [
      "ValidationException",
      () => kinesis.send(new CreateStreamCommand({ StreamName: "a b", ShardCount: 1 })),
    ],
    ["ValidationException", () => kinesis.send(new CreateStreamCommand({ StreamName: "x" }))],
    ["InvalidArgumentException", () => kinesis.send(new DescribeStreamCommand({}))],
    [
      "InvalidArgumentException",
      () =>
        kinesis.send(
          new DescribeStreamCommand({
            StreamARN: "arn:aws:kinesis:eu-west-1:111122223333:stream/a",
          }),
        ),
    ],
    [
      "InvalidArgumentException",
      () => kinesis.send(new GetRecordsCommand({ ShardIterator: "AAAA" })),
    ],
    [
      "ResourceNotFoundException",
      () =>
        kinesis.send(
          new GetShardIteratorCommand({
            ...{ StreamName, ShardId: "shardId-000000000009" },
            ShardIteratorType: "LATEST",
          }),
        ),
    ],
    [
      "InvalidArgumentException",
      () =>
        kinesis.send(
          new PutRecordCommand({
            ...{ StreamName, Data: Buffer.from("v"), PartitionKey: "k" },
            ExplicitHashKey: String(2n ** 128n),
          }),
        ),
    ],
    ["ValidationException", () => kinesis.send(new PutRecordsCommand({ StreamName, Records: [] }))],
  ];
  for (const [name, send] of rows) await assert.rejects(send(), { name });
});

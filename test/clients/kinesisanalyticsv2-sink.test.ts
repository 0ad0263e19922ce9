import assert from "node:assert/strict";
import { test } from "node:test";
import { GetRecordsCommand, GetShardIteratorCommand } from "@aws-sdk/client-kinesis";
import { StartApplicationCommand } from "@aws-sdk/client-kinesis-analytics-v2";
import { startBondstore } from "../support/bondstore.ts";
import { clientsOf, prepare, sqlApplication } from "../support/flink.ts";
import { until } from "../support/until.ts";

/** Flink's own sink for Kinesis speaks through the AWS SDK for Java 2; its source through version 1. */
const script = `
CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen', 'number-of-rows' = '200',
  'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '200');
CREATE TABLE copies (id BIGINT) WITH ('connector' = 'kinesis', 'stream' = 'orders',
  'aws.region' = 'us-east-1', 'aws.endpoint' = '{{BONDSTORE_ENDPOINT}}',
  'aws.credentials.provider' = 'AUTO', 'sink.http-client.protocol.version' = 'HTTP1_1',
  'format' = 'json');
INSERT INTO copies SELECT id FROM numbers;`;

test("Flink's own sink writes to a stream under a customer's key", async (t) => {
  const running = await startBondstore(t);
  const acme = await running.tenant("acme");
  const place = { ...running, account: acme.account, credentials: acme.root };
  const clients = clientsOf(place);
  await prepare(clients, place);
  await clients.flink.send(sqlApplication("copy", acme.account, script));
  await clients.flink.send(new StartApplicationCommand({ ApplicationName: "copy" }));

  const { kinesis } = clients;
  const found = await until("every number", async () => {
    const { ShardIterator } = await kinesis.send(
      new GetShardIteratorCommand({
        StreamName: "orders",
        ShardId: "shardId-000000000000",
        ShardIteratorType: "TRIM_HORIZON",
      }),
    );
    const { Records = [] } = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
    const ids = Records.map(({ Data }) => JSON.parse(Buffer.from(Data ?? []).toString()).id);
    return new Set(ids).size >= 200 && ids;
  });
  assert.deepEqual(
    [...new Set(found)].sort((left, right) => left - right),
    Array.from({ length: 200 }, (_, index) => index + 1),
  );
});

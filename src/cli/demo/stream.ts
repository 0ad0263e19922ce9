import { type Cast, names } from "./cast.ts";
import { makeOrders, type Order } from "./orders.ts";
import { bytes } from "./request.ts";
import type { Fields } from "./stage.ts";

/** Item 2, first half: a stream of one shard under the key, and a bucket whose objects the key seals. */
export async function makeStream({ stage }: Cast, keyArn: string): Promise<void> {
  await stage.cli("alice", "kinesis", "CreateStream", {
    StreamName: names.stream,
    ShardCount: 1,
  });
  await stage.until(
    `stream ${names.stream} is ACTIVE`,
    async () => ((await summary(stage))["StreamStatus"] === "ACTIVE" ? true : undefined),
    10_000,
  );
  await stage.cli("alice", "kinesis", "StartStreamEncryption", {
    StreamName: names.stream,
    EncryptionType: "KMS",
    KeyId: names.alias,
  });
  const found = await stage.until(
    `stream ${names.stream} is encrypted`,
    async () => {
      const now = await summary(stage);
      return now["StreamStatus"] === "ACTIVE" && now["EncryptionType"] === "KMS" ? now : undefined;
    },
    10_000,
  );
  stage.check(
    `stream ${names.stream} has one shard and is encrypted under ${found["KeyId"]}`,
    found["OpenShardCount"] === 1 && [names.alias, keyArn].includes(String(found["KeyId"])),
  );
  await stage.sdk("alice", "s3", "CreateBucket", { Bucket: names.bucket });
  await stage.cli("alice", "s3", "PutBucketEncryption", {
    Bucket: names.bucket,
    ServerSideEncryptionConfiguration: {
      Rules: [
        {
          ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: keyArn },
        },
      ],
    },
  });
}

async function summary(stage: Cast["stage"]): Promise<Fields> {
  const input = { StreamName: names.stream };
  const { output = {} } = await stage.quietly("alice", "kinesis", "DescribeStreamSummary", input);
  return (output["StreamDescriptionSummary"] ?? {}) as Fields;
}

const batchSize = 500;

/** Writes orders, in order, 500 a call. */
export async function putOrders({ stage }: Cast, orders: readonly Order[]): Promise<void> {
  const batches = Math.ceil(orders.length / batchSize);
  let acknowledged = 0;
  for (let at = 0; at < orders.length; at += batchSize) {
    const batch = orders.slice(at, at + batchSize);
    const input = {
      StreamName: names.stream,
      Records: batch.map((order) => ({
        Data: bytes(JSON.stringify(order)),
        PartitionKey: order.region,
      })),
    };
    const shown = `alice.kinesis.put_records(StreamName="orders", Records=[…${batch.length} orders])  # ${batches} times`;
    const answer =
      at === 0
        ? await stage.sdk("alice", "kinesis", "PutRecords", input, shown)
        : ((await stage.quietly("alice", "kinesis", "PutRecords", input)).output ?? {});
    if (answer["FailedRecordCount"] === 0) acknowledged += batch.length;
  }
  const count = orders.length.toLocaleString("en-US");
  stage.check(`${count} orders are acknowledged`, acknowledged === orders.length);
}

/** The orders of a round: 0 is the first. */
export const roundOf = ({ seed, ordersEach }: Cast, round: number, count = ordersEach): Order[] =>
  makeOrders(seed, round * ordersEach, count);

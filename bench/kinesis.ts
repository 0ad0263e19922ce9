import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { ask } from "./ask.ts";
import type { Case } from "./measure.ts";
import type { ServerProcess } from "./server-process.ts";
import { createSigner, jsonCall, type Sign } from "./sign.ts";

const stream = "bench";
const batch = 100;
/** Batches that are written before reading is measured. */
const fillBatches = 200;

/** Batches of 100 records of 1 KiB over two shards, written and read as JSON. */
export async function kinesisCases(servers: readonly ServerProcess[]): Promise<Case[]> {
  const prepared = [];
  for (const server of servers) {
    const { port, accessKeyId, secretAccessKey } = server;
    const sign = createSigner({ accessKeyId, secretAccessKey, service: "kinesis", port });
    const put = jsonCall(sign, "Kinesis_20131202.PutRecords", batchOf());
    const iterators = await fill(server, sign, put);
    const reads = iterators.map((ShardIterator) =>
      jsonCall(sign, "Kinesis_20131202.GetRecords", { ShardIterator, Limit: batch }),
    );
    prepared.push({ server, put, reads });
  }
  return [
    {
      title: "Kinesis GetRecords, 100 × 1 KiB, records",
      unitsPerRequest: batch,
      bar: { times: 6 },
      works: prepared.map(({ server, reads }) => ({
        server,
        work: { port: server.port, request: (index) => reads[index % reads.length] ?? [] },
      })),
    },
    {
      title: "Kinesis PutRecords, 100 × 1 KiB, records",
      unitsPerRequest: batch,
      bar: { times: 4 },
      works: prepared.map(({ server, put }) => ({
        server,
        work: { port: server.port, request: () => put },
      })),
    },
  ];
}

function batchOf() {
  const Data = randomBytes(1024).toString("base64");
  const Records = Array.from({ length: batch }, (_, index) => ({
    Data,
    PartitionKey: `key-${index}`,
  }));
  return { StreamName: stream, Records };
}

/** Makes the stream, writes records, and walks over them once: iterators of batches that are full. */
async function fill(
  { port }: ServerProcess,
  sign: Sign,
  put: readonly Buffer[],
): Promise<string[]> {
  const call = (operation: string, input: unknown) =>
    ask(port, jsonCall(sign, `Kinesis_20131202.${operation}`, input));
  await call("CreateStream", { StreamName: stream, ShardCount: 2 });
  for (;;) {
    const { StreamDescription } = await call("DescribeStream", { StreamName: stream });
    const { StreamStatus } = StreamDescription as { StreamStatus: string };
    if (StreamStatus === "ACTIVE") break;
    await sleep(100);
  }
  for (let index = 0; index < fillBatches; index += 1) await ask(port, put);
  const iterators: string[] = [];
  for (const shard of ["shardId-000000000000", "shardId-000000000001"]) {
    const first = await call("GetShardIterator", {
      StreamName: stream,
      ShardId: shard,
      ShardIteratorType: "TRIM_HORIZON",
    });
    let ShardIterator = String(first["ShardIterator"]);
    for (;;) {
      const read = await call("GetRecords", { ShardIterator, Limit: batch });
      if ((read["Records"] as unknown[]).length < batch) break;
      iterators.push(ShardIterator);
      ShardIterator = String(read["NextShardIterator"]);
    }
  }
  return iterators;
}

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import http2 from "node:http2";
import { join } from "node:path";
import { test } from "node:test";
import { KinesisClient, PutRecordCommand } from "@aws-sdk/client-kinesis";
import type { KinesisBench } from "../support/kinesis.ts";
import { firstShard, startKinesis } from "../support/kinesis.ts";
import { aws, python } from "../support/python.ts";
import { sha256, signRequest } from "../support/sign-request.ts";

/** Just enough CBOR to speak as the Java SDK does: maps of indefinite length, bytes, whole numbers. */
function cbor(value: unknown): Buffer {
  if (typeof value === "string") {
    const bytes = Buffer.from(value);
    return Buffer.concat([head(3, bytes.length), bytes]);
  }
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value]);
  if (typeof value === "number") return head(0, value);
  if (Array.isArray(value)) return Buffer.concat([head(4, value.length), ...value.map(cbor)]);
  const entries = Object.entries(value as object).map(([key, item]) =>
    Buffer.concat([cbor(key), cbor(item)]),
  );
  return Buffer.concat([Buffer.from([0xbf]), ...entries, Buffer.from([0xff])]);
}

function head(major: number, size: number): Buffer {
  if (size < 24) return Buffer.from([(major << 5) | size]);
  if (size < 256) return Buffer.from([(major << 5) | 24, size]);
  if (size < 65_536) return Buffer.from([(major << 5) | 25, size >> 8, size & 255]);
  const long = Buffer.alloc(9, (major << 5) | 27);
  long.writeBigUInt64BE(BigInt(size), 1);
  return long;
}

/** Reads what Kinesis answers. */
function readCbor(bytes: Buffer): unknown {
  let at = 0;
  const size = (low: number): number => {
    if (low < 24) return low;
    const length = 1 << (low - 24);
    const value = length === 8 ? Number(bytes.readBigUInt64BE(at)) : bytes.readUIntBE(at, length);
    at += length;
    return value;
  };
  const next = (): unknown => {
    const first = bytes[at] ?? 0;
    at += 1;
    const [major, low] = [first >> 5, first & 31];
    if (major === 7) {
      assert.ok(low < 24, "no floating point: the Java SDKs take timestamps as whole milliseconds");
      return low === 21;
    }
    const many = low === 31 ? Number.POSITIVE_INFINITY : size(low);
    const ended = () => bytes[at] === 0xff && many === Number.POSITIVE_INFINITY;
    if (major === 0) return many;
    if (major === 2 || major === 3) {
      const piece = bytes.subarray(at, at + many);
      at += many;
      return major === 2 ? piece : piece.toString();
    }
    const list: unknown[] = [];
    const map: Record<string, unknown> = {};
    for (let n = 0; n < many && !ended(); n += 1) {
      if (major === 4) list.push(next());
      else map[String(next())] = next();
    }
    if (many === Number.POSITIVE_INFINITY) at += 1;
    return major === 4 ? list : map;
  };
  return next();
}

type Answer = Record<string, unknown> & { readonly Records: readonly Record<string, unknown>[] };

async function callInCbor({ running, acme }: KinesisBench, name: string, input: object) {
  const body = cbor(input);
  const { headers } = signRequest({
    method: "POST",
    target: "/",
    headers: {
      host: new URL(running.endpoint).host,
      "content-type": "application/x-amz-cbor-1.1",
      "x-amz-target": `Kinesis_20131202.${name}`,
    },
    payloadHash: sha256(body),
    accessKeyId: acme.root.accessKeyId,
    secret: acme.root.secretAccessKey,
    timeMs: Date.now(),
    service: "kinesis",
  });
  const { host: _, ...sent } = headers;
  const answer = await fetch(running.endpoint, { method: "POST", headers: sent, body });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return {
    status: answer.status,
    type: answer.headers.get("content-type"),
    output: (bytes.length > 0 ? readCbor(bytes) : {}) as Answer,
  };
}

test("the CBOR of the Java SDKs: names, bytes, and timestamps in whole milliseconds", async (t) => {
  const bench = await startKinesis(t, { shardLimits: "lift" });
  const { StreamName, acme } = bench;
  const before = Date.now();
  const put = await callInCbor(bench, "PutRecords", {
    StreamName,
    Records: [
      { Data: Buffer.from("four"), PartitionKey: "é" },
      { Data: Buffer.from("windows"), PartitionKey: "k", ExplicitHashKey: "0" },
    ],
  });
  assert.deepEqual([put.status, put.type], [200, "application/x-amz-cbor-1.1"]);
  assert.equal(put.output["FailedRecordCount"], 0);
  const StreamARN = `arn:aws:kinesis:us-east-1:${acme.account}:stream/${StreamName}`;
  const { output: described } = await callInCbor(bench, "DescribeStreamSummary", { StreamARN });
  const summary = described["StreamDescriptionSummary"] as Record<string, number>;
  assert.ok(Math.abs((summary["StreamCreationTimestamp"] ?? 0) - before) < 60_000);
  const { output: made } = await callInCbor(bench, "GetShardIterator", {
    ...{ StreamName, StreamARN, ShardId: firstShard },
    ...{ ShardIteratorType: "AT_TIMESTAMP", Timestamp: before - 1000 },
  });
  const { output } = await callInCbor(bench, "GetRecords", {
    ShardIterator: made["ShardIterator"],
    Limit: 10_000,
  });
  assert.deepEqual(
    output.Records.map(({ Data, PartitionKey }) => [String(Data), PartitionKey]),
    [
      ["four", "é"],
      ["windows", "k"],
    ],
  );
  for (const { ApproximateArrivalTimestamp: time } of output.Records) {
    assert.ok(Number.isSafeInteger(time) && Math.abs(Number(time) - before) < 60_000);
  }
  const refused = await callInCbor(bench, "DescribeStream", { StreamName: "none" });
  assert.equal(refused.status, 400);
  assert.match(String(refused.output["__type"]), /ResourceNotFoundException/);
});

test("HTTP/2 without TLS is served on the same port", async (t) => {
  const { running, kinesis, StreamName } = await startKinesis(t);
  // The SDK's own handler for Kinesis speaks HTTP/2 with prior knowledge.
  assert.ok(kinesis instanceof KinesisClient);
  assert.match(kinesis.config.requestHandler.constructor.name, /Http2/);
  await kinesis.send(
    new PutRecordCommand({ StreamName, Data: Buffer.from("v"), PartitionKey: "k" }),
  );
  const session = http2.connect(running.endpoint);
  t.after(() => session.close());
  const stream = session.request({ ":method": "POST", ":path": "/" });
  const status = await new Promise((resolve) => {
    stream.on("response", (headers) => resolve(headers[":status"]));
    stream.end("{}");
  });
  stream.resume();
  assert.ok(Number(status) >= 400, "an answer, in HTTP/2");
});

test("boto3 writes, reads and describes a stream", async (t) => {
  const { running, acme } = await startKinesis(t, { shardLimits: "lift" });
  const script = `
import boto3, json, time, datetime
k = boto3.client("kinesis")
k.create_stream(StreamName="py", ShardCount=2)
k.get_waiter("stream_exists").wait(StreamName="py")
d = k.describe_stream(StreamName="py")["StreamDescription"]
assert isinstance(d["StreamCreationTimestamp"], datetime.datetime)
put = k.put_records(StreamName="py", Records=[{"Data": str(n).encode(), "PartitionKey": str(n)} for n in range(500)])
seen = []
for shard in k.list_shards(StreamName="py")["Shards"]:
    it = k.get_shard_iterator(StreamName="py", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    while True:
        page = k.get_records(ShardIterator=it, Limit=100)
        seen += [int(r["Data"]) for r in page["Records"]]
        it = page["NextShardIterator"]
        if not page["Records"] or page["MillisBehindLatest"] == 0: break
key = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
k.start_stream_encryption(StreamName="py", EncryptionType="KMS", KeyId=key)
one = k.put_record(StreamName="py", Data=b"v", PartitionKey="k")
try: k.describe_stream(StreamName="none")
except k.exceptions.ResourceNotFoundException: missing = True
names = k.list_streams()["StreamNames"]
k.delete_stream(StreamName="py")
print(json.dumps([put["FailedRecordCount"], sorted(seen) == list(range(500)), one["EncryptionType"], missing, names]))`;
  assert.deepEqual(await python(running, acme.root, script), [
    0,
    true,
    "KMS",
    true,
    ["orders", "py"],
  ]);
});

test("the AWS CLI writes and reads a stream, text as it is and bytes from a file", async (t) => {
  const { running, acme, StreamName } = await startKinesis(t, { shardLimits: "lift" });
  const cli = async (...words: readonly string[]) => {
    const text = await aws(running, acme.root, "kinesis", ...words);
    return (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>;
  };
  const put = ["put-record", "--stream-name", StreamName, "--partition-key", "k", "--data"];
  const raw = await cli(...put, "four");
  assert.equal(raw["ShardId"], firstShard);
  const file = join(running.data, "record");
  writeFileSync(file, Buffer.from([0, 1, 254, 255]));
  await cli(...put, `fileb://${file}`);
  const where = ["--stream-name", StreamName, "--shard-id", firstShard];
  const { ShardIterator } = await cli(
    "get-shard-iterator",
    ...where,
    "--shard-iterator-type",
    "TRIM_HORIZON",
  );
  const { Records } = await cli("get-records", "--shard-iterator", String(ShardIterator));
  assert.deepEqual(
    (Records as { Data: string }[]).map(({ Data }) => Buffer.from(Data, "base64")),
    [Buffer.from("four"), Buffer.from([0, 1, 254, 255])],
  );
  const { StreamNames } = await cli("list-streams");
  assert.deepEqual(StreamNames, [StreamName]);
});

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  PutRecordsCommand,
} from "@aws-sdk/client-kinesis";
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListPartsCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { type Keys, temporary } from "../support/bondstore.ts";
import type { Ready } from "../support/service-child.ts";
import { until } from "../support/until.ts";

const rounds = 5;
const Bucket = "orders";
const StreamName = "orders";

/** The body of an object, from its key. */
const bodyOf = (key: string) => Buffer.alloc(key.length % 2 ? 300_000 : 900, `body of ${key} `);

/** What was acknowledged, over all rounds. */
interface Acknowledged {
  readonly objects: Set<string>;
  /** Data of records by their sequence numbers. */
  readonly records: Map<string, string>;
  /** Uploads that were begun, with the key that they make. */
  readonly uploads: Map<string, string>;
}

interface Client {
  readonly s3: S3Client;
  readonly kinesis: KinesisClient;
}

async function startChild(t: TestContext, directory: string, first: boolean) {
  const script = fileURLToPath(new URL("../support/service-child.js", import.meta.url));
  const child = spawn(process.execPath, [script, directory, first ? "new" : "again"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, ready: JSON.parse(line.toString()) as Ready };
}

function connect({ endpoint }: Ready, credentials: Keys): Client {
  const common = { endpoint, region: "us-east-1", credentials, maxAttempts: 1 };
  return {
    s3: new S3Client({ ...common, forcePathStyle: true }),
    kinesis: new KinesisClient(common),
  };
}

/** Writes until the server is gone. */
async function writeForever({ s3, kinesis }: Client, round: number, done: Acknowledged) {
  async function putObjects(lane: number): Promise<never> {
    for (let n = 0; ; n += 1) {
      const Key = `object ${round} ${lane} ${n}`;
      await s3.send(new PutObjectCommand({ Bucket, Key, Body: bodyOf(Key) }));
      done.objects.add(Key);
    }
  }
  async function upload(lane: number): Promise<never> {
    for (let n = 0; ; n += 1) {
      const Key = `upload ${round} ${lane} ${n}`;
      const { UploadId = "" } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      done.uploads.set(UploadId, Key);
      const part = { Bucket, Key, UploadId, PartNumber: 1, Body: bodyOf(Key) };
      const { ETag, ChecksumCRC32 } = await s3.send(new UploadPartCommand(part));
      const Parts = [{ PartNumber: 1, ETag, ChecksumCRC32 }];
      const whole = { Bucket, Key, UploadId, MultipartUpload: { Parts } };
      await s3.send(new CompleteMultipartUploadCommand(whole));
      done.objects.add(Key);
    }
  }
  async function putRecords(lane: number): Promise<never> {
    for (let n = 0; ; n += 1) {
      const data = Array.from(
        { length: 20 },
        (_, index) => `record ${round} ${lane} ${n} ${index}`,
      );
      const Records = data.map((text) => ({ Data: Buffer.from(text), PartitionKey: text }));
      const answer = await kinesis.send(new PutRecordsCommand({ StreamName, Records }));
      for (const [index, { SequenceNumber = "" }] of (answer.Records ?? []).entries()) {
        done.records.set(SequenceNumber, data[index] ?? "");
      }
    }
  }
  await Promise.allSettled([
    putObjects(0),
    putObjects(1),
    upload(0),
    upload(1),
    putRecords(0),
    putRecords(1),
  ]);
}

async function checkObjects({ s3 }: Client, { objects, uploads }: Acknowledged): Promise<void> {
  const there = new Set<string>();
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket })) {
    for (const { Key = "" } of Contents) there.add(Key);
  }
  for (const key of objects) assert.ok(there.has(key), `${key} was acknowledged`);
  for (const Key of there) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    const bytes = Buffer.from((await Body?.transformToByteArray()) ?? []);
    assert.ok(bytes.equals(bodyOf(Key)), `${Key} is whole`);
  }
  for (const [UploadId, Key] of uploads) {
    const open = await s3.send(new ListPartsCommand({ Bucket, Key, UploadId })).then(
      () => true,
      () => false,
    );
    const made = await s3.send(new HeadObjectCommand({ Bucket, Key })).then(
      () => true,
      () => false,
    );
    assert.notEqual(open, made, `${Key}: the upload is under way, or it is an object`);
  }
}

async function checkRecords({ kinesis }: Client, { records }: Acknowledged): Promise<void> {
  const found = new Map<string, string>();
  const from = { StreamName, ShardIteratorType: "TRIM_HORIZON" } as const;
  for (const ShardId of ["shardId-000000000000", "shardId-000000000001"]) {
    let { ShardIterator } = await kinesis.send(new GetShardIteratorCommand({ ...from, ShardId }));
    for (;;) {
      const page = await kinesis.send(new GetRecordsCommand({ ShardIterator }));
      for (const { SequenceNumber = "", Data = [] } of page.Records ?? []) {
        assert.ok(!found.has(SequenceNumber), "a sequence number is given once");
        found.set(SequenceNumber, Buffer.from(Data).toString());
      }
      if (!page.Records?.length) break;
      ShardIterator = page.NextShardIterator;
    }
  }
  for (const [number, text] of records) assert.equal(found.get(number), text);
  for (const text of found.values()) assert.match(text, /^record \d+ \d+ \d+ \d+$/);
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, "close");
  child.kill("SIGKILL");
  await ended;
}

test("kill -9 amid puts, uploads and records loses nothing acknowledged and leaves nothing half", async (t) => {
  const directory = temporary(t);
  const done: Acknowledged = { objects: new Set(), records: new Map(), uploads: new Map() };
  let credentials: Keys | undefined;
  for (let round = 0; round <= rounds; round += 1) {
    const { child, ready } = await startChild(t, directory, round === 0);
    credentials ??= { accessKeyId: ready.accessKeyId ?? "", secretAccessKey: ready.secret ?? "" };
    const client = connect(ready, credentials);
    if (round === 0) {
      await client.s3.send(new CreateBucketCommand({ Bucket }));
      await client.kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 2 }));
    } else {
      await checkObjects(client, done);
      await checkRecords(client, done);
    }
    const writing = round < rounds ? writeForever(client, round, done) : undefined;
    const before = { objects: done.objects.size, records: done.records.size };
    if (writing) {
      await until(
        "an object and records",
        async () => done.objects.size > before.objects && done.records.size > before.records,
      );
    }
    await pause(randomInt(200, 700));
    await kill(child);
    await writing;
    client.s3.destroy();
    client.kinesis.destroy();
  }
  assert.ok(
    done.objects.size > rounds && done.records.size > rounds,
    "an empty check must not pass",
  );
});

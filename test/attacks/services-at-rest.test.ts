import assert from "node:assert/strict";
import net from "node:net";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  PutRecordsCommand,
  StartStreamEncryptionCommand,
} from "@aws-sdk/client-kinesis";
import {
  CreateKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  KMSClient,
} from "@aws-sdk/client-kms";
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { temporary } from "../support/bondstore.ts";
import { scanFor } from "../support/files-below.ts";
import { noise, startS3 } from "../support/s3.ts";
import { signRequest } from "../support/sign-request.ts";

const marker = (what: string) => `MARKER-${what}-8c1f77aa0e`;

test("of bodies, keys, metadata and records no plain byte is on disk", async (t) => {
  const { s3, Bucket, running, acme } = await startS3(t, temporary(t));
  const kinesis = new KinesisClient(running.client(acme.root));
  const kms = new KMSClient(running.client(acme.root));
  t.after(() => {
    kinesis.destroy();
    kms.destroy();
  });
  const KeyId = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? "";
  const large = Buffer.alloc(300_000, `${marker("large")} `);
  for (const [Key, more] of [
    ["sse-s3", {}],
    ["sse-kms", { ServerSideEncryption: "aws:kms", SSEKMSKeyId: KeyId }],
  ] as const) {
    for (const Body of [Buffer.from(marker("small")), large]) {
      await s3.send(
        new PutObjectCommand({
          ...{ Bucket, Body, ...more },
          Key: `${marker("key")}/${Key}/${Body.length}`,
          Metadata: { note: marker("metadata") },
          ContentType: marker("type"),
        }),
      );
    }
    const Key2 = `${marker("key")} parts ${Key}`;
    const upload = { Bucket, Key: Key2, ...more };
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(upload));
    const part = { Bucket, Key: Key2, UploadId, PartNumber: 1, Body: large };
    const { ETag, ChecksumCRC32 } = await s3.send(new UploadPartCommand(part));
    if (Key === "sse-kms") continue;
    const Parts = [{ PartNumber: 1, ETag, ChecksumCRC32 }];
    await s3.send(
      new CompleteMultipartUploadCommand({
        ...{ Bucket, Key: Key2, UploadId },
        MultipartUpload: { Parts },
      }),
    );
  }
  for (const StreamName of ["plain", "sealed"]) {
    await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
    if (StreamName === "sealed") {
      const EncryptionType = "KMS";
      await kinesis.send(new StartStreamEncryptionCommand({ StreamName, KeyId, EncryptionType }));
    }
    const Records = Array.from({ length: 50 }, (_, n) => ({
      Data: Buffer.from(`${marker("data")} ${n}`),
      PartitionKey: `${marker("partition")} ${n}`,
    }));
    await kinesis.send(new PutRecordsCommand({ StreamName, Records }));
  }
  await s3.send(new ListObjectsV2Command({ Bucket }));
  const markers = ["small", "large", "key", "metadata", "type", "data", "partition"].map(marker);
  for (const when of ["while it runs", "after it was closed"]) {
    if (when !== "while it runs") await running.close();
    const { found, scannedBytes } = scanFor(running.data, markers);
    assert.deepEqual(found, [], when);
    assert.ok(scannedBytes > 1_000_000, "an empty scan must not pass");
  }
  for (const line of running.logged) assert.ok(!line.includes("MARKER"), line);
});

test("a disabled key closes what is in memory too: blocks, data keys, opened objects", async (t) => {
  const { s3, Bucket, running, acme } = await startS3(t);
  const kinesis = new KinesisClient(running.client(acme.root));
  const kms = new KMSClient(running.client(acme.root));
  t.after(() => {
    kinesis.destroy();
    kms.destroy();
  });
  const KeyId = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? "";
  const sealed = { ServerSideEncryption: "aws:kms", SSEKMSKeyId: KeyId } as const;
  await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "v", ...sealed }));
  const StreamName = "s";
  await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
  const EncryptionType = "KMS";
  await kinesis.send(new StartStreamEncryptionCommand({ StreamName, KeyId, EncryptionType }));
  const Records = [{ Data: Buffer.from("v"), PartitionKey: "k" }];
  await kinesis.send(new PutRecordsCommand({ StreamName, Records }));
  const { ShardIterator } = await kinesis.send(
    new GetShardIteratorCommand({
      ...{ StreamName, ShardId: "shardId-000000000000" },
      ShardIteratorType: "TRIM_HORIZON",
    }),
  );
  const { UploadId } = await s3.send(
    new CreateMultipartUploadCommand({ Bucket, Key: "m", ...sealed }),
  );
  const reads = [
    async () => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: "k" }));
      await Body?.transformToString();
    },
    async () => {
      await kinesis.send(new GetRecordsCommand({ ShardIterator }));
    },
    async () => {
      const part = { Bucket, Key: "m", UploadId, PartNumber: 1, Body: "v" };
      await s3.send(new UploadPartCommand(part));
    },
    async () => {
      await kinesis.send(new PutRecordsCommand({ StreamName, Records }));
    },
  ];
  for (const read of [...reads, ...reads]) await read();
  await kms.send(new DisableKeyCommand({ KeyId }));
  for (const read of reads) await assert.rejects(read(), /disabled/i);
  await kms.send(new EnableKeyCommand({ KeyId }));
  await pause(1100);
  for (const read of reads) await read();
});

test("an upload that breaks off leaves nothing visible, and what was there stays", async (t) => {
  const { s3, Bucket, running, acme } = await startS3(t);
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "m" }));
  const { hostname, port, host } = new URL(running.endpoint);
  const breakOff = async (path: string) => {
    const { headers, target } = signRequest({
      method: "PUT",
      target: path,
      headers: { host, "x-amz-content-sha256": "UNSIGNED-PAYLOAD" },
      payloadHash: "UNSIGNED-PAYLOAD",
      accessKeyId: acme.root.accessKeyId,
      secret: acme.root.secretAccessKey,
      timeMs: Date.now(),
    });
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    const socket = net.connect(Number(port), hostname);
    socket.on("error", () => {});
    socket.write(
      `PUT ${target} HTTP/1.1\r\n${lines.join("\r\n")}\r\ncontent-length: 900000\r\n\r\n`,
    );
    socket.write(noise(300_000));
    await pause(60);
    socket.destroy();
  };
  await breakOff(`/${Bucket}/k`);
  await breakOff(`/${Bucket}/m?partNumber=1&uploadId=${UploadId}`);
  await pause(100);
  assert.equal((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount, 0);
  const { Parts = [] } = await s3.send(new ListPartsCommand({ Bucket, Key: "m", UploadId }));
  assert.equal(Parts.length, 0);
  await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "whole" }));
  await breakOff(`/${Bucket}/k`);
  await pause(100);
  const kept = await s3.send(new GetObjectCommand({ Bucket, Key: "k" }));
  assert.equal(await kept.Body?.transformToString(), "whole", "the old object stays");
});

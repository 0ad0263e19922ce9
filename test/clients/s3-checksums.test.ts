import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import {
  type ChecksumAlgorithm,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  NotFound,
  PutObjectCommand,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { createChecksum } from "../../src/lib/checksum.ts";
import { noise, startS3 } from "../support/s3.ts";
import { sha256, signRequest } from "../support/sign-request.ts";

const algorithms = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"] as const;
type Name = (typeof algorithms)[number];

const member = (name: Name) => `Checksum${name}` as const;

function checksum(name: Name, ...pieces: readonly Buffer[]): Buffer {
  const running = createChecksum(name);
  for (const piece of pieces) running.update(piece);
  return running.digest();
}

const Body = noise(100_000);

for (const name of algorithms) {
  test(`${name} comes with a body in a header or in a trailer, is verified, kept and shown`, async (t) => {
    const { s3, Bucket } = await startS3(t);
    const right = checksum(name, Body).toString("base64");
    const put = await s3.send(
      new PutObjectCommand({ Bucket, Key: "header", Body, [member(name)]: right }),
    );
    assert.deepEqual([put[member(name)], put.ChecksumType], [right, "FULL_OBJECT"]);
    await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: "trailer",
        Body: Readable.from([Body]),
        ContentLength: Body.length,
        ChecksumAlgorithm: name,
      }),
    );
    for (const Key of ["header", "trailer"]) {
      const asked = { Bucket, Key, ChecksumMode: "ENABLED" } as const;
      const head = await s3.send(new HeadObjectCommand(asked));
      assert.deepEqual([head[member(name)], head.ChecksumType], [right, "FULL_OBJECT"], Key);
      // The SDK compares it with the bytes.
      const got = await s3.send(new GetObjectCommand(asked));
      assert.equal((await got.Body?.transformToByteArray())?.length, Body.length);
      const unasked = await s3.send(new HeadObjectCommand({ Bucket, Key }));
      assert.equal(unasked[member(name)], undefined);
    }
    const wrong = checksum(name, Buffer.from("other")).toString("base64");
    const lie = new PutObjectCommand({ Bucket, Key: "lie", Body, [member(name)]: wrong });
    await assert.rejects(s3.send(lie), { name: "BadDigest" });
    await assert.rejects(s3.send(new HeadObjectCommand({ Bucket, Key: "lie" })), NotFound);
    const CopySource = `${Bucket}/header`;
    const copy = await s3.send(
      new CopyObjectCommand({ Bucket, Key: "copy", CopySource, ChecksumAlgorithm: name }),
    );
    assert.equal(copy.CopyObjectResult?.[member(name)], right);
  });
}

test("a wrong checksum in the trailer of a stream leaves no object behind", async (t) => {
  const { s3, Bucket, acme, running } = await startS3(t);
  const body = Buffer.alloc(200_000, "x");
  const send = async (value: string) => {
    const framed = Buffer.concat([
      Buffer.from(`${body.length.toString(16)}\r\n`),
      body,
      Buffer.from(`\r\n0\r\nx-amz-checksum-crc32:${value}\r\n\r\n`),
    ]);
    const { headers, target } = signRequest({
      method: "PUT",
      target: `/${Bucket}/k`,
      headers: {
        host: new URL(running.endpoint).host,
        "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
        "x-amz-decoded-content-length": String(body.length),
        "x-amz-trailer": "x-amz-checksum-crc32",
        "content-encoding": "aws-chunked",
      },
      payloadHash: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
      accessKeyId: acme.root.accessKeyId,
      secret: acme.root.secretAccessKey,
      timeMs: Date.now(),
    });
    const { host: _, ...sent } = headers;
    return fetch(running.endpoint + target, { method: "PUT", headers: sent, body: framed });
  };
  const refused = await send("AAAAAA==");
  assert.equal(refused.status, 400);
  assert.match(await refused.text(), /<Code>BadDigest</);
  await assert.rejects(s3.send(new HeadObjectCommand({ Bucket, Key: "k" })), NotFound);
  assert.equal((await send(checksum("CRC32", body).toString("base64"))).status, 200);
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "k" }));
  assert.deepEqual([head.ContentLength, head.ContentEncoding], [body.length, undefined]);
});

test("Content-MD5 and the signed body hash are held to their word", async (t) => {
  const { s3, Bucket, acme, running } = await startS3(t);
  const put = (ContentMD5: string) =>
    s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "four windows", ContentMD5 }));
  await assert.rejects(put("AAAAAAAAAAAAAAAAAAAAAA=="), { name: "BadDigest" });
  await assert.rejects(put("no md5"), { name: "InvalidDigest" });
  const { headers, target } = signRequest({
    method: "PUT",
    target: `/${Bucket}/k`,
    headers: {
      host: new URL(running.endpoint).host,
      "x-amz-content-sha256": sha256("what was signed"),
    },
    payloadHash: sha256("what was signed"),
    accessKeyId: acme.root.accessKeyId,
    secret: acme.root.secretAccessKey,
    timeMs: Date.now(),
  });
  const { host: _, ...sent } = headers;
  const other = { method: "PUT", headers: sent, body: "what was sent" };
  const answer = await fetch(running.endpoint + target, other);
  assert.equal(answer.status, 400);
  assert.match(await answer.text(), /<Code>XAmzContentSHA256Mismatch</);
  await assert.rejects(s3.send(new HeadObjectCommand({ Bucket, Key: "k" })), NotFound);
});

const kinds: readonly (readonly [Name, "COMPOSITE" | "FULL_OBJECT"])[] = [
  ["CRC32", "COMPOSITE"],
  ["CRC32", "FULL_OBJECT"],
  ["CRC32C", "COMPOSITE"],
  ["CRC32C", "FULL_OBJECT"],
  ["CRC64NVME", "FULL_OBJECT"],
  ["SHA1", "COMPOSITE"],
  ["SHA256", "COMPOSITE"],
];

test("an upload in parts has a checksum of its parts' or of the whole, and a wrong one ends nothing", async (t) => {
  const { s3, Bucket } = await startS3(t);
  const bodies = [noise(5_242_880, 5), noise(1000, 6)];
  for (const [name, ChecksumType] of kinds) {
    const Key = `${name} ${ChecksumType}`;
    const ChecksumAlgorithm = name as ChecksumAlgorithm;
    const { UploadId } = await s3.send(
      new CreateMultipartUploadCommand({ Bucket, Key, ChecksumAlgorithm, ChecksumType }),
    );
    const Parts: CompletedPart[] = [];
    for (const [index, Body] of bodies.entries()) {
      const PartNumber = index + 1;
      const part = { Bucket, Key, UploadId, PartNumber, Body, ChecksumAlgorithm };
      const sent = await s3.send(new UploadPartCommand(part));
      const sum = checksum(name, Body).toString("base64");
      assert.equal(sent[member(name)], sum);
      Parts.push({ PartNumber, ETag: sent.ETag, [member(name)]: sum });
    }
    const each = bodies.map((body) => checksum(name, body));
    const right =
      ChecksumType === "FULL_OBJECT"
        ? checksum(name, ...bodies).toString("base64")
        : `${checksum(name, ...each).toString("base64")}-2`;
    const complete = (said: string) =>
      s3.send(
        new CompleteMultipartUploadCommand({
          ...{ Bucket, Key, UploadId, ChecksumType, MultipartUpload: { Parts } },
          [member(name)]: said,
        }),
      );
    const wrong = checksum(name, Buffer.from("other")).toString("base64");
    await assert.rejects(complete(wrong), { name: "BadDigest" });
    const done = await complete(right);
    assert.deepEqual([done[member(name)], done.ChecksumType], [right, ChecksumType], Key);
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key, ChecksumMode: "ENABLED" }));
    assert.deepEqual([head[member(name)], head.ChecksumType], [right, ChecksumType]);
  }
});

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { CreateKeyCommand, KMSClient, PutKeyPolicyCommand } from "@aws-sdk/client-kms";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetBucketEncryptionCommand,
  GetBucketPolicyCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { allow, makeUser, startS3 } from "../support/s3.ts";

async function start(t: TestContext) {
  const bench = await startS3(t);
  const eve = await bench.running.tenant("eve");
  const { s3, Bucket } = bench;
  await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "secret" }));
  return { ...bench, eve, hers: bench.as(eve.root) };
}

/** How a request ended: the status, and the code where there is one. */
async function ending(sent: Promise<{ $metadata: { httpStatusCode?: number } }>) {
  return sent.then(
    ({ $metadata }) => `${$metadata.httpStatusCode}`,
    ({ name, $metadata }: { name: string; $metadata: { httpStatusCode: number } }) =>
      $metadata.httpStatusCode === 403 ? "403" : `${$metadata.httpStatusCode} ${name}`,
  );
}

test("another account reaches nothing of a bucket, whether it is there or not", async (t) => {
  const { s3, hers, Bucket } = await start(t);
  const begun = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "k" }));
  const { UploadId } = begun;
  const attempts = (Key: string, id: string | undefined) => [
    hers.send(new GetObjectCommand({ Bucket, Key })),
    hers.send(new HeadObjectCommand({ Bucket, Key })),
    hers.send(new PutObjectCommand({ Bucket, Key, Body: "mine" })),
    hers.send(new DeleteObjectCommand({ Bucket, Key })),
    hers.send(new UploadPartCommand({ Bucket, Key, UploadId: id, PartNumber: 1, Body: "v" })),
    hers.send(new ListPartsCommand({ Bucket, Key, UploadId: id })),
    hers.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId: id })),
    hers.send(new CreateMultipartUploadCommand({ Bucket, Key })),
    hers.send(
      new CompleteMultipartUploadCommand({
        ...{ Bucket, Key, UploadId: id },
        MultipartUpload: { Parts: [{ PartNumber: 1, ETag: "x" }] },
      }),
    ),
  ];
  for (const [Key, id] of [
    ["k", UploadId],
    ["gone", UploadId],
    ["k", "0".repeat(60)],
  ] as const) {
    const endings = await Promise.all(attempts(Key, id).map(ending));
    assert.deepEqual(new Set(endings), new Set(["403"]), Key);
  }
  const onBucket = [
    hers.send(new HeadBucketCommand({ Bucket })),
    hers.send(new ListObjectsV2Command({ Bucket })),
    hers.send(new ListMultipartUploadsCommand({ Bucket })),
    hers.send(new GetBucketPolicyCommand({ Bucket })),
    hers.send(new GetBucketEncryptionCommand({ Bucket })),
    hers.send(new DeleteBucketCommand({ Bucket })),
    hers.send(new PutBucketPolicyCommand({ Bucket, Policy: "{}" })),
  ];
  assert.deepEqual(new Set(await Promise.all(onBucket.map(ending))), new Set(["403"]));
  const kept = await s3.send(new GetObjectCommand({ Bucket, Key: "k" }));
  assert.equal(await kept.Body?.transformToString(), "secret");
});

test("an upload id is good for its own bucket and key only", async (t) => {
  const { s3, hers, Bucket } = await start(t);
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: "k" }));
  await s3.send(new UploadPartCommand({ Bucket, Key: "k", UploadId, PartNumber: 1, Body: "v" }));
  await hers.send(new CreateBucketCommand({ Bucket: "eves-own" }));
  for (const [client, where] of [
    [hers, { Bucket: "eves-own", Key: "k" }],
    [s3, { Bucket, Key: "other" }],
  ] as const) {
    const complete = new CompleteMultipartUploadCommand({
      ...where,
      UploadId,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag: "x" }] },
    });
    await assert.rejects(client.send(complete), { name: "NoSuchUpload" });
    await assert.rejects(client.send(new ListPartsCommand({ ...where, UploadId })), {
      name: "NoSuchUpload",
    });
  }
});

/** Every way to have S3 read an object for a caller who may not. */
const copies = (client: S3Client, Bucket: string, CopySource: string) => [
  () => client.send(new CopyObjectCommand({ Bucket, Key: "stolen", CopySource })),
  async () => {
    const { UploadId } = await client.send(
      new CreateMultipartUploadCommand({ Bucket, Key: "stolen" }),
    );
    const part = { Bucket, Key: "stolen", UploadId, PartNumber: 1, CopySource };
    return client.send(new UploadPartCopyCommand(part));
  },
];

test("S3 copies nothing for a caller who could not read it: no confused deputy", async (t) => {
  const { s3, hers, Bucket, running, acme, as } = await start(t);
  await hers.send(new CreateBucketCommand({ Bucket: "eves-own" }));
  await s3.send(new CreateBucketCommand({ Bucket: "acme-other" }));
  const writer = as(await makeUser(running, acme, "writer", allow("s3:PutObject")));
  for (const source of [`${Bucket}/k`, `/${Bucket}/k`, `${Bucket}/gone`, `${Bucket}/%6B`]) {
    for (const [client, to] of [
      [hers, "eves-own"],
      [writer, "acme-other"],
    ] as const) {
      for (const copy of copies(client, to, source)) {
        assert.equal(await ending(copy()), "403", source);
      }
    }
  }
  const guarded = new CopyObjectCommand({
    ...{ Bucket, Key: "copy", CopySource: `${Bucket}/k` },
    ExpectedSourceBucketOwner: "999999999999",
  });
  await assert.rejects(s3.send(guarded), { name: "AccessDenied" });
});

test("a bucket of the same name in other hands gets nothing of a write that was meant for the old one", async (t) => {
  const { s3, hers, Bucket, running, eve, acme } = await start(t);
  await s3.send(new DeleteObjectCommand({ Bucket, Key: "k" }));
  const { parts } = running.bondstore.opened;
  const { pipeline } = running.bondstore;
  const { principal } = parts.directory.findCredentials(acme.root.accessKeyId) ?? {};
  assert.ok(principal && "account" in principal);
  let [judged, release] = [() => {}, () => {}];
  const begun = new Promise<void>((resolve) => {
    judged = resolve;
  });
  const waiting = new Promise<void>((resolve) => {
    release = resolve;
  });
  async function* body() {
    judged();
    yield Buffer.from("meant for ");
    await waiting;
    yield Buffer.from("acme");
  }
  const write = pipeline.run({
    id: "00000000-0000-4000-8000-000000000000",
    service: "s3",
    operation: "PutObject",
    principal,
    account: principal.account,
    source: { ip: "127.0.0.1", userAgent: "test", secure: true },
    decode: () => ({ Bucket, Key: "late", Body: body() }),
    describe: () => null,
    inner: false,
  });
  // Judged already; now the bucket changes hands.
  await begun;
  await s3.send(new DeleteBucketCommand({ Bucket }));
  await hers.send(new CreateBucketCommand({ Bucket }));
  release();
  await assert.rejects(write, { code: "NoSuchBucket" });
  assert.equal((await hers.send(new ListObjectsV2Command({ Bucket }))).KeyCount, 0);
  const guarded = new PutObjectCommand({
    ...{ Bucket, Key: "k", Body: "v" },
    ExpectedBucketOwner: "111122223333",
  });
  await assert.rejects(hers.send(guarded), { name: "AccessDenied" });
  await hers.send(
    new PutObjectCommand({ Bucket, Key: "k", Body: "v", ExpectedBucketOwner: eve.account }),
  );
});

test("an object under another account's key is read only with that account's leave", async (t) => {
  const { s3, hers, Bucket, running, eve, acme } = await start(t);
  const kms = new KMSClient(running.client(acme.root));
  t.after(() => kms.destroy());
  const KeyId = (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.Arn ?? "";
  await s3.send(
    new PutObjectCommand({
      ...{ Bucket, Key: "sealed", Body: "secret" },
      ServerSideEncryption: "aws:kms",
      SSEKMSKeyId: KeyId,
    }),
  );
  const Principal = { AWS: eve.account };
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal, Action: "s3:GetObject", Resource: `arn:aws:s3:::${Bucket}/*` },
    ],
  });
  await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
  const get = new GetObjectCommand({ Bucket, Key: "sealed" });
  await assert.rejects(hers.send(get), { name: "AccessDenied" });
  const root = { AWS: acme.account };
  await kms.send(
    new PutKeyPolicyCommand({
      KeyId,
      Policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          { Effect: "Allow", Principal: root, Action: "kms:*", Resource: "*" },
          { Effect: "Allow", Principal, Action: "kms:Decrypt", Resource: "*" },
        ],
      }),
    }),
  );
  assert.equal(await (await hers.send(get)).Body?.transformToString(), "secret");
});

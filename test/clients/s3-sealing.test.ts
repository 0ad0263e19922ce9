import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import {
  CreateAliasCommand,
  CreateKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  KMSClient,
  RotateKeyOnDemandCommand,
} from "@aws-sdk/client-kms";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketEncryptionCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from "@aws-sdk/client-s3";
import { allow, makeUser, noise, startS3 } from "../support/s3.ts";

async function start(t: TestContext) {
  const bench = await startS3(t);
  const kms = new KMSClient(bench.running.client(bench.acme.root));
  t.after(() => kms.destroy());
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: "orders" }));
  const KeyId = KeyMetadata?.Arn ?? "";
  await kms.send(new CreateAliasCommand({ AliasName: "alias/orders", TargetKeyId: KeyId }));
  return { ...bench, kms, KeyId };
}

const read = async (s3: S3Client, Bucket: string, Key: string) =>
  (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();

test("an object under a customer's key is read only while the key is enabled", async (t) => {
  const { s3, Bucket, kms, KeyId } = await start(t);
  const EncryptionContext = Buffer.from(JSON.stringify({ tenant: "acme" })).toString("base64");
  const put = await s3.send(
    new PutObjectCommand({
      Bucket,
      Key: "k",
      Body: "four windows",
      ServerSideEncryption: "aws:kms",
      SSEKMSKeyId: "alias/orders",
      SSEKMSEncryptionContext: EncryptionContext,
    }),
  );
  assert.deepEqual([put.ServerSideEncryption, put.SSEKMSKeyId], ["aws:kms", KeyId]);
  assert.equal(await read(s3, Bucket, "k"), "four windows");
  await kms.send(new RotateKeyOnDemandCommand({ KeyId }));
  assert.equal(await read(s3, Bucket, "k"), "four windows", "rotation loses nothing");
  await kms.send(new DisableKeyCommand({ KeyId }));
  for (const command of [
    new GetObjectCommand({ Bucket, Key: "k" }),
    new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/k` }) as never,
    new PutObjectCommand({
      ...{ Bucket, Key: "n", Body: "v" },
      ServerSideEncryption: "aws:kms",
      SSEKMSKeyId: KeyId,
    }) as never,
  ]) {
    await assert.rejects(s3.send(command as GetObjectCommand), { name: "KMS.DisabledException" });
  }
  await kms.send(new EnableKeyCommand({ KeyId }));
  assert.equal(await read(s3, Bucket, "k"), "four windows");
});

test("who may read the object but not use the key does not read it", async (t) => {
  const { s3, Bucket, KeyId, running, acme, as } = await start(t);
  const sealed = { ServerSideEncryption: "aws:kms", SSEKMSKeyId: KeyId } as const;
  await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "v", ...sealed }));
  const bob = as(await makeUser(running, acme, "bob", allow("s3:*")));
  await assert.rejects(bob.send(new GetObjectCommand({ Bucket, Key: "k" })), {
    name: "AccessDenied",
  });
  const put = new PutObjectCommand({ Bucket, Key: "n", Body: "v", ...sealed });
  await assert.rejects(bob.send(put), { name: "AccessDenied" });
  const onlyHere = {
    ...allow(["kms:Decrypt", "kms:GenerateDataKey"]),
    Condition: {
      StringEquals: {
        "kms:ViaService": "s3.us-east-1.amazonaws.com",
        "kms:EncryptionContext:aws:s3:arn": `arn:aws:s3:::${Bucket}/k`,
      },
    },
  };
  const carol = as(await makeUser(running, acme, "carol", allow("s3:*"), onlyHere));
  assert.equal(await read(carol, Bucket, "k"), "v");
  await s3.send(new PutObjectCommand({ Bucket, Key: "other", Body: "v", ...sealed }));
  await assert.rejects(read(carol, Bucket, "other"), { name: "AccessDenied" });
});

test("a bucket's default encryption seals what asks for nothing, parts and copies too", async (t) => {
  const { s3, Bucket, kms, KeyId, running, acme } = await start(t);
  await s3.send(new PutObjectCommand({ Bucket, Key: "before", Body: "v" }));
  await s3.send(
    new PutBucketEncryptionCommand({
      Bucket,
      ServerSideEncryptionConfiguration: {
        Rules: [
          {
            ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms", KMSMasterKeyID: KeyId },
            BucketKeyEnabled: true,
          },
        ],
      },
    }),
  );
  await s3.send(new PutObjectCommand({ Bucket, Key: "put", Body: "v" }));
  await s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource: `${Bucket}/before` }));
  const Key = "parts";
  const { UploadId, SSEKMSKeyId } = await s3.send(
    new CreateMultipartUploadCommand({ Bucket, Key }),
  );
  assert.equal(SSEKMSKeyId, KeyId);
  const Body = noise(1000);
  const part = await s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body }));
  const Parts = [{ PartNumber: 1, ETag: part.ETag, ChecksumCRC32: part.ChecksumCRC32 }];
  await s3.send(
    new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
  );
  for (const name of ["put", "copy", "parts"]) {
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: name }));
    assert.deepEqual(
      [head.ServerSideEncryption, head.SSEKMSKeyId, head.BucketKeyEnabled],
      ["aws:kms", KeyId, true],
      name,
    );
  }
  const asked = { Bucket, Key: "asked", Body: "v", ServerSideEncryption: "AES256" } as const;
  assert.equal((await s3.send(new PutObjectCommand(asked))).ServerSideEncryption, "AES256");
  await kms.send(new DisableKeyCommand({ KeyId }));
  assert.equal(await read(s3, Bucket, "before"), "v");
  assert.equal(await read(s3, Bucket, "asked"), "v");
  for (const name of ["put", "copy", "parts"]) {
    await assert.rejects(read(s3, Bucket, name), { name: "KMS.DisabledException" }, name);
  }
  const trail = new CloudTrailClient(running.client(acme.root));
  t.after(() => trail.destroy());
  const { Events = [] } = await trail.send(
    new LookupEventsCommand({
      LookupAttributes: [{ AttributeKey: "EventName", AttributeValue: "GenerateDataKey" }],
    }),
  );
  const texts = Events.map(({ CloudTrailEvent = "" }) => CloudTrailEvent);
  assert.equal(texts.length, 1, "a bucket key is one data key for the objects of a bucket");
  assert.match(texts[0] ?? "", new RegExp(`"aws:s3:arn":"arn:aws:s3:::${Bucket}"`));
});

test("what cannot be is refused: another algorithm, a key for SSE-S3, a broken context", async (t) => {
  const { s3, Bucket, KeyId } = await start(t);
  const rows: readonly (readonly [string, object])[] = [
    ["InvalidEncryptionAlgorithmError", { ServerSideEncryption: "rot13" }],
    ["InvalidArgument", { SSEKMSKeyId: KeyId }],
    [
      "InvalidArgument",
      { ServerSideEncryption: "aws:kms", SSEKMSKeyId: KeyId, SSEKMSEncryptionContext: "bm8=" },
    ],
    ["KMS.NotFoundException", { ServerSideEncryption: "aws:kms", SSEKMSKeyId: "alias/none" }],
  ];
  for (const [name, more] of rows) {
    const put = new PutObjectCommand({ Bucket, Key: "k", Body: "v", ...more });
    await assert.rejects(s3.send(put), { name }, JSON.stringify(more));
  }
});

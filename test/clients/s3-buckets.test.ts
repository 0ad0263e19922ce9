import assert from "node:assert/strict";
import { Agent } from "node:http";
import type { LookupFunction } from "node:net";
import { test } from "node:test";
import {
  BucketAlreadyExists,
  BucketAlreadyOwnedByYou,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketEncryptionCommand,
  GetBucketEncryptionCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  NotFound,
  PutBucketEncryptionCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { startBondstore } from "../support/bondstore.ts";
import { startS3 } from "../support/s3.ts";

test("buckets are made, seen, listed page by page, and removed when empty", async (t) => {
  const { s3, Bucket, acme } = await startS3(t);
  const names = ["a-1", "a-2", "a-3", "b.dots"];
  for (const name of names) {
    const { Location } = await s3.send(new CreateBucketCommand({ Bucket: name }));
    assert.equal(Location, `/${name}`);
  }
  const { BucketRegion } = await s3.send(new HeadBucketCommand({ Bucket: "a-1" }));
  assert.equal(BucketRegion, "us-east-1");
  const location = await s3.send(new GetBucketLocationCommand({ Bucket: "a-1" }));
  assert.equal(location.LocationConstraint, undefined);
  const all = await s3.send(new ListBucketsCommand({}));
  assert.deepEqual(
    all.Buckets?.map(({ Name }) => Name),
    [...names, Bucket],
  );
  assert.equal(all.Owner?.ID, acme.account);
  assert.ok(all.Buckets?.[0]?.CreationDate instanceof Date);
  const first = await s3.send(new ListBucketsCommand({ Prefix: "a-", MaxBuckets: 2 }));
  const { ContinuationToken } = first;
  const rest = await s3.send(new ListBucketsCommand({ Prefix: "a-", ContinuationToken }));
  assert.deepEqual(
    [first, rest].map(({ Buckets }) => Buckets?.map(({ Name }) => Name)),
    [["a-1", "a-2"], ["a-3"]],
  );
  await s3.send(new PutObjectCommand({ Bucket: "a-1", Key: "k", Body: "" }));
  await assert.rejects(s3.send(new DeleteBucketCommand({ Bucket: "a-1" })), {
    name: "BucketNotEmpty",
  });
  await s3.send(new DeleteBucketCommand({ Bucket: "a-2" }));
  await assert.rejects(s3.send(new HeadBucketCommand({ Bucket: "a-2" })), NotFound);
});

test("a name belongs to one account, and has the form of a host name", async (t) => {
  const { s3, Bucket, running, as } = await startS3(t);
  const eve = as((await running.tenant("eve")).root);
  const create = new CreateBucketCommand({ Bucket });
  await assert.rejects(s3.send(create), BucketAlreadyOwnedByYou);
  await assert.rejects(eve.send(create), BucketAlreadyExists);
  for (const bad of [
    "Ab-c",
    "ab",
    "a..b",
    "192.168.1.1",
    "xn--a",
    "a_b",
    "-ab",
    `${"a".repeat(64)}`,
  ]) {
    await assert.rejects(
      s3.send(new CreateBucketCommand({ Bucket: bad })),
      {
        name: "InvalidBucketName",
      },
      bad,
    );
  }
  const elsewhere = { LocationConstraint: "eu-west-1" } as const;
  await assert.rejects(
    s3.send(new CreateBucketCommand({ Bucket: "abc", CreateBucketConfiguration: elsewhere })),
    { name: "IllegalLocationConstraintException" },
  );
  await assert.rejects(s3.send(new CreateBucketCommand({ Bucket: "abc", ACL: "public-read" })), {
    name: "AccessControlListNotSupported",
  });
});

test("a bucket that comes back under its name has none of the old one's settings", async (t) => {
  const { s3, Bucket } = await startS3(t);
  const Rules = [
    { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" }, BucketKeyEnabled: true },
  ] as const;
  await s3.send(
    new PutBucketEncryptionCommand({
      Bucket,
      ServerSideEncryptionConfiguration: { Rules: [...Rules] },
    }),
  );
  const read = async () =>
    (await s3.send(new GetBucketEncryptionCommand({ Bucket }))).ServerSideEncryptionConfiguration
      ?.Rules?.[0];
  assert.equal((await read())?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm, "aws:kms");
  assert.equal((await read())?.BucketKeyEnabled, true);
  await s3.send(new DeleteBucketEncryptionCommand({ Bucket }));
  assert.equal((await read())?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm, "AES256");
  await s3.send(new DeleteBucketCommand({ Bucket }));
  await s3.send(new CreateBucketCommand({ Bucket }));
  assert.equal((await read())?.ApplyServerSideEncryptionByDefault?.SSEAlgorithm, "AES256");
});

test("a bucket is addressed by path or by host", async (t) => {
  const running = await startBondstore(t);
  const acme = await running.tenant("acme");
  const endpoint = running.endpoint.replace("127.0.0.1", "localhost");
  // Not every system resolves the names below localhost.
  const lookup: LookupFunction = (_host, _options, done) =>
    done(null, [{ address: "127.0.0.1", family: 4 }]);
  const s3 = new S3Client({
    ...running.client(acme.root),
    endpoint,
    forcePathStyle: false,
    requestHandler: { httpAgent: new Agent({ lookup }) },
  });
  t.after(() => s3.destroy());
  const Bucket = "by-host";
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutObjectCommand({ Bucket, Key: "é b/+", Body: "v" }));
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: "é b/+" }));
  assert.equal(await got.Body?.transformToString(), "v");
  const path = new S3Client({ ...running.client(acme.root), forcePathStyle: true });
  t.after(() => path.destroy());
  const same = await path.send(new GetObjectCommand({ Bucket, Key: "é b/+" }));
  assert.equal(await same.Body?.transformToString(), "v");
});

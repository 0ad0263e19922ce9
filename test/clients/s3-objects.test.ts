import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  NoSuchKey,
  NotFound,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { noise, startS3 } from "../support/s3.ts";

const text = async (s3: S3Client, Bucket: string, Key: string) =>
  (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();

/** What the SDK throws: the name, and the status. */
const refused = (name: string, status: number) => (error: unknown) => {
  const { name: got, $metadata } = error as { name: string; $metadata: { httpStatusCode: number } };
  assert.deepEqual([got, $metadata.httpStatusCode], [name, status]);
  return true;
};

test("an object comes back with its bytes, its headers and its metadata", async (t) => {
  const { s3, Bucket } = await startS3(t);
  const Key = "june/1.json";
  const put = await s3.send(
    new PutObjectCommand({
      Bucket,
      Key,
      Body: "four windows",
      ContentType: "text/plain; charset=utf-8",
      ContentLanguage: "en",
      ContentDisposition: 'attachment; filename="a.txt"',
      ContentEncoding: "identity",
      CacheControl: "max-age=60",
      Expires: new Date("2030-01-02T03:04:05Z"),
      Metadata: { region: "north", "two-words": "a b" },
    }),
  );
  assert.equal(put.ETag, '"53cbc511cccd1c91271a3968a1dcf363"');
  assert.equal(put.ServerSideEncryption, "AES256");
  const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
  assert.equal(await got.Body?.transformToString(), "four windows");
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key }));
  for (const one of [got, head]) {
    assert.equal(one.ETag, put.ETag);
    assert.equal(one.ContentLength, 12);
    assert.equal(one.ContentType, "text/plain; charset=utf-8");
    assert.equal(one.ContentLanguage, "en");
    assert.equal(one.ContentDisposition, 'attachment; filename="a.txt"');
    assert.equal(one.ContentEncoding, "identity");
    assert.equal(one.CacheControl, "max-age=60");
    assert.equal(one.ExpiresString, "Wed, 02 Jan 2030 03:04:05 GMT");
    assert.deepEqual(one.Metadata, { region: "north", "two-words": "a b" });
    assert.equal(one.AcceptRanges, "bytes");
    assert.ok(one.LastModified instanceof Date);
  }
});

test("any key is a key: é, spaces, +, //, .., quotes, control characters", async (t) => {
  const { s3, Bucket } = await startS3(t);
  const keys = [
    "é/ü",
    "a b",
    "a+b",
    "a//b",
    "/lead",
    "a/../b",
    "..",
    ".",
    "%41",
    "q?x=1&y",
    "#",
    "日本",
    "'\"<&>",
    "t\tb",
    "😀",
  ];
  for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key, Body: `is ${Key}` }));
  for (const Key of keys) assert.equal(await text(s3, Bucket, Key), `is ${Key}`, Key);
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  assert.deepEqual(
    Contents.map(({ Key }) => Key),
    [...keys].sort(byBytes),
  );
  for (const Key of keys) {
    const CopySource = `${Bucket}/${encodeURIComponent(Key)}`;
    await s3.send(new CopyObjectCommand({ Bucket, Key: `copy of ${Key}`, CopySource }));
    assert.equal(await text(s3, Bucket, `copy of ${Key}`), `is ${Key}`, Key);
  }
  const tooLong = new PutObjectCommand({ Bucket, Key: "k".repeat(1025), Body: "" });
  await assert.rejects(s3.send(tooLong), refused("KeyTooLongError", 400));
});

const ranges: readonly (readonly [range: string, start: number, end: number])[] = [
  ["bytes=0-0", 0, 1],
  ["bytes=10-19", 10, 20],
  ["bytes=99990-", 99_990, 100_000],
  ["bytes=99990-200000", 99_990, 100_000],
  ["bytes=-7", 99_993, 100_000],
  ["bytes=-200000", 0, 100_000],
  ["bytes=65530-65541", 65_530, 65_542],
];

test("a range of an object is those bytes", async (t) => {
  const { s3, Bucket } = await startS3(t);
  const Body = noise(100_000);
  await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body }));
  for (const [Range, start, end] of ranges) {
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: "k", Range }));
    assert.deepEqual(
      Buffer.from((await got.Body?.transformToByteArray()) ?? []),
      Body.subarray(start, end),
      Range,
    );
    assert.equal(got.ContentRange, `bytes ${start}-${end - 1}/100000`);
    assert.equal(got.$metadata.httpStatusCode, 206);
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "k", Range }));
    assert.equal(head.ContentLength, end - start);
  }
  for (const Range of ["bytes=5-2", "bytes=0-1,5-6", "chars=1-2"]) {
    const got = await s3.send(new GetObjectCommand({ Bucket, Key: "k", Range }));
    const all = await got.Body?.transformToByteArray();
    assert.equal(all?.length, 100_000, `${Range} is passed over`);
  }
  for (const Range of ["bytes=100000-", "bytes=-0"]) {
    const get = new GetObjectCommand({ Bucket, Key: "k", Range });
    await assert.rejects(s3.send(get), refused("InvalidRange", 416));
  }
});

test("conditions decide about reading, and HEAD answers like GET without a body", async (t) => {
  const { s3, Bucket } = await startS3(t);
  const Key = "k";
  const { ETag = "" } = await s3.send(new PutObjectCommand({ Bucket, Key, Body: "v" }));
  const { LastModified = new Date(0) } = await s3.send(new HeadObjectCommand({ Bucket, Key }));
  const before = new Date(LastModified.getTime() - 60_000);
  const rows: readonly (readonly [object, number])[] = [
    [{ IfMatch: ETag }, 200],
    [{ IfMatch: ETag.replaceAll('"', "") }, 200],
    [{ IfMatch: `"other", ${ETag}` }, 200],
    [{ IfMatch: "*" }, 200],
    [{ IfMatch: '"other"' }, 412],
    [{ IfNoneMatch: ETag }, 304],
    [{ IfNoneMatch: "*" }, 304],
    [{ IfNoneMatch: '"other"' }, 200],
    [{ IfModifiedSince: LastModified }, 304],
    [{ IfModifiedSince: before }, 200],
    [{ IfUnmodifiedSince: before }, 412],
    [{ IfUnmodifiedSince: LastModified }, 200],
    [{ IfMatch: ETag, IfUnmodifiedSince: before }, 200],
    [{ IfNoneMatch: '"other"', IfModifiedSince: LastModified }, 200],
  ];
  for (const [conditions, status] of rows) {
    for (const Command of [GetObjectCommand, HeadObjectCommand]) {
      const command = new Command({ Bucket, Key, ...conditions }) as GetObjectCommand;
      const got = await s3.send(command).then(
        ({ $metadata }) => $metadata.httpStatusCode,
        ({ $metadata }: { $metadata: { httpStatusCode: number } }) => $metadata.httpStatusCode,
      );
      assert.equal(got, status, `${Command.name} ${JSON.stringify(conditions)}`);
    }
  }
});

test("a write can be made to create only, or to replace only what is known", async (t) => {
  const { s3, Bucket } = await startS3(t);
  const put = (Body: string, more: object) =>
    s3.send(new PutObjectCommand({ Bucket, Key: "k", Body, ...more }));
  await assert.rejects(put("0", { IfMatch: '"x"' }), refused("NoSuchKey", 404));
  const { ETag } = await put("1", { IfNoneMatch: "*" });
  await assert.rejects(put("2", { IfNoneMatch: "*" }), refused("PreconditionFailed", 412));
  await assert.rejects(put("2", { IfMatch: '"x"' }), refused("PreconditionFailed", 412));
  await put("3", { IfMatch: ETag });
  assert.equal(await text(s3, Bucket, "k"), "3");
  const racers = await Promise.allSettled(
    Array.from({ length: 8 }, (_, n) =>
      s3.send(new PutObjectCommand({ Bucket, Key: "race", Body: `${n}`, IfNoneMatch: "*" })),
    ),
  );
  assert.equal(racers.filter(({ status }) => status === "fulfilled").length, 1, "one wins");
  const guarded = new DeleteObjectCommand({ Bucket, Key: "k", IfMatch: ETag });
  await assert.rejects(s3.send(guarded), refused("PreconditionFailed", 412));
});

test("what is not there is NoSuchKey to GET, NotFound to HEAD, and nothing to DELETE", async (t) => {
  const { s3, Bucket } = await startS3(t);
  await assert.rejects(s3.send(new GetObjectCommand({ Bucket, Key: "gone" })), NoSuchKey);
  await assert.rejects(s3.send(new HeadObjectCommand({ Bucket, Key: "gone" })), NotFound);
  const { $metadata } = await s3.send(new DeleteObjectCommand({ Bucket, Key: "gone" }));
  assert.equal($metadata.httpStatusCode, 204);
  const nowhere = new GetObjectCommand({ Bucket: "no-such-bucket", Key: "k" });
  await assert.rejects(s3.send(nowhere), refused("NoSuchBucket", 404));
});

test("the answer's headers can be asked for, and a version but null cannot", async (t) => {
  const { s3, Bucket } = await startS3(t);
  await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "v" }));
  const got = await s3.send(
    new GetObjectCommand({
      Bucket,
      Key: "k",
      ResponseContentType: "text/x-own",
      ResponseCacheControl: "no-store",
      ResponseContentDisposition: "inline",
      ResponseExpires: new Date("2030-01-02T03:04:05Z"),
    }),
  );
  assert.equal(got.ContentType, "text/x-own");
  assert.equal(got.CacheControl, "no-store");
  assert.equal(got.ContentDisposition, "inline");
  assert.equal(got.ExpiresString, "Wed, 02 Jan 2030 03:04:05 GMT");
  await s3.send(new GetObjectCommand({ Bucket, Key: "k", VersionId: "null" }));
  const other = new GetObjectCommand({ Bucket, Key: "k", VersionId: "abc" });
  await assert.rejects(s3.send(other), refused("NotImplemented", 501));
});

test("what is not built is refused, never passed over", async (t) => {
  const { s3, Bucket } = await startS3(t);
  const rows: readonly (readonly [object, string])[] = [
    [{ ACL: "public-read" }, "AccessControlListNotSupported"],
    [
      { GrantRead: 'uri="http://acs.amazonaws.com/groups/global/AllUsers"' },
      "AccessControlListNotSupported",
    ],
    [{ StorageClass: "GLACIER" }, "InvalidStorageClass"],
    [{ Tagging: "a=b" }, "NotImplemented"],
    [
      { ObjectLockMode: "COMPLIANCE", ObjectLockRetainUntilDate: new Date("2030-01-01") },
      "NotImplemented",
    ],
    [{ WebsiteRedirectLocation: "/x" }, "NotImplemented"],
    [{ SSECustomerAlgorithm: "AES256", SSECustomerKey: "a".repeat(32) }, "NotImplemented"],
    [{ ExpectedBucketOwner: "999999999999" }, "AccessDenied"],
  ];
  for (const [more, name] of rows) {
    const put = new PutObjectCommand({ Bucket, Key: "k", Body: "v", ...more });
    await assert.rejects(s3.send(put), { name }, JSON.stringify(more));
  }
  await assert.rejects(s3.send(new HeadObjectCommand({ Bucket, Key: "k" })), NotFound);
  const tooMuch = { Bucket, Key: "k", Body: "v", Metadata: { m: "x".repeat(2048) } };
  await assert.rejects(s3.send(new PutObjectCommand(tooMuch)), { name: "MetadataTooLarge" });
});

test("a copy takes headers along or gets new ones; conditions speak about its source", async (t) => {
  const { s3, Bucket } = await startS3(t);
  const Metadata = { a: "1" };
  const { ETag } = await s3.send(
    new PutObjectCommand({ Bucket, Key: "from", Body: "v", ContentType: "text/x", Metadata }),
  );
  const CopySource = `/${Bucket}/from`;
  const copied = await s3.send(new CopyObjectCommand({ Bucket, Key: "to", CopySource }));
  assert.equal(copied.CopyObjectResult?.ETag, ETag);
  const kept = await s3.send(new HeadObjectCommand({ Bucket, Key: "to" }));
  assert.deepEqual([kept.ContentType, kept.Metadata], ["text/x", { a: "1" }]);
  const again = { Bucket, Key: "from", CopySource, MetadataDirective: "REPLACE" } as const;
  await s3.send(new CopyObjectCommand({ ...again, ContentType: "text/y", Metadata: { b: "2" } }));
  const fresh = await s3.send(new HeadObjectCommand({ Bucket, Key: "from" }));
  assert.deepEqual([fresh.ContentType, fresh.Metadata], ["text/y", { b: "2" }]);
  const itself = new CopyObjectCommand({ Bucket, Key: "from", CopySource });
  await assert.rejects(s3.send(itself), refused("InvalidRequest", 400));
  const changed = new CopyObjectCommand({
    Bucket,
    Key: "x",
    CopySource,
    CopySourceIfNoneMatch: ETag,
  });
  await assert.rejects(s3.send(changed), refused("PreconditionFailed", 412));
  const gone = new CopyObjectCommand({ Bucket, Key: "x", CopySource: `${Bucket}/gone` });
  await assert.rejects(s3.send(gone), refused("NoSuchKey", 404));
  const { TagSet } = await s3.send(new GetObjectTaggingCommand({ Bucket, Key: "to" }));
  assert.deepEqual(TagSet, []);
});

test("many objects go in one request, each for itself", async (t) => {
  const { s3, Bucket } = await startS3(t);
  const keys = Array.from({ length: 30 }, (_, n) => `k/${n} é`);
  await Promise.all(keys.map((Key) => s3.send(new PutObjectCommand({ Bucket, Key, Body: "v" }))));
  const Objects = [...keys, "gone"].map((Key) => ({ Key }));
  const { Deleted, Errors } = await s3.send(
    new DeleteObjectsCommand({ Bucket, Delete: { Objects } }),
  );
  assert.deepEqual([Deleted?.length, Errors?.length ?? 0], [31, 0]);
  assert.equal((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount, 0);
  await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "v" }));
  const Delete = { Objects: [{ Key: "k" }], Quiet: true };
  assert.equal((await s3.send(new DeleteObjectsCommand({ Bucket, Delete }))).Deleted, undefined);
  const many = Array.from({ length: 1001 }, (_, n) => ({ Key: `${n}` }));
  const tooMany = new DeleteObjectsCommand({ Bucket, Delete: { Objects: many } });
  await assert.rejects(s3.send(tooMany), refused("MalformedXML", 400));
});

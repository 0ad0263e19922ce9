import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  ListPartsCommand,
  NoSuchUpload,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { noise, startS3 } from "../support/s3.ts";

const mebibyte = 1_048_576;

const bytes = async (s3: S3Client, Bucket: string, Key: string, more: object = {}) => {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key, ...more }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
};

test("an upload in parts becomes one object, of the parts named and in their order", async (t) => {
  const { s3, Bucket } = await startS3(t);
  const Key = "big é";
  const Metadata = { a: "1" };
  const { UploadId } = await s3.send(
    new CreateMultipartUploadCommand({ Bucket, Key, ContentType: "text/x", Metadata }),
  );
  const bodies = [noise(5 * mebibyte, 1), noise(5 * mebibyte + 7, 2), noise(99, 3)] as const;
  const Parts = [];
  // Out of order, and the second twice: the later one counts.
  for (const [PartNumber, Body] of [
    [7, bodies[2]],
    [3, noise(1000)],
    [3, bodies[1]],
    [1, bodies[0]],
    [9, noise(10)],
  ] as const) {
    const { ETag } = await s3.send(
      new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }),
    );
    const at = [1, 3, 7].indexOf(PartNumber);
    if (at >= 0) Parts[at] = { PartNumber, ETag };
  }
  assert.equal((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount, 0);
  const shown = await s3.send(new ListPartsCommand({ Bucket, Key, UploadId, MaxParts: 2 }));
  assert.deepEqual(
    [shown.Parts?.map(({ PartNumber, Size }) => [PartNumber, Size]), shown.IsTruncated],
    [
      [
        [1, 5 * mebibyte],
        [3, 5 * mebibyte + 7],
      ],
      true,
    ],
  );
  const rest = await s3.send(
    new ListPartsCommand({
      Bucket,
      Key,
      UploadId,
      PartNumberMarker: `${shown.NextPartNumberMarker}`,
    }),
  );
  assert.deepEqual(
    rest.Parts?.map(({ PartNumber }) => PartNumber),
    [7, 9],
  );
  const done = await s3.send(
    new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
  );
  assert.match(done.ETag ?? "", /^"[0-9a-f]{32}-3"$/);
  const again = await s3.send(
    new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
  );
  assert.equal(again.ETag, done.ETag, "who lost the answer asks again");
  const whole = Buffer.concat(bodies);
  assert.deepEqual(await bytes(s3, Bucket, Key), whole);
  const across = { Range: `bytes=${5 * mebibyte - 3}-${10 * mebibyte + 20}` };
  assert.deepEqual(
    await bytes(s3, Bucket, Key, across),
    whole.subarray(5 * mebibyte - 3, 10 * mebibyte + 21),
  );
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key }));
  assert.deepEqual(
    [head.ContentType, head.Metadata, head.ContentLength, head.ETag, head.PartsCount],
    ["text/x", { a: "1" }, whole.length, done.ETag, undefined],
  );
  const second = await s3.send(new HeadObjectCommand({ Bucket, Key, PartNumber: 2 }));
  assert.deepEqual([second.ContentLength, second.PartsCount], [5 * mebibyte + 7, 3]);
  assert.deepEqual(await bytes(s3, Bucket, Key, { PartNumber: 3 }), bodies[2]);
  const fourth = new GetObjectCommand({ Bucket, Key, PartNumber: 4 });
  await assert.rejects(s3.send(fourth), { name: "InvalidPartNumber" });
  await assert.rejects(
    s3.send(new ListPartsCommand({ Bucket, Key, UploadId })),
    NoSuchUpload,
    "an upload ends once",
  );
});

test("an object that was not uploaded in parts is one part", async (t) => {
  const { s3, Bucket } = await startS3(t);
  await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "whole" }));
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "k", PartNumber: 1 }));
  assert.deepEqual([head.ContentLength, head.PartsCount], [5, undefined]);
  const both = new GetObjectCommand({ Bucket, Key: "k", PartNumber: 1, Range: "bytes=0-1" });
  await assert.rejects(s3.send(both), { name: "InvalidRequest" });
});

test("parts that do not fit are refused, and the upload stays as it was", async (t) => {
  const { s3, Bucket } = await startS3(t);
  const Key = "k";
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const part = (PartNumber: number, Body: Buffer) =>
    s3.send(new UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
  const one = await part(1, noise(10));
  const two = await part(2, noise(10));
  const rows: readonly (readonly [string, readonly object[], object?])[] = [
    [
      "EntityTooSmall",
      [
        { PartNumber: 1, ETag: one.ETag },
        { PartNumber: 2, ETag: two.ETag },
      ],
    ],
    [
      "InvalidPartOrder",
      [
        { PartNumber: 2, ETag: two.ETag },
        { PartNumber: 1, ETag: one.ETag },
      ],
    ],
    ["InvalidPart", [{ PartNumber: 1, ETag: '"00000000000000000000000000000000"' }]],
    ["InvalidPart", [{ PartNumber: 5, ETag: one.ETag }]],
    ["MalformedXML", []],
    ["MalformedXML", [{ PartNumber: 1 }]],
    ["InvalidRequest", [{ PartNumber: 1, ETag: one.ETag }], { MpuObjectSize: 11 }],
    ["NoSuchKey", [{ PartNumber: 1, ETag: one.ETag }], { IfMatch: '"x"' }],
  ];
  for (const [name, Parts, more] of rows) {
    const complete = new CompleteMultipartUploadCommand({
      Bucket,
      Key,
      UploadId,
      MultipartUpload: { Parts: [...Parts] },
      ...more,
    });
    await assert.rejects(s3.send(complete), { name }, JSON.stringify(Parts));
  }
  for (const PartNumber of [0, 10_001]) {
    await assert.rejects(part(PartNumber, noise(1)), { name: "InvalidArgument" });
  }
  assert.equal((await s3.send(new ListPartsCommand({ Bucket, Key, UploadId }))).Parts?.length, 2);
});

test("an upload that is given up leaves nothing, and its id is of no use", async (t) => {
  const { s3, Bucket } = await startS3(t);
  const Key = "k";
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const part = { Bucket, Key, UploadId, PartNumber: 1, Body: noise(100) };
  await s3.send(new UploadPartCommand(part));
  await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  await assert.rejects(s3.send(new UploadPartCommand(part)), NoSuchUpload);
  const abort = new AbortMultipartUploadCommand({ Bucket, Key, UploadId });
  await assert.rejects(s3.send(abort), NoSuchUpload);
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
  assert.equal(Uploads.length, 0);
});

test("uploads under way are listed by key and page, common prefixes as one", async (t) => {
  const { s3, Bucket } = await startS3(t);
  const begun = [];
  for (const Key of ["a", "b", "b", "p/1", "p/2", "q"]) {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
    begun.push([Key, UploadId]);
  }
  const seen: (string | undefined)[][] = [];
  let [KeyMarker, UploadIdMarker]: (string | undefined)[] = [];
  for (;;) {
    const page: ListMultipartUploadsCommandOutput = await s3.send(
      new ListMultipartUploadsCommand({
        Bucket,
        MaxUploads: 2,
        ...(KeyMarker && { KeyMarker }),
        ...(UploadIdMarker && { UploadIdMarker }),
      }),
    );
    seen.push(...(page.Uploads ?? []).map(({ Key, UploadId }) => [Key, UploadId]));
    if (!page.IsTruncated) break;
    ({ NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page);
  }
  assert.deepEqual(seen.sort(), begun.sort());
  const grouped = await s3.send(new ListMultipartUploadsCommand({ Bucket, Delimiter: "/" }));
  assert.deepEqual(
    [grouped.Uploads?.map(({ Key }) => Key), grouped.CommonPrefixes],
    [["a", "b", "b", "q"], [{ Prefix: "p/" }]],
  );
});

test("parts are copied, whole or by range", async (t) => {
  const { s3, Bucket } = await startS3(t);
  const source = noise(6 * mebibyte);
  const { ETag } = await s3.send(new PutObjectCommand({ Bucket, Key: "from", Body: source }));
  const Key = "to";
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const copy = (PartNumber: number, more: object = {}) =>
    s3.send(
      new UploadPartCopyCommand({
        ...{ Bucket, Key, UploadId, PartNumber },
        CopySource: `${Bucket}/from`,
        ...more,
      }),
    );
  const first = await copy(1, { CopySourceIfMatch: ETag });
  const second = await copy(2, { CopySourceRange: "bytes=100-299" });
  await assert.rejects(copy(3, { CopySourceRange: `bytes=0-${source.length}` }), {
    name: "InvalidArgument",
  });
  await assert.rejects(copy(3, { CopySourceIfNoneMatch: ETag }), { name: "PreconditionFailed" });
  const Parts = [first, second].map(({ CopyPartResult }, index) => ({
    PartNumber: index + 1,
    ETag: CopyPartResult?.ETag,
  }));
  await s3.send(
    new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload: { Parts } }),
  );
  const expected = Buffer.concat([source, source.subarray(100, 300)]);
  assert.deepEqual(await bytes(s3, Bucket, Key), expected);
});

test("a stream of 20 MiB is taken and given piece by piece", async (t) => {
  const { s3, Bucket } = await startS3(t);
  const piece = noise(mebibyte);
  const stream = Readable.from(
    (function* () {
      for (let n = 0; n < 20; n += 1) yield piece;
    })(),
  );
  const ContentLength = 20 * mebibyte;
  await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: stream, ContentLength }));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: "k" }));
  let size = 0;
  for await (const part of Body as Readable) size += (part as Buffer).length;
  assert.equal(size, ContentLength);
  const Range = `bytes=${7 * mebibyte}-${8 * mebibyte - 1}`;
  assert.deepEqual(await bytes(s3, Bucket, "k", { Range }), piece);
});

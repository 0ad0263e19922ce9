import assert from "node:assert/strict";
import { test } from "node:test";
import { routedTo } from "../../test/support/sample-request.ts";
import { describe } from "./describe.ts";

const cases: [title: string, target: string, input: Record<string, unknown>, expected: unknown][] =
  [
    [
      "names begin small, keys of maps stay as they are",
      "kms Encrypt",
      { KeyId: "k", EncryptionContext: { Department: "x" } },
      { keyId: "k", encryptionContext: { Department: "x" } },
    ],
    [
      "bytes are left out",
      "kms Decrypt",
      { CiphertextBlob: Buffer.from("x"), KeyId: "k" },
      { keyId: "k" },
    ],
    [
      "what is secret is left out",
      "iam CreateLoginProfile",
      { UserName: "a", Password: "p" },
      { userName: "a" },
    ],
    [
      "also when it is nested",
      "kinesis PutRecords",
      { StreamName: "s", Records: [{ Data: Buffer.from("x"), PartitionKey: "p" }] },
      { streamName: "s", records: [{ partitionKey: "p" }] },
    ],
    [
      "S3 says bucketName",
      "s3 GetObject",
      { Bucket: "b", Key: "k" },
      { bucketName: "b", key: "k" },
    ],
    [
      "a stream is left out",
      "s3 PutObject",
      { Bucket: "b", Key: "k", Body: {} },
      { bucketName: "b", key: "k" },
    ],
    [
      "instants are texts",
      "cloudtrail LookupEvents",
      { StartTime: new Date(0) },
      { startTime: "1970-01-01T00:00:00Z" },
    ],
    [
      "what is too large is left out whole",
      "kms TagResource",
      { KeyId: "k", Tags: Array(9000).fill({ TagKey: "abcdef", TagValue: "x" }) },
      { omitted: true, reason: "larger than 100 KB" },
    ],
  ];

for (const [title, target, input, expected] of cases) {
  test(`the trail shows: ${title}`, () => {
    const [service = "", operation = ""] = target.split(" ");
    assert.deepEqual(describe(routedTo(service, operation, "rest-xml").operation, input), expected);
  });
}

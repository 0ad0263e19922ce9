import assert from "node:assert/strict";
import { test } from "node:test";
import { routedTo } from "../../test/support/sample-request.ts";
import { tables } from "./models/tables.ts";
import { describeViolations, findViolations } from "./validate.ts";

const messages: [
  title: string,
  target: string,
  input: Record<string, unknown>,
  expected: string | RegExp,
][] = [
  [
    "what is required must be there",
    "kms DescribeKey",
    {},
    "1 validation error detected: Value null at 'keyId' failed to satisfy constraint: Member must not be null",
  ],
  [
    "what is too short",
    "kms DescribeKey",
    { KeyId: "" },
    "1 validation error detected: Value '' at 'keyId' failed to satisfy constraint: Member must have length greater than or equal to 1",
  ],
  [
    "a number that is too large",
    "kms ListKeys",
    { Limit: 1001 },
    "1 validation error detected: Value '1001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 1000",
  ],
  [
    "a value out of its set",
    "kms CreateKey",
    { KeyUsage: "X" },
    "1 validation error detected: Value 'X' at 'keyUsage' failed to satisfy constraint: Member must satisfy enum value set: [SIGN_VERIFY, ENCRYPT_DECRYPT, GENERATE_VERIFY_MAC, KEY_AGREEMENT, ENCAPSULATE_DECAPSULATE]",
  ],
  [
    "a pattern covers the whole value",
    "kinesis DescribeStreamSummary",
    { StreamName: "a/b" },
    "1 validation error detected: Value 'a/b' at 'streamName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+",
  ],
  [
    "several are told together",
    "kms CreateAlias",
    { AliasName: "" },
    /^3 validation errors detected: Value '' at 'aliasName' .*; Value '' at 'aliasName' .*; Value null at 'targetKeyId' /,
  ],
  [
    "a member of a list has its number",
    "kms TagResource",
    {
      KeyId: "k",
      Tags: [
        { TagKey: "a", TagValue: "b" },
        { TagKey: "", TagValue: "b" },
      ],
    },
    "1 validation error detected: Value '' at 'tags.2.member.tagKey' failed to satisfy constraint: Member must have length greater than or equal to 1",
  ],
  [
    "texts of a list are told with the list",
    "kms DescribeKey",
    { KeyId: "k", GrantTokens: ["a", ""] },
    "1 validation error detected: Value '[a, ]' at 'grantTokens' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 8192, Member must have length greater than or equal to 1]",
  ],
  [
    "a list that is too long",
    "kinesis PutRecords",
    { StreamName: "s", Records: Array(501).fill({ Data: Buffer.alloc(1), PartitionKey: "p" }) },
    /at 'records' failed to satisfy constraint: Member must have length less than or equal to 500/,
  ],
  [
    "a secret is not repeated",
    "iam CreateLoginProfile",
    { UserName: "a", Password: "\u0001secret" },
    /^1 validation error detected: Value at 'password' failed/,
  ],
  [
    "bytes are not repeated",
    "kms Decrypt",
    { CiphertextBlob: Buffer.alloc(0) },
    "1 validation error detected: Value at 'ciphertextBlob' failed to satisfy constraint: Member must have length greater than or equal to 1",
  ],
];

for (const [title, target, input, expected] of messages) {
  test(`constraints: ${title}`, () => {
    const [service = "", operation = ""] = target.split(" ");
    const { operation: model } = routedTo(service, operation, "aws-json-1.1");
    const message = describeViolations(findViolations(model.input, input));
    if (typeof expected === "string") assert.equal(message, expected);
    else assert.match(message, expected);
  });
}

test("constraints: a sound input has nothing to tell", () => {
  const { operation } = routedTo("kms", "Encrypt", "aws-json-1.1");
  assert.deepEqual(
    findViolations(operation.input, { KeyId: "k", Plaintext: Buffer.from("a") }),
    [],
  );
});

test("constraints: a value that is far too long is not repeated whole", () => {
  const { operation } = routedTo("kms", "DescribeKey", "aws-json-1.1");
  const message = describeViolations(findViolations(operation.input, { KeyId: "x".repeat(1e6) }));
  assert.ok(message.length < 2000);
});

test("constraints: no text can keep a pattern busy", () => {
  const patterns = Object.values(tables).flatMap((text) => {
    const { shapes } = JSON.parse(text) as {
      shapes: Record<string, { pattern?: string; matches?: string }>;
    };
    return Object.values(shapes).map(({ pattern = "", matches = pattern }) => matches);
  });
  // With five wildcards 2 KB of text took 240 ms.
  const wild = patterns.filter((pattern) => (pattern.match(/(?:\.|\\S)[*+]/g)?.length ?? 0) > 2);
  assert.deepEqual(wild, []);
  assert.ok(patterns.some((pattern) => pattern.includes("[^:]*")));
});

const arns: [title: string, arn: string, sound: boolean][] = [
  ["a stream", "arn:aws:kinesis:us-east-1:123456789012:stream/orders", true],
  ["a consumer", "arn:aws-cn:kinesis:cn-north-1:123456789012:stream/o/consumer/c:1", true],
  ["another service's", "arn:aws:kms:us-east-1:123456789012:key/k", false],
];

for (const [title, ResourceARN, sound] of arns) {
  test(`constraints: the ARN of ${title}`, () => {
    const { operation } = routedTo("kinesis", "ListTagsForResource", "aws-json-1.1");
    assert.equal(findViolations(operation.input, { ResourceARN }).length === 0, sound);
  });
}

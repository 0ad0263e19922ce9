import assert from "node:assert/strict";
import { test } from "node:test";
import { compileArn, parseArn, type ShortArns } from "./arn.ts";
import { readPieces } from "./pattern.ts";

const parsed: readonly (readonly [string, string, readonly string[] | undefined])[] = [
  [
    "six parts",
    "arn:aws:kinesis:us-east-1:111122223333:stream/orders",
    ["aws", "kinesis", "us-east-1", "111122223333", "stream/orders"],
  ],
  ["region and account may be empty", "arn:aws:s3:::b/k", ["aws", "s3", "", "", "b/k"]],
  ["the last part keeps its colons", "arn:aws:logs:r:a:g:x:*", ["aws", "logs", "r", "a", "g:x:*"]],
  ["five parts are too few", "arn:aws:s3::", undefined],
  ["three parts are too few", "arn:aws:s3", undefined],
  ["the last part is not empty", "arn:aws:s3:::", undefined],
  ["the partition is not empty", "arn::s3:::b", undefined],
  ["the service is not empty", "arn:aws::r:a:b", undefined],
  ["it begins with arn", "urn:aws:s3:::b", undefined],
  ["the empty text is none", "", undefined],
];
for (const [rule, text, expected] of parsed) {
  test(`ARN: ${rule}`, () => {
    const arn = parseArn(text);
    const parts = arn && [arn.partition, arn.service, arn.region, arn.account, arn.resource];
    assert.deepEqual(parts, expected);
  });
}

const matched: readonly (readonly [string, string, ShortArns, string, boolean | undefined])[] = [
  ["a pattern begins with arn", "*:aws:s3:::b", "complete", "arn:aws:s3:::b", undefined],
  ["a pattern has a colon", "arn", "complete", "arn:aws:s3:::b", undefined],
  ["a short pattern is completed", "arn:aws:s3", "complete", "arn:aws:s3:::b", true],
  ["a short pattern matches nothing", "arn:aws:s3", "matchNothing", "arn:aws:s3:::b", false],
  ["text alone", "arn:aws:s3:::b", "complete", "arn:aws:s3:::b", true],
  ["text alone is the whole", "arn:aws:s3:::b", "complete", "arn:aws:s3:::bc", false],
  ["wildcards in the last part", "arn:aws:s3:::b?c*", "complete", "arn:aws:s3:::bxcd", true],
  ["wildcards in another part", "arn:aws:s*:::b", "complete", "arn:aws:s3:::b", true],
  ["a text with too few parts", "arn:aws:s*:::b", "complete", "arn:aws:s3", false],
];
for (const [rule, pattern, short, text, expected] of matched) {
  test(`ARN pattern: ${rule}`, () => {
    const pieces = readPieces(pattern, { wildcards: true, variables: true });
    const matches = compileArn(pieces, short);
    assert.equal(
      matches?.(text, () => undefined),
      expected,
    );
  });
}

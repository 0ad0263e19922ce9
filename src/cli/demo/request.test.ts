import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type ApiRequest,
  bytes,
  cliWords,
  kebab,
  plainInput,
  pythonLine,
  shellLine,
} from "./request.ts";

const request: ApiRequest = {
  as: "alice",
  service: "kinesis",
  operation: "CreateStream",
  input: { StreamName: "orders", ShardCount: 1 },
};

test("names become words as botocore makes them", () => {
  const cases = [
    ["CreateApplicationSnapshot", "create-application-snapshot"],
    ["SSEKMSKeyId", "ssekms-key-id"],
    ["KeyId", "key-id"],
    ["StreamARN", "stream-arn"],
  ] as const;
  for (const [name, expected] of cases) assert.equal(kebab(name), expected);
});

test("a call reads as a command line", () => {
  const words = cliWords(request, () => "");
  assert.equal(
    shellLine(words),
    "aws kinesis create-stream --profile alice --stream-name orders --shard-count 1",
  );
});

test("switches, documents and files are written as the AWS CLI takes them", () => {
  const written: string[][] = [];
  const input = {
    Force: true,
    Deep: false,
    Tags: [{ Key: "a b" }],
    Policy: { $file: "p.json", value: { A: 1 } },
  };
  const words = cliWords({ ...request, service: "s3", input }, (name, text) => {
    written.push([name, text]);
    return `/d/${name}`;
  });
  assert.equal(
    shellLine(words.slice(5)),
    `--force --no-deep --tags '[{"Key":"a b"}]' --policy file:///d/p.json`,
  );
  assert.equal(words[1], "s3api");
  assert.deepEqual(written, [["p.json", `{"A":1}`]]);
});

test("a call reads as Python", () => {
  assert.equal(
    pythonLine({ ...request, input: { ...request.input, Data: bytes("secret"), Force: true } }),
    `alice.kinesis.create_stream(StreamName="orders", ShardCount=1, Data=b'…', Force=True)`,
  );
});

test("an SDK is given the values of files, and bytes stay bytes", () => {
  const input = { Policy: { $file: "p", value: { A: [1] } }, Data: bytes("x") };
  assert.deepEqual(plainInput(input), { Policy: { A: [1] }, Data: bytes("x") });
});

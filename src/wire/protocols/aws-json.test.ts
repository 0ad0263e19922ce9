import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf, requestOf, routedTo } from "../../../test/support/sample-request.ts";
import { decode, encode, encodeError } from "../codecs.ts";

const request = requestOf("POST /");

const reads: [title: string, target: string, body: string, expected: unknown][] = [
  [
    "texts, bytes and maps",
    "kms Encrypt",
    '{"KeyId":"k","Plaintext":"aGk=","EncryptionContext":{"a":"b"}}',
    { KeyId: "k", Plaintext: Buffer.from("hi"), EncryptionContext: { a: "b" } },
  ],
  [
    "what the shape does not know is dropped",
    "kms DescribeKey",
    '{"KeyId":"k","Evil":1}',
    { KeyId: "k" },
  ],
  [
    "`__type` opens no door for unknown members",
    "kms DescribeKey",
    '{"KeyId":"k","__type":"x","Evil":{}}',
    { KeyId: "k" },
  ],
  [
    "`__proto__` is an unknown member",
    "kms DescribeKey",
    '{"KeyId":"k","__proto__":{"GrantTokens":["x"]}}',
    { KeyId: "k" },
  ],
  ["null is absence", "kms DescribeKey", '{"KeyId":"k","GrantTokens":null}', { KeyId: "k" }],
  ["no body is an empty structure", "kms ListKeys", "", {}],
  [
    "seconds are an instant",
    "kinesis GetShardIterator",
    '{"ShardId":"s","StreamName":"n","ShardIteratorType":"AT_TIMESTAMP","Timestamp":1.5}',
    {
      ShardId: "s",
      StreamName: "n",
      ShardIteratorType: "AT_TIMESTAMP",
      Timestamp: new Date(1500),
    },
  ],
  ["what is nested under an unknown member does not count", "kms ListKeys", nested(5000), {}],
];

function nested(depth: number): string {
  return `{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`;
}

const routed = (target: string) => {
  const [service = "", operation = ""] = target.split(" ");
  return routedTo(service, operation, "aws-json-1.1");
};

for (const [title, target, body, expected] of reads) {
  test(`JSON reads: ${title}`, () => {
    assert.deepEqual(decode(routed(target), request, Buffer.from(body)), expected);
  });
}

const refusals: [title: string, target: string, body: string | Buffer, message: RegExp][] = [
  ["what is not JSON", "kms ListKeys", "{", /^the body is not JSON$/],
  ["what is not UTF-8", "kms ListKeys", Buffer.from([0x22, 0xff, 0x22]), /not JSON/],
  ["a list for a structure", "kms ListKeys", "[]", /Start of list found/],
  [
    "a number for a text",
    "kms DescribeKey",
    '{"KeyId":1}',
    /NUMBER_VALUE can not be converted to a String/,
  ],
  [
    "a text for a number",
    "kms ListKeys",
    '{"Limit":"abc"}',
    /STRING_VALUE can not be converted to an Integer/,
  ],
  ["a fraction for a whole number", "kms ListKeys", '{"Limit":1.5}', /Integer/],
  ["a number past 32 bits", "kms ListKeys", '{"Limit":4294967297}', /Integer/],
  [
    "a text for a truth",
    "kms Encrypt",
    '{"KeyId":"k","Plaintext":"aGk=","DryRun":"true"}',
    /Boolean/,
  ],
  ["base64 that is none", "kms Encrypt", '{"KeyId":"k","Plaintext":"a*k="}', /Blob/],
  ["base64 without its padding", "kms Encrypt", '{"KeyId":"k","Plaintext":"aGk"}', /Blob/],
  ["a structure for a text", "kms DescribeKey", '{"KeyId":{}}', /Start of structure or map/],
  [
    "`__proto__` as a key of a map",
    "kms Encrypt",
    '{"KeyId":"k","Plaintext":"aGk=","EncryptionContext":{"__proto__":"x"}}',
    /__proto__/,
  ],
  ["null in a list", "kms DescribeKey", '{"KeyId":"k","GrantTokens":[null]}', /NULL_VALUE/],
  ["more values than a body may hold", "kms ListKeys", `[${"[],".repeat(210_000)}[]]`, /too many/],
];

for (const [title, target, body, message] of refusals) {
  test(`JSON refuses: ${title}`, () => {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    assert.throws(() => decode(routed(target), request, bytes), {
      code: "SerializationException",
      message,
    });
  });
}

test("JSON writes what the shape names, and nothing else", () => {
  const output = {
    KeyMetadata: { KeyId: "k", CreationDate: new Date(1500), Enabled: true, Secret: "x" },
  };
  const response = encode(routed("kms DescribeKey"), output, "id");
  assert.equal(bodyOf(response), '{"KeyMetadata":{"KeyId":"k","CreationDate":1.5,"Enabled":true}}');
  assert.equal(response.headers["x-amzn-RequestId"], "id");
  assert.equal(response.headers["Content-Type"], "application/x-amz-json-1.1");
});

test("JSON writes nothing where the model has no output", () => {
  assert.equal(bodyOf(encode(routed("kms EnableKey"), undefined, "id")), "");
});

const failures: [title: string, target: string, code: string, fault: boolean, status: number][] = [
  ["the client's faults are 400", "kms DescribeKey", "NotFoundException", false, 400],
  ["also a refusal", "kms DescribeKey", "AccessDeniedException", false, 400],
  ["also a signature that does not match", "kms Encrypt", "InvalidSignatureException", false, 400],
  ["ours are 500", "kms DescribeKey", "KMSInternalException", false, 500],
  ["what we know of as ours is 500", "kms DescribeKey", "Whatever", true, 500],
  ["what is not built is 501", "kms DescribeKey", "NotImplemented", false, 501],
];

for (const [title, target, code, fault, status] of failures) {
  test(`JSON errors: ${title}`, () => {
    const response = encodeError(routed(target), { code, message: "m", fault }, "id");
    assert.equal(response.status, status);
    assert.equal(response.headers["x-amzn-ErrorType"], code);
    assert.deepEqual(JSON.parse(bodyOf(response)), { __type: code, message: "m" });
  });
}

test("JSON errors use the name that the model gives their sentence", () => {
  const form = routed("cloudtrail LookupEvents");
  const response = encodeError(form, { code: "InvalidTokenException", message: "m" }, "id");
  assert.ok(bodyOf(response).includes('"m"'));
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type TestContext, test } from "node:test";
import { findModel } from "../../src/wire/models.ts";
import { writeCbor } from "../../src/wire/protocols/cbor-writer.ts";
import { startBondstore } from "../support/bondstore.ts";
import { builtOperations } from "../support/built.ts";
import { minimalInput } from "../support/minimal-input.ts";
import { createDice, mutate } from "../support/mutate.ts";
import { callerOf, type Serialized, serialize } from "../support/sdk.ts";
import { sendSigned } from "../support/send.ts";
import { makeWorld, type World } from "../support/world.ts";

/** Invariant: everything read from outside has a limit: sizes, counts, depths, times. */

/** More work than any of these may be: of the processor, as a busy machine may let them wait. */
const workMs = 5_000;

const processorMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
};

async function start(t: TestContext) {
  const running = await startBondstore(t);
  const world = await makeWorld(running, "acme");
  const iam = callerOf("iam", running.client(world.tenant.root));
  // What is destroyed by chance is made again by nobody: the attacker works with a user's key.
  await iam.call("CreateUser", { UserName: "mallory" });
  await iam.call("AttachUserPolicy", {
    UserName: "mallory",
    PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess",
  });
  const { output } = await iam.call("CreateAccessKey", { UserName: "mallory" });
  const key = output["AccessKey"] as Readonly<Record<string, string>>;
  const mallory = {
    accessKeyId: key["AccessKeyId"] ?? "",
    secretAccessKey: key["SecretAccessKey"] ?? "",
  };
  return { running, world, mallory };
}

/** A checksum of S3's that fits the body, so that its reader sees it. */
function checked(request: Serialized): Serialized {
  const {
    "x-amz-checksum-crc32": given,
    "x-amz-sdk-checksum-algorithm": _,
    ...headers
  } = request.headers;
  if (given === undefined) return request;
  const sum = createHash("sha256").update(request.body).digest("base64");
  return { ...request, headers: { ...headers, "x-amz-checksum-sha256": sum } };
}

/** Starts engines, which are no part of this, or takes away what the others act on. */
const spared = /^(StartApplication|DeleteUser|DeleteBucket|DeleteStream|DeleteRole)$/;

/** Every operation as its client sends it; Kinesis also in CBOR. */
async function requestsOf({ known }: World): Promise<[string, Serialized][]> {
  const requests: [string, Serialized][] = [];
  for (const { service, operations } of builtOperations()) {
    for (const name of operations.filter((operation) => !spared.test(operation))) {
      const model = findModel(service)?.findOperation(name);
      assert.ok(model);
      const input = minimalInput(model, known[service] ?? {});
      const request = await serialize(service, name, input);
      requests.push([service, request]);
      if (service !== "kinesis") continue;
      const headers = { ...request.headers, "content-type": "application/x-amz-cbor-1.1" };
      requests.push([service, { ...request, headers, body: writeCbor(model.input, input, "aws") }]);
    }
  }
  return requests;
}

const seed = 20_261_122;
const rounds = 8;

test("requests with anything wrong in them are refused: no fault, no crash, no hang", async (t) => {
  const { running, world, mallory } = await start(t);
  const requests = await requestsOf(world);
  const dice = createDice(seed);
  const faults: string[] = [];
  let refused = 0;
  for (let round = 0; round < rounds; round += 1) {
    for (const [service, request] of requests) {
      const mutated = checked(mutate(request, dice));
      const begun = processorMs();
      const { status, text } = await sendSigned(running, service, mutated, mallory);
      const tookMs = processorMs() - begun;
      if (status >= 400) refused += 1;
      if ((status >= 500 && status !== 501) || tookMs > workMs) {
        faults.push(`${service} ${status} ${tookMs} ms ${text}\n${show(mutated)}`);
      }
    }
  }
  assert.deepEqual(faults, []);
  assert.deepEqual(running.logged, []);
  assert.ok(refused > requests.length, "requests without a fault must not pass");
  const { call } = callerOf("sts", running.client(world.tenant.root));
  assert.equal((await call("GetCallerIdentity", {})).code, undefined, "and it still serves");
});

const show = ({ method, path, query, headers, body }: Serialized) =>
  [method, path, JSON.stringify(query), JSON.stringify(headers), body.toString("latin1")]
    .join(" ")
    .slice(0, 1_500);

const mebi = 1_048_576;
const times = (count: number, text: string) => text.repeat(count);
const nested = (depth: number, open: string, close: string) =>
  Buffer.from(`${times(depth, open)}${times(depth, close)}`);

type Give = (request: Serialized, world: World) => Serialized;

const body =
  (bytes: Buffer | string): Give =>
  (request) => ({ ...request, body: Buffer.from(bytes) });

const policyOf = (statement: unknown) =>
  JSON.stringify({ Version: "2012-10-17", Statement: statement });

const form = (members: Readonly<Record<string, string>>) =>
  body(String(new URLSearchParams({ Version: "2010-05-08", ...members })));

/** What is too much, and the operation that it is given to. */
const tooMuch: readonly (readonly [
  string,
  code: string,
  service: string,
  operation: string,
  Give,
])[] = [
  [
    "a body of JSON",
    "RequestEntityTooLargeException",
    "kms",
    "ListKeys",
    body(Buffer.alloc(mebi + 1, " ")),
  ],
  [
    "a body of records",
    "RequestEntityTooLargeException",
    "kinesis",
    "PutRecords",
    body(Buffer.alloc(15 * mebi + 1, " ")),
  ],
  [
    "a form",
    "RequestEntityTooLargeException",
    "iam",
    "ListUsers",
    body(Buffer.alloc(mebi + 1, "a")),
  ],
  ["a body of XML", "EntityTooLarge", "s3", "DeleteObjects", body(Buffer.alloc(4 * mebi + 1, " "))],
  [
    "the depth of JSON",
    "SerializationException",
    "kms",
    "TagResource",
    body(nested(100_000, "[", "]")),
  ],
  [
    "the depth of JSON objects",
    "SerializationException",
    "kms",
    "TagResource",
    body(`${times(100_000, '{"a":')}1`),
  ],
  [
    "the depth of XML",
    "MalformedXML",
    "s3",
    "PutBucketEncryption",
    body(nested(100_000, "<a>", "</a>")),
  ],
  [
    "the depth of CBOR",
    "SerializationException",
    "kinesis",
    "PutRecord",
    (request) => ({
      ...request,
      headers: { ...request.headers, "content-type": "application/x-amz-cbor-1.1" },
      body: Buffer.alloc(100_000, 0x81),
    }),
  ],
  [
    "the length that CBOR announces",
    "SerializationException",
    "kinesis",
    "PutRecord",
    (request) => ({
      ...request,
      headers: { ...request.headers, "content-type": "application/x-amz-cbor-1.1" },
      body: Buffer.from("bb7fffffffffffffff", "hex"),
    }),
  ],
  [
    "the depth of a policy",
    "MalformedPolicyDocument",
    "iam",
    "CreatePolicy",
    form({
      Action: "CreatePolicy",
      PolicyName: "deep",
      PolicyDocument: `{"Version":"2012-10-17","Statement":${times(2_500, "[")}${times(2_500, "]")}}`,
    }),
  ],
  [
    "the length of a policy",
    "LimitExceeded",
    "iam",
    "CreatePolicy",
    form({
      Action: "CreatePolicy",
      PolicyName: "long",
      PolicyDocument: policyOf([
        { Effect: "Allow", Action: `s3:${times(8_000, "G")}`, Resource: "*" },
      ]),
    }),
  ],
  [
    "the number of a member",
    "MalformedQueryString",
    "iam",
    "TagUser",
    form({ Action: "TagUser", UserName: "alice", "Tags.member.4294967296.Key": "k" }),
  ],
  [
    "the number of pairs in a form",
    "MalformedQueryString",
    "iam",
    "TagUser",
    body(`Action=TagUser&Version=2010-05-08&UserName=alice&${times(100_000, "a=b&")}`),
  ],
  [
    "the number of tags",
    "ValidationError",
    "iam",
    "TagUser",
    form({
      Action: "TagUser",
      UserName: "alice",
      ...Object.fromEntries(
        Array.from({ length: 51 }, (_, at) => [
          [`Tags.member.${at + 1}.Key`, `k${at}`],
          [`Tags.member.${at + 1}.Value`, "v"],
        ]).flat(),
      ),
    }),
  ],
  [
    "the number of records",
    "ValidationException",
    "kinesis",
    "PutRecords",
    (request, { known }) => ({
      ...request,
      body: Buffer.from(
        JSON.stringify({
          StreamName: known["kinesis"]?.["StreamName"],
          Records: Array.from({ length: 501 }, () => ({ Data: "YQ==", PartitionKey: "k" })),
        }),
      ),
    }),
  ],
  [
    "the number of keys to delete",
    "MalformedXML",
    "s3",
    "DeleteObjects",
    body(`<Delete>${times(1_001, "<Object><Key>k</Key></Object>")}</Delete>`),
  ],
  [
    "entities of XML",
    "MalformedXML",
    "s3",
    "DeleteObjects",
    body(
      '<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><Delete><Object><Key>&b;</Key></Object></Delete>',
    ),
  ],
  [
    "the length of a key",
    "KeyTooLongError",
    "s3",
    "PutObject",
    (request) => ({ ...request, path: `${request.path}${times(1_025, "k")}` }),
  ],
  [
    "the length of the metadata",
    "MetadataTooLarge",
    "s3",
    "PutObject",
    (request) => ({
      ...request,
      headers: { ...request.headers, "x-amz-meta-long": times(3_000, "m") },
    }),
  ],
  [
    "the length of all headers",
    "",
    "kms",
    "ListKeys",
    (request) => ({
      ...request,
      headers: { ...request.headers, "x-amz-meta-long": times(40_000, "m") },
    }),
  ],
];

test("what is too much, too deep or too long is refused, and found without work", async (t) => {
  const { running, world, mallory } = await start(t);
  for (const [title, code, service, operation, give] of tooMuch) {
    const model = findModel(service)?.findOperation(operation);
    assert.ok(model);
    const input = minimalInput(model, world.known[service] ?? {});
    const request = checked(give(await serialize(service, operation, input), world));
    const begun = processorMs();
    const { status, text } = await sendSigned(running, service, request, mallory);
    const label = `${title}: ${status} ${text.slice(0, 500)}`;
    assert.ok(processorMs() - begun < workMs, label);
    assert.ok(status >= 400 && status < 500 && text.includes(code), label);
    assert.deepEqual(running.logged, [], label);
  }
});

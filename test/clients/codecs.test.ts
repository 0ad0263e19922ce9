import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import {
  CreateRoleCommand,
  GetRoleCommand,
  IAMClient,
  ListUsersCommand,
  NoSuchEntityException,
} from "@aws-sdk/client-iam";
import { GetRecordsCommand, KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis";
import {
  CreateApplicationCommand,
  KinesisAnalyticsV2Client,
} from "@aws-sdk/client-kinesis-analytics-v2";
import {
  DescribeKeyCommand,
  EncryptCommand,
  KMSClient,
  NotFoundException,
} from "@aws-sdk/client-kms";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  NoSuchKey,
  PutBucketEncryptionCommand,
  PutBucketPolicyCommand,
  PutPublicAccessBlockCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { AssumeRoleCommand, STSClient } from "@aws-sdk/client-sts";
import { decode, encode, encodeError } from "../../src/wire/codecs.ts";
import type { HttpRequest, HttpResponse } from "../../src/wire/http.ts";
import type { Failure, Input } from "../../src/wire/protocol.ts";
import { isForm, route } from "../../src/wire/route.ts";

/** What the SDK hands to its HTTP handler. */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly hostname: string;
  readonly body?: unknown;
}

/** What our side saw of a call, and how it answers. */
interface Door {
  input: Input | undefined;
  operation: string | undefined;
  answer: { readonly output: unknown } | { readonly failure: Failure };
}

const door: Door = { input: undefined, operation: undefined, answer: { output: {} } };

function requestFrom(sent: SdkRequest): HttpRequest {
  const pairs = Object.entries(sent.query).flatMap(([name, value]) =>
    [value ?? ""].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`),
  );
  const headers = Object.entries(sent.headers).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  return {
    method: sent.method,
    path: sent.path,
    query: pairs.join("&"),
    headers,
    header: (name) => headers.find(([own]) => own === name)?.[1],
    peer: { ip: "127.0.0.1", secure: true },
    body: Readable.from([]),
    readAll: async () => Buffer.alloc(0),
  };
}

async function bytesOf(body: HttpResponse["body"]): Promise<Buffer> {
  if (body === undefined || Buffer.isBuffer(body)) return body ?? Buffer.alloc(0);
  const parts: Buffer[] = [];
  for await (const part of body) parts.push(part);
  return Buffer.concat(parts);
}

/** Answers the SDK's requests with our codecs, without a server and without a signature. */
const requestHandler = {
  async handle(sent: SdkRequest): Promise<{ response: object }> {
    const request = requestFrom(sent);
    const scope = /Credential=[^/]+\/[^/]+\/[^/]+\/([^/]+)\//.exec(
      request.header("authorization") ?? "",
    )?.[1];
    const { body } = sent;
    const whole =
      typeof body === "string" || body instanceof Uint8Array ? Buffer.from(body) : undefined;
    const hosts = ["bondstore.test"];
    const routed = route(request, scope, hosts, isForm(request, scope) ? whole : undefined);
    assert.ok(routed.kind === "routed", routed.kind === "unrouted" ? routed.refusal.message : "");
    const streams = routed.operation.streamingInput !== undefined;
    door.operation = routed.operation.name;
    door.input = decode(routed, request, streams ? undefined : whole);
    const { answer } = door;
    const response =
      "output" in answer
        ? encode(routed, answer.output, "the-id")
        : encodeError(routed, answer.failure, "the-id");
    const headers = Object.fromEntries(
      Object.entries(response.headers).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const bytes = await bytesOf(response.body);
    return { response: { statusCode: response.status, headers, body: Readable.from([bytes]) } };
  },
};

const options = {
  endpoint: "http://bondstore.test",
  region: "us-east-1",
  credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "x" },
  maxAttempts: 1,
  requestHandler,
};

const kms = new KMSClient(options);
const iam = new IAMClient(options);
const sts = new STSClient(options);
const kinesis = new KinesisClient(options);
const analytics = new KinesisAnalyticsV2Client(options);
const trail = new CloudTrailClient(options);
const s3 = new S3Client({ ...options, forcePathStyle: true });
const s3ByHost = new S3Client(options);

/** Sends with the SDK, answers with our output; what is read on either side must equal what was written. */
async function check(
  send: () => Promise<{ $metadata: unknown }>,
  input: unknown,
  output: Record<string, unknown> = {},
): Promise<void> {
  door.answer = { output };
  const { $metadata, ...received } = await send();
  assert.ok($metadata);
  assert.deepEqual(door.input, input);
  assert.deepEqual(plain(received), plain(output));
}

/** Bytes as Buffers, so that Uint8Array equals Buffer; members that are undefined are gone. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (value instanceof Date || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(plain);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([name, member]) => [name, plain(member)]));
}

const at = new Date(1_700_000_000_000);

test("KMS: what the SDK writes is what we read, and the other way round", async () => {
  const input = {
    KeyId: "alias/orders",
    Plaintext: Buffer.from("secret"),
    EncryptionContext: { "é ☃": "b" },
    GrantTokens: ["a", "b"],
  };
  const output = { CiphertextBlob: Buffer.from([0, 255]), KeyId: "k" };
  await check(() => kms.send(new EncryptCommand(input)), input, output);
  const KeyMetadata = { KeyId: "k", CreationDate: at, Enabled: true, MultiRegion: false };
  await check(
    () => kms.send(new DescribeKeyCommand({ KeyId: "k" })),
    { KeyId: "k" },
    { KeyMetadata },
  );
});

test("KMS: the SDK knows our errors by their classes", async () => {
  door.answer = { failure: { code: "NotFoundException", message: "gone" } };
  await assert.rejects(kms.send(new DescribeKeyCommand({ KeyId: "k" })), (error) => {
    assert.ok(error instanceof NotFoundException);
    assert.equal(error.message, "gone");
    assert.equal(error.$metadata.httpStatusCode, 400);
    assert.equal(error.$metadata.requestId, "the-id");
    return true;
  });
});

test("Kinesis and CloudTrail: instants and bytes, in lists", async () => {
  const records = [{ Data: Buffer.from("a"), PartitionKey: "p" }];
  await check(
    () => kinesis.send(new PutRecordsCommand({ StreamName: "s", Records: records })),
    { StreamName: "s", Records: records },
    { FailedRecordCount: 0, Records: [{ SequenceNumber: "1", ShardId: "s" }] },
  );
  const [read] = records;
  await check(
    () => kinesis.send(new GetRecordsCommand({ ShardIterator: "i", Limit: 10 })),
    { ShardIterator: "i", Limit: 10 },
    {
      Records: [{ ...read, SequenceNumber: "1", ApproximateArrivalTimestamp: at }],
      MillisBehindLatest: 0,
    },
  );
  const StartTime = at;
  await check(
    () => trail.send(new LookupEventsCommand({ StartTime })),
    { StartTime },
    { Events: [] },
  );
});

test("managed Flink: a deep input", async () => {
  const input = {
    ApplicationName: "orders",
    RuntimeEnvironment: "FLINK-1_20" as const,
    ServiceExecutionRole: "arn:aws:iam::123456789012:role/flink",
    ApplicationConfiguration: {
      ApplicationCodeConfiguration: {
        CodeContentType: "PLAINTEXT" as const,
        CodeContent: { TextContent: "SELECT '\n\t\\\"'" },
      },
      EnvironmentProperties: {
        PropertyGroups: [{ PropertyGroupId: "g", PropertyMap: { a: "b" } }],
      },
    },
  };
  await check(() => analytics.send(new CreateApplicationCommand(input)), input, {
    ApplicationDetail: {
      ApplicationARN: "arn:aws:kinesisanalytics:us-east-1:123456789012:application/orders",
      ApplicationName: "orders",
      RuntimeEnvironment: "FLINK-1_20",
      ApplicationStatus: "READY",
      ApplicationVersionId: 1,
      CreateTimestamp: at,
    },
  });
});

test("IAM and STS: forms and XML", async () => {
  const input = {
    RoleName: "flink",
    Path: "/a/",
    AssumeRolePolicyDocument: '{"Version": "2012-10-17", "x": "<&+ ☃>"}',
    Tags: [
      { Key: "a", Value: "" },
      { Key: "b", Value: "c d" },
    ],
  };
  const Role = {
    Path: "/a/",
    RoleName: "flink",
    RoleId: "AROA",
    Arn: "arn:aws:iam::123456789012:role/a/flink",
    CreateDate: at,
    AssumeRolePolicyDocument: "%7B%7D",
    Tags: [{ Key: "a", Value: "<b>" }],
  };
  // IAM's own pattern refuses a snowman in a policy.
  const document = input.AssumeRolePolicyDocument.replace(" ☃", "");
  const sent = { ...input, AssumeRolePolicyDocument: document };
  await check(() => iam.send(new CreateRoleCommand(sent)), sent, { Role });
  await check(
    () => iam.send(new GetRoleCommand({ RoleName: "flink" })),
    { RoleName: "flink" },
    { Role },
  );
  await check(() => iam.send(new ListUsersCommand({})), {}, { Users: [], IsTruncated: false });
  const assume = {
    RoleArn: "arn:aws:iam::123456789012:role/flink",
    RoleSessionName: "session",
    DurationSeconds: 900,
    TransitiveTagKeys: ["a", "b"],
  };
  const Credentials = {
    AccessKeyId: "ASIAIOSFODNN7EXAMPLE",
    SecretAccessKey: "s+/=",
    SessionToken: "t",
    Expiration: at,
  };
  await check(() => sts.send(new AssumeRoleCommand(assume)), assume, { Credentials });
  door.answer = { failure: { code: "NoSuchEntity", message: "gone" } };
  await assert.rejects(iam.send(new GetRoleCommand({ RoleName: "x" })), NoSuchEntityException);
});

test("S3: buckets and their settings", async () => {
  const Bucket = "orders";
  const CreateBucketConfiguration = { LocationConstraint: "eu-west-1" as const };
  const created = { Bucket, CreateBucketConfiguration };
  await check(() => s3.send(new CreateBucketCommand(created)), created, { Location: "/orders" });
  const location = { LocationConstraint: "eu-west-1" };
  await check(() => s3.send(new GetBucketLocationCommand({ Bucket })), { Bucket }, location);
  await check(() => s3ByHost.send(new GetBucketLocationCommand({ Bucket })), { Bucket }, {});
  door.answer = { output: {} };
  await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: '{"a": "é"}' }));
  assert.equal(door.input?.["Policy"], '{"a": "é"}');
  const Rules = [
    {
      ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "aws:kms" as const, KMSMasterKeyID: "k" },
      BucketKeyEnabled: true,
    },
  ];
  const ServerSideEncryptionConfiguration = { Rules };
  await s3.send(new PutBucketEncryptionCommand({ Bucket, ServerSideEncryptionConfiguration }));
  assert.deepEqual(door.input?.["ServerSideEncryptionConfiguration"], { Rules });
  const PublicAccessBlockConfiguration = { BlockPublicAcls: true, RestrictPublicBuckets: false };
  await s3.send(new PutPublicAccessBlockCommand({ Bucket, PublicAccessBlockConfiguration }));
  assert.deepEqual(door.input?.["PublicAccessBlockConfiguration"], PublicAccessBlockConfiguration);
});

test("S3: lists", async () => {
  const asked = { Bucket: "b", Prefix: "a b+c/é", MaxKeys: 2, Delimiter: "/" };
  const listed = {
    Name: "b",
    Prefix: "a",
    KeyCount: 2,
    MaxKeys: 2,
    IsTruncated: true,
    NextContinuationToken: "t=",
    Contents: [
      { Key: "a<&>\"' \t", LastModified: at, ETag: '"e"', Size: 1, StorageClass: "STANDARD" },
      { Key: " b ", LastModified: at, ETag: '"f"', Size: 2 ** 40 },
    ],
    CommonPrefixes: [{ Prefix: "c/" }],
  };
  await check(() => s3.send(new ListObjectsV2Command(asked)), asked, listed);
  await check(
    () => s3.send(new ListObjectVersionsCommand({ Bucket: "b" })),
    { Bucket: "b" },
    {
      IsTruncated: false,
      Versions: [{ Key: "k", VersionId: "null", IsLatest: true, Size: 1, LastModified: at }],
    },
  );
});

test("S3: objects, their headers and their bodies", async () => {
  const named = { Bucket: "b", Key: "a b/é+%//z" };
  const source = { ...named, CopySource: "b/c%20d", Metadata: { colour: "blue" } };
  await check(() => s3.send(new CopyObjectCommand(source)), source, {
    CopyObjectResult: { ETag: '"e"', LastModified: at },
    VersionId: "v",
  });
  const head = {
    ContentLength: 5,
    ContentType: "text/plain",
    ETag: '"e"',
    LastModified: at,
    Metadata: { colour: "blue" },
    ServerSideEncryption: "aws:kms",
    SSEKMSKeyId: "arn:k",
    BucketKeyEnabled: true,
  };
  await check(() => s3.send(new HeadObjectCommand(named)), named, head);
  door.answer = { output: { ...head, Body: Buffer.from("hello"), ContentRange: "bytes 0-4/9" } };
  const { Body, ContentRange, $metadata } = await s3.send(
    new GetObjectCommand({ ...named, Range: "bytes=0-4", IfModifiedSince: at }),
  );
  assert.equal(await Body?.transformToString(), "hello");
  assert.equal(ContentRange, "bytes 0-4/9");
  assert.equal($metadata.httpStatusCode, 206);
  assert.deepEqual(door.input?.["IfModifiedSince"], at);
});

test("S3: bodies that are lists, and the SDK's errors", async () => {
  const Delete = { Objects: [{ Key: "a&b" }, { Key: "<c>", VersionId: "v" }], Quiet: true };
  door.answer = { output: { Errors: [{ Key: "a", Code: "AccessDenied", Message: "no" }] } };
  const { Errors } = await s3.send(new DeleteObjectsCommand({ Bucket: "b", Delete }));
  assert.deepEqual(door.input?.["Delete"], Delete);
  assert.deepEqual(Errors, [{ Key: "a", Code: "AccessDenied", Message: "no" }]);
  const Parts = [
    { PartNumber: 1, ETag: '"a"' },
    { PartNumber: 2, ETag: '"b"' },
  ];
  const upload = { Bucket: "b", Key: "k", UploadId: "u+/=", MultipartUpload: { Parts } };
  const done = { Bucket: "b", Key: "k", ETag: '"c-2"', Location: "http://b/k" };
  await check(() => s3.send(new CompleteMultipartUploadCommand(upload)), upload, done);
  door.answer = { failure: { code: "NoSuchKey", message: "gone" } };
  const missing = s3.send(new GetObjectCommand({ Bucket: "b", Key: "k" }));
  await assert.rejects(missing, NoSuchKey);
  const headed = s3.send(new HeadObjectCommand({ Bucket: "b", Key: "k" }));
  await assert.rejects(headed, { name: "NotFound" });
});

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  DeleteBucketCommand,
  DeleteBucketEncryptionCommand,
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  DeletePublicAccessBlockCommand,
  GetObjectCommand,
  ListBucketsCommand,
  type ListMultipartUploadsCommandOutput,
  ListObjectsV2Command,
  PutBucketEncryptionCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
} from "@aws-sdk/client-s3";
import type { Invoke, Parts } from "../../src/pipeline/call.ts";
import { clearState } from "../../src/services/kinesisanalyticsv2/state-bucket.ts";
import { startS3 } from "../support/s3.ts";

const service = "kinesisanalytics.amazonaws.com";
const bucket = "state-of-orders";

/** A bucket that a service keeps in the account, with one object of the service's; nobody else is let in. */
async function start(t: TestContext) {
  const bench = await startS3(t);
  const { running, acme } = bench;
  const sourceArn = `arn:aws:kinesisanalytics:us-east-1:${acme.account}:application/orders`;
  const resources = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`];
  const call = (operation: string, input: object, as: "service" | "root" = "service") => {
    const root = running.bondstore.opened.parts.directory.findCredentials(acme.root.accessKeyId);
    assert.ok(root);
    const principal =
      as === "service" ? { kind: "service" as const, name: service } : root.principal;
    return running.bondstore.pipeline.run({
      id: "00000000-0000-4000-8000-000000000000",
      service: "s3",
      operation,
      principal,
      account: acme.account,
      source: { ip: service, userAgent: service, secure: true, via: service, sourceArn },
      decode: () => input,
      describe: () => null,
      inner: true,
    });
  };
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Principal: { Service: service }, Action: "s3:*", Resource: resources },
      {
        ...{ Effect: "Deny", Principal: "*", Action: "s3:*", Resource: resources },
        Condition: { StringNotEquals: { "aws:PrincipalServiceName": service } },
      },
    ],
  });
  const Sealing = { service, sourceArn, context: { "aws:kinesisanalytics:arn": sourceArn } };
  const make = (as: "service" | "root" = "service") =>
    call("PutServiceBucket", { Bucket: bucket, Policy, Sealing }, as);
  await make();
  await call("PutObject", { Bucket: bucket, Key: "chk-1", Body: Buffer.from("state") });
  return { ...bench, make, call };
}

test("a service's bucket is in no list, and denied to the account's own root", async (t) => {
  const { s3, Bucket } = await start(t);
  const { Buckets } = await s3.send(new ListBucketsCommand({}));
  assert.deepEqual(
    Buckets?.map(({ Name }) => Name),
    [Bucket],
  );
  const where = { Bucket: bucket };
  const encryption = {
    Rules: [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" as const } }],
  };
  for (const send of [
    () => s3.send(new GetObjectCommand({ ...where, Key: "chk-1" })),
    () => s3.send(new PutObjectCommand({ ...where, Key: "chk-1", Body: "forged" })),
    () => s3.send(new DeleteObjectCommand({ ...where, Key: "chk-1" })),
    () => s3.send(new ListObjectsV2Command(where)),
    () => s3.send(new DeleteBucketCommand(where)),
    () => s3.send(new PutBucketPolicyCommand({ ...where, Policy: "{}" })),
    () => s3.send(new DeleteBucketPolicyCommand(where)),
    () => s3.send(new DeleteBucketEncryptionCommand(where)),
    () =>
      s3.send(
        new PutBucketEncryptionCommand({
          ...where,
          ServerSideEncryptionConfiguration: encryption,
        }),
      ),
    () => s3.send(new DeletePublicAccessBlockCommand(where)),
    () =>
      s3.send(new PutPublicAccessBlockCommand({ ...where, PublicAccessBlockConfiguration: {} })),
  ]) {
    await assert.rejects(send(), { name: "AccessDenied" }, String(send));
  }
});

test("its settings are nobody's to change, even where a policy would allow it", async (t) => {
  const { call } = await start(t);
  const changes: readonly (readonly [string, object])[] = [
    ["DeleteBucketPolicy", {}],
    ["PutBucketPolicy", { Policy: JSON.stringify({ Version: "2012-10-17", Statement: [] }) }],
    ["DeleteBucketEncryption", {}],
    ["DeletePublicAccessBlock", {}],
    ["PutPublicAccessBlock", { PublicAccessBlockConfiguration: {} }],
  ];
  for (const [operation, input] of changes) {
    await assert.rejects(call(operation, { Bucket: bucket, ...input }), (error: unknown) => {
      const { code } = error as { code: string };
      return code === "AccessDenied" || code === "MalformedPolicy";
    });
  }
});

test("only the service makes such buckets; no request from outside names the operation", async (t) => {
  const { make, anonymous } = await start(t);
  await assert.rejects(make("root"), { code: "AccessDenied" });
  for (const query of ["x-id=PutServiceBucket", "serviceBucket", "Action=PutServiceBucket"]) {
    const answer = await anonymous(`/another?${query}`, { method: "PUT" });
    assert.equal(answer.status, 403);
    await answer.arrayBuffer();
  }
});

test("what a killed cell has left half uploaded goes with the rest of its state", async (t) => {
  const { acme, call } = await start(t);
  const invoke: Invoke = <Output>(_service: string, operation: string, input: object) =>
    call(operation, input) as Promise<Output>;
  const parts = { invoke } as Pick<Parts, "invoke"> as Parts;
  for (const Key of ["checkpoints/1/a", "checkpoints/1/b", "snapshots/1/c"]) {
    await call("CreateMultipartUpload", { Bucket: bucket, Key });
  }
  const arn = `arn:aws:kinesisanalytics:us-east-1:${acme.account}:application/orders`;
  const clear = (prefix: string, but?: string) =>
    clearState(bucket, prefix, acme.account, arn, parts, but);
  const left = async () => {
    const listed = await call("ListMultipartUploads", { Bucket: bucket });
    const { Uploads = [] } = listed as ListMultipartUploadsCommandOutput;
    return Uploads.map(({ Key }) => Key);
  };
  await clear("checkpoints/", "checkpoints/1/b");
  assert.deepEqual(await left(), ["checkpoints/1/b", "snapshots/1/c"]);
  await clear("");
  assert.deepEqual(await left(), []);
  await call("DeleteBucket", { Bucket: bucket });
});

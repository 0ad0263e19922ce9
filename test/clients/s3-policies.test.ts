import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DeleteBucketPolicyCommand,
  DeleteObjectsCommand,
  DeletePublicAccessBlockCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  GetObjectCommand,
  GetPublicAccessBlockCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { allow, makeUser, startS3 } from "../support/s3.ts";

const document = (...Statement: readonly object[]) =>
  JSON.stringify({ Version: "2012-10-17", Statement });

const forEveryone = (Bucket: string, more: object = {}) =>
  document({
    Effect: "Allow",
    Principal: "*",
    Action: "s3:GetObject",
    Resource: `arn:aws:s3:::${Bucket}/*`,
    ...more,
  });

const setPolicy = (s3: S3Client, Bucket: string, Policy: string) =>
  s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));

const denied = { name: "AccessDenied" };

test("a bucket is private: nobody but its account's permitted users comes in", async (t) => {
  const { s3, Bucket, running, acme, as, anonymous } = await startS3(t);
  await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "v" }));
  const nobody = await anonymous(`/${Bucket}/k`);
  assert.equal(nobody.status, 403);
  assert.match(await nobody.text(), /<Code>AccessDenied</);
  const bob = as(await makeUser(running, acme, "bob"));
  const eve = as((await running.tenant("eve")).root);
  for (const stranger of [bob, eve]) {
    await assert.rejects(stranger.send(new GetObjectCommand({ Bucket, Key: "k" })), denied);
    const put = new PutObjectCommand({ Bucket, Key: "k", Body: "mine" });
    await assert.rejects(stranger.send(put), denied);
    await assert.rejects(stranger.send(new ListObjectsV2Command({ Bucket })), denied);
  }
  const alice = as(await makeUser(running, acme, "alice", allow("s3:GetObject")));
  const got = await alice.send(new GetObjectCommand({ Bucket, Key: "k" }));
  assert.equal(await got.Body?.transformToString(), "v");
});

test("who may not list a bucket does not learn what is missing in it", async (t) => {
  const { Bucket, running, acme, as } = await startS3(t);
  const reads = as(await makeUser(running, acme, "reads", allow("s3:GetObject")));
  await assert.rejects(reads.send(new GetObjectCommand({ Bucket, Key: "gone" })), denied);
  const head: unknown = await reads
    .send(new HeadObjectCommand({ Bucket, Key: "gone" }))
    .catch((refusal: unknown) => refusal);
  const { $metadata } = head as { $metadata: { httpStatusCode: number } };
  assert.equal($metadata.httpStatusCode, 403);
  const lists = as(
    await makeUser(running, acme, "lists", allow(["s3:GetObject", "s3:ListBucket"])),
  );
  const missing = new GetObjectCommand({ Bucket, Key: "gone" });
  await assert.rejects(lists.send(missing), { name: "NoSuchKey" });
});

test("a bucket policy lets another account in, together with that account's own policy", async (t) => {
  const { s3, Bucket, running, as } = await startS3(t);
  await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "v" }));
  const other = await running.tenant("other");
  const may = await makeUser(running, other, "may", allow("s3:GetObject"));
  const mayNot = await makeUser(running, other, "may-not");
  const Policy = document({
    Effect: "Allow",
    Principal: { AWS: other.account },
    Action: "s3:GetObject",
    Resource: `arn:aws:s3:::${Bucket}/*`,
  });
  await setPolicy(s3, Bucket, Policy);
  const { Policy: text = "" } = await s3.send(new GetBucketPolicyCommand({ Bucket }));
  assert.deepEqual(JSON.parse(text), JSON.parse(Policy));
  const get = new GetObjectCommand({ Bucket, Key: "k" });
  const got = await as(may).send(get);
  assert.equal(await got.Body?.transformToString(), "v");
  await assert.rejects(as(mayNot).send(get), denied);
  await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
  await assert.rejects(as(may).send(get), denied);
  await assert.rejects(s3.send(new GetBucketPolicyCommand({ Bucket })), {
    name: "NoSuchBucketPolicy",
  });
});

test("a deny in the bucket policy stops the account's own administrator", async (t) => {
  const { s3, Bucket } = await startS3(t);
  await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "v" }));
  const resources = `arn:aws:s3:::${Bucket}/*`;
  await setPolicy(
    s3,
    Bucket,
    document({ Effect: "Deny", Principal: "*", Action: "s3:GetObject", Resource: resources }),
  );
  await assert.rejects(s3.send(new GetObjectCommand({ Bucket, Key: "k" })), denied);
});

test("conditions of a bucket policy see prefix, encryption and address", async (t) => {
  const { s3, Bucket, running, as } = await startS3(t);
  const other = await running.tenant("other");
  await s3.send(new PutObjectCommand({ Bucket, Key: "open/k", Body: "v" }));
  const Principal = { AWS: `arn:aws:iam::${other.account}:root` };
  const arn = `arn:aws:s3:::${Bucket}`;
  await setPolicy(
    s3,
    Bucket,
    document(
      {
        ...{ Effect: "Allow", Principal, Action: "s3:ListBucket", Resource: arn },
        Condition: { StringLike: { "s3:prefix": "open/*" } },
      },
      { Effect: "Allow", Principal, Action: "s3:PutObject", Resource: `${arn}/*` },
      {
        ...{ Effect: "Deny", Principal: "*", Action: "s3:PutObject", Resource: `${arn}/*` },
        Condition: { StringNotEquals: { "s3:x-amz-server-side-encryption": "AES256" } },
      },
      {
        ...{ Effect: "Allow", Principal, Action: "s3:GetObject", Resource: `${arn}/*` },
        Condition: { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } },
      },
    ),
  );
  const theirs = as(other.root);
  const list = (Prefix: string) => theirs.send(new ListObjectsV2Command({ Bucket, Prefix }));
  assert.equal((await list("open/")).KeyCount, 1);
  await assert.rejects(list("closed/"), denied);
  const put = { Bucket, Key: "k", Body: "v" };
  await assert.rejects(theirs.send(new PutObjectCommand(put)), denied);
  await theirs.send(new PutObjectCommand({ ...put, ServerSideEncryption: "AES256" }));
  await assert.rejects(theirs.send(new GetObjectCommand({ Bucket, Key: "open/k" })), denied);
});

test("public policies are refused while public access is blocked, as in every new bucket", async (t) => {
  const { s3, Bucket, anonymous, running, as } = await startS3(t);
  await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "v" }));
  const { PublicAccessBlockConfiguration: standard } = await s3.send(
    new GetPublicAccessBlockCommand({ Bucket }),
  );
  assert.deepEqual(Object.values(standard ?? {}), [true, true, true, true]);
  await assert.rejects(setPolicy(s3, Bucket, forEveryone(Bucket)), denied);

  await s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
  await assert.rejects(s3.send(new GetPublicAccessBlockCommand({ Bucket })), {
    name: "NoSuchPublicAccessBlockConfiguration",
  });
  await setPolicy(s3, Bucket, forEveryone(Bucket));
  const status = () => s3.send(new GetBucketPolicyStatusCommand({ Bucket }));
  assert.equal((await status()).PolicyStatus?.IsPublic, true);
  assert.equal(await (await anonymous(`/${Bucket}/k`)).text(), "v");
  assert.equal((await anonymous(`/${Bucket}/k?response-content-type=text/html`)).status, 400);
  assert.equal((await anonymous(`/${Bucket}`)).status, 403, "reading is not listing");
  assert.equal((await anonymous(`/${Bucket}/k`, { method: "PUT", body: "x" })).status, 403);
  const eve = as((await running.tenant("eve")).root);
  await eve.send(new HeadObjectCommand({ Bucket, Key: "k" }));

  const RestrictPublicBuckets = { RestrictPublicBuckets: true };
  await s3.send(
    new PutPublicAccessBlockCommand({
      Bucket,
      PublicAccessBlockConfiguration: RestrictPublicBuckets,
    }),
  );
  assert.equal((await anonymous(`/${Bucket}/k`)).status, 403, "a public bucket, restricted");
  await assert.rejects(eve.send(new GetObjectCommand({ Bucket, Key: "k" })), denied);
  await s3.send(new HeadObjectCommand({ Bucket, Key: "k" }));

  const narrow = { Condition: { StringEquals: { "aws:PrincipalAccount": "111122223333" } } };
  await setPolicy(s3, Bucket, forEveryone(Bucket, narrow));
  assert.equal((await status()).PolicyStatus?.IsPublic, false);
});

test("a policy that cannot be read, or speaks of another bucket, is refused", async (t) => {
  const { s3, Bucket } = await startS3(t);
  const rows = [
    "{",
    document(),
    forEveryone("another"),
    forEveryone(Bucket, { Principal: { AWS: "nobody" } }),
    forEveryone(Bucket, { Effect: "Maybe" }),
  ];
  for (const text of rows) {
    await assert.rejects(setPolicy(s3, Bucket, text), { name: "MalformedPolicy" }, text);
  }
  const huge = forEveryone(Bucket, { Sid: "a".repeat(20_480) });
  await assert.rejects(setPolicy(s3, Bucket, huge), { name: "PolicyTooLarge" });
});

test("deletes of many are judged one by one, also for nobody", async (t) => {
  const { s3, Bucket, running, acme, as, anonymous } = await startS3(t);
  for (const Key of ["a/1", "b/1"]) await s3.send(new PutObjectCommand({ Bucket, Key, Body: "" }));
  const half = await makeUser(
    running,
    acme,
    "half",
    allow("s3:DeleteObject", `arn:aws:s3:::${Bucket}/a/*`),
  );
  const { Deleted, Errors } = await as(half).send(
    new DeleteObjectsCommand({
      Bucket,
      Delete: { Objects: [{ Key: "a/1" }, { Key: "b/1" }] },
    }),
  );
  assert.deepEqual(Deleted, [{ Key: "a/1" }]);
  assert.deepEqual(
    Errors?.map(({ Key, Code }) => [Key, Code]),
    [["b/1", "AccessDenied"]],
  );
  const body = "<Delete><Object><Key>b/1</Key></Object></Delete>";
  const answer = await anonymous(`/${Bucket}?delete`, { method: "POST", body });
  assert.match(await answer.text(), /<Code>AccessDenied</);
  assert.equal((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount, 1);
});

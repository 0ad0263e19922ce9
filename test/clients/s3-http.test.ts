import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateBucketCommand,
  type CreateBucketCommandInput,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { startS3 } from "../support/s3.ts";

test("errors of HEAD and unchanged objects have no body; all others name what went wrong", async (t) => {
  const { s3, Bucket, anonymous } = await startS3(t);
  const { ETag = "" } = await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "v" }));
  const get = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "k" }));
  const gone = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "gone" }));
  const head = await getSignedUrl(s3, new HeadObjectCommand({ Bucket, Key: "gone" }));

  const unchanged = await fetch(get, { headers: { "if-none-match": ETag } });
  assert.deepEqual([unchanged.status, await unchanged.text()], [304, ""]);
  assert.equal(unchanged.headers.get("etag"), ETag);
  assert.ok(unchanged.headers.get("last-modified"));

  const failed = await fetch(get, { headers: { "if-match": '"x"' } });
  const words = await failed.text();
  assert.equal(failed.status, 412);
  assert.match(words, /<Code>PreconditionFailed<.*<Condition>If-Match</s);

  const missing = await fetch(gone);
  assert.equal(missing.status, 404);
  assert.match(missing.headers.get("content-type") ?? "", /^application\/xml/);
  assert.match(await missing.text(), /<Error><Code>NoSuchKey<.*<Key>gone<.*<RequestId>/s);
  assert.ok(missing.headers.get("x-amz-request-id"));

  const bare = await fetch(head, { method: "HEAD" });
  assert.deepEqual([bare.status, await bare.text()], [404, ""]);
  const stranger = await anonymous(`/${Bucket}/k`, { method: "HEAD" });
  assert.deepEqual([stranger.status, await stranger.text()], [403, ""]);
});

test("entity tags are quoted; a date in Expires comes back as it was sent, whatever it is", async (t) => {
  const { s3, Bucket } = await startS3(t);
  const put = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "k" }));
  const headers = { expires: "0", "content-type": "text/x", "cache-control": "no-cache" };
  const written = await fetch(put, { method: "PUT", body: "v", headers });
  assert.match(written.headers.get("etag") ?? "", /^"[0-9a-f]{32}"$/);
  const get = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "k" }));
  const read = await fetch(get);
  assert.equal(await read.text(), "v");
  for (const [name, value] of Object.entries(headers)) assert.equal(read.headers.get(name), value);
  assert.equal(read.headers.get("x-amz-server-side-encryption"), "AES256");
  assert.equal(read.headers.get("x-amz-mp-parts-count"), null);
});

test("what a bucket is not given is refused: tags, ownership by writers, Object Lock", async (t) => {
  const { s3 } = await startS3(t);
  const rows: readonly Partial<CreateBucketCommandInput>[] = [
    { CreateBucketConfiguration: { Tags: [{ Key: "a", Value: "b" }] } },
    { ObjectOwnership: "ObjectWriter" },
    { ObjectLockEnabledForBucket: true },
  ];
  for (const more of rows) {
    const create = new CreateBucketCommand({ Bucket: "another", ...more });
    await assert.rejects(s3.send(create), { name: "NotImplemented" });
  }
});

test("data events are in the trail when they are refused, uses of keys always", async (t) => {
  const { s3, Bucket, running, acme, as } = await startS3(t);
  const sealed = { ServerSideEncryption: "aws:kms" } as const;
  await s3.send(new PutObjectCommand({ Bucket, Key: "k", Body: "v", ...sealed }));
  const got = await s3.send(new GetObjectCommand({ Bucket, Key: "k" }));
  await got.Body?.transformToString();
  const eve = as((await running.tenant("eve")).root);
  await assert.rejects(eve.send(new GetObjectCommand({ Bucket, Key: "k" })));
  const { trail } = running.bondstore.opened.parts;
  const names = async (account: string) =>
    (await trail.find({ account, limit: 50 })).map(({ event }) =>
      [event.eventName, event.errorCode].filter(Boolean).join(" "),
    );
  const ours = await names(acme.account);
  for (const name of ["CreateBucket", "GenerateDataKey", "Decrypt"]) {
    assert.ok(ours.includes(name), `${name} in ${ours.join(", ")}`);
  }
  assert.ok(!ours.includes("PutObject") && !ours.includes("GetObject"));
  const eves = (await eve.config.credentials()).accessKeyId;
  const hers = running.bondstore.opened.parts.directory.findCredentials(eves)?.principal;
  assert.ok(hers && "account" in hers);
  assert.ok((await names(hers.account)).includes("GetObject AccessDenied"));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { python } from "../support/python.ts";
import { allow, makeUser, startS3 } from "../support/s3.ts";

test("a presigned URL lets its holder do the one thing that its maker may do", async (t) => {
  const { s3, Bucket, running, acme, as } = await startS3(t);
  const put = await getSignedUrl(s3, new PutObjectCommand({ Bucket, Key: "é b+" }), {
    expiresIn: 60,
  });
  assert.equal((await fetch(put, { method: "PUT", body: "four windows" })).status, 200);
  const get = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "é b+" }));
  assert.equal(await (await fetch(get)).text(), "four windows");
  const ranged = await fetch(get, { headers: { range: "bytes=5-11" } });
  assert.deepEqual([ranged.status, await ranged.text()], [206, "windows"]);
  assert.equal((await fetch(get, { method: "DELETE" })).status, 403, "another method");
  assert.equal((await fetch(get.replace("%C3%A9", "e"))).status, 403, "another key");
  const bob = as(await makeUser(running, acme, "bob", allow("s3:PutObject")));
  const his = await getSignedUrl(bob, new GetObjectCommand({ Bucket, Key: "é b+" }));
  const refused = await fetch(his);
  assert.equal(refused.status, 403);
  assert.match(await refused.text(), /<Code>AccessDenied</);
});

test("a presigned PUT carries its metadata in the signature", async (t) => {
  const { s3, Bucket } = await startS3(t);
  const command = new PutObjectCommand({ Bucket, Key: "k", Metadata: { a: "1" } });
  const url = await getSignedUrl(s3, command, { unhoistableHeaders: new Set(["x-amz-meta-a"]) });
  const without = await fetch(url, { method: "PUT", body: "v" });
  assert.ok(without.status >= 400, "a header that was signed is missing");
  await without.arrayBuffer();
  const headers = { "x-amz-meta-a": "1" };
  assert.equal((await fetch(url, { method: "PUT", body: "v", headers })).status, 200);
  const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "k" }));
  assert.deepEqual(head.Metadata, { a: "1" });
});

test("boto3 presigns with version 4; its old URLs are refused with what to do", async (t) => {
  const { Bucket, running, acme } = await startS3(t);
  const script = `
import boto3, json
from botocore.config import Config
new = boto3.client("s3", config=Config(signature_version="s3v4", s3={"addressing_style": "path"}))
old = boto3.client("s3", config=Config(signature_version="s3", s3={"addressing_style": "path"}))
names = {"Bucket": "${Bucket}", "Key": "from boto é"}
print(json.dumps([
    new.generate_presigned_url("put_object", Params=names, ExpiresIn=60),
    new.generate_presigned_url("get_object", Params=names, ExpiresIn=60),
    old.generate_presigned_url("get_object", Params=names, ExpiresIn=60),
]))`;
  const [put = "", get = "", old = ""] = (await python(running, acme.root, script)) as string[];
  assert.equal((await fetch(put, { method: "PUT", body: "v" })).status, 200);
  assert.equal(await (await fetch(get)).text(), "v");
  const refused = await fetch(old);
  const words = await refused.text();
  assert.ok(refused.status >= 400, words);
  assert.match(words, /s3v4|AWS4-HMAC-SHA256/);
});

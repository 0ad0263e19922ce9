import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { GetObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { aws, python, tryAws } from "../support/python.ts";
import { allow, makeUser, noise, startS3 } from "../support/s3.ts";

const mebibyte = 1_048_576;

test("boto3 does everything that S3 here does", async (t) => {
  const { running, acme } = await startS3(t);
  const script = `
import boto3, json, hashlib, os
from botocore.exceptions import ClientError
from boto3.s3.transfer import TransferConfig
s3 = boto3.client("s3")
def refused(call, **input):
    try: call(**input)
    except ClientError as error: return [error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]]
B = "from-boto"
out = {}
s3.create_bucket(Bucket=B)
out["buckets"] = [b["Name"] for b in s3.list_buckets()["Buckets"]]
out["location"] = s3.get_bucket_location(Bucket=B)["LocationConstraint"]
keys = ["é ü", "a+b", "a//b", "a/../b", "sp ace/x", "q?x=1&y"]
for key in keys:
    s3.put_object(Bucket=B, Key=key, Body=key.encode(), Metadata={"k": "v"}, ContentType="text/x")
    got = s3.get_object(Bucket=B, Key=key)
    assert got["Body"].read() == key.encode() and got["Metadata"] == {"k": "v"}, key
out["keys"] = sorted(o["Key"] for p in s3.get_paginator("list_objects_v2").paginate(Bucket=B, PaginationConfig={"PageSize": 2}) for o in p["Contents"])
out["v1"] = sorted(o["Key"] for p in s3.get_paginator("list_objects").paginate(Bucket=B, PaginationConfig={"PageSize": 2}) for o in p["Contents"])
out["missing"] = refused(s3.get_object, Bucket=B, Key="gone")
out["head"] = refused(s3.head_object, Bucket=B, Key="gone")
etag = s3.head_object(Bucket=B, Key="a+b")["ETag"]
out["unchanged"] = refused(s3.get_object, Bucket=B, Key="a+b", IfNoneMatch=etag)
out["range"] = refused(s3.get_object, Bucket=B, Key="a+b", Range="bytes=100-")
for algorithm in ["CRC32", "CRC64NVME", "CRC32C", "SHA1", "SHA256"]:
    try:
        s3.put_object(Bucket=B, Key=algorithm, Body=b"v", ChecksumAlgorithm=algorithm)
        s3.get_object(Bucket=B, Key=algorithm, ChecksumMode="ENABLED")["Body"].read()
    except Exception as error:
        if "Missing Dependency" not in str(error): raise
big = os.urandom(20 * 1048576 + 5)
open(os.path.join(os.environ["HOME"], "big"), "wb").write(big)
s3.upload_file(os.path.join(os.environ["HOME"], "big"), B, "big", Config=TransferConfig(multipart_threshold=8388608, multipart_chunksize=8388608))
out["etag"] = s3.head_object(Bucket=B, Key="big")["ETag"][-3:]
s3.download_file(B, "big", os.path.join(os.environ["HOME"], "back"))
out["same"] = open(os.path.join(os.environ["HOME"], "back"), "rb").read() == big
s3.copy({"Bucket": B, "Key": "big"}, B, "big copy", Config=TransferConfig(multipart_threshold=8388608, multipart_chunksize=8388608))
out["copied"] = s3.get_object(Bucket=B, Key="big copy")["Body"].read() == big
for name in ["big", "back"]: os.remove(os.path.join(os.environ["HOME"], name))
s3.put_bucket_encryption(Bucket=B, ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]})
out["sealed"] = s3.put_object(Bucket=B, Key="sealed", Body=b"v")["ServerSideEncryption"]
out["block"] = s3.get_public_access_block(Bucket=B)["PublicAccessBlockConfiguration"]["BlockPublicPolicy"]
out["policy"] = refused(s3.get_bucket_policy, Bucket=B)
objects = [{"Key": o["Key"]} for o in s3.list_objects_v2(Bucket=B)["Contents"]]
out["deleted"] = len(s3.delete_objects(Bucket=B, Delete={"Objects": objects})["Deleted"]) == len(objects)
s3.delete_bucket(Bucket=B)
print(json.dumps(out))`;
  const out = (await python(running, acme.root, script)) as Record<string, unknown>;
  const keys = ["a+b", "a/../b", "a//b", "q?x=1&y", "sp ace/x", "é ü"];
  assert.deepEqual(out, {
    buckets: ["from-boto", "orders"],
    location: null,
    keys,
    v1: keys,
    missing: ["NoSuchKey", 404],
    head: ["404", 404],
    unchanged: ["304", 304],
    range: ["InvalidRange", 416],
    etag: '-3"',
    same: true,
    copied: true,
    sealed: "aws:kms",
    block: true,
    policy: ["NoSuchBucketPolicy", 404],
    deleted: true,
  });
});

test("the AWS CLI copies, syncs, moves and removes files of any size", async (t) => {
  const { running, acme, s3, Bucket } = await startS3(t);
  const directory = mkdtempSync(join(tmpdir(), "bondstore-cli-"));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const from = join(directory, "from");
  mkdirSync(join(from, "deep er"), { recursive: true });
  const files: readonly (readonly [string, number])[] = [
    ["empty", 0],
    ["one", 1],
    ["eight é", 8 * mebibyte],
    ["deep er/twenty+", 20 * mebibyte],
  ];
  for (const [name, size] of files) writeFileSync(join(from, name), noise(size, size + 1));
  const cli = (...words: readonly string[]) => aws(running, acme.root, "s3", ...words);
  const same = (folder: string) => {
    for (const [name] of files) {
      const equal = readFileSync(join(folder, name)).equals(readFileSync(join(from, name)));
      assert.ok(equal, name);
    }
  };
  await cli("cp", "--recursive", from, `s3://${Bucket}/cp/`);
  await cli("cp", "--recursive", `s3://${Bucket}/cp/`, join(directory, "cp"));
  same(join(directory, "cp"));
  await cli("sync", from, `s3://${Bucket}/sync/`);
  assert.equal(await cli("sync", from, `s3://${Bucket}/sync/`), "", "nothing is left to do");
  await cli("sync", `s3://${Bucket}/sync/`, join(directory, "sync"));
  same(join(directory, "sync"));
  await cli("mv", "--recursive", `s3://${Bucket}/cp/`, `s3://${Bucket}/mv/`);
  await cli("mv", "--recursive", `s3://${Bucket}/mv/`, join(directory, "mv"));
  same(join(directory, "mv"));
  assert.match(
    await cli("ls", "--recursive", `s3://${Bucket}`),
    /20971520 sync\/deep er\/twenty\+/,
  );
  assert.match(await cli("ls", `s3://${Bucket}/sync/`), /PRE deep er\//);
  await cli("rm", "--recursive", `s3://${Bucket}/sync/`);
  assert.equal((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount, 0);
  await cli("rb", `s3://${Bucket}`);
});

test("the AWS CLI sees names, refusals and encryption as the SDK does", async (t) => {
  const { running, acme, s3, Bucket } = await startS3(t);
  const put = ["s3api", "put-object", "--bucket", Bucket, "--key", "k"];
  const metadata = ["--metadata", "a=1", "--server-side-encryption", "aws:kms"];
  await aws(running, acme.root, ...put, ...metadata);
  const head = ["s3api", "head-object", "--bucket", Bucket, "--key", "k"];
  const shown = JSON.parse(await aws(running, acme.root, ...head)) as Record<string, unknown>;
  assert.deepEqual([shown["ServerSideEncryption"], shown["Metadata"]], ["aws:kms", { a: "1" }]);
  await s3.send(new GetObjectCommand({ Bucket, Key: "k" }));
  const bob = await makeUser(running, acme, "bob", allow("s3:ListAllMyBuckets"));
  const refused = await tryAws(running, bob, ...head);
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr, /403/);
  assert.match(await aws(running, bob, "s3", "ls"), new RegExp(Bucket));
});

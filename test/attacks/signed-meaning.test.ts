import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { request as ask } from "node:http";
import { test } from "node:test";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { type Keys, type Running, startBondstore } from "../support/bondstore.ts";
import { signRequest } from "../support/sign-request.ts";

/** Invariant: a signature that holds for one request holds for none that means something else. */

async function startS3(running: Running, root: Keys, buckets: Readonly<Record<string, string>>) {
  const s3 = new S3Client({ ...running.client(root), forcePathStyle: true });
  for (const [Bucket, Key] of Object.entries(buckets)) {
    await s3.send(new CreateBucketCommand({ Bucket }));
    await s3.send(new PutObjectCommand({ Bucket, Key, Body: `${Bucket}/${Key}` }));
  }
}

function get(running: Running, path: string, host: string) {
  const { port } = new URL(running.endpoint);
  return new Promise<{ readonly status: number; readonly text: string }>((resolve, reject) => {
    const headers = { host: `${host}:${port}` };
    const asked = ask({ host: "127.0.0.1", port, path, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(parts).toString() }),
      );
    });
    asked.on("error", reject).end();
  });
}

test("a plus, which is read as a space, does not stand for a signed %2B", async (t) => {
  const running = await startBondstore(t);
  const { root } = await running.tenant("acme");
  await startS3(running, root, { orders: "a+b" });
  const { host } = new URL(running.endpoint);
  const { target } = signRequest({
    method: "GET",
    target: "/orders?list-type=2&prefix=a%2Bb",
    headers: { host },
    payloadHash: "UNSIGNED-PAYLOAD",
    accessKeyId: root.accessKeyId,
    secret: root.secretAccessKey,
    timeMs: Date.now(),
    expiresSeconds: 60,
  });
  assert.equal((await get(running, target, "127.0.0.1")).status, 200);
  assert.equal((await get(running, target.replace("a%2Bb", "a+b"), "127.0.0.1")).status, 403);
});

test("a version 2 URL, which signs no host, does not move to another bucket by its host", async (t) => {
  const running = await startBondstore(t, { admitSignatureV2: true });
  const { root } = await running.tenant("acme");
  await startS3(running, root, { public: "private/key", private: "public/private/key" });
  const expires = Math.floor(Date.now() / 1000) + 60;
  const path = "/public/private/key";
  const signature = createHmac("sha1", root.secretAccessKey)
    .update(`GET\n\n\n${expires}\n${path}`)
    .digest("base64");
  const query = new URLSearchParams({
    AWSAccessKeyId: root.accessKeyId,
    Expires: String(expires),
    Signature: signature,
  });
  assert.equal((await get(running, `${path}?${query}`, "localhost")).text, "public/private/key");
  for (const host of ["private.localhost", "PRIVATE.S3.localhost", "private.s3.localhost"]) {
    const { status, text } = await get(running, `${path}?${query}`, host);
    assert.equal(status, 403, `${host}: ${text}`);
  }
});

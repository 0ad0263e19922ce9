import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { KMSClient, ListKeysCommand } from "@aws-sdk/client-kms";
import {
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { CrtSignerV4 } from "@aws-sdk/signature-v4-crt";
import { type Keys, startBondstore } from "../support/bondstore.ts";

/** The CRT's number of its asymmetric algorithm. */
const asymmetric = 1;

/** SHA-256 as the SDK wants to be given it. */
class Sha256 {
  #hash = createHash("sha256");
  update(data: string | Uint8Array): void {
    this.#hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
  reset(): void {
    this.#hash = createHash("sha256");
  }
}

const signerOf = (service: string, credentials: Keys, region = "*") =>
  new CrtSignerV4({
    service,
    region,
    credentials,
    sha256: Sha256,
    signingAlgorithm: asymmetric,
    uriEscapePath: service !== "s3",
  });

test("requests that the CRT signs for every region with an elliptic curve are accepted", async (t) => {
  const running = await startBondstore(t);
  const { account, root } = await running.tenant("acme");
  const options = running.client(root);
  const sts = new STSClient({ ...options, signer: signerOf("sts", root) });
  assert.equal((await sts.send(new GetCallerIdentityCommand({}))).Account, account);
  const kms = new KMSClient({ ...options, signer: signerOf("kms", root, "us-east-1,eu-west-1") });
  assert.deepEqual((await kms.send(new ListKeysCommand({}))).Keys, []);
  const s3 = new S3Client({ ...options, forcePathStyle: true, signer: signerOf("s3", root) });
  const [Bucket, Key] = ["goods", "a key with spaces+"];
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: "an order" }));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  assert.equal(await Body?.transformToString(), "an order");
});

test("a forged one, and one for other regions only, are refused", async (t) => {
  const running = await startBondstore(t);
  const { root } = await running.tenant("acme");
  const options = running.client(root);
  const call = (signer: CrtSignerV4) =>
    new STSClient({ ...options, signer }).send(new GetCallerIdentityCommand({}));
  const forged = { ...root, secretAccessKey: "not the secret of anybody" };
  await assert.rejects(call(signerOf("sts", forged)), { name: "SignatureDoesNotMatch" });
  await assert.rejects(call(signerOf("sts", root, "eu-west-1,eu-west-3")), {
    name: "SignatureDoesNotMatch",
  });
});

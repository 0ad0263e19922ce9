import assert from "node:assert/strict";
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  CreateStreamCommand,
  KinesisClient,
  PutRecordCommand,
  StartStreamEncryptionCommand,
} from "@aws-sdk/client-kinesis";
import { CreateKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { type DirectoryReport, verifyDirectory } from "../../src/cli/verify/verify-directory.ts";
import type { KeyRecord } from "../../src/keys/key-record.ts";
import { systemRandom } from "../../src/lib/random.ts";
import { open, realEnvironment } from "../../src/server.ts";
import { startBondstore, testConfig } from "../support/bondstore.ts";
import { filesBelow } from "../support/files-below.ts";

const secret = "for the owner alone ";

/** A stopped directory with objects and stream records, under the account's keys and under a customer's. */
async function filled(t: TestContext): Promise<{ data: string; account: string }> {
  const data = mkdtempSync(join(tmpdir(), "bondstore-verify-"));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const running = await startBondstore(t, {}, data);
  const { root, account } = await running.tenant("acme");
  const options = running.client(root);
  const kms = new KMSClient(options);
  const s3 = new S3Client({ ...options, forcePathStyle: true });
  const kinesis = new KinesisClient(options);
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({}));
  const sealed = { ServerSideEncryption: "aws:kms", SSEKMSKeyId: KeyMetadata?.Arn } as const;
  await s3.send(new CreateBucketCommand({ Bucket: "goods" }));
  const bodies = { small: secret, large: secret.repeat(20_000) };
  for (const [name, Body] of Object.entries(bodies)) {
    await s3.send(new PutObjectCommand({ Bucket: "goods", Key: name, Body }));
    await s3.send(new PutObjectCommand({ Bucket: "goods", Key: `kms-${name}`, Body, ...sealed }));
  }
  const StreamName = "orders";
  await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
  const put = () =>
    kinesis.send(
      new PutRecordCommand({ StreamName, PartitionKey: "p", Data: Buffer.from(secret) }),
    );
  await put();
  await kinesis.send(
    new StartStreamEncryptionCommand({
      StreamName,
      EncryptionType: "KMS",
      KeyId: sealed.SSEKMSKeyId,
    }),
  );
  await put();
  for (const client of [kms, s3, kinesis]) client.destroy();
  await running.close();
  return { data, account };
}

const look = (data: string): Promise<DirectoryReport> =>
  verifyDirectory({
    data,
    root: testConfig(data).root,
    vault: testConfig(data).vault,
    moduleEnv: {},
    publicKey: undefined,
    full: true,
    random: systemRandom,
    onProgress: () => {},
  });

const filesOf = (data: string, folder: string): readonly string[] =>
  [...filesBelow(join(data, "store", folder))].sort();

const tablesOf = (data: string): string => join(data, "store", "tables", "data.mdb");

function flip(path: string, at: (size: number) => number): void {
  const bytes = readFileSync(path);
  const place = at(bytes.length);
  bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place);
  writeFileSync(path, bytes);
}

/** Changes keys as who has the root of trust could, behind the back of the service. */
async function changeKeys(data: string, account: string, change: (key: KeyRecord) => KeyRecord) {
  const opened = await open(
    testConfig(data),
    realEnvironment(() => {}),
  );
  const { store } = opened.parts;
  const table = store.account(account).table<KeyRecord>("kms.keys");
  const entries = [...table.range()];
  await store.transaction(() => {
    for (const { key, value } of entries) table.put(key, change(value));
  });
  await opened.close();
}

test("verify opens everything that is stored, and finds what was changed behind its back", async (t) => {
  const { data, account } = await filled(t);
  const whole = await look(data);
  assert.deepEqual(whole.findings, []);
  assert.equal(whole.store?.bodies.opened, 4);
  assert.equal(whole.store?.streamRecords, 2);
  assert.equal(whole.store?.dataKeys, 3);

  const cases: readonly (readonly [
    title: string,
    change: (copy: string) => void | Promise<void>,
    what: string,
    where: RegExp,
  ])[] = [
    [
      "a bit of an object is flipped",
      (copy) => flip(filesOf(copy, "blobs")[0] ?? "", (size) => size >> 1),
      "changed object",
      /^s3:\/\/goods\/(kms-)?large$/,
    ],
    [
      "an object's file is gone",
      (copy) => rmSync(filesOf(copy, "blobs")[0] ?? ""),
      "changed object",
      /^s3:\/\/goods\/(kms-)?large$/,
    ],
    [
      "the end of a stream is flipped",
      (copy) => flip(filesOf(copy, "logs")[0] ?? "", (size) => size - 1),
      "changed stream",
      /^shardId-000000000000 of arn:aws:kinesis:.*stream\/orders$/,
    ],
    [
      "the material of a customer's key is another",
      (copy) =>
        changeKeys(copy, account, (key) => ({
          ...key,
          versions: key.versions.map((version) => ({ ...version, wrapped: Buffer.alloc(60) })),
        })),
      "changed key",
      /^key [0-9a-f-]{36} of account \d{12}$/,
    ],
    [
      "the material of a customer's key is gone",
      (copy) => changeKeys(copy, account, (key) => ({ ...key, versions: [] })),
      "unresolved key",
      /^s3:\/\/goods\/kms-small$/,
    ],
    [
      "the tables are cut short",
      (copy) => truncateSync(tablesOf(copy), statSync(tablesOf(copy)).size >> 1),
      "does not open",
      /store$/,
    ],
    ["the tables are gone", (copy) => rmSync(tablesOf(copy)), "does not open", /store$/],
  ];
  for (const [index, [title, change, what, where]] of cases.entries()) {
    const copy = join(data, "..", `bondstore-verify-copy-${process.pid}-${index}`);
    cpSync(data, copy, { recursive: true });
    try {
      await change(copy);
      const { findings } = await look(copy);
      const named = findings.some((finding) => finding.what === what && where.test(finding.where));
      assert.ok(named, `${title}: ${JSON.stringify(findings)}`);
      assert.ok(!JSON.stringify(findings).includes(secret.trim()), `${title}: shows no content`);
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  }
});

test("verify tells no fault beside a Bondstore that writes", async (t) => {
  const data = mkdtempSync(join(tmpdir(), "bondstore-verify-"));
  t.after(() => rmSync(data, { recursive: true, force: true }));
  const running = await startBondstore(t, {}, data);
  const { root } = await running.tenant("acme");
  const s3 = new S3Client({ ...running.client(root), forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: "goods" }));
  // The sign of a directory in use.
  writeFileSync(join(data, "admin.sock"), "");
  let writing = true;
  const writer = (async () => {
    for (let number = 0; writing; number += 1) {
      const Body = secret.repeat(number % 2 === 0 ? 1 : 2000);
      const Key = `object-${number % 7}`;
      await s3.send(new PutObjectCommand({ Bucket: "goods", Key, Body }));
    }
  })();
  for (let round = 0; round < 5; round += 1) {
    assert.deepEqual((await look(data)).findings, [], `round ${round}`);
  }
  writing = false;
  await writer;
  s3.destroy();
  await running.close();
});

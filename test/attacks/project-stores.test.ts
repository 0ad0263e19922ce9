import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  PutRecordCommand,
} from "@aws-sdk/client-kinesis";
import { StartApplicationCommand } from "@aws-sdk/client-kinesis-analytics-v2";
import {
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeletePublicAccessBlockCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { releasesOf } from "../../src/audit/releases.ts";
import type { Document } from "../../src/pipeline/document.ts";
import { createProject } from "../../src/projects/project.ts";
import {
  awaitStatus,
  clientsOf,
  events,
  makeRole,
  putOrders,
  sqlApplication,
  sumsScript,
} from "../support/flink.ts";
import { until } from "../support/until.ts";
import { verdict as verdictOf } from "../support/verdict.ts";
import { commands, startWorld, type World } from "../support/warehouse.ts";

const ask = `
def ask(query):
    try:
        return str(o.run_security_query(query))
    except Exception as error:
        return type(error).__name__
`;

function s3Of({ running, root }: World, keys = root): S3Client {
  return new S3Client({ ...running.client(keys), forcePathStyle: true });
}

/** The name of the refusal, if it is for protection's sake; `goes` where there is none. */
const verdict = (work: Promise<unknown>): Promise<string> =>
  verdictOf(work, ({ name, message }) => (/is protected/.test(message) ? name : `?? ${message}`));

test("objects and records of a protected project stay in it, whichever way they are asked for", async (t) => {
  const world = await startWorld(t, "vault", "other", "plain");
  const { odps, root, running, user, account } = world;
  const s3 = s3Of(world);
  const kinesis = new KinesisClient(running.client(root));
  for (const Bucket of ["orders", "inside", "trusted", "outside"]) {
    await s3.send(new CreateBucketCommand({ Bucket }));
  }
  await kinesis.send(new CreateStreamCommand({ StreamName: "clicks", ShardCount: 1 }));
  const Key = "a.csv";
  const put = (Bucket: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body: "1,secret" }));
  await put("orders");
  const stranger = await running.tenant("stranger");
  const anyone = { Effect: "Allow", Principal: "*", Action: "s3:GetObject" };
  const Policy = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ ...anyone, Resource: "arn:aws:s3:::orders/*" }],
  });
  await s3.send(new DeletePublicAccessBlockCommand({ Bucket: "orders" }));
  await s3.send(new PutBucketPolicyCommand({ Bucket: "orders", Policy }));
  const signed = await getSignedUrl(s3, new GetObjectCommand({ Bucket: "orders", Key }));
  const reading = (client: S3Client) =>
    client.send(new GetObjectCommand({ Bucket: "orders", Key }));
  const other = s3Of(world, stranger.root);
  await reading(other);
  await odps(
    root,
    "vault",
    commands(
      ...["add bucket orders", "add bucket inside", "add stream clicks"],
      ...["set ProjectProtection=true", "add trustedproject other"],
    ),
  );
  await odps(root, "other", commands("add bucket trusted"));
  await put("orders");
  await kinesis.send(
    new PutRecordCommand({ StreamName: "clicks", PartitionKey: "a", Data: Buffer.from("secret") }),
  );

  const CopySource = `orders/${Key}`;
  const copyTo = (Bucket: string, more = {}) =>
    verdict(s3.send(new CopyObjectCommand({ Bucket, Key: "copy", CopySource, ...more })));
  assert.equal(await verdict(reading(s3)), "AccessDenied");
  assert.equal(await verdict(reading(other)), "AccessDenied");
  assert.equal((await fetch(signed)).status, 403);
  assert.equal((await fetch(`${running.endpoint}/orders/${Key}`)).status, 403);
  const ranged = new GetObjectCommand({ Bucket: "orders", Key, Range: "bytes=0-0" });
  assert.equal(await verdict(s3.send(ranged)), "AccessDenied");
  assert.equal(await copyTo("outside"), "AccessDenied");
  assert.equal(await copyTo("inside"), "goes");
  assert.equal(await copyTo("orders"), "goes");
  assert.equal(await copyTo("trusted"), "goes");

  // Another account's project of the same name, or of a trusted name, is another project.
  const { parts } = running.bondstore.opened;
  const namesakes = ["vault", "other"] as const;
  for (const name of namesakes) {
    const Bucket = `theirs-${name}`;
    await createProject(parts, stranger.account, { name });
    await other.send(new CreateBucketCommand({ Bucket }));
    const Principal = { AWS: `arn:aws:iam::${account}:root` };
    const Resource = `arn:aws:s3:::${Bucket}/*`;
    const Statement = [{ Effect: "Allow", Principal, Action: "s3:PutObject", Resource }];
    const open = JSON.stringify({ Version: "2012-10-17", Statement });
    await other.send(new PutBucketPolicyCommand({ Bucket, Policy: open }));
    await odps(stranger.root, name, commands(`add bucket ${Bucket}`));
    assert.equal(await copyTo(Bucket), "AccessDenied", name);
    const copy = new CopyObjectCommand({ Bucket, Key: "copy", CopySource });
    assert.equal(await verdict(other.send(copy)), "AccessDenied", name);
  }
  const upload = { Bucket: "outside", Key: "parts" };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(upload));
  const part = { ...upload, UploadId, PartNumber: 1, CopySource };
  assert.equal(await verdict(s3.send(new UploadPartCopyCommand(part))), "AccessDenied");
  const head = await s3.send(new HeadObjectCommand({ Bucket: "orders", Key }));
  assert.equal(head.ContentLength, 8);
  const { ShardIterator } = await kinesis.send(
    new GetShardIteratorCommand({
      ...{ StreamName: "clicks", ShardId: "shardId-000000000000" },
      ShardIteratorType: "TRIM_HORIZON",
    }),
  );
  const records = () => kinesis.send(new GetRecordsCommand({ ShardIterator }));
  assert.equal(await verdict(records()), "AccessDeniedException");

  // Whoever makes the bucket anew makes it in the project.
  await s3.send(new DeleteObjectCommand({ Bucket: "inside", Key: "copy" }));
  await s3.send(new DeleteBucketCommand({ Bucket: "inside" }));
  await s3.send(new CreateBucketCommand({ Bucket: "inside" }));
  await put("inside");
  const again = new GetObjectCommand({ Bucket: "inside", Key });
  assert.equal(await verdict(s3.send(again)), "AccessDenied");

  // An exception that follows its bucket lets out what it names, and the receipt's list has it.
  const exceptions = JSON.stringify({
    Version: "1",
    Statement: [
      {
        ...{ Effect: "Allow", Principal: "*", Action: "odps:Select" },
        Resource: "acs:odps:*:projects/vault/buckets/orders",
        Condition: { StringLike: { "odps:TableId": "*", "odps:TableVersion": "*" } },
      },
      {
        ...{ Effect: "Allow", Principal: "*", Action: "odps:Select" },
        Resource: "acs:odps:*:projects/vault/streams/clicks",
      },
    ],
  });
  await odps(root, "vault", commands(`set ProjectProtection=true with exception '${exceptions}'`));
  assert.equal(await verdict(reading(s3)), "goes");
  assert.equal(await verdict(reading(other)), "goes");
  assert.equal(await verdict(records()), "AccessDeniedException", "a stream cannot be pinned");
  const { trail } = running.bondstore.opened;
  const find = (of: string) =>
    trail.find({ account: of, attribute: { key: "ReleasedFrom", value: "vault" }, limit: 100 });
  const left = await until("the ends of what left", async () => {
    const found = releasesOf((await find(account)).map(({ event }) => event));
    return found.every(({ bytes }) => bytes !== undefined) && found;
  });
  assert.deepEqual(
    left.map(({ operation, destination, bytes, from }) => [
      ...[operation, destination, bytes],
      from.map(({ name, rule }) => `${name} ${rule}`).join(),
    ]),
    [
      ["GetObject", "download", 8, "orders exception:unconditional"],
      ["GetObject", "download", 8, "orders exception:unconditional"],
      ["CopyObject", "project other", 8, "orders trusted-project"],
    ],
  );
  assert.deepEqual(await find(stranger.account), [], "strangers learn nothing of the project");

  // Who may give and take: a super administrator who may also say who reads it.
  const ann = await user("ann");
  const name = `RAM$${account}:ann`;
  await odps(root, "plain", commands(`add user ${name}`, `grant super_administrator to ${name}`));
  await odps(root, "vault", commands(`add user ${name}`, `grant admin to ${name}`));
  const byAnn = await odps<Record<string, string>>(
    ann,
    "plain",
    `${ask}out["take"] = ask("add bucket outside")\no.project = "vault"\nout["free"] = ask("remove bucket orders")`,
  );
  assert.notEqual(byAnn["take"], "OK");
  assert.equal(byAnn["free"], "NoPermission");
  const twice = await odps<Record<string, string>>(
    root,
    "plain",
    `${ask}out["twice"] = ask("add bucket orders")\nout["none"] = ask("add bucket no-such-bucket")`,
  );
  assert.notEqual(twice["twice"], "OK");
  assert.notEqual(twice["none"], "OK");
  await odps(root, "vault", commands("set ProjectProtection=true", "remove bucket orders"));
  assert.equal(await verdict(reading(s3)), "goes");
});

test("what Flink applications that run already write stays in a project once it is protected, whatever their code says", async (t) => {
  const world = await startWorld(t, "vault");
  const { odps, root, running, account } = world;
  const { endpoint, region } = running;
  const clients = clientsOf({ endpoint, region, account, credentials: root });
  const { s3, kinesis, flink } = clients;
  await makeRole(clients, "flink");
  for (const Bucket of ["results", "outside"]) await s3.send(new CreateBucketCommand({ Bucket }));
  await kinesis.send(new CreateStreamCommand({ StreamName: "orders", ShardCount: 1 }));
  const scripts = {
    stays: sumsScript(),
    leaks: sumsScript("orders", "s3://outside/sums"),
    stranger: sumsScript("orders", "s3://outside/stranger"),
  };
  for (const [name, script] of Object.entries(scripts)) {
    await flink.send(sqlApplication(name, account, script));
    await flink.send(new StartApplicationCommand({ ApplicationName: name }));
    await awaitStatus(clients, name, "RUNNING");
  }
  await odps(
    root,
    "vault",
    commands(
      ...["add bucket results", "add stream orders"],
      ...["add application stays", "add application leaks", "set ProjectProtection=true"],
    ),
  );
  await putOrders(clients, 0, 2500);
  const keysIn = async (Bucket: string): Promise<readonly string[]> => {
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
    return Contents.map(({ Key = "" }) => Key);
  };
  await until("sums in the project's bucket", async () => (await keysIn("results")).length > 0);
  const [Key = ""] = await keysIn("results");
  assert.equal(
    await verdict(s3.send(new GetObjectCommand({ Bucket: "results", Key }))),
    "AccessDenied",
  );

  await until("a refusal of what leaks", async () => {
    const seen = [
      ...(await events(clients, "PutObject")),
      ...(await events(clients, "CreateMultipartUpload")),
    ];
    return seen.some(
      ({ errorMessage = "", resources = [] }) =>
        /application leaks: project vault is protected/.test(errorMessage) &&
        resources.some(({ ARN }) => ARN.startsWith("arn:aws:s3:::outside")),
    );
  });
  await until("a refusal to the stranger", async () =>
    (await events(clients, "GetRecords")).some(
      ({ errorMessage = "", userIdentity }) =>
        /stream orders: project vault is protected/.test(errorMessage) &&
        userIdentity.type === "AssumedRole",
    ),
  );
  assert.deepEqual(await keysIn("outside"), []);
});

test("an application of a protected project asks no other project for anything that changes it", async (t) => {
  const { odps, root, running, account } = await startWorld(t, "vault", "outside");
  const { parts } = running.bondstore.opened;
  const clients = clientsOf({ ...running, account, credentials: root });
  await makeRole(clients, "flink", ["s3:*"]);
  const sums = await clients.flink.send(sqlApplication("sums", account, sumsScript()));
  const application = sums.ApplicationDetail?.ApplicationARN ?? "";
  const role = parts.directory.findRole(`arn:aws:iam::${account}:role/flink`) ?? assert.fail();
  const session = { expiresAtMs: parts.clock.now() + 3_600_000, policies: [], mfa: false };
  const cell = await parts.directory.startRoleSession(role, "c", { ...session, application }, {});
  const { principal } = parts.directory.findCredentials(cell.accessKeyId) ?? assert.fail();
  const member = `RAM$${account}:role/flink`;
  for (const name of ["vault", "outside"])
    await odps(root, name, commands(`add user ${member}`, `grant admin to ${member}`));
  // An application's cell has no way to the warehouse: the pipeline is asked itself.
  const ran = (operation: string, Project: string, document: Document) =>
    verdict(
      running.bondstore.pipeline.run({
        ...{ id: parts.random.uuid(), service: "maxcompute", operation },
        ...{ principal, account, inner: false, describe: () => null },
        source: { ip: "cell", userAgent: "test", secure: true },
        decode: () => ({ labels: { Project }, document, parameters: {} }),
      }),
    );
  const run = (project: string, Query: string) =>
    ran("CreateInstance", project, { Instance: { Job: { Tasks: { SQL: { Name: "t", Query } } } } });
  const administer = (project: string) =>
    ran("RunSecurityQuery", project, { Authorization: { Query: "create role made" } });
  assert.equal(await run("outside", "create table first (a bigint)"), "goes", "of no project");
  assert.match(await administer("outside"), /The code of a job does not administer/);
  await odps(root, "vault", commands("add application sums", "set ProjectProtection=true"));
  assert.equal(await run("outside", "create table second (a bigint)"), "ODPS-0130013");
  assert.equal(await run("vault", "create table second (a bigint)"), "goes");
  assert.match(await administer("vault"), /The code of a job does not administer/);
  const made = await odps<{ roles: string; tables: string[] }>(
    root,
    "outside",
    `${ask}out["roles"] = ask("list roles")\nout["tables"] = [one.name for one in o.list_tables()]`,
  );
  assert.doesNotMatch(made.roles, /made/);
  assert.ok(!made.tables.includes("second"));
});

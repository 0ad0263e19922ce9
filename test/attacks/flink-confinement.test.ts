import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateAccessKeyCommand,
  CreateUserCommand,
  type IAMClient,
  PutUserPolicyCommand,
} from "@aws-sdk/client-iam";
import {
  CreateApplicationSnapshotCommand,
  DescribeApplicationCommand,
  KinesisAnalyticsV2Client,
  StartApplicationCommand,
  StopApplicationCommand,
  UpdateApplicationCommand,
} from "@aws-sdk/client-kinesis-analytics-v2";
import {
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketEncryptionCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { type Keys, startBondstore } from "../support/bondstore.ts";
import {
  awaitStatus,
  clientsOf,
  events,
  latestOperation,
  makeRole,
  prepare,
  putOrders,
  sqlApplication,
  sumsScript,
} from "../support/flink.ts";
import { credentialsAt, doorOf, enginesBelow, through } from "../support/flink-cells.ts";
import { until } from "../support/until.ts";

const denied = { name: "AccessDenied" };
const deniedException = { name: "AccessDeniedException" };

test("an application's state and credentials are its own", async (t) => {
  const running = await startBondstore(t);
  const acme = await running.tenant("acme");
  const { account } = acme;
  const place = { ...running, account, credentials: acme.root };
  const clients = clientsOf(place);
  await prepare(clients, place);
  await putOrders(clients, 0, 500);
  const names = ["one", "two"] as const;
  for (const ApplicationName of names) {
    const script = sumsScript("orders", `s3://results/${ApplicationName}`);
    await clients.flink.send(sqlApplication(ApplicationName, account, script));
    await clients.flink.send(new StartApplicationCommand({ ApplicationName }));
  }
  for (const name of names) await awaitStatus(clients, name, "RUNNING");
  const cells = await Promise.all(
    names.map(async (name) => {
      const store = running.bondstore.opened.parts.store.account(account);
      const { id } = store.table<{ id: string }>("flink-applications").find([name]) ?? { id: "" };
      const socket = doorOf(running.data, id);
      const bucket = `msf-${account}-${id}`;
      const tokens = enginesBelow(process.pid).map(
        ({ environment }) => environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] ?? "",
      );
      const answers = await Promise.all(tokens.map((token) => credentialsAt(socket, token)));
      assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401]);
      const keys = answers.find(({ status }) => status === 200)?.keys;
      assert.ok(keys);
      return { socket, bucket, keys };
    }),
  );
  const [one, two] = cells;
  assert.ok(one && two);
  const s3At = (socket: string, keys: Keys) =>
    new S3Client({ ...through(socket, keys), forcePathStyle: true });
  const list = (Bucket: string) => new ListObjectsV2Command({ Bucket });
  const checkpointed = await until("a checkpoint", async () => {
    const { Contents } = await s3At(one.socket, one.keys).send(list(one.bucket));
    return Contents?.find(({ Key }) => Key?.endsWith("/_metadata"));
  });
  const object = { Bucket: one.bucket, Key: checkpointed.Key };

  await t.test("from inside its cell the state is read; that is what it is for", async () => {
    const { Body } = await s3At(one.socket, one.keys).send(new GetObjectCommand(object));
    assert.ok((await Body?.transformToByteArray())?.length);
  });

  await t.test("its credentials are worth nothing at the front door", async () => {
    const outside = clientsOf({ ...place, credentials: one.keys });
    await assert.rejects(outside.s3.send(new GetObjectCommand(object)), denied);
    const who = new STSClient(running.client(one.keys));
    await assert.rejects(who.send(new GetCallerIdentityCommand({})), denied);
  });

  await t.test("no other credentials are worth anything inside, the root's neither", async () => {
    await assert.rejects(s3At(one.socket, acme.root).send(list("results")), denied);
    await assert.rejects(s3At(one.socket, two.keys).send(list("results")), denied);
  });

  await t.test("another application with the same role reads none of its state", async () => {
    const other = s3At(two.socket, two.keys);
    await other.send(list(two.bucket));
    await assert.rejects(other.send(list(one.bucket)), denied);
    await assert.rejects(other.send(new GetObjectCommand(object)), denied);
    await assert.rejects(other.send(new DeleteObjectCommand(object)), denied);
    await assert.rejects(other.send(new PutObjectCommand({ ...object, Body: "forged" })), denied);
  });

  await t.test("the account's root neither sees, reads nor changes the state bucket", async () => {
    const { s3 } = clients;
    const { Buckets } = await s3.send(new ListBucketsCommand({}));
    assert.deepEqual(
      Buckets?.map(({ Name }) => Name),
      ["results"],
    );
    const { Bucket } = object;
    const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" as const } }];
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [] });
    for (const attempt of [
      () => s3.send(list(Bucket)),
      () => s3.send(new GetObjectCommand(object)),
      () => s3.send(new PutObjectCommand({ ...object, Body: "forged" })),
      () => s3.send(new DeleteObjectCommand(object)),
      () => s3.send(new DeleteBucketCommand({ Bucket })),
      () => s3.send(new PutBucketPolicyCommand({ Bucket, Policy })),
      () =>
        s3.send(
          new PutBucketEncryptionCommand({
            Bucket,
            ServerSideEncryptionConfiguration: { Rules },
          }),
        ),
    ]) {
      await assert.rejects(attempt, denied);
    }
  });

  await t.test("another tenant finds no such application", async () => {
    const eve = await running.tenant("eve");
    const flink = new KinesisAnalyticsV2Client(running.client(eve.root));
    const ApplicationName = "one";
    for (const attempt of [
      () => flink.send(new DescribeApplicationCommand({ ApplicationName })),
      () => flink.send(new StopApplicationCommand({ ApplicationName, Force: true })),
      () =>
        flink.send(new CreateApplicationSnapshotCommand({ ApplicationName, SnapshotName: "x" })),
    ]) {
      await assert.rejects(attempt, { name: "ResourceNotFoundException" });
    }
    const s3 = new S3Client({ ...running.client(eve.root), forcePathStyle: true });
    await assert.rejects(s3.send(new GetObjectCommand(object)), denied);
  });

  await t.test("a user without a policy may do nothing with it", async () => {
    const bob = new KinesisAnalyticsV2Client(
      running.client(await userKeys(clients.iam, "bob", undefined)),
    );
    const ApplicationName = "one";
    for (const attempt of [
      () => bob.send(new DescribeApplicationCommand({ ApplicationName })),
      () => bob.send(new StopApplicationCommand({ ApplicationName })),
      () => bob.send(new CreateApplicationSnapshotCommand({ ApplicationName, SnapshotName: "x" })),
    ]) {
      await assert.rejects(attempt, deniedException);
    }
  });

  await t.test("once it is stopped, its credentials are worth nothing at all", async () => {
    for (const ApplicationName of names) {
      await clients.flink.send(new StopApplicationCommand({ ApplicationName, Force: true }));
      await awaitStatus(clients, ApplicationName, "READY");
    }
    const outside = clientsOf({ ...place, credentials: one.keys });
    await assert.rejects(outside.s3.send(list("results")));
    assert.deepEqual(enginesBelow(process.pid), []);
  });
});

async function userKeys(iam: IAMClient, UserName: string, actions: readonly string[] | undefined) {
  await iam.send(new CreateUserCommand({ UserName }));
  if (actions) {
    const Statement = [{ Effect: "Allow", Action: actions, Resource: "*" }];
    const PolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: "may", PolicyDocument }));
  }
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return {
    accessKeyId: AccessKey?.AccessKeyId ?? "",
    secretAccessKey: AccessKey?.SecretAccessKey ?? "",
  };
}

test("a role is given and taken only as policies say", async (t) => {
  const running = await startBondstore(t);
  const acme = await running.tenant("acme");
  const { account } = acme;
  const place = { ...running, account, credentials: acme.root };
  const clients = clientsOf(place);
  const { flink } = clients;
  await prepare(clients, place);
  await makeRole(clients, "strange", ["s3:*"], "lambda.amazonaws.com");
  await makeRole(clients, "blind", ["s3:*"]);
  const roleArn = (name: string) => `arn:aws:iam::${account}:role/${name}`;

  await t.test("who may not pass a role gives an application none", async () => {
    const keys = await userKeys(clients.iam, "carol", ["kinesisanalytics:*"]);
    const carol = new KinesisAnalyticsV2Client(running.client(keys));
    const create = sqlApplication("carols", account, "SELECT 1");
    await assert.rejects(carol.send(create), deniedException);
    await flink.send(create);
    const update = { ApplicationName: "carols", CurrentApplicationVersionId: 1 };
    const ServiceExecutionRoleUpdate = roleArn("strange");
    const giving = new UpdateApplicationCommand({ ...update, ServiceExecutionRoleUpdate });
    await assert.rejects(carol.send(giving), deniedException);
  });

  await t.test(
    "a role that does not trust the service is not assumed; the trail says so",
    async () => {
      const ApplicationName = "strange";
      const create = sqlApplication(ApplicationName, account, sumsScript());
      await flink.send(create);
      await flink.send(
        new UpdateApplicationCommand({
          ApplicationName,
          CurrentApplicationVersionId: 1,
          ServiceExecutionRoleUpdate: roleArn("strange"),
        }),
      );
      await flink.send(new StartApplicationCommand({ ApplicationName }));
      await awaitStatus(clients, ApplicationName, "READY");
      const failed = await latestOperation(clients, ApplicationName);
      assert.equal(failed?.OperationStatus, "FAILED");
      assert.match(failed?.OperationFailureDetails?.ErrorInfo?.ErrorString ?? "", /sts:AssumeRole/);
      const [refused] = await events(clients, "AssumeRole");
      assert.equal(refused?.errorCode, "AccessDenied");
      assert.equal(refused?.userIdentity.invokedBy, "kinesisanalytics.amazonaws.com");
    },
  );

  await t.test(
    "a role that may not read the stream fails the job where all can see it",
    async () => {
      const ApplicationName = "blind";
      await flink.send(sqlApplication(ApplicationName, account, sumsScript()));
      await flink.send(
        new UpdateApplicationCommand({
          ApplicationName,
          CurrentApplicationVersionId: 1,
          ServiceExecutionRoleUpdate: roleArn("blind"),
        }),
      );
      await flink.send(new StartApplicationCommand({ ApplicationName }));
      await until("the refusal", async () =>
        (await events(clients, "DescribeStream")).some(
          ({ errorCode, userIdentity }) =>
            errorCode === "AccessDeniedException" && userIdentity.arn?.includes("/blind/"),
        ),
      );
      await flink.send(new StopApplicationCommand({ ApplicationName, Force: true }));
      await awaitStatus(clients, ApplicationName, "READY");
      assert.deepEqual(enginesBelow(process.pid), []);
    },
  );
});

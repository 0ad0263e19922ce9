import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CreateApplicationCommand,
  type CreateApplicationRequest,
  DeleteApplicationCommand,
  DeleteApplicationSnapshotCommand,
  DescribeApplicationOperationCommand,
  InvalidApplicationConfigurationException,
  InvalidArgumentException,
  ListApplicationSnapshotsCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  StartApplicationCommand,
  StopApplicationCommand,
  UpdateApplicationCommand,
} from "@aws-sdk/client-kinesis-analytics-v2";
import { CreateKeyCommand, PutKeyPolicyCommand } from "@aws-sdk/client-kms";
import { startBondstore, temporary } from "../support/bondstore.ts";
import {
  awaitStatus,
  clientsOf,
  events,
  keyPolicy,
  latestOperation,
  prepare,
  sqlApplication,
  sumsScript,
} from "../support/flink.ts";
import { enginesBelow } from "../support/flink-cells.ts";
import { until } from "../support/until.ts";

const ApplicationName = "sums";
const named = { ApplicationName };

test("what an application may be", async (t) => {
  const running = await startBondstore(t);
  const acme = await running.tenant("acme");
  const { account } = acme;
  const place = { ...running, account, credentials: acme.root };
  const clients = clientsOf(place);
  const { flink } = clients;
  await prepare(clients, place);
  const text = (TextContent: string) =>
    ({
      ApplicationCodeConfiguration: { CodeContentType: "PLAINTEXT", CodeContent: { TextContent } },
    }) as const;
  const create = (more: Partial<CreateApplicationRequest>) =>
    flink.send(
      new CreateApplicationCommand({
        ApplicationName: "other",
        RuntimeEnvironment: "FLINK-1_20",
        ServiceExecutionRole: `arn:aws:iam::${account}:role/flink`,
        ApplicationConfiguration: text("SELECT 1"),
        ...more,
      }),
    );

  const refusals: readonly (readonly [string, Partial<CreateApplicationRequest>, string])[] = [
    ["a name of the model's form", { ApplicationName: "a b" }, "ValidationException"],
    [
      "a runtime that is installed",
      { RuntimeEnvironment: "FLINK-1_19" },
      "UnsupportedOperationException",
    ],
    [
      "a role that is there",
      { ServiceExecutionRole: `arn:aws:iam::${account}:role/nobody` },
      "InvalidArgumentException",
    ],
    [
      "a role of its own account",
      { ServiceExecutionRole: "arn:aws:iam::123456789012:role/flink" },
      "InvalidArgumentException",
    ],
    ["code", { ApplicationConfiguration: {} }, "InvalidArgumentException"],
    [
      "code of one kind",
      {
        ApplicationConfiguration: {
          ApplicationCodeConfiguration: {
            CodeContentType: "PLAINTEXT",
            CodeContent: { TextContent: "SELECT 1", ZipFileContent: Buffer.from("PK") },
          },
        },
      },
      "InvalidArgumentException",
    ],
    ["a mode that is built", { ApplicationMode: "INTERACTIVE" }, "UnsupportedOperationException"],
    [
      "logs where they are kept",
      { CloudWatchLoggingOptions: [{ LogStreamARN: "arn:aws:logs:us-east-1:1:log-group:a" }] },
      "UnsupportedOperationException",
    ],
    [
      "no rollback that is not built",
      {
        ApplicationConfiguration: {
          ...text("SELECT 1"),
          ApplicationSystemRollbackConfiguration: { RollbackEnabled: true },
        },
      },
      "UnsupportedOperationException",
    ],
    [
      "at most 64 slots",
      {
        ApplicationConfiguration: {
          ...text("SELECT 1"),
          FlinkApplicationConfiguration: {
            ParallelismConfiguration: { ConfigurationType: "CUSTOM", Parallelism: 65 },
          },
        },
      },
      "LimitExceededException",
    ],
  ];
  for (const [title, input, name] of refusals) {
    await t.test(`an application has ${title}`, () => assert.rejects(create(input), { name }));
  }

  const sealedBy = (KeyId: string | undefined, KeyType = "CUSTOMER_MANAGED_KEY") =>
    create({
      ApplicationConfiguration: {
        ...text("SELECT 1"),
        ApplicationEncryptionConfiguration: {
          KeyType: KeyType as "CUSTOMER_MANAGED_KEY",
          ...(KeyId !== undefined && { KeyId }),
        },
      },
    });

  await t.test(
    "its key is symmetric, and may be used by who creates it and by the service",
    async () => {
      await assert.rejects(sealedBy(undefined), InvalidArgumentException);
      await assert.rejects(sealedBy("alias/orders", "AWS_OWNED_KEY"), InvalidArgumentException);
      await assert.rejects(sealedBy("alias/none"), InvalidArgumentException);
      const onlyUs = JSON.stringify({
        ...JSON.parse(keyPolicy(account)),
        Statement: JSON.parse(keyPolicy(account)).Statement.slice(0, 1),
      });
      const made = await clients.kms.send(new CreateKeyCommand({ Policy: onlyUs }));
      const KeyId = made.KeyMetadata?.Arn ?? "";
      await assert.rejects(sealedBy(KeyId), /AccessDenied/);
      await clients.kms.send(new PutKeyPolicyCommand({ KeyId, Policy: keyPolicy(account) }));
      const { ApplicationDetail } = await sealedBy(KeyId);
      assert.equal(
        ApplicationDetail?.ApplicationConfigurationDescription
          ?.ApplicationEncryptionConfigurationDescription?.KeyId,
        KeyId,
      );
    },
  );

  await t.test("the permissions are tried in both forms of the trail", async () => {
    const tried = (await events(clients, "Decrypt")).filter(
      ({ errorCode }) => errorCode === "DryRunOperationException",
    );
    const context = {
      "aws:kinesisanalytics:arn": `arn:aws:kinesisanalytics:us-east-1:${account}:application/other`,
    };
    for (const { requestParameters, userIdentity } of tried) {
      assert.equal(requestParameters?.dryRun, true);
      assert.deepEqual(requestParameters?.encryptionContext, context);
      assert.match(
        userIdentity.invokedBy ?? "",
        /^(infrastructure\.)?kinesisanalytics\.amazonaws\.com$/,
      );
    }
    const forms = new Set(tried.map(({ userIdentity }) => userIdentity.type));
    assert.deepEqual([...forms].sort(), ["AWSService", "Root"]);
  });

  await t.test("what is not there is not found", async () => {
    const gone = { ApplicationName: "gone" };
    for (const asked of [
      new StartApplicationCommand(gone),
      new StopApplicationCommand(gone),
      new ListApplicationSnapshotsCommand(gone),
    ]) {
      await assert.rejects(flink.send(asked as StartApplicationCommand), ResourceNotFoundException);
    }
    await flink.send(sqlApplication(ApplicationName, account, sumsScript()));
    const OperationId = "none";
    const asked = new DescribeApplicationOperationCommand({ ...named, OperationId });
    await assert.rejects(flink.send(asked), ResourceNotFoundException);
    const SnapshotCreationTimestamp = new Date(0);
    const snapshot = { ...named, SnapshotName: "none", SnapshotCreationTimestamp };
    const deletion = new DeleteApplicationSnapshotCommand(snapshot);
    await assert.rejects(flink.send(deletion), ResourceNotFoundException);
  });

  await t.test("a deletion names the time of creation, an update the version", async () => {
    const deletion = new DeleteApplicationCommand({ ...named, CreateTimestamp: new Date(0) });
    await assert.rejects(flink.send(deletion), InvalidArgumentException);
    await assert.rejects(flink.send(new UpdateApplicationCommand(named)), InvalidArgumentException);
  });

  await t.test("a start is ended by force while it starts, and leaves nothing", async () => {
    await flink.send(new StartApplicationCommand(named));
    await until("its engine", async () => enginesBelow(process.pid).length === 1);
    await assert.rejects(flink.send(new StopApplicationCommand(named)), ResourceInUseException);
    await flink.send(new StopApplicationCommand({ ...named, Force: true }));
    await awaitStatus(clients, ApplicationName, "READY");
    assert.equal((await latestOperation(clients, ApplicationName))?.OperationStatus, "SUCCESSFUL");
    assert.deepEqual(enginesBelow(process.pid), []);
  });

  await t.test("a script that Flink refuses fails the start in Flink's words", async () => {
    const script = "INSERT INTO nowhere SELECT 1;";
    const broken = { ApplicationName: "broken" };
    await flink.send(sqlApplication(broken.ApplicationName, account, script));
    await flink.send(new StartApplicationCommand(broken));
    await awaitStatus(clients, broken.ApplicationName, "READY");
    const failed = await latestOperation(clients, broken.ApplicationName);
    assert.equal(failed?.OperationStatus, "FAILED");
    assert.match(failed?.OperationFailureDetails?.ErrorInfo?.ErrorString ?? "", /nowhere/);
  });

  await t.test("a job that fails again and again neither spins nor fills the trail", async () => {
    const script = `
CREATE TABLE numbers (id BIGINT) WITH ('connector' = 'datagen', 'rows-per-second' = '1',
  'fields.id.kind' = 'sequence', 'fields.id.start' = '1', 'fields.id.end' = '1000');
CREATE TABLE nothing (id BIGINT) WITH ('connector' = 'blackhole');
-- It runs for a moment before it fails, each time.
INSERT INTO nothing SELECT CAST(CASE WHEN id > 2 THEN 'x' ELSE '1' END AS BIGINT) FROM numbers;`;
    const failing = { ApplicationName: "failing" };
    await flink.send(sqlApplication(failing.ApplicationName, account, script));
    await flink.send(new StartApplicationCommand(failing));
    const seen = () => events(clients, "ApplicationRestarting");
    const [first] = await until("a restart", async () => (await seen()).length > 0 && seen());
    assert.match(first?.errorMessage ?? "", /NumberFormatException/);
    await sleep(8_000);
    assert.equal((await seen()).length, 1);
    await flink.send(new StopApplicationCommand({ ...failing, Force: true }));
    await awaitStatus(clients, failing.ApplicationName, "READY");
  });

  await t.test("Bondstore ends while one starts: at once, and without a trace", async () => {
    await flink.send(new StartApplicationCommand(named));
    await until("its engine", async () => enginesBelow(process.pid).length === 1);
    await running.close();
    assert.deepEqual(enginesBelow(process.pid), []);
  });
});

test("without Flink an application is kept, and its start says what is missing", async (t) => {
  const running = await startBondstore(t, {
    engines: { cache: mkdtempSync(join(temporary(t), "none")) },
  });
  const acme = await running.tenant("acme");
  const place = { ...running, account: acme.account, credentials: acme.root };
  const clients = clientsOf(place);
  await prepare(clients, place);
  await clients.flink.send(sqlApplication(ApplicationName, acme.account, sumsScript()));
  await assert.rejects(clients.flink.send(new StartApplicationCommand(named)), (error) => {
    assert.ok(error instanceof InvalidApplicationConfigurationException);
    assert.match(error.message, /Apache Flink is not installed here: run `npm run setup`/);
    return true;
  });
  await awaitStatus(clients, ApplicationName, "READY");
});

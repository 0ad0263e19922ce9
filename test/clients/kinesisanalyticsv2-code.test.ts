import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import {
  CreateApplicationCommand,
  DescribeApplicationCommand,
  ListApplicationSnapshotsCommand,
  StartApplicationCommand,
  StopApplicationCommand,
  UpdateApplicationCommand,
} from "@aws-sdk/client-kinesis-analytics-v2";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from "@aws-sdk/client-s3";
import { flinkHomeIn } from "../../src/engines/flink/install.ts";
import { startBondstore, testConfig } from "../support/bondstore.ts";
import {
  awaitStatus,
  clientsOf,
  events,
  latestOperation,
  makeRole,
  sqlApplication,
} from "../support/flink.ts";
import { python } from "../support/python.ts";
import { until } from "../support/until.ts";

async function start(t: TestContext) {
  const running = await startBondstore(t);
  const acme = await running.tenant("acme");
  const { account } = acme;
  const clients = clientsOf({ ...running, account, credentials: acme.root });
  await makeRole(clients, "flink", ["s3:*"]);
  await clients.s3.send(new CreateBucketCommand({ Bucket: "code" }));
  const home = flinkHomeIn(testConfig(running.data).engines.cache, process.env["FLINK_HOME"]);
  return { running, acme, account, clients, home };
}

/** The JAR of Flink's examples, with the class in its manifest that is to run. */
async function exampleJar(
  { running, acme, home }: Awaited<ReturnType<typeof start>>,
  mainClass: string,
): Promise<Buffer> {
  const folder = join(home, "examples");
  const [name = ""] = readdirSync(folder);
  const path = join(running.data, `${mainClass}.jar`);
  const script = `
import json, zipfile
with zipfile.ZipFile(${JSON.stringify(join(folder, name))}) as old, zipfile.ZipFile(${JSON.stringify(path)}, "w") as new:
    for item in old.infolist():
        data = old.read(item)
        if item.filename == "META-INF/MANIFEST.MF":
            data = data.rstrip() + b"\\nMain-Class: ${mainClass}\\n"
        new.writestr(item, data)
print(json.dumps("done"))
`;
  await python(running, acme.root, script);
  return readFileSync(path);
}

const jarApplication = (ApplicationName: string, account: string, FileKey: string) =>
  new CreateApplicationCommand({
    ApplicationName,
    RuntimeEnvironment: "FLINK-1_20",
    ServiceExecutionRole: `arn:aws:iam::${account}:role/flink`,
    ApplicationConfiguration: {
      ApplicationCodeConfiguration: {
        CodeContentType: "ZIPFILE",
        CodeContent: { S3ContentLocation: { BucketARN: "arn:aws:s3:::code", FileKey } },
      },
    },
  });

test("JARs run, and what they lack is told", async (t) => {
  const stage = await start(t);
  const { clients, account } = stage;
  const { flink, s3 } = clients;
  const windowing = "org.apache.flink.streaming.examples.windowing.TopSpeedWindowing";

  await t.test("a JAR that is not there fails the start, and the operation says so", async () => {
    const ApplicationName = "cars";
    await flink.send(jarApplication(ApplicationName, account, "cars.jar"));
    await flink.send(new StartApplicationCommand({ ApplicationName }));
    await awaitStatus(clients, ApplicationName, "READY");
    const failed = await latestOperation(clients, ApplicationName);
    assert.equal(failed?.OperationStatus, "FAILED");
    assert.match(failed?.OperationFailureDetails?.ErrorInfo?.ErrorString ?? "", /key.*exist/i);
  });

  await t.test("one without a main class fails the start too", async () => {
    const ApplicationName = "nameless";
    const [name = ""] = readdirSync(join(stage.home, "examples"));
    const Body = readFileSync(join(stage.home, "examples", name));
    await s3.send(new PutObjectCommand({ Bucket: "code", Key: "nameless.jar", Body }));
    await flink.send(jarApplication(ApplicationName, account, "nameless.jar"));
    await flink.send(new StartApplicationCommand({ ApplicationName }));
    await awaitStatus(clients, ApplicationName, "READY");
    const failed = await latestOperation(clients, ApplicationName);
    assert.match(
      failed?.OperationFailureDetails?.ErrorInfo?.ErrorString ?? "",
      /Main-Class|entry/i,
    );
  });

  await t.test("a published example runs, stops with a snapshot and goes on from it", async () => {
    const ApplicationName = "cars";
    const Body = await exampleJar(stage, windowing);
    await s3.send(new PutObjectCommand({ Bucket: "code", Key: "cars.jar", Body }));
    for (const count of [1, 2]) {
      await flink.send(new StartApplicationCommand({ ApplicationName }));
      await awaitStatus(clients, ApplicationName, "RUNNING");
      await flink.send(new StopApplicationCommand({ ApplicationName }));
      await awaitStatus(clients, ApplicationName, "READY");
      const listed = await flink.send(new ListApplicationSnapshotsCommand({ ApplicationName }));
      assert.equal(listed.SnapshotSummaries?.length, count);
      for (const snapshot of listed.SnapshotSummaries ?? []) {
        assert.equal(snapshot.SnapshotStatus, "READY");
        const { KeyType } = snapshot.ApplicationEncryptionConfigurationDescription ?? {};
        assert.equal(KeyType, "AWS_OWNED_KEY");
      }
    }
  });

  await t.test(
    "code that is given with the call runs, and its end is the application's",
    async () => {
      const ApplicationName = "words";
      const words = "org.apache.flink.streaming.examples.wordcount.WordCount";
      const ZipFileContent = await exampleJar(stage, words);
      const created = await flink.send(
        new CreateApplicationCommand({
          ApplicationName,
          RuntimeEnvironment: "FLINK-1_20",
          ServiceExecutionRole: `arn:aws:iam::${account}:role/flink`,
          ApplicationConfiguration: {
            ApplicationCodeConfiguration: {
              CodeContentType: "ZIPFILE",
              CodeContent: { ZipFileContent },
            },
          },
        }),
      );
      const { CodeContentDescription } =
        created.ApplicationDetail?.ApplicationConfigurationDescription
          ?.ApplicationCodeConfigurationDescription ?? {};
      assert.equal(CodeContentDescription?.CodeSize, ZipFileContent.length);
      await flink.send(new StartApplicationCommand({ ApplicationName }));
      await until(
        "its end",
        async () => (await events(clients, "ApplicationFinished")).length === 1,
      );
      await awaitStatus(clients, ApplicationName, "READY");
      assert.equal(
        (await latestOperation(clients, ApplicationName))?.OperationStatus,
        "SUCCESSFUL",
      );
    },
  );
});

test("environment properties are delivered as Managed Flink delivers them", async (t) => {
  const { clients, account } = await start(t);
  const { flink, s3 } = clients;
  const ApplicationName = "properties";
  const script = `
CREATE TABLE given (line STRING) WITH ('connector' = 'filesystem',
  'path' = 'file:///etc/flink/application_properties.json', 'format' = 'raw');
CREATE TABLE copied (line STRING)
  WITH ('connector' = 'filesystem', 'path' = 's3://code/properties', 'format' = 'raw');
INSERT INTO copied SELECT line FROM given;
`;
  const PropertyGroups = [{ PropertyGroupId: "orders", PropertyMap: { currency: "EUR" } }];
  await flink.send(
    sqlApplication(ApplicationName, account, script, { EnvironmentProperties: { PropertyGroups } }),
  );
  await flink.send(new StartApplicationCommand({ ApplicationName }));
  await until("its end", async () => (await events(clients, "ApplicationFinished")).length === 1);
  const listed = await s3.send(new ListObjectsV2Command({ Bucket: "code", Prefix: "properties/" }));
  const [only] = (listed.Contents ?? []).filter(({ Key }) => !Key?.includes("/_"));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "code", Key: only?.Key }));
  assert.deepEqual(JSON.parse((await Body?.transformToString()) ?? ""), PropertyGroups);
  const described = await flink.send(new DescribeApplicationCommand({ ApplicationName }));
  assert.deepEqual(
    described.ApplicationDetail?.ApplicationConfigurationDescription
      ?.EnvironmentPropertyDescriptions?.PropertyGroupDescriptions,
    PropertyGroups,
  );
  const update = { ApplicationName, ServiceExecutionRoleUpdate: "arn:aws:iam::1:role/x" };
  await assert.rejects(flink.send(new UpdateApplicationCommand(update)), /service execution role/);
});

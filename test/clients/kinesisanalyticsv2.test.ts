import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ConcurrentModificationException,
  CreateApplicationSnapshotCommand,
  DeleteApplicationCommand,
  DeleteApplicationSnapshotCommand,
  DescribeApplicationCommand,
  DescribeApplicationOperationCommand,
  DescribeApplicationSnapshotCommand,
  InvalidRequestException,
  ListApplicationOperationsCommand,
  ListApplicationSnapshotsCommand,
  ListApplicationsCommand,
  ListTagsForResourceCommand,
  ResourceInUseException,
  ResourceNotFoundException,
  type RunConfiguration,
  StartApplicationCommand,
  StopApplicationCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateApplicationCommand,
} from "@aws-sdk/client-kinesis-analytics-v2";
import { startBondstore } from "../support/bondstore.ts";
import {
  awaitStatus,
  awaitSums,
  type Clients,
  clientsOf,
  expectedSums,
  latestOperation,
  prepare,
  putOrders,
  sqlApplication,
  statusOf,
  sumsScript,
  writtenSums,
} from "../support/flink.ts";
import { until } from "../support/until.ts";

const ApplicationName = "sums";
const named = { ApplicationName };

test("an application lives from its creation to its deletion, and its sums are exact", async (t) => {
  const running = await startBondstore(t);
  const acme = await running.tenant("acme");
  const { account } = acme;
  const place = { ...running, account, credentials: acme.root };
  const clients = clientsOf(place);
  const { flink } = clients;
  const key = await prepare(clients, place);
  const encryption = { KeyType: "CUSTOMER_MANAGED_KEY", KeyId: "alias/orders" } as const;
  const create = sqlApplication(ApplicationName, account, sumsScript(), {
    ApplicationEncryptionConfiguration: encryption,
  });
  const start = (run: RunConfiguration = {}) =>
    flink.send(new StartApplicationCommand({ ...named, RunConfiguration: run }));
  const detail = async () =>
    (await flink.send(new DescribeApplicationCommand(named))).ApplicationDetail;
  const snapshots = async () =>
    (await flink.send(new ListApplicationSnapshotsCommand(named))).SnapshotSummaries ?? [];

  await t.test("it is created with the key's ARN in place of the alias", async () => {
    const { ApplicationDetail } = await flink.send(create);
    assert.equal(ApplicationDetail?.ApplicationStatus, "READY");
    assert.equal(ApplicationDetail?.ApplicationVersionId, 1);
    assert.deepEqual(
      ApplicationDetail?.ApplicationConfigurationDescription
        ?.ApplicationEncryptionConfigurationDescription,
      { KeyType: "CUSTOMER_MANAGED_KEY", KeyId: key },
    );
    await assert.rejects(flink.send(create), ResourceInUseException);
    const { ApplicationSummaries } = await flink.send(new ListApplicationsCommand({}));
    assert.deepEqual(
      ApplicationSummaries?.map((one) => [one.ApplicationName, one.ApplicationStatus]),
      [[ApplicationName, "READY"]],
    );
  });

  await t.test("tags come and go", async () => {
    const ResourceARN = `arn:aws:kinesisanalytics:us-east-1:${account}:application/sums`;
    const Tags = [{ Key: "team", Value: "orders" }];
    await flink.send(new TagResourceCommand({ ResourceARN, Tags }));
    const tags = async () =>
      (await flink.send(new ListTagsForResourceCommand({ ResourceARN }))).Tags;
    assert.deepEqual(await tags(), Tags);
    await flink.send(new UntagResourceCommand({ ResourceARN, TagKeys: ["team"] }));
    assert.deepEqual(await tags(), []);
  });

  await t.test("an update while READY makes the next version; a stale one is refused", async () => {
    const EnvironmentPropertyUpdates = {
      PropertyGroups: [{ PropertyGroupId: "orders", PropertyMap: { currency: "EUR" } }],
    };
    const update = new UpdateApplicationCommand({
      ...named,
      CurrentApplicationVersionId: 1,
      ApplicationConfigurationUpdate: { EnvironmentPropertyUpdates },
    });
    const { ApplicationDetail, OperationId } = await flink.send(update);
    assert.equal(ApplicationDetail?.ApplicationVersionId, 2);
    assert.equal(ApplicationDetail?.ApplicationStatus, "READY");
    assert.equal(OperationId, undefined);
    await assert.rejects(flink.send(update), ConcurrentModificationException);
  });

  await t.test("what is READY is neither stopped nor snapshotted", async () => {
    await assert.rejects(flink.send(new StopApplicationCommand(named)), ResourceInUseException);
    const snapshot = new CreateApplicationSnapshotCommand({ ...named, SnapshotName: "early" });
    await assert.rejects(flink.send(snapshot), InvalidRequestException);
    const ApplicationRestoreConfiguration = {
      ApplicationRestoreType: "RESTORE_FROM_CUSTOM_SNAPSHOT",
      SnapshotName: "early",
    } as const;
    await assert.rejects(start({ ApplicationRestoreConfiguration }), ResourceNotFoundException);
  });

  await t.test("it starts, and sums the orders of an encrypted stream", async () => {
    await putOrders(clients, 0, 3000);
    const { OperationId } = await start();
    assert.equal(await statusOf(clients, ApplicationName), "STARTING");
    await assert.rejects(start(), ResourceInUseException);
    await awaitStatus(clients, ApplicationName, "RUNNING");
    const asked = new DescribeApplicationOperationCommand({ ...named, OperationId });
    const { ApplicationOperationInfoDetails } = await flink.send(asked);
    assert.equal(ApplicationOperationInfoDetails?.Operation, "StartApplication");
    assert.equal(ApplicationOperationInfoDetails?.OperationStatus, "SUCCESSFUL");
    await awaitSums(clients, 3000);
  });

  await t.test("a snapshot is taken, and says how it is sealed", async () => {
    await flink.send(new CreateApplicationSnapshotCommand({ ...named, SnapshotName: "first" }));
    const SnapshotName = "first";
    const described = await until("the snapshot", async () => {
      const asked = new DescribeApplicationSnapshotCommand({ ...named, SnapshotName });
      const { SnapshotDetails } = await flink.send(asked);
      return SnapshotDetails?.SnapshotStatus !== "CREATING" && SnapshotDetails;
    });
    assert.equal(described.SnapshotStatus, "READY");
    assert.equal(described.ApplicationVersionId, 2);
    assert.equal(described.ApplicationEncryptionConfigurationDescription?.KeyId, key);
    const again = new CreateApplicationSnapshotCommand({ ...named, SnapshotName });
    await assert.rejects(flink.send(again), ResourceInUseException);
  });

  await t.test("an update while RUNNING restarts it with its state", async () => {
    const MonitoringConfigurationUpdate = {
      ConfigurationTypeUpdate: "CUSTOM",
      LogLevelUpdate: "WARN",
    } as const;
    const { ApplicationDetail, OperationId } = await flink.send(
      new UpdateApplicationCommand({
        ...named,
        CurrentApplicationVersionId: 2,
        ApplicationConfigurationUpdate: {
          FlinkApplicationConfigurationUpdate: { MonitoringConfigurationUpdate },
        },
      }),
    );
    assert.equal(ApplicationDetail?.ApplicationStatus, "UPDATING");
    assert.equal(ApplicationDetail?.ApplicationVersionId, 3);
    assert.ok(OperationId);
    await awaitStatus(clients, ApplicationName, "RUNNING");
    assert.equal((await latestOperation(clients, ApplicationName))?.OperationStatus, "SUCCESSFUL");
    await putOrders(clients, 3000, 5000);
    await awaitSums(clients, 5000);
  });

  await t.test("a stop takes a snapshot, and the latest one is where it goes on", async () => {
    await flink.send(new StopApplicationCommand(named));
    await awaitStatus(clients, ApplicationName, "READY");
    const all = await snapshots();
    assert.equal(all.length, 3);
    assert.ok(all.every(({ SnapshotStatus }) => SnapshotStatus === "READY"));
    await putOrders(clients, 5000, 7000);
    await start();
    await awaitStatus(clients, ApplicationName, "RUNNING");
    await awaitSums(clients, 7000);
  });

  await t.test("a custom snapshot is where it goes back to", async () => {
    await flink.send(new StopApplicationCommand({ ...named, Force: true }));
    await awaitStatus(clients, ApplicationName, "READY");
    const ApplicationRestoreConfiguration = {
      ApplicationRestoreType: "RESTORE_FROM_CUSTOM_SNAPSHOT",
      SnapshotName: "first",
    } as const;
    await start({ ApplicationRestoreConfiguration });
    const [all, before] = [expectedSums(7000), expectedSums(3000)];
    await awaitWritten(clients, plus(all, minus(all, before)));
    await flink.send(new StopApplicationCommand({ ...named, Force: true }));
    await awaitStatus(clients, ApplicationName, "READY");
  });

  await t.test("without a restore it begins anew", async () => {
    const before = await writtenSums(clients);
    await start({
      ApplicationRestoreConfiguration: { ApplicationRestoreType: "SKIP_RESTORE_FROM_SNAPSHOT" },
    });
    await awaitWritten(clients, plus(before, expectedSums(7000)));
  });

  await t.test("operations are listed, the newest first", async () => {
    const listed = await flink.send(new ListApplicationOperationsCommand(named));
    assert.equal(listed.ApplicationOperationInfoList?.[0]?.Operation, "StartApplication");
    assert.equal(listed.ApplicationOperationInfoList?.length, 8);
    const Operation = "UpdateApplication";
    const updates = await flink.send(new ListApplicationOperationsCommand({ ...named, Operation }));
    assert.equal(updates.ApplicationOperationInfoList?.length, 1);
  });

  await t.test("a snapshot is deleted", async () => {
    const [first] = (await snapshots()).filter(({ SnapshotName }) => SnapshotName === "first");
    const SnapshotCreationTimestamp = first?.SnapshotCreationTimestamp;
    const gone = { ...named, SnapshotName: "first", SnapshotCreationTimestamp };
    await flink.send(new DeleteApplicationSnapshotCommand(gone));
    const asked = new DescribeApplicationSnapshotCommand({ ...named, SnapshotName: "first" });
    await assert.rejects(flink.send(asked), ResourceNotFoundException);
  });

  await t.test("it is deleted while it runs; the same name again knows nothing of it", async () => {
    const CreateTimestamp = (await detail())?.CreateTimestamp;
    await flink.send(new DeleteApplicationCommand({ ...named, CreateTimestamp }));
    await assert.rejects(detail(), ResourceNotFoundException);
    await flink.send(create);
    assert.deepEqual(await snapshots(), []);
    const before = await writtenSums(clients);
    await start();
    await awaitWritten(clients, plus(before, expectedSums(7000)));
  });
});

type Sums = Readonly<Record<string, number>>;

const combined = (left: Sums, right: Sums, sign: number) =>
  Object.fromEntries(
    Object.keys({ ...left, ...right })
      .map((name) => [name, (left[name] ?? 0) + sign * (right[name] ?? 0)] as const)
      .filter(([, sum]) => sum !== 0),
  );
const plus = (left: Sums, right: Sums) => combined(left, right, 1);
const minus = (left: Sums, right: Sums) => combined(left, right, -1);
const total = (sums: Sums) => Object.values(sums).reduce((sum, one) => sum + one, 0);

/** Waits until as much is written as expected, and compares. */
async function awaitWritten(clients: Clients, expected: Sums): Promise<void> {
  await until("the sums", async () => total(await writtenSums(clients)) >= total(expected));
  assert.deepEqual(await writtenSums(clients), expected);
}

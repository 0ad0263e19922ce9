import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { GetRecordsCommand, GetShardIteratorCommand } from "@aws-sdk/client-kinesis";
import {
  CreateApplicationSnapshotCommand,
  DescribeApplicationSnapshotCommand,
  StartApplicationCommand,
  StopApplicationCommand,
} from "@aws-sdk/client-kinesis-analytics-v2";
import { DisableKeyCommand, EnableKeyCommand } from "@aws-sdk/client-kms";
import { startBondstore } from "../support/bondstore.ts";
import {
  awaitStatus,
  awaitSums,
  type Clients,
  clientsOf,
  events,
  latestOperation,
  prepare,
  putOrders,
  sqlApplication,
  statusOf,
  sumsScript,
} from "../support/flink.ts";
import { enginesBelow } from "../support/flink-cells.ts";
import { until } from "../support/until.ts";
import { verdict } from "../support/verdict.ts";

const ApplicationName = "sums";

async function firstRecords({ kinesis }: Clients) {
  const { ShardIterator } = await kinesis.send(
    new GetShardIteratorCommand({
      StreamName: "orders",
      ShardId: "shardId-000000000000",
      ShardIteratorType: "TRIM_HORIZON",
    }),
  );
  return kinesis.send(new GetRecordsCommand({ ShardIterator, Limit: 1 }));
}

test("a running application survives what befalls it, and its sums stay exact", async (t) => {
  const running = await startBondstore(t);
  const acme = await running.tenant("acme");
  const place = { ...running, account: acme.account, credentials: acme.root };
  const clients = clientsOf(place);
  const KeyId = await prepare(clients, place);
  const create = sqlApplication(ApplicationName, acme.account, sumsScript(), {
    ApplicationEncryptionConfiguration: { KeyType: "CUSTOMER_MANAGED_KEY", KeyId },
  });
  await clients.flink.send(create);
  await putOrders(clients, 0, 3000);
  await clients.flink.send(new StartApplicationCommand({ ApplicationName }));
  await awaitStatus(clients, ApplicationName, "RUNNING");
  await awaitSums(clients, 3000);

  await t.test(
    "its key is disabled: reading stops, checkpoints fail, all of it visible",
    async () => {
      await putOrders(clients, 3000, 4500);
      await clients.kms.send(new DisableKeyCommand({ KeyId }));
      const refusal = await until("a read within the shard's share", async () => {
        const told = await verdict(firstRecords(clients));
        return told !== "ProvisionedThroughputExceededException" && told;
      });
      assert.equal(refusal, "KMSDisabledException");
      await until("an event of the failure", async () => {
        const failed = await events(clients, "CheckpointFailed");
        return failed.length + (await events(clients, "ApplicationRestarting")).length > 0;
      });
      await until("a refusal to the service, which seals the state", async () =>
        (await events(clients, "GenerateDataKey"))
          .concat(await events(clients, "Decrypt"))
          .some(
            ({ errorCode, userIdentity: { type, invokedBy } }) =>
              errorCode === "DisabledException" &&
              type === "AWSService" &&
              invokedBy === "kinesisanalytics.amazonaws.com",
          ),
      );
      await sleep(5_000);
      assert.equal(await statusOf(clients, ApplicationName), "RUNNING");
    },
  );

  await t.test(
    "without its key there is no snapshot, and no stop that would lose its state",
    async () => {
      const snapshot = { ApplicationName, SnapshotName: "sealed" };
      await clients.flink.send(new CreateApplicationSnapshotCommand(snapshot));
      await until("its failure", async () => {
        const asked = new DescribeApplicationSnapshotCommand(snapshot);
        const { SnapshotDetails } = await clients.flink.send(asked);
        return SnapshotDetails?.SnapshotStatus === "FAILED";
      });
      await clients.flink.send(new StopApplicationCommand({ ApplicationName }));
      await until("the end of the stop", async () => {
        const latest = await latestOperation(clients, ApplicationName);
        return latest?.Operation === "StopApplication" && latest.OperationStatus === "FAILED";
      });
      assert.equal(await statusOf(clients, ApplicationName), "RUNNING");
    },
  );

  await t.test("its key is enabled again: it recovers, and nothing is lost", async () => {
    await clients.kms.send(new EnableKeyCommand({ KeyId }));
    await putOrders(clients, 4500, 6000);
    await awaitSums(clients, 6000);
  });

  await t.test("its engine is killed: it starts again from its newest checkpoint", async () => {
    await putOrders(clients, 6000, 7000);
    const [engine] = enginesBelow(process.pid);
    assert.ok(engine);
    process.kill(engine.pid, "SIGKILL");
    await putOrders(clients, 7000, 8000);
    await until("another engine", async () =>
      enginesBelow(process.pid).some(({ pid }) => pid !== engine.pid),
    );
    await awaitSums(clients, 8000);
    assert.equal((await events(clients, "ApplicationFailed")).length, 1);
    assert.equal(await statusOf(clients, ApplicationName), "RUNNING");
  });

  await t.test("the key is disabled and the engine killed: it waits, and comes back", async () => {
    await clients.kms.send(new DisableKeyCommand({ KeyId }));
    const [engine] = enginesBelow(process.pid);
    process.kill(engine?.pid ?? 0, "SIGKILL");
    await until(
      "a failed start",
      async () => (await events(clients, "ApplicationFailed")).length > 2,
    );
    await clients.kms.send(new EnableKeyCommand({ KeyId }));
    await putOrders(clients, 8000, 9000);
    await awaitSums(clients, 9000);
  });
});

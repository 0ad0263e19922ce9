import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type KeyType,
  ListApplicationSnapshotsCommand,
  type RunConfiguration,
  StartApplicationCommand,
  StopApplicationCommand,
  UpdateApplicationCommand,
} from "@aws-sdk/client-kinesis-analytics-v2";
import {
  CreateKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  RotateKeyOnDemandCommand,
} from "@aws-sdk/client-kms";
import { startBondstore } from "../support/bondstore.ts";
import {
  awaitStatus,
  awaitSums,
  clientsOf,
  keyPolicy,
  latestOperation,
  prepare,
  putOrders,
  sqlApplication,
  statusOf,
  sumsScript,
} from "../support/flink.ts";

const ApplicationName = "sums";
const named = { ApplicationName };

test("an application changes its key, and goes on from what older keys sealed", async (t) => {
  const running = await startBondstore(t);
  const acme = await running.tenant("acme");
  const { account } = acme;
  const place = { ...running, account, credentials: acme.root };
  const clients = clientsOf(place);
  const { flink, kms } = clients;
  const first = await prepare(clients, place);
  const made = await kms.send(new CreateKeyCommand({ Policy: keyPolicy(account) }));
  const second = made.KeyMetadata?.Arn ?? "";
  await flink.send(sqlApplication(ApplicationName, account, sumsScript()));

  const start = async (run: RunConfiguration = {}) => {
    await flink.send(new StartApplicationCommand({ ...named, RunConfiguration: run }));
    await awaitStatus(clients, ApplicationName, "RUNNING");
  };
  const stop = async () => {
    await flink.send(new StopApplicationCommand(named));
    await awaitStatus(clients, ApplicationName, "READY");
  };
  const sealWith = (version: number, KeyTypeUpdate: KeyType, KeyIdUpdate?: string) =>
    flink.send(
      new UpdateApplicationCommand({
        ...named,
        CurrentApplicationVersionId: version,
        ApplicationConfigurationUpdate: {
          ApplicationEncryptionConfigurationUpdate: {
            KeyTypeUpdate,
            ...(KeyIdUpdate !== undefined && { KeyIdUpdate }),
          },
        },
      }),
    );
  const sealedBy = async () => {
    const { SnapshotSummaries } = await flink.send(new ListApplicationSnapshotsCommand(named));
    return SnapshotSummaries?.map(
      ({ ApplicationEncryptionConfigurationDescription: sealed }) => sealed?.KeyId ?? "owned",
    ).reverse();
  };

  await t.test("from the key that AWS owns to a customer's, between two runs", async () => {
    await putOrders(clients, 0, 2000);
    await start();
    await awaitSums(clients, 2000);
    await stop();
    await sealWith(1, "CUSTOMER_MANAGED_KEY", "alias/orders");
    await start();
    await putOrders(clients, 2000, 3000);
    await awaitSums(clients, 3000);
    assert.deepEqual(await sealedBy(), ["owned"]);
  });

  await t.test("to another customer's key, while it runs", async () => {
    await sealWith(2, "CUSTOMER_MANAGED_KEY", second);
    await awaitStatus(clients, ApplicationName, "RUNNING");
    await kms.send(new RotateKeyOnDemandCommand({ KeyId: second }));
    await putOrders(clients, 3000, 4000);
    await awaitSums(clients, 4000);
    await stop();
    assert.deepEqual(await sealedBy(), ["owned", first, second]);
  });

  await t.test("what the old key sealed needs the old key", async () => {
    await kms.send(new DisableKeyCommand({ KeyId: first }));
    const snapshots = await flink.send(new ListApplicationSnapshotsCommand(named));
    const old = snapshots.SnapshotSummaries?.find(
      (one) => one.ApplicationEncryptionConfigurationDescription?.KeyId === first,
    );
    const ApplicationRestoreConfiguration = {
      ApplicationRestoreType: "RESTORE_FROM_CUSTOM_SNAPSHOT",
      SnapshotName: old?.SnapshotName,
    } as const;
    await assert.rejects(start({ ApplicationRestoreConfiguration }), /disabled/i);
    assert.equal(await statusOf(clients, ApplicationName), "READY");
    await kms.send(new EnableKeyCommand({ KeyId: first }));
  });

  await t.test("a disabled key fails the start at once, and is told", async () => {
    await kms.send(new DisableKeyCommand({ KeyId: second }));
    await assert.rejects(start(), /disabled/i);
    await kms.send(new EnableKeyCommand({ KeyId: second }));
  });

  await t.test("state that fits no more is refused, unless it may be left behind", async () => {
    const sink = /WITH \('connector' = 'filesystem'[^;]*;/;
    const script = sumsScript().replace(sink, "WITH ('connector' = 'blackhole');");
    await flink.send(
      new UpdateApplicationCommand({
        ...named,
        CurrentApplicationVersionId: 3,
        ApplicationConfigurationUpdate: {
          ApplicationCodeConfigurationUpdate: {
            CodeContentUpdate: { TextContentUpdate: script },
          },
        },
      }),
    );
    await flink.send(
      new StartApplicationCommand({
        ...named,
        RunConfiguration: {
          ApplicationRestoreConfiguration: {
            ApplicationRestoreType: "RESTORE_FROM_LATEST_SNAPSHOT",
          },
        },
      }),
    );
    await awaitStatus(clients, ApplicationName, "READY");
    const failed = await latestOperation(clients, ApplicationName);
    const why = failed?.OperationFailureDetails?.ErrorInfo?.ErrorString ?? "";
    assert.match(why, /allowNonRestoredState|not allowed|cannot map/i);
    await start({ FlinkRunConfiguration: { AllowNonRestoredState: true } });
  });
});

/** Under a running application its key is revoked, and is to be deleted: what happens shows, and nothing hangs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DeleteApplicationCommand,
  DescribeApplicationCommand,
  StartApplicationCommand,
  StopApplicationCommand,
  UpdateApplicationCommand,
} from "@aws-sdk/client-kinesis-analytics-v2";
import {
  CancelKeyDeletionCommand,
  CreateKeyCommand,
  EnableKeyCommand,
  ListGrantsCommand,
  ListRetirableGrantsCommand,
  RetireGrantCommand,
  RevokeGrantCommand,
  ScheduleKeyDeletionCommand,
} from "@aws-sdk/client-kms";
import { startBondstore } from "../support/bondstore.ts";
import {
  awaitStatus,
  awaitSums,
  clientsOf,
  events,
  keyPolicy,
  latestOperation,
  prepare,
  putOrders,
  sqlApplication,
  statusOf,
  sumsScript,
} from "../support/flink.ts";
import { enginesBelow } from "../support/flink-cells.ts";
import { until } from "../support/until.ts";
import { volumesOf } from "../support/volumes.ts";

const ApplicationName = "sums";
const named = { ApplicationName };

test("an application whose key is taken away while it runs", async (t) => {
  const running = await startBondstore(t);
  const acme = await running.tenant("acme");
  const { account } = acme;
  const place = { ...running, account, credentials: acme.root };
  const clients = clientsOf(place);
  const { flink, kms } = clients;
  await prepare(clients, place);
  const Policy = keyPolicy(account);
  const KeyId = (await kms.send(new CreateKeyCommand({ Policy }))).KeyMetadata?.Arn ?? "";
  const encryption = { KeyType: "CUSTOMER_MANAGED_KEY", KeyId } as const;
  const create = sqlApplication(ApplicationName, account, sumsScript(), {
    ApplicationEncryptionConfiguration: encryption,
  });
  const grants = async () => (await kms.send(new ListGrantsCommand({ KeyId }))).Grants ?? [];
  const start = async () => {
    await flink.send(new StartApplicationCommand(named));
    await awaitStatus(clients, ApplicationName, "RUNNING");
  };
  const forceStop = async () => {
    await flink.send(new StopApplicationCommand({ ...named, Force: true }));
    await awaitStatus(clients, ApplicationName, "READY");
  };
  const failures = async () => (await events(clients, "ApplicationFailed")).length;
  await flink.send(create);
  await putOrders(clients, 0, 2000);
  await start();
  await awaitSums(clients, 2000);

  await t.test("another tenant neither sees nor retires the grant", async () => {
    const other = await running.tenant("other");
    const strangers = clientsOf({ ...running, ...other, credentials: other.root });
    const [grant] = await grants();
    const retire = new RetireGrantCommand({ KeyId, GrantId: grant?.GrantId });
    await assert.rejects(strangers.kms.send(retire), { name: "AccessDeniedException" });
    const listed = await strangers.kms.send(
      new ListRetirableGrantsCommand({
        RetiringServicePrincipal: "kinesisanalytics.amazonaws.com",
      }),
    );
    assert.deepEqual(listed.Grants, []);
  });

  await t.test("an update that is refused leaves no grant", async () => {
    const other = (await kms.send(new CreateKeyCommand({ Policy }))).KeyMetadata?.Arn ?? "";
    const update = {
      ApplicationEncryptionConfigurationUpdate: {
        ...{ KeyTypeUpdate: "CUSTOMER_MANAGED_KEY" as const, KeyIdUpdate: other },
      },
    };
    const stale = { ...named, CurrentApplicationVersionId: 7 };
    await assert.rejects(
      flink.send(
        new UpdateApplicationCommand({ ...stale, ApplicationConfigurationUpdate: update }),
      ),
      { name: "ConcurrentModificationException" },
    );
    assert.deepEqual((await kms.send(new ListGrantsCommand({ KeyId: other }))).Grants, []);
    assert.equal((await grants()).length, 1);
  });

  await t.test("its grant is revoked: it runs on, and its next cell does not start", async () => {
    const [grant] = await grants();
    await kms.send(new RevokeGrantCommand({ KeyId, GrantId: grant?.GrantId }));
    await putOrders(clients, 2000, 3000);
    await awaitSums(clients, 3000);
    const [engine] = enginesBelow(process.pid);
    const before = await failures();
    process.kill(engine?.pid ?? 0, "SIGKILL");
    await until("failures to start", async () => (await failures()) > before + 1);
    const [last] = await events(clients, "ApplicationFailed");
    assert.match(last?.errorMessage ?? "", /grant \w+ of \S+, by which .* is retired or revoked/);
    assert.deepEqual(volumesOf(running.data), []);
  });

  await t.test("a forced stop and a start of the operator give it a grant anew", async () => {
    await forceStop();
    await start();
    assert.equal((await grants()).length, 1);
  });

  await t.test(
    "its key is to be deleted: checkpoints fail, and a stop would lose state",
    async () => {
      const before = (await events(clients, "CheckpointFailed")).length;
      await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
      await until("a failed checkpoint", async () => {
        const failed = await events(clients, "CheckpointFailed");
        return failed.length > before;
      });
      await flink.send(new StopApplicationCommand(named));
      await until("the end of the stop", async () => {
        const latest = await latestOperation(clients, ApplicationName);
        return latest?.Operation === "StopApplication" && latest.OperationStatus === "FAILED";
      });
      assert.equal(await statusOf(clients, ApplicationName), "RUNNING");
    },
  );

  await t.test("it is stopped by force, its grant is retired, and it does not start", async () => {
    await forceStop();
    assert.deepEqual(await grants(), []);
    const refusal = { name: "InvalidArgumentException", message: /pending deletion/ };
    await assert.rejects(start(), refusal);
    assert.equal(await statusOf(clients, ApplicationName), "READY");
  });

  await t.test(
    "its key is saved: it starts again; and it is deleted under a key that is lost",
    async () => {
      await kms.send(new CancelKeyDeletionCommand({ KeyId }));
      await kms.send(new EnableKeyCommand({ KeyId }));
      await start();
      await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
      const { ApplicationDetail } = await flink.send(new DescribeApplicationCommand(named));
      const { CreateTimestamp } = ApplicationDetail ?? {};
      await flink.send(new DeleteApplicationCommand({ ...named, CreateTimestamp }));
      await assert.rejects(statusOf(clients, ApplicationName), {
        name: "ResourceNotFoundException",
      });
      assert.deepEqual(await grants(), []);
      assert.deepEqual(volumesOf(running.data), []);
      assert.deepEqual(enginesBelow(process.pid), []);
    },
  );
});

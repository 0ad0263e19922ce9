/** Bondstore is killed between the steps of moving a running application to another key, and of a snapshot. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  CreateApplicationSnapshotCommand,
  DescribeApplicationCommand,
  ListApplicationSnapshotsCommand,
  StartApplicationCommand,
  UpdateApplicationCommand,
} from "@aws-sdk/client-kinesis-analytics-v2";
import { CreateKeyCommand, ListGrantsCommand } from "@aws-sdk/client-kms";
import { startBondstore, temporary } from "../support/bondstore.ts";
import { startChild } from "../support/child.ts";
import {
  awaitStatus,
  awaitSums,
  type Clients,
  clientsOf,
  keyPolicy,
  prepare,
  putOrders,
  sqlApplication,
  statusOf,
  sumsScript,
} from "../support/flink.ts";
import { until } from "../support/until.ts";
import { mountedVolumes, volumesOf } from "../support/volumes.ts";

const ApplicationName = "sums";
const named = { ApplicationName };

async function grantsOf({ kms }: Clients, KeyId: string): Promise<number> {
  return (await kms.send(new ListGrantsCommand({ KeyId }))).Grants?.length ?? 0;
}

async function snapshotsOf({ flink }: Clients) {
  const listed = await flink.send(new ListApplicationSnapshotsCommand(named));
  return listed.SnapshotSummaries ?? [];
}

async function describe({ flink }: Clients) {
  const { ApplicationDetail } = await flink.send(new DescribeApplicationCommand(named));
  return {
    version: ApplicationDetail?.ApplicationVersionId,
    key: ApplicationDetail?.ApplicationConfigurationDescription
      ?.ApplicationEncryptionConfigurationDescription?.KeyId,
  };
}

test("killed between the steps: it goes on under one key, with one grant and one volume", async (t) => {
  const data = temporary(t);
  let child = await startChild(t, data, "--plain-http");
  const { account, region, root } = child;
  const at = () => clientsOf({ endpoint: child.endpoint, region, account, credentials: root });
  let clients = at();
  await prepare(clients, { endpoint: child.endpoint, region, account, credentials: root });
  const Policy = keyPolicy(account);
  const keys: string[] = [];
  for (let made = 0; made < 2; made += 1) {
    const { KeyMetadata } = await clients.kms.send(new CreateKeyCommand({ Policy }));
    keys.push(KeyMetadata?.Arn ?? "");
  }
  const [one = "", two = ""] = keys;
  await clients.flink.send(
    sqlApplication(ApplicationName, account, sumsScript(), {
      ApplicationEncryptionConfiguration: { KeyType: "CUSTOMER_MANAGED_KEY", KeyId: one },
    }),
  );
  await putOrders(clients, 0, 2000);
  await clients.flink.send(new StartApplicationCommand(named));
  await awaitStatus(clients, ApplicationName, "RUNNING");
  await awaitSums(clients, 2000);
  let orders = 2000;

  async function killAndStart(): Promise<void> {
    const mounted = volumesOf(data);
    const exited = once(child.process, "exit");
    child.process.kill("SIGKILL");
    await exited;
    child = await startChild(t, data, "--plain-http");
    clients = at();
    assert.deepEqual(
      mountedVolumes().filter((path) => mounted.includes(path)),
      [],
    );
  }

  async function goesOn(): Promise<void> {
    await awaitStatus(clients, ApplicationName, "RUNNING");
    await putOrders(clients, orders, orders + 1000);
    orders += 1000;
    await awaitSums(clients, orders);
    const { key = "" } = await describe(clients);
    const other = key === one ? two : one;
    await until("one grant, under its key", async () => {
      const counts = [await grantsOf(clients, key), await grantsOf(clients, other)];
      return counts.join() === "1,0";
    });
    await until("one volume", async () => volumesOf(data).length === 1);
    await until("what it holds alone", async () => {
      return readdirSync(join(data, "volumes")).length === 1;
    });
  }

  const steps: readonly (readonly [string, (key: string, old: string) => Promise<boolean>])[] = [
    ["its grant", async (key) => (await grantsOf(clients, key)) === 1],
    ["its new record", async (key) => (await describe(clients)).key === key],
    [
      "a snapshot begun",
      async () => (await snapshotsOf(clients))[0]?.SnapshotStatus === "CREATING",
    ],
    ["the old grant's end", async (_, old) => (await grantsOf(clients, old)) === 0],
    ["the new volume", async () => volumesOf(data).length === 1],
  ];
  for (const [title, reached] of steps) {
    await t.test(`killed after ${title}, on its way to another key`, async () => {
      const { key: old = "", version } = await describe(clients);
      const key = old === one ? two : one;
      const [volume] = volumesOf(data);
      const asked = clients.flink
        .send(
          new UpdateApplicationCommand({
            ...named,
            CurrentApplicationVersionId: version,
            ApplicationConfigurationUpdate: {
              ApplicationEncryptionConfigurationUpdate: {
                ...{ KeyTypeUpdate: "CUSTOMER_MANAGED_KEY" as const, KeyIdUpdate: key },
              },
            },
          }),
        )
        // It may be killed before it has answered.
        .catch(() => undefined);
      if (title === "the new volume") {
        await until("its end", async () => !volumesOf(data).includes(volume ?? ""));
      }
      // A step that is over before it is seen: then it is killed at the end.
      const over = async () =>
        (await describe(clients)).key === key &&
        (await statusOf(clients, ApplicationName)) === "RUNNING";
      while (!(await reached(key, old)) && !(await over()));
      await killAndStart();
      await asked;
      await goesOn();
    });
  }

  await t.test("killed while it takes a snapshot: it is complete, or it failed", async () => {
    const snapshot = { ...named, SnapshotName: "killed" };
    await clients.flink.send(new CreateApplicationSnapshotCommand(snapshot));
    await killAndStart();
    await goesOn();
    const found = (await snapshotsOf(clients)).find(
      ({ SnapshotName }) => SnapshotName === "killed",
    );
    assert.match(found?.SnapshotStatus ?? "", /^(READY|FAILED)$/);
  });
  await child.stop();
  assert.deepEqual(volumesOf(data), []);
});

test("a grant that nobody needs is retired at the next start", async (t) => {
  const data = temporary(t);
  const first = await startBondstore(t, {}, data);
  const { account, root } = await first.tenant("acme");
  const before = clientsOf({ ...first, account, credentials: root });
  const Policy = keyPolicy(account);
  const KeyId = (await before.kms.send(new CreateKeyCommand({ Policy }))).KeyMetadata?.Arn ?? "";
  const application = `arn:aws:kinesisanalytics:us-east-1:${account}:application/gone`;
  const infrastructure = "infrastructure.kinesisanalytics.amazonaws.com";
  await first.bondstore.opened.parts.keys.volumes.grant(
    KeyId,
    { grantee: infrastructure, retiring: "kinesisanalytics.amazonaws.com" },
    { "aws:kinesisanalytics:arn": application },
    {
      principal: { kind: "service", name: infrastructure },
      via: "kinesisanalytics.us-east-1.amazonaws.com",
      account,
      sourceArn: application,
      sourceAccount: account,
      requestId: "one",
      sourceIp: infrastructure,
      userAgent: infrastructure,
    },
  );
  assert.equal(await grantsOf(before, KeyId), 1);
  await first.close();
  const second = await startBondstore(t, {}, data);
  const after = clientsOf({ ...second, account, credentials: root });
  await until("its end", async () => (await grantsOf(after, KeyId)) === 0);
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  ListApplicationSnapshotsCommand,
  StartApplicationCommand,
  StopApplicationCommand,
} from "@aws-sdk/client-kinesis-analytics-v2";
import { temporary } from "../support/bondstore.ts";
import { startChild } from "../support/child.ts";
import {
  awaitStatus,
  awaitSums,
  clientsOf,
  latestOperation,
  prepare,
  putOrders,
  sqlApplication,
  sumsScript,
} from "../support/flink.ts";
import { allEngines, enginesBelow } from "../support/flink-cells.ts";
import { until } from "../support/until.ts";

const ApplicationName = "sums";
const named = { ApplicationName };

test("an application goes on after kill -9 of Bondstore, and its sums stay exact", async (t) => {
  const data = temporary(t);
  let child = await startChild(t, data, "--plain-http");
  const { account, region, root } = child;
  const at = () => clientsOf({ endpoint: child.endpoint, region, account, credentials: root });
  let clients = at();
  const KeyId = await prepare(clients, {
    endpoint: child.endpoint,
    region,
    account,
    credentials: root,
  });
  const encryption = { KeyType: "CUSTOMER_MANAGED_KEY", KeyId } as const;
  const script = sumsScript();
  await clients.flink.send(
    sqlApplication(ApplicationName, account, script, {
      ApplicationEncryptionConfiguration: encryption,
    }),
  );

  /** Kills it, sees that no engine outlives it, and starts it again on the same directory. */
  async function killAndStart(): Promise<void> {
    const below = enginesBelow(child.process.pid ?? 0).map(({ pid }) => pid);
    const exited = once(child.process, "exit");
    child.process.kill("SIGKILL");
    await exited;
    await until("the end of its engines", async () =>
      allEngines().every(({ pid }) => !below.includes(pid)),
    );
    child = await startChild(t, data, "--plain-http");
    clients = at();
  }

  await putOrders(clients, 0, 2000);
  await clients.flink.send(new StartApplicationCommand(named));

  await t.test("killed while it starts: it starts again by itself", async () => {
    await sleep(2_000);
    await killAndStart();
    await awaitStatus(clients, ApplicationName, "RUNNING");
    await awaitSums(clients, 2000);
    await until("the end of the operation", async () => {
      const latest = await latestOperation(clients, ApplicationName);
      return latest?.OperationStatus === "SUCCESSFUL";
    });
  });

  for (const round of [1, 2]) {
    const from = 1000 + round * 1000;
    await t.test(`killed between checkpoints, round ${round}: it goes on`, async () => {
      await putOrders(clients, from, from + 500);
      await sleep(round * 700);
      await killAndStart();
      await putOrders(clients, from + 500, from + 1000);
      await awaitSums(clients, from + 1000);
    });
  }

  await t.test(
    "killed while it stops: it is stopped, or it goes on; nothing comes twice",
    async () => {
      await clients.flink.send(new StopApplicationCommand(named));
      await sleep(150);
      await killAndStart();
      const status = await until("a state that lasts", async () => {
        const latest = await latestOperation(clients, ApplicationName);
        return latest?.OperationStatus !== "IN_PROGRESS" && latest?.OperationStatus;
      });
      const listed = await clients.flink.send(new ListApplicationSnapshotsCommand(named));
      const taken = (listed.SnapshotSummaries ?? []).filter(
        (one) => one.SnapshotStatus === "READY",
      );
      assert.equal(taken.length === 1, status === "SUCCESSFUL");
      if (status === "SUCCESSFUL") await clients.flink.send(new StartApplicationCommand(named));
      await putOrders(clients, 4000, 5000);
      await awaitSums(clients, 5000);
    },
  );

  await t.test(
    "ended as a user ends it: nothing runs on, and it goes on with the next start",
    async () => {
      const below = enginesBelow(child.process.pid ?? 0).map(({ pid }) => pid);
      assert.equal(below.length, 1);
      await child.stop();
      assert.ok(allEngines().every(({ pid }) => !below.includes(pid)));
      child = await startChild(t, data, "--plain-http");
      clients = at();
      await putOrders(clients, 5000, 6000);
      await awaitSums(clients, 6000);
      await child.stop();
    },
  );
});

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import {
  StartApplicationCommand,
  StopApplicationCommand,
} from "@aws-sdk/client-kinesis-analytics-v2";
import { GetObjectCommand, ListObjectsV2Command } from "@aws-sdk/client-s3";
import { startBondstore } from "../support/bondstore.ts";
import {
  awaitStatus,
  clientsOf,
  events,
  latestOperation,
  prepare,
  sqlApplication,
  sumsScript,
} from "../support/flink.ts";
import { until } from "../support/until.ts";

const copyOf = (path: string, name: string) => `
CREATE TABLE given (line STRING)
  WITH ('connector' = 'filesystem', 'path' = 'file://${path}', 'format' = 'raw');
CREATE TABLE copied (line STRING)
  WITH ('connector' = 'filesystem', 'path' = 's3://results/${name}', 'format' = 'raw');
INSERT INTO copied SELECT line FROM given;
`;

test("a script reaches nothing but what its cell has", async (t) => {
  const running = await startBondstore(t);
  const acme = await running.tenant("acme");
  const { account } = acme;
  const place = { ...running, account, credentials: acme.root };
  const clients = clientsOf(place);
  const { flink, s3 } = clients;
  await prepare(clients, place);
  const secret = join(running.data, "secret.txt");
  writeFileSync(secret, "the host's secret\n");

  const run = async (ApplicationName: string, script: string) => {
    await flink.send(sqlApplication(ApplicationName, account, script));
    await flink.send(new StartApplicationCommand({ ApplicationName }));
  };
  const written = async (Prefix: string) => {
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket: "results", Prefix }),
    );
    const texts = Contents.map(async ({ Key }) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: "results", Key }));
      return (await Body?.transformToString()) ?? "";
    });
    return (await Promise.all(texts)).join("");
  };
  const failureOf = async (name: string) =>
    (await latestOperation(clients, name))?.OperationFailureDetails?.ErrorInfo?.ErrorString ?? "";

  await t.test("the users of its sandbox, not those of the host", async () => {
    await run("users", copyOf("/etc/passwd", "users"));
    await until("its end", async () => (await events(clients, "ApplicationFinished")).length === 1);
    assert.deepEqual((await written("users/")).trim().split("\n").sort(), [
      "cell:x:1000:1000:cell:/work:/bin/false",
      "root:x:0:0:root:/:/bin/false",
    ]);
  });

  await t.test("no file of the host, as a table or as a JAR", async () => {
    await run("reader", copyOf(secret, "secret"));
    await run("adder", `ADD JAR 'file://${secret}';\n${sumsScript()}`);
    await awaitStatus(clients, "adder", "READY");
    assert.match(await failureOf("adder"), /secret\.txt/);
    await awaitStatus(clients, "reader", "READY");
    assert.match(await failureOf("reader"), /secret\.txt/);
    assert.equal(await written("secret"), "");
  });

  await t.test("no other host, and not the front door of others either", async () => {
    const script = sumsScript().replace("{{BONDSTORE_ENDPOINT}}", running.endpoint);
    await run("caller", script);
    await until("the failure of the caller", async () =>
      (await events(clients, "ApplicationRestarting"))
        .concat(await events(clients, "ApplicationFailed"))
        .some(({ errorMessage = "" }) => /refused|Unable to execute HTTP/i.test(errorMessage)),
    );
    await flink.send(new StopApplicationCommand({ ApplicationName: "caller", Force: true }));
    await awaitStatus(clients, "caller", "READY");
  });
});

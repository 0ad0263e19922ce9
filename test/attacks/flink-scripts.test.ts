import assert from "node:assert/strict";
import { test } from "node:test";
import { CreateStreamCommand } from "@aws-sdk/client-kinesis";
import {
  type KinesisAnalyticsV2Client,
  StartApplicationCommand,
  UpdateApplicationCommand,
} from "@aws-sdk/client-kinesis-analytics-v2";
import { CreateBucketCommand } from "@aws-sdk/client-s3";
import { clientsOf, events, makeRole, sqlApplication, sumsScript } from "../support/flink.ts";
import { verdict } from "../support/verdict.ts";
import { commands, startWorld } from "../support/warehouse.ts";

/** What is told of a refusal; `goes` where there is none. */
const told = (work: Promise<unknown>): Promise<string> => verdict(work, ({ message }) => message);
const start = (flink: KinesisAnalyticsV2Client, ApplicationName: string) =>
  told(flink.send(new StartApplicationCommand({ ApplicationName })));

const table = (name: string, options: string) =>
  `CREATE TABLE ${name} (id BIGINT) WITH (${options});\n`;
const stream = (name: string) =>
  table(name, `'connector' = 'kinesis', 'stream' = '${name}', 'format' = 'json'`);
const bucket = (name: string) =>
  table(name, `'connector' = 'filesystem', 'path' = 's3://${name}/x', 'format' = 'json'`);
const tables = `${stream("orders")}${stream("reports")}${bucket("results")}${bucket("outside")}`;
const insert = (into: string, from: string) => `INSERT INTO ${into} SELECT * FROM ${from};\n`;

/** Each is refused at the start of an application of the project: what is told of it. */
const leaks: readonly (readonly [string, string, RegExp])[] = [
  ["plain", tables + insert("outside", "orders"), /statement 5 \(line 5\)/],
  [
    "second",
    `${tables}${insert("results", "orders")}\n${insert("outside", "results")}`,
    /statement 6 \(line 7\)/,
  ],
  ["values", `${tables}INSERT INTO outside VALUES (1)`, /statement 5/],
  [
    "view",
    `${tables}CREATE VIEW v AS SELECT * FROM orders;\n${insert("outside", "v")}`,
    /statement 6 /,
  ],
  [
    "set",
    `${tables}EXECUTE STATEMENT SET BEGIN\n${insert("results", "orders")}${insert("outside", "orders")}END;`,
    /statement 6 /,
  ],
  [
    "like",
    `${tables}CREATE TABLE results2 WITH ('path' = 's3a://outside/y') LIKE results;\n${insert("results2", "orders")}`,
    /statement 6 /,
  ],
  [
    "print",
    `${tables}${table("shown", "'connector' = 'print'")}${insert("shown", "orders")}`,
    /statement 6 /,
  ],
  ["select", `${tables}SELECT * FROM orders;`, /statement 5 /],
  [
    "hint",
    `${tables}INSERT INTO results /*+ OPTIONS('path' = 's3://outside/h') */ SELECT * FROM orders;`,
    /statement 5 \(line 5\): a hint changes options/,
  ],
  [
    "comment",
    `${tables}${table("k", "'connector' = 'filesystem', 'format' = 'json', 'path' = /***/ 's3://results/x' --*/ 's3://outside/x'\n")}${insert("k", "orders")}`,
    /statement 6 /,
  ],
  [
    "jar",
    `ADD JAR 's3://results/x.jar';\n${tables}${insert("results", "orders")}`,
    /statement 1 \(line 1\): ADD is not followed/,
  ],
  [
    "function",
    `${tables}CREATE FUNCTION f AS 'x.Y';\n${insert("results", "orders")}`,
    /CREATE FUNCTION is not followed/,
  ],
  [
    "kafka",
    `${tables}${table("k", "'connector' = 'kafka', 'topic' = 'x'")}`,
    /statement 5 \(line 5\): connector 'kafka' is not known/,
  ],
  [
    "settings",
    `SET 'state.checkpoints.dir' = 's3://outside/c';\n${tables}${insert("results", "orders")}`,
    /it sets state.checkpoints.dir/,
  ],
];

test("a script that would take data out of a protected project is not started", async (t) => {
  const world = await startWorld(t, "vault", "reports", "open");
  const { odps, root, running, account, user } = world;
  const clients = clientsOf({ ...running, account, credentials: root });
  const { flink, kinesis, s3 } = clients;
  // The service may not assume it: what is let through ends before there is an engine.
  await makeRole(clients, "flink", ["s3:*"], "nobody.amazonaws.com");
  for (const StreamName of ["orders", "reports"]) {
    await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
  }
  await s3.send(new CreateBucketCommand({ Bucket: "results" }));
  const create = (name: string, script: string) =>
    flink.send(sqlApplication(name, account, script));
  for (const [name, script] of leaks) await create(name, script);
  await create("stays", sumsScript());
  await create("stranger", tables + insert("outside", "orders"));
  await create("reporter", tables + insert("reports", "orders"));
  await create("carrier", tables + insert("outside", "orders"));
  await create("away", tables + insert("outside", "reports"));
  await odps(
    root,
    "vault",
    commands(
      ...["add stream orders", "add bucket results", "add application stays"],
      ...leaks.map(([name]) => `add application ${name}`),
      ...["set ProjectProtection=true", "add trustedproject reports"],
    ),
  );
  await odps(
    root,
    "reports",
    commands(
      "add stream reports",
      ...["reporter", "carrier", "away"].map((name) => `add application ${name}`),
    ),
  );

  for (const [name, , told] of leaks) {
    const refusal = await start(flink, name);
    assert.match(refusal, /project vault is protected, by statement/, name);
    assert.match(refusal, told, name);
  }
  assert.match(await start(flink, "stranger"), /data of stream orders: project vault is protected/);
  // Into a project that is trusted, but not past it in the same statement.
  assert.equal(await start(flink, "reporter"), "goes");
  assert.match(await start(flink, "carrier"), /data of stream orders: .* by statement 5/);
  assert.equal(await start(flink, "away"), "goes");

  const refused = (await events(clients, "StartApplication")).filter(({ errorMessage = "" }) =>
    /is protected, by statement/.test(errorMessage),
  );
  assert.equal(refused.length, leaks.length + 2);

  // What is running is not given another script either, and who may start it cannot do without.
  const update = (ApplicationName: string, TextContentUpdate: string) =>
    told(
      flink.send(
        new UpdateApplicationCommand({
          ApplicationName,
          CurrentApplicationVersionId: 1,
          ApplicationConfigurationUpdate: {
            ApplicationCodeConfigurationUpdate: { CodeContentUpdate: { TextContentUpdate } },
          },
        }),
      ),
    );
  assert.match(await update("stays", tables + insert("outside", "orders")), /by statement 5/);
  assert.equal(await update("plain", tables + insert("results", "orders")), "goes");
  assert.equal(await start(flink, "plain"), "goes");

  // An exception for the role is one for what the script moves, whoever starts it; nobody else's counts.
  const policy = (Principal: string) =>
    JSON.stringify({
      Version: "1",
      Statement: ["applications/values", "streams/orders"].map((thing) => ({
        ...{ Effect: "Allow", Principal, Action: "odps:Select" },
        Resource: `acs:odps:*:projects/vault/${thing}`,
        Condition: { StringLike: { "odps:TableId": "*", "odps:TableVersion": "*" } },
      })),
    });
  await user("ann");
  const except = (name: string) =>
    odps(root, "vault", commands(`set ProjectProtection=true with exception '${policy(name)}'`));
  await except(`RAM$${account}:ann`);
  assert.match(await start(flink, "values"), /by statement 5/);
  await except(`RAM$${account}:role/flink`);
  assert.equal(await start(flink, "values"), "goes");
});

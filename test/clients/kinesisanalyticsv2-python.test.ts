import assert from "node:assert/strict";
import { test } from "node:test";
import { startBondstore } from "../support/bondstore.ts";
import { awaitSums, clientsOf, prepare, putOrders, sumsScript } from "../support/flink.ts";
import { aws, python, tryAws } from "../support/python.ts";

/** Everything that an operator does with an application, and what a wrong step answers. */
const walk = (account: string, script: string) => `
import boto3, json, time
from botocore.exceptions import ClientError
flink = boto3.client("kinesisanalyticsv2")
name = "sums"
seen = []

def code(call, **given):
    try:
        call(**given)
        return "done"
    except ClientError as error:
        return error.response["Error"]["Code"]

def status():
    return flink.describe_application(ApplicationName=name)["ApplicationDetail"]["ApplicationStatus"]

def wait(wanted):
    for _ in range(480):
        now = status()
        if now == wanted:
            return
        if wanted == "RUNNING" and now == "READY":
            raise Exception(flink.list_application_operations(ApplicationName=name))
        time.sleep(0.25)
    raise Exception("not " + wanted)

configuration = {
    "ApplicationCodeConfiguration": {
        "CodeContentType": "PLAINTEXT",
        "CodeContent": {"TextContent": ${JSON.stringify(script)}},
    },
    "FlinkApplicationConfiguration": {
        "CheckpointConfiguration": {
            "ConfigurationType": "CUSTOM",
            "CheckpointingEnabled": True,
            "CheckpointInterval": 1000,
            "MinPauseBetweenCheckpoints": 200,
        },
    },
    "ApplicationEncryptionConfiguration": {"KeyType": "CUSTOMER_MANAGED_KEY", "KeyId": "alias/orders"},
}
made = flink.create_application(
    ApplicationName=name, RuntimeEnvironment="FLINK-1_20",
    ServiceExecutionRole="arn:aws:iam::${account}:role/flink",
    ApplicationConfiguration=configuration,
)["ApplicationDetail"]
seen.append(made["ApplicationStatus"])
seen.append(code(flink.describe_application, ApplicationName="none"))
seen.append(code(flink.stop_application, ApplicationName=name))
seen.append(code(flink.start_application, ApplicationName=name))
seen.append(code(flink.start_application, ApplicationName=name))
wait("RUNNING")
flink.create_application_snapshot(ApplicationName=name, SnapshotName="one")
for _ in range(240):
    one = flink.describe_application_snapshot(ApplicationName=name, SnapshotName="one")["SnapshotDetails"]
    if one["SnapshotStatus"] != "CREATING":
        break
    time.sleep(0.25)
seen.append(one["SnapshotStatus"])
seen.append(one["ApplicationEncryptionConfigurationDescription"]["KeyType"])
print(json.dumps(seen))
`;

test("boto3 and the AWS CLI run an application together", async (t) => {
  const running = await startBondstore(t);
  const acme = await running.tenant("acme");
  const { account } = acme;
  const place = { ...running, account, credentials: acme.root };
  const clients = clientsOf(place);
  await prepare(clients, place);
  await putOrders(clients, 0, 2000);
  const flink = (...words: readonly string[]) =>
    aws(running, acme.root, "kinesisanalyticsv2", ...words, "--output", "json");

  await t.test("boto3 creates it, starts it and takes a snapshot", async () => {
    assert.deepEqual(await python(running, acme.root, walk(account, sumsScript())), [
      "READY",
      "ResourceNotFoundException",
      "ResourceInUseException",
      "done",
      "ResourceInUseException",
      "READY",
      "CUSTOMER_MANAGED_KEY",
    ]);
    await awaitSums(clients, 2000);
  });

  await t.test("the AWS CLI sees it, stops it by force and deletes it", async () => {
    const name = ["--application-name", "sums"];
    const { ApplicationDetail } = JSON.parse(await flink("describe-application", ...name));
    assert.equal(ApplicationDetail.ApplicationStatus, "RUNNING");
    const { ApplicationSummaries } = JSON.parse(await flink("list-applications"));
    assert.equal(ApplicationSummaries.length, 1);
    const listed = JSON.parse(await flink("list-application-snapshots", ...name));
    assert.equal(listed.SnapshotSummaries[0].SnapshotName, "one");
    await flink("stop-application", ...name, "--force");
    for (let status = ""; status !== "READY"; ) {
      const now = JSON.parse(await flink("describe-application", ...name));
      status = now.ApplicationDetail.ApplicationStatus;
    }
    const { ApplicationOperationInfoList } = JSON.parse(
      await flink("list-application-operations", ...name),
    );
    assert.deepEqual(
      ApplicationOperationInfoList.map(({ Operation = "" }) => Operation),
      ["StopApplication", "StartApplication"],
    );
    const created = ["--create-timestamp", ApplicationDetail.CreateTimestamp];
    await flink("delete-application", ...name, ...created);
    const gone = await tryAws(
      running,
      acme.root,
      "kinesisanalyticsv2",
      "describe-application",
      ...name,
    );
    assert.match(gone.stderr, /ResourceNotFoundException/);
  });
});

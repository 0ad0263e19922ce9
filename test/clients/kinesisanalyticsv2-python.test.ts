import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { startBondstore } from "../support/bondstore.ts";
import { awsAll, python } from "../support/python.ts";

/** An account with a role that the service may take on; nothing here starts an engine. */
async function start(t: TestContext) {
  const running = await startBondstore(t);
  const { account, root } = await running.tenant("acme");
  const trust = JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: "kinesisanalytics.amazonaws.com" },
        Action: "sts:AssumeRole",
      },
    ],
  });
  const role = ["--role-name", "runner", "--assume-role-policy-document", trust];
  await awsAll(running, root, [["iam", "create-role", ...role]]);
  return { running, root, role: `arn:aws:iam::${account}:role/runner` };
}

test("boto3 makes, changes, tags and deletes applications", async (t) => {
  const { running, root, role } = await start(t);
  const script = `
import boto3, json
from botocore.exceptions import ClientError
flink = boto3.client("kinesisanalyticsv2")
def refused(call, **input):
    try: call(**input)
    except ClientError as error: return [error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]]
code = {"CodeContentType": "PLAINTEXT", "CodeContent": {"TextContent": "SELECT 1;"}}
properties = {"PropertyGroups": [{"PropertyGroupId": "jobs", "PropertyMap": {"window": "5"}}]}
out = {}
wanted = dict(ApplicationName="totals", RuntimeEnvironment="FLINK-1_20", ServiceExecutionRole=${JSON.stringify(role)},
    ApplicationConfiguration={"ApplicationCodeConfiguration": code, "EnvironmentProperties": properties},
    Tags=[{"Key": "team", "Value": "orders"}])
made = flink.create_application(**wanted)["ApplicationDetail"]
out["made"] = [made["ApplicationStatus"], made["ApplicationVersionId"]]
out["again"] = refused(flink.create_application, **wanted)
out["listed"] = [a["ApplicationName"] for a in flink.list_applications()["ApplicationSummaries"]]
change = {"EnvironmentPropertyUpdates": {"PropertyGroups": [{"PropertyGroupId": "jobs", "PropertyMap": {"window": "7"}}]}}
flink.update_application(ApplicationName="totals", CurrentApplicationVersionId=1, ApplicationConfigurationUpdate=change)
out["stale"] = refused(flink.update_application, ApplicationName="totals", CurrentApplicationVersionId=1, ApplicationConfigurationUpdate=change)
seen = flink.describe_application(ApplicationName="totals")["ApplicationDetail"]
out["version"] = seen["ApplicationVersionId"]
groups = seen["ApplicationConfigurationDescription"]["EnvironmentPropertyDescriptions"]["PropertyGroupDescriptions"]
out["window"] = groups[0]["PropertyMap"]["window"]
arn = made["ApplicationARN"]
flink.tag_resource(ResourceARN=arn, Tags=[{"Key": "stage", "Value": "test"}])
flink.untag_resource(ResourceARN=arn, TagKeys=["team"])
out["tags"] = flink.list_tags_for_resource(ResourceARN=arn)["Tags"]
out["snapshots"] = flink.list_application_snapshots(ApplicationName="totals")["SnapshotSummaries"]
out["operations"] = flink.list_application_operations(ApplicationName="totals")["ApplicationOperationInfoList"]
out["not running"] = refused(flink.create_application_snapshot, ApplicationName="totals", SnapshotName="first")
out["no snapshot"] = refused(flink.describe_application_snapshot, ApplicationName="totals", SnapshotName="first")
out["not to stop"] = refused(flink.stop_application, ApplicationName="totals")
flink.delete_application(ApplicationName="totals", CreateTimestamp=seen["CreateTimestamp"])
out["gone"] = refused(flink.describe_application, ApplicationName="totals")
print(json.dumps(out))`;
  assert.deepEqual(await python(running, root, script), {
    made: ["READY", 1],
    again: ["ResourceInUseException", 400],
    listed: ["totals"],
    stale: ["ConcurrentModificationException", 400],
    version: 2,
    window: "7",
    tags: [{ Key: "stage", Value: "test" }],
    snapshots: [],
    operations: [],
    "not running": ["InvalidRequestException", 400],
    "no snapshot": ["ResourceNotFoundException", 400],
    "not to stop": ["ResourceInUseException", 400],
    gone: ["ResourceNotFoundException", 400],
  });
});

test("the AWS CLI makes an application from a script, and reads it back", async (t) => {
  const { running, root, role } = await start(t);
  const name = ["--application-name", "totals"];
  const configuration = {
    ApplicationCodeConfiguration: {
      CodeContentType: "PLAINTEXT",
      CodeContent: { TextContent: "SELECT 1;" },
    },
  };
  const made = ["--runtime-environment", "FLINK-1_20", "--service-execution-role", role];
  const given = ["--application-configuration", JSON.stringify(configuration)];
  const detail = ["--query", "ApplicationDetail.ApplicationStatus"];
  const [created, listed, described, missing] = await awsAll(running, root, [
    ["kinesisanalyticsv2", "create-application", ...name, ...made, ...given, ...detail],
    [
      "kinesisanalyticsv2",
      "list-applications",
      "--query",
      "ApplicationSummaries[].ApplicationName",
    ],
    ["kinesisanalyticsv2", "describe-application", ...name, ...detail],
    ["kinesisanalyticsv2", "describe-application", "--application-name", "others"],
  ]);
  assert.deepEqual([created, listed, described], ["READY", ["totals"], "READY"]);
  assert.match(JSON.stringify(missing), /ResourceNotFoundException/);
});

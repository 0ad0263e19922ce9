import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { Config } from "../../src/config.ts";
import { startBondstore } from "../support/bondstore.ts";
import { aws, awsAll, python, tryAws } from "../support/python.ts";

async function start(t: TestContext, more: Partial<Config> = {}) {
  const running = await startBondstore(t, more);
  const { account, root } = await running.tenant("acme");
  return { running, account, root };
}

/** What every script begins with. */
const prelude = `
import boto3, json
from botocore.exceptions import ClientError
iam, sts = boto3.client("iam"), boto3.client("sts")
def refused(call, **input):
    try: call(**input)
    except ClientError as error: return [error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]]
def document(**statement): return json.dumps({"Version": "2012-10-17", "Statement": statement})
reads = document(Effect="Allow", Action="s3:GetObject", Resource="*")
account = sts.get_caller_identity()["Account"]
trust = document(Effect="Allow", Principal={"AWS": f"arn:aws:iam::{account}:root"}, Action="sts:AssumeRole")
tags = [{"Key": "team", "Value": "orders"}]
out = {}
`;

test("boto3 makes users, groups and their policies, and takes them away", async (t) => {
  const { running, root } = await start(t);
  const script = `${prelude}
alice = iam.create_user(UserName="alice", Path="/people/", Tags=tags)["User"]
out["arn"] = alice["Arn"].split(":")[-1]
iam.update_user(UserName="alice", NewUserName="alicia")
out["user"] = iam.get_user(UserName="alicia")["User"]["UserId"] == alice["UserId"]
out["users"] = [u["UserName"] for u in iam.list_users()["Users"]]
out["again"] = refused(iam.create_user, UserName="alicia")
out["gone"] = refused(iam.get_user, UserName="alice")
iam.tag_user(UserName="alicia", Tags=[{"Key": "stage", "Value": "test"}])
iam.untag_user(UserName="alicia", TagKeys=["team"])
out["tags"] = iam.list_user_tags(UserName="alicia")["Tags"]
iam.create_group(GroupName="readers")
iam.update_group(GroupName="readers", NewGroupName="viewers")
iam.add_user_to_group(GroupName="viewers", UserName="alicia")
out["groups"] = [g["GroupName"] for g in iam.list_groups()["Groups"]]
out["of"] = [g["GroupName"] for g in iam.list_groups_for_user(UserName="alicia")["Groups"]]
out["in"] = [u["UserName"] for u in iam.get_group(GroupName="viewers")["Users"]]
for kind, name in (("user", {"UserName": "alicia"}), ("group", {"GroupName": "viewers"})):
    def on(verb, rest): return getattr(iam, f"{verb}_{kind}_{rest}")
    on("put", "policy")(**name, PolicyName="own", PolicyDocument=reads)
    assert on("get", "policy")(**name, PolicyName="own")["PolicyDocument"] == json.loads(reads)
    assert on("list", "policies")(**name)["PolicyNames"] == ["own"]
    on("delete", "policy")(**name, PolicyName="own")
managed = iam.create_policy(PolicyName="reads", PolicyDocument=reads, Description="d")["Policy"]["Arn"]
iam.attach_user_policy(UserName="alicia", PolicyArn=managed)
iam.attach_group_policy(GroupName="viewers", PolicyArn=managed)
out["attached"] = [p["PolicyName"] for p in iam.list_attached_user_policies(UserName="alicia")["AttachedPolicies"]]
out["to group"] = [p["PolicyName"] for p in iam.list_attached_group_policies(GroupName="viewers")["AttachedPolicies"]]
out["conflict"] = refused(iam.delete_policy, PolicyArn=managed)
entities = iam.list_entities_for_policy(PolicyArn=managed)
out["entities"] = [len(entities["PolicyUsers"]), len(entities["PolicyGroups"]), len(entities["PolicyRoles"])]
iam.detach_user_policy(UserName="alicia", PolicyArn=managed)
iam.detach_group_policy(GroupName="viewers", PolicyArn=managed)
iam.put_user_permissions_boundary(UserName="alicia", PermissionsBoundary=managed)
out["boundary"] = iam.get_user(UserName="alicia")["User"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == managed
iam.delete_user_permissions_boundary(UserName="alicia")
key = iam.create_access_key(UserName="alicia")["AccessKey"]
boto3.client("sts", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]).get_caller_identity()
out["used"] = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]["ServiceName"]
iam.update_access_key(UserName="alicia", AccessKeyId=key["AccessKeyId"], Status="Inactive")
out["keys"] = [k["Status"] for k in iam.list_access_keys(UserName="alicia")["AccessKeyMetadata"]]
out["whose"] = sts.get_access_key_info(AccessKeyId=key["AccessKeyId"])["Account"] == account
out["holds"] = refused(iam.delete_user, UserName="alicia")
iam.delete_access_key(UserName="alicia", AccessKeyId=key["AccessKeyId"])
iam.remove_user_from_group(GroupName="viewers", UserName="alicia")
iam.delete_group(GroupName="viewers")
iam.delete_user(UserName="alicia")
iam.delete_policy(PolicyArn=managed)
out["left"] = iam.get_account_summary()["SummaryMap"]["Users"]
print(json.dumps(out))`;
  assert.deepEqual(await python(running, root, script), {
    arn: "user/people/alice",
    user: true,
    users: ["alicia"],
    again: ["EntityAlreadyExists", 409],
    gone: ["NoSuchEntity", 404],
    tags: [{ Key: "stage", Value: "test" }],
    groups: ["viewers"],
    of: ["viewers"],
    in: ["alicia"],
    attached: ["reads"],
    "to group": ["reads"],
    conflict: ["DeleteConflict", 409],
    entities: [1, 1, 0],
    boundary: true,
    used: "sts",
    keys: ["Inactive"],
    whose: true,
    holds: ["DeleteConflict", 409],
    left: 0,
  });
});

test("boto3 makes roles and versions of policies, assumes a role and is held to it", async (t) => {
  const { running, root } = await start(t);
  const script = `${prelude}
role = iam.create_role(RoleName="runner", AssumeRolePolicyDocument=trust, Tags=tags, MaxSessionDuration=7200)["Role"]
out["trust"] = iam.get_role(RoleName="runner")["Role"]["AssumeRolePolicyDocument"] == json.loads(trust)
out["roles"] = [r["RoleName"] for r in iam.list_roles()["Roles"]]
iam.update_role(RoleName="runner", Description="runs", MaxSessionDuration=3600)
out["described"] = iam.update_role_description(RoleName="runner", Description="still runs")["Role"]["Description"]
iam.update_assume_role_policy(RoleName="runner", PolicyDocument=trust)
iam.tag_role(RoleName="runner", Tags=[{"Key": "stage", "Value": "test"}])
iam.untag_role(RoleName="runner", TagKeys=["team"])
out["role tags"] = iam.list_role_tags(RoleName="runner")["Tags"]
lists = document(Effect="Allow", Action="iam:ListUsers", Resource="*")
iam.put_role_policy(RoleName="runner", PolicyName="own", PolicyDocument=lists)
out["inline"] = iam.list_role_policies(RoleName="runner")["PolicyNames"]
assert iam.get_role_policy(RoleName="runner", PolicyName="own")["PolicyDocument"] == json.loads(lists)
managed = iam.create_policy(PolicyName="reads", PolicyDocument=reads, Tags=tags)["Policy"]["Arn"]
iam.tag_policy(PolicyArn=managed, Tags=[{"Key": "stage", "Value": "test"}])
iam.untag_policy(PolicyArn=managed, TagKeys=["team"])
out["policy tags"] = iam.list_policy_tags(PolicyArn=managed)["Tags"]
iam.attach_role_policy(RoleName="runner", PolicyArn=managed)
out["attached"] = [p["PolicyArn"] == managed for p in iam.list_attached_role_policies(RoleName="runner")["AttachedPolicies"]]
iam.create_policy_version(PolicyArn=managed, PolicyDocument=lists, SetAsDefault=True)
iam.set_default_policy_version(PolicyArn=managed, VersionId="v1")
out["versions"] = [[v["VersionId"], v["IsDefaultVersion"]] for v in iam.list_policy_versions(PolicyArn=managed)["Versions"]]
out["second"] = iam.get_policy_version(PolicyArn=managed, VersionId="v2")["PolicyVersion"]["Document"] == json.loads(lists)
iam.delete_policy_version(PolicyArn=managed, VersionId="v2")
out["default"] = iam.get_policy(PolicyArn=managed)["Policy"]["DefaultVersionId"]
out["local"] = [p["PolicyName"] for p in iam.list_policies(Scope="Local")["Policies"]]
out["aliases"] = iam.list_account_aliases()["AccountAliases"]
out["details"] = len(iam.get_account_authorization_details(Filter=["Role"])["RoleDetailList"])

user = iam.create_user(UserName="alice")["User"]
iam.put_user_policy(UserName="alice", PolicyName="own", PolicyDocument=document(Effect="Allow", Action="sts:AssumeRole", Resource="*"))
out["may"] = iam.simulate_principal_policy(PolicySourceArn=user["Arn"], ActionNames=["sts:AssumeRole", "s3:GetObject"])["EvaluationResults"]
out["may"] = [r["EvalDecision"] for r in out["may"]]
custom = iam.simulate_custom_policy(PolicyInputList=[reads], ActionNames=["s3:GetObject"])
out["custom"] = custom["EvaluationResults"][0]["EvalDecision"]
key = iam.create_access_key(UserName="alice")["AccessKey"]
alice = boto3.session.Session(aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
def session(c): return boto3.session.Session(aws_access_key_id=c["AccessKeyId"], aws_secret_access_key=c["SecretAccessKey"], aws_session_token=c["SessionToken"])
assumed = alice.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="one", DurationSeconds=900)
runner = session(assumed["Credentials"])
out["who"] = runner.client("sts").get_caller_identity()["Arn"].split(":")[-1]
out["lists"] = len(runner.client("iam").list_users()["Users"])
out["no more"] = refused(runner.client("iam").list_roles)
limited = session(alice.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="two", Policy=reads)["Credentials"])
out["limited"] = refused(limited.client("iam").list_users)
own = session(alice.client("sts").get_session_token(DurationSeconds=900)["Credentials"])
out["own"] = own.client("sts").get_caller_identity()["Arn"].split(":")[-1]
out["no IAM"] = refused(own.client("iam").get_user)
out["too long"] = refused(alice.client("sts").assume_role, RoleArn=role["Arn"], RoleSessionName="three", DurationSeconds=7200)

iam.put_role_permissions_boundary(RoleName="runner", PermissionsBoundary=managed)
out["bounded"] = refused(runner.client("iam").list_users)
iam.delete_role_permissions_boundary(RoleName="runner")
iam.detach_role_policy(RoleName="runner", PolicyArn=managed)
iam.delete_role_policy(RoleName="runner", PolicyName="own")
iam.delete_role(RoleName="runner")
out["ended"] = refused(runner.client("sts").get_caller_identity)
print(json.dumps(out))`;
  assert.deepEqual(await python(running, root, script), {
    trust: true,
    roles: ["runner"],
    described: "still runs",
    "role tags": [{ Key: "stage", Value: "test" }],
    inline: ["own"],
    own: "user/alice",
    "policy tags": [{ Key: "stage", Value: "test" }],
    attached: [true],
    versions: [
      ["v2", false],
      ["v1", true],
    ],
    second: true,
    default: "v1",
    local: ["reads"],
    aliases: [],
    details: 1,
    may: ["allowed", "implicitDeny"],
    custom: "allowed",
    who: "assumed-role/runner/one",
    lists: 1,
    "no more": ["AccessDenied", 403],
    limited: ["AccessDenied", 403],
    "no IAM": ["AccessDenied", 403],
    "too long": ["ValidationError", 400],
    bounded: ["AccessDenied", 403],
    ended: ["InvalidClientTokenId", 403],
  });
});

test("the AWS CLI makes people, and reads back what it made", async (t) => {
  const { running, account, root } = await start(t);
  const user = ["--user-name", "alice"];
  const role = ["--role-name", "runner"];
  const arn = `arn:aws:iam::${account}:policy/reads`;
  const reads = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: "*" }],
  });
  const trust = JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { AWS: account }, Action: "sts:AssumeRole" }],
  });
  const answers = await awsAll(running, root, [
    ["iam", "create-user", ...user, "--tags", "Key=team,Value=orders"],
    ["iam", "create-group", "--group-name", "readers"],
    ["iam", "add-user-to-group", "--group-name", "readers", ...user],
    ["iam", "create-policy", "--policy-name", "reads", "--policy-document", reads],
    ["iam", "attach-user-policy", ...user, "--policy-arn", arn],
    ["iam", "put-user-policy", ...user, "--policy-name", "own", "--policy-document", reads],
    ["iam", "create-role", ...role, "--assume-role-policy-document", trust],
    ["iam", "wait", "role-exists", ...role],
    ["iam", "get-user-policy", ...user, "--policy-name", "own", "--query", "PolicyDocument"],
    ["iam", "list-users", "--query", "Users[].UserName"],
    ["iam", "list-policies", "--scope", "Local", "--query", "Policies[].Arn"],
    ["iam", "get-group", "--group-name", "readers", "--query", "Users[].UserName"],
    [
      "iam",
      "simulate-custom-policy",
      "--policy-input-list",
      reads,
      "--action-names",
      "s3:PutObject",
    ],
    ["iam", "get-user", "--user-name", "nobody"],
    ["sts", "get-caller-identity", "--query", "Account"],
  ]);
  const [read, users, policies, group, simulated, missing, whose] = answers.slice(8);
  assert.deepEqual(read, JSON.parse(reads));
  assert.deepEqual([users, policies, group, whose], [["alice"], [arn], ["alice"], account]);
  assert.match(JSON.stringify(simulated), /"EvalDecision":"implicitDeny"/);
  assert.match(JSON.stringify(missing), /NoSuchEntity.* GetUser operation/);
  const failed = answers.slice(0, 8).filter((one) => JSON.stringify(one)?.includes("failed"));
  assert.deepEqual(failed, []);
});

test("over HTTPS the AWS CLI and boto3 trust the own CA, and nothing else", async (t) => {
  const { running, account, root } = await start(t, { plainHttp: false });
  assert.match(running.endpoint, /^https:/);
  const shown = await aws(running, root, "sts", "get-caller-identity", "--query", "Account");
  assert.equal(JSON.parse(shown), account);
  assert.equal(JSON.parse(await aws(running, root, "iam", "list-users")).Users.length, 0);
  const script = `${prelude}
import os
out["users"] = iam.list_users()["Users"]
out["identity"] = sts.get_caller_identity()["Account"] == account
for name in ["AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"]: os.environ.pop(name)
try: boto3.session.Session().client("sts").get_caller_identity()
except Exception as error: out["stranger"] = type(error).__name__
print(json.dumps(out))`;
  const out = { users: [], identity: true, stranger: "SSLError" };
  assert.deepEqual(await python(running, root, script), out);
  const forged = { ...root, secretAccessKey: "not the secret" };
  const refused = await tryAws(running, forged, "sts", "get-caller-identity");
  assert.match(refused.stderr, /SignatureDoesNotMatch/);
  assert.notEqual(refused.status, 0);
});

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import {
  AddUserToGroupCommand,
  AttachGroupPolicyCommand,
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateGroupCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteConflictException,
  DeleteGroupCommand,
  DeleteGroupPolicyCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DeleteUserCommand,
  DeleteUserPermissionsBoundaryCommand,
  DeleteUserPolicyCommand,
  DetachGroupPolicyCommand,
  DetachRolePolicyCommand,
  DetachUserPolicyCommand,
  EntityAlreadyExistsException,
  GetAccessKeyLastUsedCommand,
  GetAccountAuthorizationDetailsCommand,
  GetAccountSummaryCommand,
  GetGroupCommand,
  GetGroupPolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  IAMClient,
  LimitExceededException,
  ListAccessKeysCommand,
  ListAccountAliasesCommand,
  ListAttachedGroupPoliciesCommand,
  ListAttachedRolePoliciesCommand,
  ListAttachedUserPoliciesCommand,
  ListEntitiesForPolicyCommand,
  ListGroupPoliciesCommand,
  ListGroupsCommand,
  ListGroupsForUserCommand,
  ListPoliciesCommand,
  ListPolicyTagsCommand,
  ListPolicyVersionsCommand,
  ListRolePoliciesCommand,
  ListRolesCommand,
  ListRoleTagsCommand,
  ListUserPoliciesCommand,
  ListUsersCommand,
  ListUserTagsCommand,
  MalformedPolicyDocumentException,
  NoSuchEntityException,
  PutGroupPolicyCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
  paginateListUsers,
  RemoveUserFromGroupCommand,
  SetDefaultPolicyVersionCommand,
  SimulateCustomPolicyCommand,
  SimulatePrincipalPolicyCommand,
  TagPolicyCommand,
  TagRoleCommand,
  TagUserCommand,
  UntagPolicyCommand,
  UntagRoleCommand,
  UntagUserCommand,
  UpdateAccessKeyCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateGroupCommand,
  UpdateRoleCommand,
  UpdateRoleDescriptionCommand,
  UpdateUserCommand,
} from "@aws-sdk/client-iam";
import { startBondstore } from "../support/bondstore.ts";

const allow = (Action: string) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action, Resource: "*" }],
  });
const trust = (Service: string) =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" }],
  });

const readOnly = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
const Tags = [{ Key: "team", Value: "orders + sums" }];

async function start(t: TestContext) {
  const running = await startBondstore(t);
  const { account, root } = await running.tenant("acme");
  return { running, account, iam: new IAMClient(running.client(root)) };
}

test("the AWS SDK makes users with keys that work, and takes them away", async (t) => {
  const { running, iam, account } = await start(t);
  const { User } = await iam.send(
    new CreateUserCommand({ UserName: "alice", Path: "/staff/", Tags }),
  );
  assert.equal(User?.Arn, `arn:aws:iam::${account}:user/staff/alice`);
  assert.ok(User?.CreateDate instanceof Date);
  assert.deepEqual(User.Tags, Tags);
  await assert.rejects(
    iam.send(new CreateUserCommand({ UserName: "Alice" })),
    EntityAlreadyExistsException,
  );

  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: "alice" }));
  const alice = new IAMClient(
    running.client({
      accessKeyId: AccessKey?.AccessKeyId ?? "",
      secretAccessKey: AccessKey?.SecretAccessKey ?? "",
    }),
  );
  await assert.rejects(alice.send(new GetUserCommand({})), { name: "AccessDenied" });
  const own = { UserName: "alice", PolicyName: "own" };
  await iam.send(new PutUserPolicyCommand({ ...own, PolicyDocument: allow("iam:GetUser") }));
  assert.deepEqual((await alice.send(new GetUserCommand({}))).User, User);

  const keys = await iam.send(new ListAccessKeysCommand({ UserName: "alice" }));
  assert.equal(keys.AccessKeyMetadata?.length, 1);
  const key = { UserName: "alice", AccessKeyId: AccessKey?.AccessKeyId };
  const used = await iam.send(new GetAccessKeyLastUsedCommand(key));
  assert.equal(used.UserName, "alice");
  await iam.send(new CreateAccessKeyCommand({ UserName: "alice" }));
  await assert.rejects(
    iam.send(new CreateAccessKeyCommand({ UserName: "alice" })),
    LimitExceededException,
  );
  await iam.send(new UpdateAccessKeyCommand({ ...key, Status: "Inactive" }));
  await assert.rejects(alice.send(new GetUserCommand({})), { name: "InvalidClientTokenId" });
  await assert.rejects(
    iam.send(new DeleteUserCommand({ UserName: "alice" })),
    DeleteConflictException,
  );
  for (const { AccessKeyId } of (await iam.send(new ListAccessKeysCommand({ UserName: "alice" })))
    .AccessKeyMetadata ?? [])
    await iam.send(new DeleteAccessKeyCommand({ UserName: "alice", AccessKeyId }));
  await iam.send(new DeleteUserPolicyCommand(own));
  await iam.send(new UpdateUserCommand({ UserName: "alice", NewUserName: "alicia" }));
  await iam.send(new DeleteUserCommand({ UserName: "alicia" }));
  await assert.rejects(
    iam.send(new GetUserCommand({ UserName: "alicia" })),
    (error) =>
      error instanceof NoSuchEntityException &&
      error.message === "The user with name alicia cannot be found.",
  );
});

test("the AWS SDK pages through users", async (t) => {
  const { iam } = await start(t);
  for (const UserName of ["a", "b", "c"]) await iam.send(new CreateUserCommand({ UserName }));
  const names: (string | undefined)[] = [];
  for await (const { Users } of paginateListUsers({ client: iam, pageSize: 2 }, {}))
    names.push(...(Users ?? []).map(({ UserName }) => UserName));
  assert.deepEqual(names, ["a", "b", "c"]);
  const { Users } = await iam.send(new ListUsersCommand({ PathPrefix: "/none/" }));
  assert.deepEqual(Users, []);
});

test("the AWS SDK works with groups", async (t) => {
  const { iam } = await start(t);
  const group = { GroupName: "readers" };
  await iam.send(new CreateGroupCommand(group));
  await iam.send(new CreateUserCommand({ UserName: "alice" }));
  await iam.send(new AddUserToGroupCommand({ ...group, UserName: "alice" }));
  assert.equal((await iam.send(new GetGroupCommand(group))).Users?.[0]?.UserName, "alice");
  const of = await iam.send(new ListGroupsForUserCommand({ UserName: "alice" }));
  assert.equal(of.Groups?.[0]?.GroupName, "readers");
  await iam.send(new AttachGroupPolicyCommand({ ...group, PolicyArn: readOnly }));
  const { AttachedPolicies } = await iam.send(new ListAttachedGroupPoliciesCommand(group));
  assert.deepEqual(AttachedPolicies, [
    { PolicyName: "AmazonS3ReadOnlyAccess", PolicyArn: readOnly },
  ]);
  await iam.send(new DetachGroupPolicyCommand({ ...group, PolicyArn: readOnly }));
  const own = { ...group, PolicyName: "own" };
  await iam.send(new PutGroupPolicyCommand({ ...own, PolicyDocument: allow("s3:*") }));
  const { PolicyNames } = await iam.send(new ListGroupPoliciesCommand(group));
  assert.deepEqual(PolicyNames, ["own"]);
  const { PolicyDocument = "" } = await iam.send(new GetGroupPolicyCommand(own));
  assert.equal(decodeURIComponent(PolicyDocument), allow("s3:*"));
  await iam.send(new DeleteGroupPolicyCommand(own));
  await iam.send(new RemoveUserFromGroupCommand({ ...group, UserName: "alice" }));
  await iam.send(new UpdateGroupCommand({ ...group, NewGroupName: "authors" }));
  assert.equal((await iam.send(new ListGroupsCommand({}))).Groups?.length, 1);
  await iam.send(new DeleteGroupCommand({ GroupName: "authors" }));
});

test("the AWS SDK works with roles", async (t) => {
  const { iam, account } = await start(t);
  const role = { RoleName: "runner" };
  const AssumeRolePolicyDocument = trust("kinesisanalytics.amazonaws.com");
  const { Role } = await iam.send(
    new CreateRoleCommand({ ...role, AssumeRolePolicyDocument, Tags, MaxSessionDuration: 7200 }),
  );
  assert.equal(Role?.Arn, `arn:aws:iam::${account}:role/runner`);
  await assert.rejects(
    iam.send(new UpdateAssumeRolePolicyCommand({ ...role, PolicyDocument: allow("s3:*") })),
    MalformedPolicyDocumentException,
  );
  const PolicyDocument = trust("s3.amazonaws.com");
  await iam.send(new UpdateAssumeRolePolicyCommand({ ...role, PolicyDocument }));
  await iam.send(new UpdateRoleCommand({ ...role, Description: "runs", MaxSessionDuration: 3600 }));
  await iam.send(new UpdateRoleDescriptionCommand({ ...role, Description: "runs sums" }));
  const shown = (await iam.send(new GetRoleCommand(role))).Role;
  assert.equal(decodeURIComponent(shown?.AssumeRolePolicyDocument ?? ""), PolicyDocument);
  assert.deepEqual([shown?.Description, shown?.MaxSessionDuration], ["runs sums", 3600]);
  await iam.send(new TagRoleCommand({ ...role, Tags: [{ Key: "stage", Value: "test" }] }));
  await iam.send(new UntagRoleCommand({ ...role, TagKeys: ["team"] }));
  assert.deepEqual((await iam.send(new ListRoleTagsCommand(role))).Tags, [
    { Key: "stage", Value: "test" },
  ]);
  await iam.send(new AttachRolePolicyCommand({ ...role, PolicyArn: readOnly }));
  const attached = await iam.send(new ListAttachedRolePoliciesCommand(role));
  assert.equal(attached.AttachedPolicies?.length, 1);
  await assert.rejects(iam.send(new DeleteRoleCommand(role)), DeleteConflictException);
  await iam.send(new DetachRolePolicyCommand({ ...role, PolicyArn: readOnly }));
  const own = { ...role, PolicyName: "own" };
  await iam.send(new PutRolePolicyCommand({ ...own, PolicyDocument: allow("s3:*") }));
  assert.deepEqual((await iam.send(new ListRolePoliciesCommand(role))).PolicyNames, ["own"]);
  assert.equal((await iam.send(new GetRolePolicyCommand(own))).RoleName, "runner");
  await iam.send(new DeleteRolePolicyCommand(own));
  await iam.send(new PutRolePermissionsBoundaryCommand({ ...role, PermissionsBoundary: readOnly }));
  await iam.send(new DeleteRolePermissionsBoundaryCommand(role));
  assert.equal((await iam.send(new ListRolesCommand({}))).Roles?.length, 1);
  await iam.send(new DeleteRoleCommand(role));
});

test("the AWS SDK works with managed policies and their versions", async (t) => {
  const { iam } = await start(t);
  const { Policy } = await iam.send(
    new CreatePolicyCommand({ PolicyName: "orders", PolicyDocument: allow("s3:*"), Tags }),
  );
  const policy = { PolicyArn: Policy?.Arn };
  const { PolicyVersion } = await iam.send(
    new CreatePolicyVersionCommand({ ...policy, PolicyDocument: allow("s3:GetObject") }),
  );
  assert.deepEqual([PolicyVersion?.VersionId, PolicyVersion?.IsDefaultVersion], ["v2", false]);
  await iam.send(new SetDefaultPolicyVersionCommand({ ...policy, VersionId: "v2" }));
  const { Versions } = await iam.send(new ListPolicyVersionsCommand(policy));
  assert.deepEqual(
    Versions?.map(({ VersionId, IsDefaultVersion }) => [VersionId, IsDefaultVersion]),
    [
      ["v2", true],
      ["v1", false],
    ],
  );
  const version = await iam.send(new GetPolicyVersionCommand({ ...policy, VersionId: "v2" }));
  assert.equal(decodeURIComponent(version.PolicyVersion?.Document ?? ""), allow("s3:GetObject"));
  await iam.send(new DeletePolicyVersionCommand({ ...policy, VersionId: "v1" }));
  await iam.send(new TagPolicyCommand({ ...policy, Tags: [{ Key: "stage", Value: "test" }] }));
  await iam.send(new UntagPolicyCommand({ ...policy, TagKeys: ["team"] }));
  assert.equal((await iam.send(new ListPolicyTagsCommand(policy))).Tags?.[0]?.Key, "stage");

  const user = { UserName: "alice" };
  await iam.send(new CreateUserCommand(user));
  await iam.send(new AttachUserPolicyCommand({ ...user, ...policy }));
  await iam.send(
    new PutUserPermissionsBoundaryCommand({ ...user, PermissionsBoundary: Policy?.Arn }),
  );
  const attached = await iam.send(new ListAttachedUserPoliciesCommand(user));
  assert.equal(attached.AttachedPolicies?.[0]?.PolicyName, "orders");
  const shown = (await iam.send(new GetPolicyCommand(policy))).Policy;
  assert.deepEqual([shown?.AttachmentCount, shown?.PermissionsBoundaryUsageCount], [1, 1]);
  const { PolicyUsers } = await iam.send(new ListEntitiesForPolicyCommand(policy));
  assert.equal(PolicyUsers?.[0]?.UserName, "alice");
  const local = await iam.send(new ListPoliciesCommand({ Scope: "Local", OnlyAttached: true }));
  assert.equal(local.Policies?.length, 1);
  await assert.rejects(iam.send(new DeletePolicyCommand(policy)), DeleteConflictException);
  await iam.send(new DetachUserPolicyCommand({ ...user, ...policy }));
  await iam.send(new DeleteUserPermissionsBoundaryCommand(user));
  await iam.send(new DeletePolicyCommand(policy));
});

test("the AWS SDK works with tags and inline policies of users, and sums the account up", async (t) => {
  const { iam } = await start(t);
  const user = { UserName: "alice" };
  const own = { ...user, PolicyName: "own" };
  await iam.send(new CreateUserCommand(user));
  await iam.send(new TagUserCommand({ ...user, Tags }));
  assert.deepEqual((await iam.send(new ListUserTagsCommand(user))).Tags, Tags);
  await iam.send(new UntagUserCommand({ ...user, TagKeys: ["team"] }));
  await iam.send(new PutUserPolicyCommand({ ...own, PolicyDocument: allow("s3:*") }));
  assert.deepEqual((await iam.send(new ListUserPoliciesCommand(user))).PolicyNames, ["own"]);
  const { PolicyDocument = "" } = await iam.send(new GetUserPolicyCommand(own));
  assert.equal(decodeURIComponent(PolicyDocument), allow("s3:*"));
  const { SummaryMap } = await iam.send(new GetAccountSummaryCommand({}));
  assert.deepEqual([SummaryMap?.["Users"], SummaryMap?.["UsersQuota"]], [1, 5000]);
  assert.deepEqual((await iam.send(new ListAccountAliasesCommand({}))).AccountAliases, []);
});

test("the AWS SDK simulates policies and reads the details of the account", async (t) => {
  const { iam, account } = await start(t);
  const user = { UserName: "alice" };
  await iam.send(new CreateUserCommand(user));
  await iam.send(new AttachUserPolicyCommand({ ...user, PolicyArn: readOnly }));
  const ActionNames = ["s3:GetObject", "s3:PutObject"];
  const PolicySourceArn = `arn:aws:iam::${account}:user/alice`;
  const { EvaluationResults } = await iam.send(
    new SimulatePrincipalPolicyCommand({ PolicySourceArn, ActionNames }),
  );
  assert.deepEqual(
    EvaluationResults?.map(({ EvalDecision }) => EvalDecision),
    ["allowed", "implicitDeny"],
  );
  assert.equal(EvaluationResults?.[0]?.MatchedStatements?.[0]?.SourcePolicyType, "aws-managed");
  const custom = await iam.send(
    new SimulateCustomPolicyCommand({ PolicyInputList: [allow("kms:*")], ActionNames }),
  );
  assert.equal(custom.EvaluationResults?.[0]?.EvalDecision, "implicitDeny");
  const details = await iam.send(new GetAccountAuthorizationDetailsCommand({}));
  assert.equal(details.UserDetailList?.[0]?.UserName, "alice");
  assert.equal(details.Policies?.[0]?.Arn, readOnly);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { arnOf, startIam, trustRoot } from "../../../test/support/iam.ts";
import { allow, document } from "../../../test/support/identity.ts";

test("groups hand their policies to their users, and are emptied before they go", async () => {
  const { root, user } = await startIam();
  const alice = await user("alice");
  await root("CreateGroup", { GroupName: "readers" });
  const inGroup = { GroupName: "readers", UserName: "alice" };
  await root("AddUserToGroup", inGroup);
  await root("AttachGroupPolicy", {
    GroupName: "readers",
    PolicyArn: "arn:aws:iam::aws:policy/IAMFullAccess",
  });
  assert.equal((await alice("ListUsers")).Users.length, 1);
  assert.equal((await root("GetGroup", { GroupName: "readers" })).Users.length, 1);
  assert.equal((await root("ListGroupsForUser", { UserName: "alice" })).Groups.length, 1);
  await assert.rejects(root("DeleteGroup", { GroupName: "readers" }), { code: "DeleteConflict" });
  await root("UpdateGroup", { GroupName: "readers", NewGroupName: "Authors" });
  assert.equal((await alice("ListUsers")).Users.length, 1);
  await root("RemoveUserFromGroup", { GroupName: "authors", UserName: "alice" });
  await assert.rejects(alice("ListUsers"), { code: "AccessDenied" });
  await assert.rejects(root("AddUserToGroup", { GroupName: "authors", UserName: "no" }), {
    message: "The user with name no cannot be found.",
  });
});

test("policy documents come back percent-encoded and unchanged", async () => {
  const { root, account } = await startIam();
  const text = `{ "Version":"2012-10-17", "Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}] }`;
  await root("CreateRole", { RoleName: "runner", AssumeRolePolicyDocument: trustRoot(account) });
  await root("PutRolePolicy", { RoleName: "runner", PolicyName: "own", PolicyDocument: text });
  const given = await root("GetRolePolicy", { RoleName: "runner", PolicyName: "own" });
  assert.equal(decodeURIComponent(given.PolicyDocument), text);
  assert.doesNotMatch(given.PolicyDocument, /[*{" ]/);
  assert.equal(given.RoleName, "runner");
  const { Role } = await root("GetRole", { RoleName: "runner" });
  assert.equal(decodeURIComponent(Role.AssumeRolePolicyDocument), trustRoot(account));
  assert.equal(Role.MaxSessionDuration, 3600);
  await assert.rejects(root("GetRolePolicy", { RoleName: "runner", PolicyName: "toString" }), {
    code: "NoSuchEntity",
    message: "The role policy with name toString cannot be found.",
  });
});

test("a managed policy has five versions at most, and its default stays", async () => {
  const { root, account } = await startIam();
  const PolicyArn = arnOf(account, "policy/orders");
  await root("CreatePolicy", { PolicyName: "orders", PolicyDocument: allow("s3:*") });
  for (let made = 2; made <= 5; made += 1) {
    const SetAsDefault = made === 3;
    await root("CreatePolicyVersion", { PolicyArn, PolicyDocument: allow("s3:*"), SetAsDefault });
  }
  await assert.rejects(root("CreatePolicyVersion", { PolicyArn, PolicyDocument: allow("s3:*") }), {
    code: "LimitExceeded",
  });
  const { Versions } = await root("ListPolicyVersions", { PolicyArn });
  assert.deepEqual(
    Versions.map((version) => [version.VersionId, version.IsDefaultVersion]),
    [
      ["v5", false],
      ["v4", false],
      ["v3", true],
      ["v2", false],
      ["v1", false],
    ],
  );
  await assert.rejects(root("DeletePolicyVersion", { PolicyArn, VersionId: "v3" }), {
    code: "DeleteConflict",
    message: "Cannot delete the default version of a policy.",
  });
  await root("DeletePolicyVersion", { PolicyArn, VersionId: "v1" });
  await assert.rejects(root("GetPolicyVersion", { PolicyArn, VersionId: "v1" }), {
    message: `Policy ${PolicyArn} version v1 does not exist.`,
  });
  await root("CreatePolicyVersion", { PolicyArn, PolicyDocument: allow("s3:*") });
  assert.equal((await root("GetPolicy", { PolicyArn })).Policy["DefaultVersionId"], "v3");
});

test("who uses a policy is counted and listed, and keeps it from being deleted", async () => {
  const { root, user, account } = await startIam();
  await user("alice");
  const PolicyArn = arnOf(account, "policy/orders");
  await root("CreatePolicy", { PolicyName: "orders", PolicyDocument: allow("s3:*") });
  await root("AttachUserPolicy", { UserName: "alice", PolicyArn });
  await root("PutUserPermissionsBoundary", { UserName: "alice", PermissionsBoundary: PolicyArn });
  const { Policy } = await root("GetPolicy", { PolicyArn });
  assert.deepEqual([Policy["AttachmentCount"], Policy["PermissionsBoundaryUsageCount"]], [1, 1]);
  const { PolicyUsers } = await root("ListEntitiesForPolicy", { PolicyArn });
  assert.deepEqual(
    PolicyUsers.map(({ UserName }) => UserName),
    ["alice"],
  );
  assert.equal((await root("ListPolicies", { Scope: "Local" })).Policies.length, 1);
  assert.equal((await root("ListPolicies", { OnlyAttached: true })).Policies.length, 1);
  await assert.rejects(root("DeletePolicy", { PolicyArn }), {
    code: "DeleteConflict",
    message: "Cannot delete a policy attached to entities.",
  });
  await root("DetachUserPolicy", { UserName: "alice", PolicyArn });
  await root("DeleteUserPermissionsBoundary", { UserName: "alice" });
  await root("DeletePolicy", { PolicyArn });
  await assert.rejects(root("GetPolicy", { PolicyArn }), { code: "NoSuchEntity" });
});

test("AWS's own policies are read and attached, but changed by nobody", async () => {
  const { root } = await startIam();
  const PolicyArn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
  const { PolicyVersion } = await root("GetPolicyVersion", { PolicyArn, VersionId: "v3" });
  assert.match(decodeURIComponent(PolicyVersion.Document), /"s3:Get\*"/);
  await assert.rejects(root("DeletePolicy", { PolicyArn }), { code: "AccessDenied" });
  await assert.rejects(root("DeletePolicy", { PolicyArn: `${PolicyArn}X` }), {
    code: "NoSuchEntity",
  });
});

test("a policy that is none is refused in IAM's words", async () => {
  const { root, account } = await startIam();
  await assert.rejects(root("CreatePolicy", { PolicyName: "x", PolicyDocument: "{}" }), {
    code: "MalformedPolicyDocument",
  });
  await assert.rejects(
    root("CreateRole", { RoleName: "x", AssumeRolePolicyDocument: allow("sts:AssumeRole") }),
    { code: "MalformedPolicyDocument" },
  );
  await root("CreateRole", { RoleName: "x", AssumeRolePolicyDocument: trustRoot(account) });
  await assert.rejects(
    root("PutRolePolicy", {
      RoleName: "x",
      PolicyName: "big",
      PolicyDocument: allow("s3:*", `arn:aws:s3:::${"b".repeat(11_000)}`),
    }),
    { code: "LimitExceeded", message: "Maximum policy size of 10240 bytes exceeded for role x" },
  );
});

test("a boundary limits at once what policies allow", async () => {
  const { root, user, account } = await startIam();
  const alice = await user("alice", allow("iam:*"));
  await root("CreatePolicy", { PolicyName: "edge", PolicyDocument: allow("s3:*") });
  assert.ok((await alice("ListUsers")).Users);
  const PermissionsBoundary = arnOf(account, "policy/edge");
  await root("PutUserPermissionsBoundary", { UserName: "alice", PermissionsBoundary });
  await assert.rejects(alice("ListUsers"), { code: "AccessDenied" });
  assert.deepEqual((await root("GetUser", { UserName: "alice" })).User.PermissionsBoundary, {
    PermissionsBoundaryType: "PermissionsBoundaryPolicy",
    PermissionsBoundaryArn: PermissionsBoundary,
  });
});

test("a delegated administrator can be held to one policy and one boundary", async () => {
  const { root, user, account } = await startIam();
  const edge = arnOf(account, "policy/edge");
  await root("CreatePolicy", { PolicyName: "edge", PolicyDocument: allow("s3:*") });
  const only = (key: string, value: string) => ({ Condition: { ArnEquals: { [key]: value } } });
  const admin = await user(
    "admin",
    document([
      {
        Effect: "Allow",
        Action: "iam:CreateUser",
        Resource: "*",
        ...only("iam:PermissionsBoundary", edge),
      },
      {
        Effect: "Allow",
        Action: "iam:AttachUserPolicy",
        Resource: "*",
        ...only("iam:PolicyARN", edge),
      },
    ]),
  );
  await assert.rejects(admin("CreateUser", { UserName: "new" }), { code: "AccessDenied" });
  await admin("CreateUser", { UserName: "new", PermissionsBoundary: edge });
  await assert.rejects(
    admin("AttachUserPolicy", {
      UserName: "new",
      PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess",
    }),
    { code: "AccessDenied" },
  );
  await admin("AttachUserPolicy", { UserName: "new", PolicyArn: edge });
});

test("tags decide about users, and about what may be tagged", async () => {
  const { root, user } = await startIam();
  const condition = (key: string, value: string) => ({
    Condition: { StringEquals: { [key]: value } },
  });
  const lead = await user(
    "lead",
    document([
      {
        Effect: "Allow",
        Action: "iam:GetUser",
        Resource: "*",
        ...condition("aws:ResourceTag/team", "a"),
      },
      {
        Effect: "Allow",
        Action: "iam:CreateUser",
        Resource: "*",
        ...condition("aws:RequestTag/team", "a"),
      },
      {
        Effect: "Allow",
        Action: "iam:TagUser",
        Resource: "*",
        ...condition("aws:RequestTag/team", "a"),
      },
    ]),
  );
  await lead("CreateUser", { UserName: "one", Tags: [{ Key: "Team", Value: "a" }] });
  await assert.rejects(lead("CreateUser", { UserName: "two" }), { code: "AccessDenied" });
  await root("CreateUser", { UserName: "two" });
  await lead("GetUser", { UserName: "one" });
  await assert.rejects(lead("GetUser", { UserName: "two" }), { code: "AccessDenied" });
  await assert.rejects(
    root("TagUser", {
      UserName: "two",
      Tags: [
        { Key: "a", Value: "1" },
        { Key: "A", Value: "2" },
      ],
    }),
    { code: "InvalidInput" },
  );
});

test("a simulation tells what the judge of requests would say", async () => {
  const { root, user, account } = await startIam();
  const condition = { Condition: { Bool: { "aws:SecureTransport": "true" } } };
  await user(
    "alice",
    document([
      { Effect: "Allow", Action: "s3:*", Resource: "*", ...condition },
      { Effect: "Deny", Action: "s3:DeleteObject", Resource: "*" },
    ]),
  );
  const ask = async (ActionNames: string[], more: object = {}) => {
    const PolicySourceArn = arnOf(account, "user/alice");
    return (await root("SimulatePrincipalPolicy", { PolicySourceArn, ActionNames, ...more }))
      .EvaluationResults;
  };
  const secure = {
    ContextEntries: [
      {
        ContextKeyName: "aws:SecureTransport",
        ContextKeyValues: ["true"],
        ContextKeyType: "boolean",
      },
    ],
  };
  const actions = ["s3:GetObject", "s3:DeleteObject", "kms:Decrypt", "s3:Fly"];
  assert.deepEqual(
    (await ask(actions, secure)).map(({ EvalDecision }) => EvalDecision),
    ["allowed", "explicitDeny", "implicitDeny", "implicitDeny"],
  );
  const [bare] = await ask(["s3:GetObject"]);
  assert.equal(bare?.EvalDecision, "implicitDeny");
  assert.deepEqual(bare?.MissingContextValues, ["aws:securetransport"]);
  const [denied] = await ask(["s3:DeleteObject"], secure);
  assert.equal(denied?.MatchedStatements[0]?.SourcePolicyId, "inline policy own of user alice");
  const custom = await root("SimulateCustomPolicy", {
    PolicyInputList: [allow("kms:Decrypt")],
    ActionNames: ["kms:Decrypt"],
  });
  assert.equal(custom.EvaluationResults[0]?.EvalDecision, "allowed");
});

test("the details of an account hold everyone and every policy in use", async () => {
  const { root, user, account } = await startIam();
  await user("alice", allow("s3:*"));
  const PolicyArn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
  await root("AttachUserPolicy", { UserName: "alice", PolicyArn });
  await root("CreateRole", { RoleName: "r", AssumeRolePolicyDocument: trustRoot(account) });
  const all = await root("GetAccountAuthorizationDetails");
  assert.equal(all.UserDetailList[0]?.AttachedManagedPolicies.length, 1);
  assert.deepEqual([all.RoleDetailList.length, all.Policies.length], [1, 1]);
  const roles = await root("GetAccountAuthorizationDetails", { Filter: ["Role"] });
  assert.deepEqual([roles.UserDetailList.length, roles.RoleDetailList.length], [0, 1]);
});

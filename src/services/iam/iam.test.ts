import assert from "node:assert/strict";
import { test } from "node:test";
import { createAccess } from "../../access/access.ts";
import { createDirectory } from "../../identity/create-directory.ts";
import { createMemoryStore } from "../../identity/memory-store.ts";
import { systemClock } from "../../lib/clock.ts";
import { systemRandom } from "../../lib/random.ts";
import type { Parts } from "../../pipeline/call.ts";
import { startPipeline } from "../../pipeline/pipeline.ts";
import { iam } from "./service.ts";

/** What an operation answers, read member by member without its type. */
interface Answer {
  readonly User: UserShown;
  readonly Users: readonly UserShown[];
  readonly Groups: readonly object[];
  readonly Role: { readonly AssumeRolePolicyDocument: string; readonly MaxSessionDuration: number };
  readonly RoleName: string;
  readonly Policy: Readonly<Record<string, unknown>>;
  readonly Policies: readonly object[];
  readonly PolicyDocument: string;
  readonly PolicyVersion: { readonly Document: string };
  readonly Versions: readonly { readonly VersionId: string; readonly IsDefaultVersion: boolean }[];
  readonly PolicyUsers: readonly { readonly UserName: string }[];
  readonly Tags: readonly object[];
  readonly AccessKey: { readonly AccessKeyId: string };
  readonly AccessKeyMetadata: readonly { readonly AccessKeyId: string }[];
  readonly AccessKeyLastUsed: { readonly ServiceName: string };
  readonly SummaryMap: Readonly<Record<string, number>>;
  readonly AccountAliases: readonly string[];
  readonly EvaluationResults: readonly {
    readonly EvalDecision: string;
    readonly MatchedStatements: readonly { readonly SourcePolicyId: string }[];
    readonly MissingContextValues: readonly string[];
  }[];
  readonly UserDetailList: readonly { readonly AttachedManagedPolicies: readonly object[] }[];
  readonly RoleDetailList: readonly object[];
  readonly IsTruncated: boolean;
  readonly Marker?: string;
}

interface UserShown {
  readonly UserName: string;
  readonly UserId: string;
  readonly Arn: string;
  readonly PermissionsBoundary?: object;
}

const document = (statement: object) =>
  JSON.stringify({ Version: "2012-10-17", Statement: statement });
const allow = (Action: string, Resource = "*", more: object = {}) =>
  document({ Effect: "Allow", Action, Resource, ...more });
const trustRoot = (account: string) =>
  document({
    Effect: "Allow",
    Principal: { AWS: `arn:aws:iam::${account}:root` },
    Action: "sts:AssumeRole",
  });

const unreachable: Parts["keys"] = new Proxy({} as Parts["keys"], {
  get() {
    throw new Error("IAM uses no keys");
  },
});

/** IAM behind the whole pipeline, without a wire: `as` answers a function that calls it with a key. */
async function start() {
  const store = createMemoryStore();
  const directory = await createDirectory({ store, clock: systemClock, random: systemRandom });
  const events: unknown[] = [];
  const pipeline = await startPipeline(
    {
      clock: systemClock,
      random: systemRandom,
      region: "us-east-1",
      endpoint: () => "https://127.0.0.1",
      store,
      directory,
      access: createAccess({ directory }),
      keys: unreachable,
      trail: {
        record: async (event) => void events.push(event),
        find: async () => [],
        findPage: async () => ({ found: [] }),
        close: async () => undefined,
      },
    },
    [iam],
    () => null,
  );
  const { account, accessKeyId } = await directory.createAccount("acme");
  const as =
    (key: string) =>
    async (operation: string, input: object = {}): Promise<Answer> => {
      const principal = directory.findCredentials(key)?.principal;
      assert.ok(principal && principal.kind !== "service" && principal.kind !== "anonymous");
      const output = await pipeline.run({
        id: systemRandom.uuid(),
        service: "iam",
        operation,
        principal,
        account: principal.account,
        source: { ip: "127.0.0.1", userAgent: "test", secure: true },
        decode: () => input,
        describe: () => null,
        inner: false,
      });
      return (output ?? {}) as Answer;
    };
  const root = as(accessKeyId);
  /** A user with this inline policy, and calls as that user. */
  const user = async (UserName: string, policy?: string) => {
    await root("CreateUser", { UserName });
    if (policy)
      await root("PutUserPolicy", { UserName, PolicyName: "own", PolicyDocument: policy });
    const { AccessKey } = await root("CreateAccessKey", { UserName });
    return as(AccessKey.AccessKeyId);
  };
  return { account: account.id, accessKeyId, root, user, events, directory };
}

const arnOf = (account: string, name: string) => `arn:aws:iam::${account}:${name}`;

test("a user is made, shown, renamed, tagged and deleted", async () => {
  const { root, account } = await start();
  const Tags = [{ Key: "Team", Value: "orders" }];
  const { User } = await root("CreateUser", { UserName: "alice", Path: "/staff/", Tags });
  assert.equal(User.Arn, arnOf(account, "user/staff/alice"));
  assert.match(User.UserId, /^AIDA[A-Z2-7]{17}$/);
  assert.deepEqual((await root("GetUser", { UserName: "ALICE" })).User, User);
  await root("TagUser", { UserName: "alice", Tags: [{ Key: "team", Value: "sums" }] });
  assert.deepEqual((await root("ListUserTags", { UserName: "alice" })).Tags, [
    { Key: "team", Value: "sums" },
  ]);
  await root("UntagUser", { UserName: "alice", TagKeys: ["TEAM"] });
  await root("UpdateUser", { UserName: "alice", NewUserName: "alicia", NewPath: "/" });
  const { Users } = await root("ListUsers");
  assert.deepEqual(
    Users.map(({ Arn }) => Arn),
    [arnOf(account, "user/alicia")],
  );
  await root("DeleteUser", { UserName: "alicia" });
  await assert.rejects(root("GetUser", { UserName: "alicia" }), {
    code: "NoSuchEntity",
    message: "The user with name alicia cannot be found.",
  });
});

test("without a name the user means the caller, and root means itself", async () => {
  const { root, user, account } = await start();
  const alice = await user("alice", allow("iam:GetUser"));
  assert.equal((await alice("GetUser")).User.UserName, "alice");
  assert.equal((await root("GetUser")).User.Arn, arnOf(account, "root"));
  assert.equal((await root("ListAccessKeys")).AccessKeyMetadata.length, 1);
});

test("a caller learns of a missing user only where it might have read it", async () => {
  const { user } = await start();
  const may = await user("may", allow("iam:GetUser"));
  const little = await user("little");
  await assert.rejects(may("GetUser", { UserName: "gone" }), { code: "NoSuchEntity" });
  await assert.rejects(little("GetUser", { UserName: "gone" }), { code: "AccessDenied" });
  await assert.rejects(little("GetUser", { UserName: "may" }), { code: "AccessDenied" });
});

test("lists come in pages, in the order of names", async () => {
  const { root } = await start();
  for (const UserName of ["Carol", "alice", "bob"]) await root("CreateUser", { UserName });
  const first = await root("ListUsers", { MaxItems: 2 });
  const names = ({ Users }: Answer) => Users.map((u) => u.UserName);
  assert.deepEqual([names(first), first.IsTruncated], [["alice", "bob"], true]);
  const last = await root("ListUsers", { MaxItems: 2, Marker: first.Marker });
  assert.deepEqual([names(last), last.IsTruncated, last.Marker], [["Carol"], false, undefined]);
  await assert.rejects(root("ListUsers", { Marker: "x" }), { code: "ValidationError" });
});

test("groups hand their policies to their users, and are emptied before they go", async () => {
  const { root, user } = await start();
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
  const { root, account } = await start();
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
  const { root, account } = await start();
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
  const { root, user, account } = await start();
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
  const { root } = await start();
  const PolicyArn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
  const { PolicyVersion } = await root("GetPolicyVersion", { PolicyArn, VersionId: "v3" });
  assert.match(decodeURIComponent(PolicyVersion.Document), /"s3:Get\*"/);
  await assert.rejects(root("DeletePolicy", { PolicyArn }), { code: "AccessDenied" });
  await assert.rejects(root("DeletePolicy", { PolicyArn: `${PolicyArn}X` }), {
    code: "NoSuchEntity",
  });
});

test("a policy that is none is refused in IAM's words", async () => {
  const { root, account } = await start();
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
  const { root, user, account } = await start();
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
  const { root, user, account } = await start();
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
  const { root, user } = await start();
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

test("a key belongs to its user: another's name does not reach it", async () => {
  const { root, user, directory } = await start();
  await user("alice");
  await user("bob");
  const { AccessKeyMetadata } = await root("ListAccessKeys", { UserName: "alice" });
  const { AccessKeyId } = AccessKeyMetadata[0] ?? {};
  await assert.rejects(
    root("UpdateAccessKey", { UserName: "bob", AccessKeyId, Status: "Inactive" }),
    { code: "NoSuchEntity" },
  );
  await root("UpdateAccessKey", { UserName: "alice", AccessKeyId, Status: "Inactive" });
  assert.equal(directory.findCredentials(String(AccessKeyId))?.active, false);
  const unused = await root("GetAccessKeyLastUsed", { AccessKeyId });
  assert.equal(unused.AccessKeyLastUsed.ServiceName, "N/A");
  directory.noteUse(String(AccessKeyId), "s3");
  const used = await root("GetAccessKeyLastUsed", { AccessKeyId });
  assert.equal(used.AccessKeyLastUsed.ServiceName, "s3");
  await root("DeleteAccessKey", { UserName: "alice", AccessKeyId });
  assert.equal(directory.findCredentials(String(AccessKeyId)), undefined);
});

test("renaming needs the permission on the new name too", async () => {
  const { user, account } = await start();
  const alice = await user("alice", allow("iam:UpdateUser", arnOf(account, "user/alice")));
  await assert.rejects(alice("UpdateUser", { UserName: "alice", NewUserName: "root" }), {
    code: "AccessDenied",
  });
});

test("the summary counts what there is", async () => {
  const { root, user, account } = await start();
  await user("alice");
  await root("CreatePolicy", { PolicyName: "orders", PolicyDocument: allow("s3:*") });
  await root("CreateRole", { RoleName: "r", AssumeRolePolicyDocument: trustRoot(account) });
  const { SummaryMap } = await root("GetAccountSummary");
  const names = ["Users", "Roles", "Groups", "Policies", "AccountAccessKeysPresent"];
  assert.deepEqual(
    names.map((name) => SummaryMap[name]),
    [1, 1, 0, 1, 1],
  );
  assert.deepEqual((await root("ListAccountAliases")).AccountAliases, []);
});

test("the trail of a new key has its id, and no secret", async () => {
  const { user, events } = await start();
  await user("alice");
  const event = events.at(-1) as { eventName: string; responseElements: object };
  assert.equal(event.eventName, "CreateAccessKey");
  assert.doesNotMatch(JSON.stringify(events), /[Ss]ecret/);
  assert.match(JSON.stringify(event.responseElements), /AKIA/);
});

test("accounts do not see each other", async () => {
  const { root, user, directory } = await start();
  await user("alice");
  const other = await directory.createAccount("other");
  const theirs = directory.inAccount(other.account.id);
  assert.equal(theirs.users.find("alice"), undefined);
  const policy = await theirs.policies.create({ name: "p", document: allow("s3:*") });
  await assert.rejects(root("GetPolicy", { PolicyArn: policy.arn }), { code: "NoSuchEntity" });
});

test("a simulation tells what the judge of requests would say", async () => {
  const { root, user, account } = await start();
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
  const { root, user, account } = await start();
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

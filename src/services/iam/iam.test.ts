import assert from "node:assert/strict";
import { test } from "node:test";
import { type Answer, arnOf, startIam, trustRoot } from "../../../test/support/iam.ts";
import { allow } from "../../../test/support/identity.ts";

test("a user is made, shown, renamed, tagged and deleted", async () => {
  const { root, account } = await startIam();
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
  const { root, user, account } = await startIam();
  const alice = await user("alice", allow("iam:GetUser"));
  assert.equal((await alice("GetUser")).User.UserName, "alice");
  assert.equal((await root("GetUser")).User.Arn, arnOf(account, "root"));
  assert.equal((await root("ListAccessKeys")).AccessKeyMetadata.length, 1);
});

test("a caller learns of a missing user only where it might have read it", async () => {
  const { user } = await startIam();
  const may = await user("may", allow("iam:GetUser"));
  const little = await user("little");
  await assert.rejects(may("GetUser", { UserName: "gone" }), { code: "NoSuchEntity" });
  await assert.rejects(little("GetUser", { UserName: "gone" }), { code: "AccessDenied" });
  await assert.rejects(little("GetUser", { UserName: "may" }), { code: "AccessDenied" });
});

test("lists come in pages, in the order of names", async () => {
  const { root } = await startIam();
  for (const UserName of ["Carol", "alice", "bob"]) await root("CreateUser", { UserName });
  const first = await root("ListUsers", { MaxItems: 2 });
  const names = ({ Users }: Answer) => Users.map((u) => u.UserName);
  assert.deepEqual([names(first), first.IsTruncated], [["alice", "bob"], true]);
  const last = await root("ListUsers", { MaxItems: 2, Marker: first.Marker });
  assert.deepEqual([names(last), last.IsTruncated, last.Marker], [["Carol"], false, undefined]);
  await assert.rejects(root("ListUsers", { Marker: "x" }), { code: "ValidationError" });
});

test("a key belongs to its user: another's name does not reach it", async () => {
  const { root, user, directory } = await startIam();
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
  const { user, account } = await startIam();
  const alice = await user("alice", allow("iam:UpdateUser", arnOf(account, "user/alice")));
  await assert.rejects(alice("UpdateUser", { UserName: "alice", NewUserName: "root" }), {
    code: "AccessDenied",
  });
});

test("the summary counts what there is", async () => {
  const { root, user, account } = await startIam();
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
  const { root, events } = await startIam();
  await root("CreateUser", { UserName: "alice" });
  await root("CreateAccessKey", { UserName: "alice" });
  const event = events.at(-1);
  assert.equal(event?.eventName, "CreateAccessKey");
  assert.doesNotMatch(JSON.stringify(events), /[Ss]ecret/);
  assert.match(JSON.stringify(event?.responseElements), /AKIA/);
});

test("accounts do not see each other", async () => {
  const { root, user, directory } = await startIam();
  await user("alice");
  const other = await directory.createAccount("other");
  const theirs = directory.inAccount(other.account.id);
  assert.equal(theirs.users.find("alice"), undefined);
  const policy = await theirs.policies.create({ name: "p", document: allow("s3:*") });
  await assert.rejects(root("GetPolicy", { PolicyArn: policy.arn }), { code: "NoSuchEntity" });
});

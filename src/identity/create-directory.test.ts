import assert from "node:assert/strict";
import { test } from "node:test";
import { createMemoryStore } from "../../test/support/memory-store.ts";
import { systemRandom } from "../lib/random.ts";
import type { Store } from "../storage/store.ts";
import { createDirectory } from "./create-directory.ts";

const allow = (action: string, resource = "*") =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Action: action, Resource: resource },
  });

const trustAll = JSON.stringify({
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Principal: { AWS: "*" }, Action: "sts:AssumeRole" },
});

async function start(store: Store = createMemoryStore()) {
  let timeMs = Date.parse("2026-11-22T10:00:00Z");
  const clock = { now: () => timeMs };
  const directory = await createDirectory({ store, clock, random: systemRandom });
  const { account, accessKeyId, secret } = await directory.createAccount(`acme${timeMs}`);
  const here = directory.inAccount(account.id);
  return {
    store,
    directory,
    account,
    accessKeyId,
    secret,
    here,
    nowMs: () => timeMs,
    later: (ms: number) => {
      timeMs += ms;
    },
  };
}

test("an account has twelve digits and a root key that signs", async () => {
  const { directory, account, accessKeyId, secret } = await start();
  assert.match(account.id, /^[1-9]\d{11}$/);
  assert.match(accessKeyId, /^AKIA[A-Z2-7]{16}$/);
  const found = directory.findCredentials(accessKeyId);
  assert.equal(found?.secret, secret);
  assert.equal(found?.secret.length, 40);
  assert.deepEqual(found?.principal, {
    kind: "root",
    account: account.id,
    arn: `arn:aws:iam::${account.id}:root`,
    id: account.id,
    tags: {},
    accessKeyId,
  });
});

test("accounts are found again after a restart, by id and by name in any case", async () => {
  const { store, account, accessKeyId } = await start();
  const clock = { now: () => 0 };
  const again = await createDirectory({ store, clock, random: systemRandom });
  assert.deepEqual(again.findAccount(account.id), account);
  assert.deepEqual(again.findAccount(account.name.toUpperCase()), account);
  assert.equal(again.findCredentials(accessKeyId)?.principal.kind, "root");
  await assert.rejects(again.createAccount(account.name), { code: "EntityAlreadyExists" });
  await assert.rejects(again.createAccount("123456789012"), { code: "ValidationError" });
});

test("a key ends with its user's key, and an inactive one says so", async () => {
  const { directory, here } = await start();
  const alice = await here.users.create({ name: "alice" });
  const key = await here.accessKeys.create(alice);
  assert.equal(directory.findCredentials(key.id)?.active, true);
  await here.accessKeys.switch(key, false);
  assert.equal(directory.findCredentials(key.id)?.active, false);
  await here.accessKeys.remove(key);
  assert.equal(directory.findCredentials(key.id), undefined);
  assert.equal(directory.accountOfKey(key.id), undefined);
});

test("a user has at most two keys", async () => {
  const { here } = await start();
  const alice = await here.users.create({ name: "alice" });
  await here.accessKeys.create(alice);
  await here.accessKeys.create(alice);
  await assert.rejects(here.accessKeys.create(alice), {
    code: "LimitExceeded",
    message: "Cannot exceed quota for AccessKeysPerUser: 2",
  });
});

test("policies of a user are its own, its groups' and its boundary, as they are now", async () => {
  const { directory, here } = await start();
  const alice = await here.users.create({ name: "Alice" });
  const key = await here.accessKeys.create(alice);
  const team = await here.groups.create("team");
  const names = () => {
    const found = directory.findCredentials(key.id);
    assert.ok(found);
    const { identity, boundary } = directory.policiesOf(found.principal);
    return [...identity.map(({ name }) => name), boundary && `bounded by ${boundary.name}`];
  };
  assert.deepEqual(names(), [undefined]);

  await here.policiesOf.user.attach(alice, "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess");
  await here.policiesOf.user.putInline(alice, "orders", allow("kinesis:GetRecords"));
  await here.policiesOf.group.putInline(team, "shared", allow("kms:Decrypt"));
  await here.groups.join(team, alice);
  await here.identities.bound(alice, "arn:aws:iam::aws:policy/PowerUserAccess");
  assert.deepEqual(names(), [
    "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
    "inline policy orders of user Alice",
    "inline policy shared of group team",
    "bounded by arn:aws:iam::aws:policy/PowerUserAccess",
  ]);

  await here.groups.leave(team, alice);
  await here.identities.unbound(alice);
  await here.policiesOf.user.removeInline(alice, "orders");
  assert.deepEqual(names(), ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess", undefined]);
});

test("a new default version counts at once", async () => {
  const { directory, here } = await start();
  const alice = await here.users.create({ name: "alice" });
  const key = await here.accessKeys.create(alice);
  const policy = await here.policies.create({ name: "orders", document: allow("s3:GetObject") });
  await here.policiesOf.user.attach(alice, policy.arn);
  const actions = () => {
    const found = directory.findCredentials(key.id);
    assert.ok(found);
    const [applied] = directory.policiesOf(found.principal).identity;
    return applied?.policy.statements[0]?.actions.texts;
  };
  assert.deepEqual(actions(), ["s3:GetObject"]);
  await here.policies.createVersion(policy, allow("s3:PutObject"), true);
  assert.deepEqual(actions(), ["s3:PutObject"]);
  await here.policies.setDefault(policy, "v1");
  assert.deepEqual(actions(), ["s3:GetObject"]);
});

test("a role's sessions end with the role, and another of its name does not revive them", async () => {
  const { directory, here, account, nowMs } = await start();
  const made = await here.roles.create({ name: "runner", trust: trustAll, tags: { team: "a" } });
  const role = directory.findRole(made.arn);
  assert.ok(role);
  const session = { expiresAtMs: nowMs() + 1000, policies: [], mfa: false };
  const { accessKeyId } = await directory.startRoleSession(role, "one", session, { TEAM: "b" });
  const found = directory.findCredentials(accessKeyId);
  assert.ok(found?.principal.kind === "session");
  assert.equal(found.principal.sessionArn, `arn:aws:sts::${account.id}:assumed-role/runner/one`);
  assert.equal(found.principal.id, `${made.id}:one`);
  assert.deepEqual(found.principal.tags, { TEAM: "b" });
  await here.roles.remove(made);
  assert.equal(directory.findCredentials(accessKeyId), undefined);
  await here.roles.create({ name: "runner", trust: trustAll });
  assert.equal(directory.findCredentials(accessKeyId), undefined);
  assert.deepEqual(directory.policiesOf(found.principal).identity, []);
});

test("temporary credentials of a user end with the key that asked for them", async () => {
  const { directory, here, nowMs } = await start();
  const alice = await here.users.create({ name: "alice" });
  const key = await here.accessKeys.create(alice);
  const holder = directory.findCredentials(key.id)?.principal;
  assert.ok(holder?.kind === "user");
  const wanted = { expiresAtMs: nowMs() + 1000, mfa: false };
  const { accessKeyId, token } = await directory.startUserSession(holder, wanted);
  assert.equal(directory.findCredentials(accessKeyId)?.token, token);
  await here.users.rename(alice, "alicia", "/");
  assert.equal(directory.findCredentials(accessKeyId)?.principal.kind, "user");
  await here.accessKeys.remove(key);
  assert.equal(directory.findCredentials(accessKeyId), undefined);
});

test("an application's sessions end together, and no others", async () => {
  const { directory, here, nowMs } = await start();
  const made = await here.roles.create({ name: "runner", trust: trustAll });
  const role = directory.findRole(made.arn);
  assert.ok(role);
  const begin = async (application: string) => {
    const session = { expiresAtMs: nowMs() + 1000, policies: [], mfa: false, application };
    return (await directory.startRoleSession(role, "cell", session, {})).accessKeyId;
  };
  const [one, two, other] = [await begin("arn:a"), await begin("arn:a"), await begin("arn:b")];
  for (const id of [one, two, other]) assert.ok(directory.findCredentials(id));
  await directory.endApplicationSessions("arn:a");
  assert.deepEqual(
    [one, two, other].map((id) => directory.findCredentials(id) !== undefined),
    [false, false, true],
  );
});

test("sessions that ended a day ago are swept when others begin", async () => {
  const { directory, here, nowMs, later } = await start();
  const made = await here.roles.create({ name: "runner", trust: trustAll });
  const role = directory.findRole(made.arn);
  assert.ok(role);
  const begin = () =>
    directory.startRoleSession(
      role,
      "s",
      { expiresAtMs: nowMs() + 1000, policies: [], mfa: false },
      {},
    );
  const old = await begin();
  later(2 * 24 * 3600 * 1000);
  await begin();
  assert.equal(directory.accountOfKey(old.accessKeyId), undefined);
});

test("names differ by more than their case", async () => {
  const { here } = await start();
  const alice = await here.users.create({ name: "Alice" });
  await assert.rejects(here.users.create({ name: "ALICE" }), {
    code: "EntityAlreadyExists",
    message: "User with name ALICE already exists.",
  });
  assert.equal(here.users.find("alice")?.id, alice.id);
});

test("nothing is deleted while something hangs on it", async () => {
  const { here } = await start();
  const alice = await here.users.create({ name: "alice" });
  const team = await here.groups.create("team");
  const policy = await here.policies.create({ name: "orders", document: allow("s3:*") });
  const conflict = { code: "DeleteConflict" };

  await here.groups.join(team, alice);
  await assert.rejects(here.users.remove(alice), conflict);
  await assert.rejects(here.groups.remove(team), conflict);
  await here.groups.leave(team, alice);

  await here.policiesOf.user.attach(alice, policy.arn);
  await assert.rejects(here.users.remove(alice), conflict);
  await assert.rejects(here.policies.remove(policy), conflict);
  await here.policiesOf.user.detach(alice, policy.arn);

  await here.identities.bound(alice, policy.arn);
  await assert.rejects(here.policies.remove(policy), conflict);
  await here.identities.unbound(alice);

  const key = await here.accessKeys.create(alice);
  await assert.rejects(here.users.remove(alice), conflict);
  await here.accessKeys.remove(key);

  await here.users.remove(alice);
  await here.groups.remove(team);
  await here.policies.remove(policy);
  assert.equal(here.users.find("alice"), undefined);
});

test("what was judged is what changes: another user of the name is not it", async () => {
  const { here } = await start();
  const old = await here.users.create({ name: "alice" });
  await here.users.remove(old);
  await here.users.create({ name: "alice" });
  await assert.rejects(here.accessKeys.create(old), { code: "NoSuchEntity" });
});

test("a policy of another account cannot be attached", async () => {
  const { directory, here } = await start();
  const { account } = await directory.createAccount("other");
  const theirs = await directory
    .inAccount(account.id)
    .policies.create({ name: "orders", document: allow("s3:*") });
  const alice = await here.users.create({ name: "alice" });
  await assert.rejects(here.policiesOf.user.attach(alice, theirs.arn), { code: "NoSuchEntity" });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { allow, document, startIdentity, startMs } from "../../../test/support/identity.ts";
import { sts } from "./service.ts";

interface Answer {
  readonly Credentials: {
    readonly AccessKeyId: string;
    readonly SecretAccessKey: string;
    readonly SessionToken: string;
    readonly Expiration: Date;
  };
  readonly AssumedRoleUser: { readonly Arn: string; readonly AssumedRoleId: string };
  readonly PackedPolicySize?: number;
  readonly SourceIdentity?: string;
  readonly Account: string;
  readonly Arn: string;
  readonly UserId: string;
}

/** STS with two accounts. */
async function start() {
  const { tenant, ...rest } = await startIdentity<Answer>(sts);
  return { ...rest, acme: await tenant("acme"), other: await tenant("other") };
}

const trust = (principal: object | string, more: object = {}) =>
  document({
    Effect: "Allow",
    Principal: principal,
    Action: ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
    ...more,
  });

const denied = { code: "AccessDenied" };

test("everyone who is authenticated learns who it is", async () => {
  const { acme, as } = await start();
  const { call, record } = await acme.user(
    "alice",
    document({ Effect: "Deny", Action: "*", Resource: "*" }),
  );
  assert.deepEqual(await call("GetCallerIdentity"), {
    UserId: record.id,
    Account: acme.id,
    Arn: record.arn,
  });
  assert.equal((await as(acme.rootKey)("GetCallerIdentity")).Arn, `arn:aws:iam::${acme.id}:root`);
});

test("a role is assumed by whom its trust policy names, and the session is its own principal", async () => {
  const { acme, as, events } = await start();
  const alice = await acme.user("alice");
  const role = await acme.here.roles.create({
    name: "runner",
    trust: trust({ AWS: alice.record.arn }),
  });
  const answer = await alice.call("AssumeRole", { RoleArn: role.arn, RoleSessionName: "one" });
  const sessionArn = `arn:aws:sts::${acme.id}:assumed-role/runner/one`;
  assert.deepEqual(answer.AssumedRoleUser, { AssumedRoleId: `${role.id}:one`, Arn: sessionArn });
  assert.equal(answer.Credentials.Expiration.getTime(), startMs + 3_600_000);
  assert.match(answer.Credentials.AccessKeyId, /^ASIA/);
  assert.deepEqual(await as(answer.Credentials.AccessKeyId)("GetCallerIdentity"), {
    UserId: `${role.id}:one`,
    Account: acme.id,
    Arn: sessionArn,
  });
  const trail = JSON.stringify(events);
  assert.ok(!trail.includes(answer.Credentials.SecretAccessKey));
  assert.ok(!trail.includes(answer.Credentials.SessionToken));
});

test("a trust in the account is left to the policies of its users", async () => {
  const { acme } = await start();
  const role = await acme.here.roles.create({
    name: "runner",
    trust: trust({ AWS: `arn:aws:iam::${acme.id}:root` }),
  });
  const may = await acme.user("may", allow("sts:AssumeRole", role.arn));
  const little = await acme.user("little");
  const input = { RoleArn: role.arn, RoleSessionName: "one" };
  await may.call("AssumeRole", input);
  await assert.rejects(little.call("AssumeRole", input), denied);
});

test("an identity policy alone opens no role", async () => {
  const { acme } = await start();
  const role = await acme.here.roles.create({
    name: "runner",
    trust: trust({ Service: "kinesisanalytics.amazonaws.com" }),
  });
  const admin = await acme.user("admin", allow("*"));
  await assert.rejects(
    admin.call("AssumeRole", { RoleArn: role.arn, RoleSessionName: "one" }),
    denied,
  );
});

test("another account needs the trust and a policy of its own", async () => {
  const { acme, other } = await start();
  const may = await other.user("may", allow("sts:AssumeRole"));
  const little = await other.user("little");
  const role = await acme.here.roles.create({
    name: "shared",
    trust: trust({ AWS: [may.record.arn, little.record.arn] }),
  });
  const input = { RoleArn: role.arn, RoleSessionName: "one" };
  await may.call("AssumeRole", input);
  await assert.rejects(little.call("AssumeRole", input), denied);
});

test("the external id must be the one that the trust policy asks for", async () => {
  const { acme, other } = await start();
  const may = await other.user("may", allow("sts:AssumeRole"));
  const role = await acme.here.roles.create({
    name: "vendor",
    trust: trust(
      { AWS: `arn:aws:iam::${other.id}:root` },
      { Condition: { StringEquals: { "sts:ExternalId": "secret-7" } } },
    ),
  });
  const input = { RoleArn: role.arn, RoleSessionName: "one" };
  await assert.rejects(may.call("AssumeRole", input), denied);
  await assert.rejects(may.call("AssumeRole", { ...input, ExternalId: "secret-8" }), denied);
  await may.call("AssumeRole", { ...input, ExternalId: "secret-7" });
});

test("a role that is not there is refused like one that trusts somebody else", async () => {
  const { acme, other } = await start();
  const admin = await other.user("admin", allow("*"));
  await acme.here.roles.create({
    name: "hidden",
    trust: trust({ AWS: `arn:aws:iam::${acme.id}:root` }),
  });
  const refusals: string[] = [];
  for (const name of ["hidden", "gone"]) {
    const RoleArn = `arn:aws:iam::${acme.id}:role/${name}`;
    await assert.rejects(
      admin.call("AssumeRole", { RoleArn, RoleSessionName: "one" }),
      (error: Error) => {
        refusals.push(error.message.replace(name, "NAME").replace(/explain \S+/, "explain ID"));
        return error.name === "AccessDenied";
      },
    );
  }
  assert.equal(refusals[0], refusals[1]);
  const RoleArn = "arn:aws:iam::999999999999:role/hidden";
  await assert.rejects(admin.call("AssumeRole", { RoleArn, RoleSessionName: "one" }), denied);
});

test("root assumes no role", async () => {
  const { acme, as } = await start();
  const role = await acme.here.roles.create({ name: "runner", trust: trust({ AWS: acme.id }) });
  await assert.rejects(
    as(acme.rootKey)("AssumeRole", { RoleArn: role.arn, RoleSessionName: "one" }),
    { code: "AccessDenied", message: "Roles may not be assumed by root accounts." },
  );
});

test("a user's own temporary credentials last as asked and make no further ones", async () => {
  const { acme, as } = await start();
  const alice = await acme.user("alice", allow("*"));
  const { Credentials } = await alice.call("GetSessionToken", { DurationSeconds: 900 });
  assert.equal(Credentials.Expiration.getTime(), startMs + 900_000);
  const session = as(Credentials.AccessKeyId);
  assert.equal((await session("GetCallerIdentity")).Arn, alice.record.arn);
  await assert.rejects(session("GetSessionToken"), denied);
  await assert.rejects(alice.call("GetSessionToken", { TokenCode: "123456" }), denied);
  const root = await as(acme.rootKey)("GetSessionToken", { DurationSeconds: 43_200 });
  assert.equal(root.Credentials.Expiration.getTime(), startMs + 3_600_000);
});

test("the account of a key is shown to those who may ask", async () => {
  const { acme, other } = await start();
  const alice = await acme.user("alice", allow("sts:GetAccessKeyInfo"));
  const bob = await other.user("bob");
  const input = { AccessKeyId: bob.key.id };
  assert.equal((await alice.call("GetAccessKeyInfo", input)).Account, other.id);
  await assert.rejects(bob.call("GetAccessKeyInfo", input), denied);
});

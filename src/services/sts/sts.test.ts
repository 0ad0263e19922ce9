import assert from "node:assert/strict";
import { test } from "node:test";
import { createAccess } from "../../access/access.ts";
import { createDirectory } from "../../identity/create-directory.ts";
import { createMemoryStore } from "../../identity/memory-store.ts";
import { systemRandom } from "../../lib/random.ts";
import type { Parts } from "../../pipeline/call.ts";
import { startPipeline } from "../../pipeline/pipeline.ts";
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

const startMs = Date.parse("2026-11-22T10:00:00Z");

const document = (statement: object) =>
  JSON.stringify({ Version: "2012-10-17", Statement: statement });
const allow = (Action: string | string[], Resource = "*") =>
  document({ Effect: "Allow", Action, Resource });

const unreachable: Parts["keys"] = new Proxy({} as Parts["keys"], {
  get() {
    throw new Error("STS uses no keys");
  },
});

/** STS behind the whole pipeline, with two accounts that each have the user alice. */
async function start() {
  const store = createMemoryStore();
  const clock = { now: () => startMs };
  const directory = await createDirectory({ store, clock, random: systemRandom });
  const events: unknown[] = [];
  const pipeline = await startPipeline(
    {
      clock,
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
    [sts],
    () => null,
  );

  const as =
    (key: string) =>
    async (operation: string, input: object = {}): Promise<Answer> => {
      const principal = directory.findCredentials(key)?.principal;
      assert.ok(principal && principal.kind !== "service" && principal.kind !== "anonymous");
      const output = await pipeline.run({
        id: systemRandom.uuid(),
        service: "sts",
        operation,
        principal,
        account: principal.account,
        source: { ip: "127.0.0.1", userAgent: "test", secure: true },
        decode: () => input,
        describe: () => null,
        inner: false,
      });
      return output as Answer;
    };

  const account = async (name: string) => {
    const made = await directory.createAccount(name);
    const here = directory.inAccount(made.account.id);
    const user = async (userName: string, policy?: string) => {
      const record = await here.users.create({ name: userName });
      if (policy) await here.policiesOf.user.putInline(record, "own", policy);
      const key = await here.accessKeys.create(record);
      return { record, key, call: as(key.id) };
    };
    return { id: made.account.id, rootKey: made.accessKeyId, here, user };
  };
  const acme = await account("acme");
  const other = await account("other");
  return { acme, other, as, directory, events };
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

test("a session lasts as long as the role allows, and an hour in a chain", async () => {
  const { acme, as } = await start();
  const alice = await acme.user("alice");
  const all = trust({ AWS: acme.id });
  const role = await acme.here.roles.create({
    name: "first",
    trust: trust({ AWS: alice.record.arn }),
    maxSessionSeconds: 7200,
  });
  await acme.here.policiesOf.role.putInline(role, "own", allow("sts:AssumeRole"));
  const next = await acme.here.roles.create({ name: "next", trust: all, maxSessionSeconds: 7200 });
  const input = { RoleArn: role.arn, RoleSessionName: "one" };
  await assert.rejects(alice.call("AssumeRole", { ...input, DurationSeconds: 7201 }), {
    code: "ValidationError",
    message: "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
  });
  const { Credentials } = await alice.call("AssumeRole", { ...input, DurationSeconds: 7200 });
  const chained = as(Credentials.AccessKeyId);
  const further = { RoleArn: next.arn, RoleSessionName: "two" };
  await assert.rejects(chained("AssumeRole", { ...further, DurationSeconds: 3601 }), {
    code: "ValidationError",
  });
  await chained("AssumeRole", further);
});

test("session policies limit the session, inline and managed", async () => {
  const { acme, directory } = await start();
  const alice = await acme.user("alice");
  const role = await acme.here.roles.create({
    name: "runner",
    trust: trust({ AWS: alice.record.arn }),
  });
  const input = { RoleArn: role.arn, RoleSessionName: "one" };
  const answer = await alice.call("AssumeRole", {
    ...input,
    Policy: allow("s3:GetObject"),
    PolicyArns: [{ arn: "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess" }],
  });
  assert.ok(answer.PackedPolicySize);
  const principal = directory.findCredentials(answer.Credentials.AccessKeyId)?.principal;
  assert.ok(principal);
  assert.deepEqual(
    directory.policiesOf(principal).session?.map(({ name }) => name),
    ["session policy 1", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"],
  );
  await assert.rejects(alice.call("AssumeRole", { ...input, Policy: "{}" }), {
    code: "MalformedPolicyDocument",
  });
  await assert.rejects(
    alice.call("AssumeRole", {
      ...input,
      Policy: allow("s3:*", `arn:aws:s3:::${"b".repeat(3000)}`),
    }),
    { code: "PackedPolicyTooLarge" },
  );
});

test("session tags need their own permission, and transitive ones go on", async () => {
  const { acme, as, directory } = await start();
  const alice = await acme.user("alice");
  const plain = await acme.here.roles.create({
    name: "plain",
    trust: document({
      Effect: "Allow",
      Principal: { AWS: alice.record.arn },
      Action: "sts:AssumeRole",
    }),
  });
  const tagged = {
    RoleSessionName: "one",
    Tags: [
      { Key: "Team", Value: "orders" },
      { Key: "Stage", Value: "test" },
    ],
    TransitiveTagKeys: ["team"],
  };
  await assert.rejects(alice.call("AssumeRole", { ...tagged, RoleArn: plain.arn }), denied);

  const condition = { Condition: { StringEquals: { "aws:RequestTag/team": "orders" } } };
  const first = await acme.here.roles.create({
    name: "first",
    trust: trust({ AWS: alice.record.arn }, condition),
  });
  const next = await acme.here.roles.create({ name: "next", trust: trust({ AWS: first.arn }) });
  const { Credentials } = await alice.call("AssumeRole", { ...tagged, RoleArn: first.arn });
  const chained = as(Credentials.AccessKeyId);
  const further = { RoleArn: next.arn, RoleSessionName: "two" };
  const last = await chained("AssumeRole", further);
  const principal = directory.findCredentials(last.Credentials.AccessKeyId)?.principal;
  assert.ok(principal?.kind === "session");
  assert.deepEqual(principal.tags, { Team: "orders" });
  await assert.rejects(
    chained("AssumeRole", { ...further, Tags: [{ Key: "TEAM", Value: "other" }] }),
    { code: "InvalidParameterValue" },
  );
});

test("the source identity goes through the chain and is not changed", async () => {
  const { acme, as } = await start();
  const alice = await acme.user("alice");
  const first = await acme.here.roles.create({
    name: "first",
    trust: trust({ AWS: alice.record.arn }),
  });
  const next = await acme.here.roles.create({
    name: "next",
    trust: trust(
      { AWS: first.arn },
      { Condition: { StringEquals: { "aws:SourceIdentity": "alice" } } },
    ),
  });
  const one = await alice.call("AssumeRole", {
    RoleArn: first.arn,
    RoleSessionName: "one",
    SourceIdentity: "alice",
  });
  assert.equal(one.SourceIdentity, "alice");
  const chained = as(one.Credentials.AccessKeyId);
  const further = { RoleArn: next.arn, RoleSessionName: "two" };
  assert.equal((await chained("AssumeRole", further)).SourceIdentity, "alice");
  await assert.rejects(chained("AssumeRole", { ...further, SourceIdentity: "bob" }), denied);
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

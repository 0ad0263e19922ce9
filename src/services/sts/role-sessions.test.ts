import assert from "node:assert/strict";
import { test } from "node:test";
import { allow, document, startIdentity } from "../../../test/support/identity.ts";
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

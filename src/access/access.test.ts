import assert from "node:assert/strict";
import { test } from "node:test";
import type {
  Principal,
  PrincipalPolicies,
  RoleSession,
  Session,
  User,
} from "../identity/principal.ts";
import { compilePolicy, type PolicyKind } from "../policy/policy.ts";
import type { Applied, Fact } from "../policy/question.ts";
import { createAccess } from "./access.ts";
import type { AccessDemand, RequestFacts } from "./authorize.ts";

const account = "111122223333";
const keyArn = `arn:aws:kms:us-east-1:${account}:key/1234`;

const alice: User = {
  kind: "user",
  account,
  arn: `arn:aws:iam::${account}:user/alice`,
  id: "AIDAALICE",
  name: "alice",
  tags: { Team: "orders" },
};

const session: Session = {
  issuedAtMs: Date.parse("2026-11-22T09:00:00Z"),
  expiresAtMs: Date.parse("2026-11-22T11:00:00Z"),
  policies: [],
  mfa: false,
  application: "arn:aws:kinesisanalytics:us-east-1:111122223333:application/sums",
};

const runner: RoleSession = {
  kind: "session",
  account,
  arn: `arn:aws:iam::${account}:role/runner`,
  id: "AROARUNNER:one",
  tags: {},
  session,
  sessionArn: `arn:aws:sts::${account}:assumed-role/runner/one`,
  roleName: "runner",
  roleId: "AROARUNNER",
  sessionName: "one",
};

const service: Principal = { kind: "service", name: "kinesisanalytics.amazonaws.com" };
const root: Principal = {
  kind: "root",
  account,
  arn: `arn:aws:iam::${account}:root`,
  id: account,
  tags: {},
};

const facts: RequestFacts = {
  timeMs: Date.parse("2026-11-22T10:00:00Z"),
  region: "us-east-1",
  ip: "10.1.2.3",
  userAgent: "aws-cli/2",
  secure: true,
};

function policy(statement: object, kind: PolicyKind = "identity"): Applied {
  const text = JSON.stringify({ Version: "2012-10-17", Statement: statement });
  return { name: `the ${kind} policy`, policy: compilePolicy(text, kind) };
}

const nothing: PrincipalPolicies = { identity: [] };
const accessWith = (policies: PrincipalPolicies) =>
  createAccess({ directory: { policiesOf: () => policies } });

const decrypt = (more: Partial<AccessDemand["target"]> = {}): AccessDemand => ({
  action: "kms:Decrypt",
  target: { arn: keyArn, account, ...more },
});

/** Asks whether a condition on one key holds, through the whole judge. */
function holds(
  principal: Principal,
  condition: object,
  change: Partial<RequestFacts> = {},
  demand: AccessDemand = decrypt(),
): boolean {
  const allowed = policy(
    { Effect: "Allow", Principal: "*", Action: "*", Resource: "*", Condition: condition },
    "resource",
  );
  const target = { ...demand.target, policy: allowed, authority: "resource" as const };
  return accessWith(nothing).authorize(principal, { ...demand, target }, { ...facts, ...change })
    .allowed;
}

const is = (key: string, value: string) => ({ StringEquals: { [key]: value } });
const absent = (key: string) => ({ Null: { [key]: "true" } });

const rows: readonly [string, Principal, object, Partial<RequestFacts>?][] = [
  ["a user's ARN", alice, is("aws:PrincipalArn", alice.arn)],
  ["for a session the ARN of its role", runner, is("aws:PrincipalArn", runner.arn)],
  ["a service has no ARN", service, absent("aws:PrincipalArn")],
  ["the principal's account", runner, is("aws:PrincipalAccount", account)],
  ["a user is a User", alice, is("aws:PrincipalType", "User")],
  ["a session is an AssumedRole", runner, is("aws:PrincipalType", "AssumedRole")],
  ["root is the Account", root, is("aws:PrincipalType", "Account")],
  ["a user's id", alice, is("aws:userid", "AIDAALICE")],
  ["a session's id has its name", runner, is("aws:userid", "AROARUNNER:one")],
  ["users have a name", alice, is("aws:username", "alice")],
  ["sessions have none", runner, absent("aws:username")],
  ["tags of the principal, whatever the case", alice, is("aws:PrincipalTag/team", "orders")],
  ["no tag, no key", alice, absent("aws:PrincipalTag/other")],
  ["a service is one", service, is("aws:PrincipalIsAWSService", "true")],
  ["a user is none", alice, is("aws:PrincipalIsAWSService", "false")],
  ["the service's name", service, is("aws:PrincipalServiceName", "kinesisanalytics.amazonaws.com")],
  ["the peer's address", alice, { IpAddress: { "aws:SourceIp": "10.0.0.0/8" } }],
  [
    "an IPv4 address in IPv6's clothes",
    alice,
    is("aws:SourceIp", "10.1.2.3"),
    { ip: "::ffff:10.1.2.3" },
  ],
  [
    "no address when a service calls",
    alice,
    absent("aws:SourceIp"),
    { via: "s3.us-east-1.amazonaws.com" },
  ],
  ["a service's name is no address", alice, absent("aws:SourceIp"), { ip: "s3.amazonaws.com" }],
  ["over TLS", alice, { Bool: { "aws:SecureTransport": "true" } }],
  ["not over TLS", alice, { Bool: { "aws:SecureTransport": "false" } }, { secure: false }],
  ["the time", alice, { DateEquals: { "aws:CurrentTime": "2026-11-22T10:00:00Z" } }],
  [
    "the time in seconds",
    alice,
    { NumericEquals: { "aws:EpochTime": String(facts.timeMs / 1000) } },
  ],
  ["the region", alice, is("aws:RequestedRegion", "us-east-1")],
  ["the user agent", alice, is("aws:UserAgent", "aws-cli/2")],
  ["the owner of the resource", alice, is("aws:ResourceAccount", account)],
  ["no source ARN unless a service says so", alice, absent("aws:SourceArn")],
  ["the source ARN", service, is("aws:SourceArn", "arn:aws:x"), { sourceArn: "arn:aws:x" }],
  ["the source account", service, is("aws:SourceAccount", account), { sourceAccount: account }],
  ["not via a service", alice, is("aws:ViaAWSService", "false")],
  ["via a service", alice, is("aws:ViaAWSService", "true"), { via: "s3.us-east-1.amazonaws.com" }],
  [
    "which service, without its region",
    alice,
    { "ForAnyValue:StringEquals": { "aws:CalledVia": "s3.amazonaws.com" } },
    { via: "s3.us-east-1.amazonaws.com" },
  ],
  ["long-term keys have no word on MFA", alice, absent("aws:MultiFactorAuthPresent")],
  ["sessions say that there was none", runner, is("aws:MultiFactorAuthPresent", "false")],
  [
    "when the session began",
    runner,
    { DateLessThan: { "aws:TokenIssueTime": "2026-11-22T09:00:01Z" } },
  ],
  ["no session, no beginning", alice, absent("aws:TokenIssueTime")],
  [
    "the application whose cell it is",
    runner,
    is("kinesisanalytics:SourceApplicationArn", session.application ?? ""),
  ],
];

for (const [title, principal, condition, change] of rows) {
  test(`a condition key tells ${title}`, () => {
    assert.equal(holds(principal, condition, change), true);
  });
}

test("a service cannot fill a global key, but for request tags", () => {
  const context: Record<string, Fact> = {
    "aws:username": "bob",
    "aws:sourcearn": "arn:aws:forged",
    "aws:unheardof": "x",
    "aws:requesttag/team": "orders",
    "kms:viaservice": "s3",
  };
  const demand: AccessDemand = { ...decrypt(), context };
  assert.equal(holds(alice, is("aws:username", "bob"), {}, demand), false);
  assert.equal(holds(alice, absent("aws:SourceArn"), {}, demand), true);
  assert.equal(holds(alice, absent("aws:Unheardof"), {}, demand), true);
  assert.equal(holds(alice, is("aws:RequestTag/Team", "orders"), {}, demand), true);
  assert.equal(holds(alice, is("kms:ViaService", "s3"), {}, demand), true);
});

test("tags of the resource are under aws: and under the service's prefix", () => {
  const demand = decrypt({ tags: { Stage: "test" } });
  assert.equal(holds(alice, is("aws:ResourceTag/stage", "test"), {}, demand), true);
  assert.equal(holds(alice, is("iam:ResourceTag/Stage", "test"), {}, demand), true);
});

test("an action that nobody knows is denied to root too", () => {
  const decision = accessWith(nothing).authorize(
    root,
    { action: "kms:DecryptAll", target: { arn: "*", account } },
    facts,
  );
  assert.equal(decision.allowed, false);
  assert.equal(decision.by, "service");
});

const getUser = { action: "iam:GetUser", target: { arn: alice.arn, account } };
const everything = { identity: [policy({ Effect: "Allow", Action: "*", Resource: "*" })] };

test("credentials of GetSessionToken reach IAM only with MFA, and STS only for AssumeRole", () => {
  const may = (action: string, mfa: boolean) =>
    accessWith(everything).authorize(
      { ...alice, session: { ...session, mfa } },
      { ...getUser, action },
      facts,
    ).allowed;
  assert.deepEqual(
    [may("iam:GetUser", false), may("iam:GetUser", true), may("kms:ListKeys", false)],
    [false, true, true],
  );
  assert.deepEqual(
    [may("sts:GetSessionToken", false), may("sts:AssumeRole", false)],
    [false, true],
  );
});

test("the smallest change is a statement for each layer that is silent", () => {
  const access = accessWith({
    identity: [],
    boundary: policy({ Effect: "Allow", Action: "s3:*", Resource: "*" }, "boundary"),
  });
  const decision = access.authorize(alice, getUser, facts);
  const said = `{"Effect":"Allow","Action":"iam:GetUser","Resource":"${alice.arn}"}`;
  assert.deepEqual(access.smallestChange(alice, getUser, facts, decision), [
    `add to a new inline policy of ${alice.arn}: ${said}`,
    `boundary the boundary policy does not allow it; add to it: ${said}`,
    "warning: the boundary policy limits everyone who has it as boundary",
  ]);
});

test("the smallest change takes a denial out first", () => {
  const access = accessWith({
    identity: [
      policy([
        { Effect: "Allow", Action: "*", Resource: "*" },
        { Sid: "NoUsers", Effect: "Deny", Action: "iam:*", Resource: "*" },
      ]),
    ],
  });
  const decision = access.authorize(alice, getUser, facts);
  assert.deepEqual(access.smallestChange(alice, getUser, facts, decision), [
    'in the identity policy: remove iam:GetUser from what statement "NoUsers" denies',
    "warning: a deny is a guard that somebody set; whoever else it stops gets through as well",
  ]);
});

test("a key whose policy is silent is opened by its key policy, not by the user's", () => {
  const access = accessWith(everything);
  const keyPolicy = policy(
    { Effect: "Allow", Principal: { AWS: runner.arn }, Action: "kms:*", Resource: "*" },
    "resource",
  );
  const demand = decrypt({
    policy: { ...keyPolicy, name: "the key policy" },
    authority: "resource",
  });
  const decision = access.authorize(alice, demand, facts);
  assert.equal(decision.allowed, false);
  const [change = ""] = access.smallestChange(alice, demand, facts, decision);
  assert.match(
    change,
    /^add to the key policy: .*"Principal":\{"AWS":"arn:aws:iam::111122223333:user\/alice"\}/,
  );
});

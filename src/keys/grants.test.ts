import assert from "node:assert/strict";
import { test } from "node:test";
import type { Principal } from "../identity/principal.ts";
import { fits, GrantBook, isWithin } from "./grants.ts";
import type { Grant } from "./key-record.ts";

const account = "111122223333";
const role = `arn:aws:iam::${account}:role/Operator`;
const sessionArn = `arn:aws:sts::${account}:assumed-role/Operator/one`;

const grant = (more: Partial<Grant>): Grant => ({
  id: "0".repeat(64),
  keyId: "key",
  grantee: role,
  issuer: `arn:aws:iam::${account}:root`,
  operations: ["Decrypt", "DescribeKey"],
  createdAtMs: 0,
  ...more,
});

const session: Principal = {
  kind: "session",
  account,
  arn: role,
  id: "AROA:one",
  tags: {},
  session: { issuedAtMs: 0, expiresAtMs: 1, policies: [], mfa: false },
  sessionArn,
  roleName: "Operator",
  roleId: "AROA",
  sessionName: "one",
};
const user = (name: string): Principal => ({
  kind: "user",
  account,
  arn: `arn:aws:iam::${account}:user/${name}`,
  id: name,
  tags: {},
  name,
});
const flink: Principal = { kind: "service", name: "kinesisanalytics.amazonaws.com" };
const tenant = { subset: { tenant: "acme" } };

const cases: readonly (readonly [
  title: string,
  grant: Partial<Grant>,
  ask: readonly [Principal, string, Record<string, string>?, string?],
  allowed: boolean,
])[] = [
  ["a grant to a role counts for its sessions", {}, [session, "Decrypt"], true],
  ["a grant to one session", { grantee: sessionArn }, [session, "Decrypt"], true],
  ["not for another session", { grantee: `${sessionArn}2` }, [session, "Decrypt"], false],
  ["not for another operation", {}, [session, "Encrypt"], false],
  ["not for somebody else", {}, [user("bob"), "Decrypt"], false],
  [
    "the root of an account is not everybody in it",
    { grantee: `arn:aws:iam::${account}:root` },
    [user("bob"), "Decrypt"],
    false,
  ],
  ["nobody is not granted anything", { grantee: "" }, [{ kind: "anonymous" }, "Decrypt"], false],
  ["a service by its name", { grantee: flink.name }, [flink, "Decrypt"], true],
  [
    "a service only for the resource it acts for",
    { grantee: flink.name, constraints: { sourceArn: "arn:one" } },
    [flink, "Decrypt", {}, "arn:two"],
    false,
  ],
  [
    "constraints do not bind what has no context",
    { constraints: tenant },
    [session, "DescribeKey"],
    true,
  ],
  ["a missing context fails a constraint", { constraints: tenant }, [session, "Decrypt"], false],
  [
    "a larger context holds a subset",
    { constraints: tenant },
    [session, "Decrypt", { tenant: "acme", job: "1" }],
    true,
  ],
];
for (const [title, given, [principal, operation, context, sourceArn], allowed] of cases) {
  test(title, () => {
    const found = new GrantBook([grant(given)]).allowing(principal, operation, context, sourceArn);
    assert.equal(found.length === 1, allowed);
  });
}

test("equal means all of it and nothing else", () => {
  const equals = { tenant: "acme", job: "1" };
  assert.ok(fits({ equals }, { job: "1", tenant: "acme" }));
  assert.ok(!fits({ equals }, { tenant: "acme" }));
  assert.ok(!fits({ equals }, { ...equals, more: "" }));
  assert.ok(!fits({ subset: { constructor: "x" } }, {}));
});

const parents: readonly (readonly [
  title: string,
  parent: Grant["constraints"],
  child: Grant["constraints"],
  within: boolean,
])[] = [
  ["no bounds, any child", undefined, undefined, true],
  ["a child without constraints exceeds its parent's", tenant, undefined, false],
  ["a tighter subset", tenant, { subset: { tenant: "acme", job: "1" } }, true],
  ["another subset", tenant, { subset: { job: "1" } }, false],
  ["equal contexts within a subset", tenant, { equals: { tenant: "acme" } }, true],
  ["a subset is wider than equality", { equals: { tenant: "acme" } }, tenant, false],
  ["the same equality", { equals: { tenant: "acme" } }, { equals: { tenant: "acme" } }, true],
  ["another source", { sourceArn: "arn:one" }, { sourceArn: "arn:two" }, false],
];
for (const [title, parent, child, within] of parents) {
  test(`a grant under a grant: ${title}`, () => {
    const { constraints: _, ...bare } = grant({ operations: ["Decrypt"] });
    const made = { ...bare, ...(child && { constraints: child }) };
    const above = { ...bare, ...(parent && { constraints: parent }) };
    assert.equal(isWithin(made, above), within);
  });
}

test("a grant under a grant: no further operation", () => {
  assert.ok(!isWithin({ operations: ["Decrypt", "Encrypt"] }, grant({})));
});

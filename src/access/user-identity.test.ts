import assert from "node:assert/strict";
import { test } from "node:test";
import type { Principal } from "../identity/principal.ts";
import { serviceName, userIdentity } from "./user-identity.ts";

const account = "123456789012";
const session = {
  issuedAtMs: Date.UTC(2025, 7, 7, 13, 29, 28),
  expiresAtMs: Date.UTC(2025, 7, 7, 14, 29, 28),
  policies: [],
  mfa: false,
};
const attributes = { creationDate: "2025-08-07T13:29:28Z", mfaAuthenticated: "false" };

const cases: readonly (readonly [
  title: string,
  principal: Principal,
  via: string | undefined,
  expected: Record<string, unknown>,
])[] = [
  [
    "a user has a name and its key",
    {
      kind: "user",
      account,
      arn: `arn:aws:iam::${account}:user/alice`,
      id: "AIDAALICE",
      tags: {},
      accessKeyId: "AKIA1",
      name: "alice",
    },
    undefined,
    {
      type: "IAMUser",
      principalId: "AIDAALICE",
      arn: `arn:aws:iam::${account}:user/alice`,
      accountId: account,
      accessKeyId: "AKIA1",
      userName: "alice",
    },
  ],
  [
    "a session shows its role, and the service that called for it",
    {
      kind: "session",
      account,
      arn: `arn:aws:iam::${account}:role/Operator`,
      id: "AROA1:CmkTestingSession",
      tags: {},
      accessKeyId: "ASIA1",
      session,
      sessionArn: `arn:aws:sts::${account}:assumed-role/Operator/CmkTestingSession`,
      roleName: "Operator",
      roleId: "AROA1",
      sessionName: "CmkTestingSession",
    },
    "kinesisanalytics.us-east-1.amazonaws.com",
    {
      type: "AssumedRole",
      principalId: "AROA1:CmkTestingSession",
      arn: `arn:aws:sts::${account}:assumed-role/Operator/CmkTestingSession`,
      accountId: account,
      accessKeyId: "ASIA1",
      sessionContext: {
        sessionIssuer: {
          type: "Role",
          principalId: "AROA1",
          arn: `arn:aws:iam::${account}:role/Operator`,
          accountId: account,
          userName: "Operator",
        },
        attributes,
      },
      invokedBy: "kinesisanalytics.amazonaws.com",
    },
  ],
  [
    "a root session shows when it began",
    {
      kind: "root",
      account,
      arn: `arn:aws:iam::${account}:root`,
      id: account,
      tags: {},
      session: { ...session, sourceIdentity: "ops" },
    },
    undefined,
    {
      type: "Root",
      principalId: account,
      arn: `arn:aws:iam::${account}:root`,
      accountId: account,
      sessionContext: { attributes, sourceIdentity: "ops" },
    },
  ],
  [
    "a service is its own caller",
    { kind: "service", name: "kinesisanalytics.amazonaws.com" },
    "kinesisanalytics.amazonaws.com",
    { type: "AWSService", invokedBy: "kinesisanalytics.amazonaws.com" },
  ],
  [
    "nobody is the anonymous principal",
    { kind: "anonymous" },
    undefined,
    { type: "AWSAccount", principalId: "", accountId: "ANONYMOUS_PRINCIPAL" },
  ],
];

for (const [title, principal, via, expected] of cases) {
  test(title, () => assert.deepEqual(userIdentity(principal, via), expected));
}

test("the trail names services without their region", () => {
  assert.equal(serviceName("s3.us-east-1.amazonaws.com"), "s3.amazonaws.com");
  assert.equal(serviceName("s3.us-gov-west-1.amazonaws.com"), "s3.amazonaws.com");
  assert.equal(serviceName("kinesis.amazonaws.com"), "kinesis.amazonaws.com");
});

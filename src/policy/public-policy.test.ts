import assert from "node:assert/strict";
import { test } from "node:test";
import { alice, applied, home, type Source, variable } from "./cases/scene.ts";
import { isPublic } from "./public-policy.ts";

const open: Source = { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "*" };
const when = (operator: string, key: string, value: unknown): Source => ({
  ...open,
  Condition: { [operator]: { [key]: value } },
});

const rows: readonly (readonly [string, Source, boolean])[] = [
  ["everyone is public", open, true],
  ["every AWS principal is public", { ...open, Principal: { AWS: "*" } }, true],
  ["a named principal is not", { ...open, Principal: { AWS: alice.arn } }, false],
  ["an account is not", { ...open, Principal: { AWS: home } }, false],
  ["a deny is not", { ...open, Effect: "Deny" }, false],
  [
    "everyone but some is public",
    {
      Effect: "Allow",
      NotPrincipal: { AWS: home },
      Action: "s3:GetObject",
      Resource: "*",
    },
    true,
  ],
  ["a fixed account narrows", when("StringEquals", "aws:SourceAccount", home), false],
  ["a fixed key ignores case", when("StringEquals", "AWS:SOURCEACCOUNT", home), false],
  ["a wildcard does not narrow", when("StringLike", "aws:PrincipalAccount", "*"), true],
  [
    "a variable does not narrow",
    when("StringEquals", "aws:PrincipalAccount", variable("aws:SourceAccount")),
    true,
  ],
  ["a negation does not narrow", when("StringNotEquals", "aws:SourceAccount", home), true],
  ["IfExists does not narrow", when("StringEqualsIfExists", "aws:SourceAccount", home), true],
  ["a key of the request does not narrow", when("StringEquals", "aws:Referer", "x"), true],
  ["a small network narrows", when("IpAddress", "aws:SourceIp", "203.0.113.0/24"), false],
  ["the whole internet does not", when("IpAddress", "aws:SourceIp", "0.0.0.0/0"), true],
  [
    "half the internet does not",
    when("IpAddress", "aws:SourceIp", ["10.0.0.0/8", "0.0.0.0/1"]),
    true,
  ],
  ["the sessions of one role narrow", when("StringLike", "aws:userid", "AROAEXAMPLE:*"), false],
  ["all sessions do not", when("StringLike", "aws:userid", "*:*"), true],
];

for (const [rule, statement, expected] of rows) {
  test(`public: ${rule}`, () => {
    assert.equal(isPublic(applied("resource", [statement]).policy), expected);
  });
}

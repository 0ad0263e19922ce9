import assert from "node:assert/strict";
import { test } from "node:test";
import { document, statement } from "./cases/scene.ts";
import { parseException } from "./exceptions.ts";

const when = (Condition: unknown): string => document(statement({ Condition }));
const many = (count: number): object[] => Array.from({ length: count }, () => statement());

/** [rule, policy, what the refusal says] */
const refused: readonly (readonly [string, string, RegExp])[] = [
  ["what is no JSON", "Version 1", /must be a JSON object/],
  ["a member named twice", '{"Version":"1","Version":"1","Statement":[]}', /names no member twice/],
  ["another version", '{"Version":"2012-10-17","Statement":[]}', /Version must be "1"/],
  [
    "an unknown member around the statements",
    '{"Version":"1","Id":"x","Statement":[]}',
    /unknown member Id of the policy/,
  ],
  ["no statements", document(), /1 to 100 statements/],
  ["too many statements", document(...many(101)), /1 to 100 statements/],
  ["a text that is too long", document(...many(100)) + " ".repeat(40_000), /longer than 32768/],
  [
    "Deny: what is not named stays in",
    document(statement({ Effect: "Deny" })),
    /statement 1: invalid Effect value - Deny: expected Allow$/,
  ],
  [
    "an effect in other letters",
    document(statement({ Effect: "allow" })),
    /invalid Effect value - allow/,
  ],
  ["NotAction", document({ ...statement(), NotAction: "odps:Drop" }), /unknown member NotAction/],
  ["NotPrincipal", document({ ...statement(), NotPrincipal: "*" }), /unknown member NotPrincipal/],
  ["no principal", document(statement({ Principal: undefined })), /Principal is missing or empty/],
  [
    "a principal that is a role",
    document(statement({ Principal: "admin" })),
    /invalid Principal value - admin/,
  ],
  [
    "a principal with a star",
    document(statement({ Principal: "RAM$111122223333:*" })),
    /invalid Principal value/,
  ],
  [
    "a principal that is an object",
    document(statement({ Principal: { AWS: "*" } })),
    /invalid Principal value/,
  ],
  [
    "an action of another service",
    document(statement({ Action: "kms:Decrypt" })),
    /invalid Action value - kms:Decrypt/,
  ],
  [
    "an action that does not exist",
    document(statement({ Action: "odps:Sellect" })),
    /invalid Action value - odps:Sellect/,
  ],
  [
    "an action that is a star alone",
    document(statement({ Action: "*" })),
    /invalid Action value - \*/,
  ],
  ["an empty list of actions", document(statement({ Action: [] })), /Action is missing or empty/],
  [
    "a resource that is no resource",
    document(statement({ Resource: "t1" })),
    /must begin with acs:odps:\*:/,
  ],
  [
    "a resource of another service",
    document(statement({ Resource: "acs:oss:*:b" })),
    /must begin with/,
  ],
  [
    "a resource with letters that look alike",
    document(statement({ Resource: "acs:odps:*:projects/sourceſ/tables/t1" })),
    /invalid Resource value/,
  ],
  ["an empty condition", when({}), /Condition is empty/],
  ["an empty operator", when({ StringEquals: {} }), /Condition is empty/],
  [
    "an unknown operator",
    when({ StringMatches: { "odps:TaskType": "SQL" } }),
    /invalid Condition operator - StringMatches/,
  ],
  [
    "an operator that lets missing keys pass",
    when({ StringEqualsIfExists: { "odps:TaskType": "SQL" } }),
    /invalid Condition operator/,
  ],
  ["Null", when({ Null: { "odps:TaskType": "true" } }), /invalid Condition operator - Null/],
  [
    "ForAllValues",
    when({ "ForAllValues:StringEquals": { "odps:SelectColumns": "a" } }),
    /invalid Condition operator/,
  ],
  [
    "an unknown key",
    when({ StringEquals: { "odps:User": "x" } }),
    /unknown Condition key - odps:User/,
  ],
  [
    "a key that is a member of every object",
    when({ StringEquals: { constructor: "x" } }),
    /unknown Condition key/,
  ],
  [
    "a key twice in other letters",
    when({ StringEquals: { "odps:TableId": "a", "ODPS:TABLEID": "b" } }),
    /stands there twice/,
  ],
  [
    "a task type that may not be named",
    when({ StringEquals: { "odps:TaskType": ["SQL", "Spark"] } }),
    /invalid odps:TaskType value - Spark/,
  ],
  [
    "a task type by pattern",
    when({ StringLike: { "odps:TaskType": "*" } }),
    /does not suit odps:TaskType/,
  ],
  [
    "a moment that is none",
    when({ DateLessThan: { "odps:CurrentTime": "tomorrow" } }),
    /cannot read the value tomorrow/,
  ],
  [
    "an address that is none",
    when({ IpAddress: { "acs:SourceIp": "10.0.0.0/99" } }),
    /cannot read the value/,
  ],
  [
    "a text compared with a moment",
    when({ StringEquals: { "odps:CurrentTime": "x" } }),
    /does not suit odps:CurrentTime/,
  ],
  [
    "a value that is an object",
    when({ StringEquals: { "odps:TableId": {} } }),
    /a value that is no text/,
  ],
  ["no values", when({ StringEquals: { "odps:TableId": [] } }), /needs 1 to 100 values/],
];

for (const [title, text, message] of refused) {
  test(`an exception policy refuses ${title}`, () => {
    assert.throws(() => parseException(text), { name: "PolicyError", message });
    assert.throws(() => parseException(text), { message: /^failed to check policy format: / });
  });
}

/** The example of the document. */
const example = `{
"Version": "1",
"Statement":
[{
"Effect":"Allow",
"Principal":"ALIYUN$Alice@aliyun.com",
"Action":["odps:Select"],
"Resource":"acs:odps:*:projects/project_test/tables/table_test",
"Condition":{"StringEquals": {"odps:TaskType":["DT", "SQL"]}}
}]
}`;

test("an exception policy is kept as written", () => {
  const { text, statements } = parseException(example);
  assert.equal(text, example);
  assert.deepEqual(
    statements.map(({ label, conditional }) => [label, conditional]),
    [["statement 1", true]],
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { actionsOf, findAction } from "./reference.ts";

test("an action is found whatever its case, in AWS's spelling", () => {
  assert.equal(findAction("KMS:decrypt")?.action, "kms:Decrypt");
});

const unknown = [
  "kms:Unheard",
  "nosuch:Decrypt",
  "Decrypt",
  "kms:",
  ":",
  "",
  "kms:*",
  "__proto__:x",
];
for (const action of unknown) {
  test(`an action that AWS does not know has no facts: "${action}"`, () => {
    assert.equal(findAction(action), undefined);
  });
}

test("an action without a resource type knows only the wildcard", () => {
  assert.equal(findAction("kms:GenerateRandom")?.wildcardOnly, true);
  assert.equal(findAction("s3:ListAllMyBuckets")?.wildcardOnly, true);
  assert.equal(findAction("kms:Decrypt")?.wildcardOnly, false);
});

test("a resource type tells the form of its ARN", () => {
  const [key] = findAction("kms:Decrypt")?.resources ?? [];
  assert.equal(key?.arn, `arn:\${Partition}:kms:\${Region}:\${Account}:key/\${KeyId}`);
  assert.equal(key?.required, true);
});

const known: [string, number][] = [
  ["sts", 10],
  ["iam", 150],
  ["kms", 50],
  ["s3", 150],
  ["kinesis", 30],
  ["kinesisanalytics", 30],
  ["cloudtrail", 40],
];
for (const [service, atLeast] of known) {
  test(`the table of ${service} is whole`, () => {
    const actions = actionsOf(service);
    assert.ok(actions.length >= atLeast, `${actions.length} actions`);
    for (const { action, accessLevels, conditionKeys } of actions) {
      assert.match(action, new RegExp(`^${service}:[A-Za-z0-9]+$`));
      assert.ok(accessLevels.length > 0);
      assert.ok(conditionKeys.every((key) => /^[^:]+:./.test(key)));
    }
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { actionRows } from "./cases/actions.ts";
import { authorityRows } from "./cases/authority.ts";
import { accountRows } from "./cases/combination.ts";
import { documentRows } from "./cases/documents.ts";
import { operatorRows } from "./cases/operators.ts";
import { principalRows } from "./cases/principals.ts";
import { resourceRows } from "./cases/resources.ts";
import { alice, ask, documentOf, factOf, home } from "./cases/scene.ts";
import { variableRows } from "./cases/variables.ts";
import { judge } from "./judge.ts";
import { compilePolicy, PolicyError } from "./policy.ts";

for (const [rule, element, action, expected] of actionRows) {
  test(`action: ${rule}`, () => {
    const statement = { Effect: "Allow", Resource: "*", ...element };
    const decision = judge(ask({ asker: alice, action, identity: [statement] }));
    assert.equal(decision.allowed, expected);
  });
}

for (const [rule, element, resource, facts, expected] of resourceRows) {
  test(`resource: ${rule}`, () => {
    const statement = { Effect: "Allow", Action: "*", ...element };
    const decision = judge(ask({ asker: alice, resource, facts, identity: [statement] }));
    assert.equal(decision.allowed, expected);
  });
}

for (const [rule, operator, values, given, expected] of operatorRows) {
  test(`condition: ${rule}`, () => {
    const condition = { [operator]: { "x:Given": values } };
    const statement = { Effect: "Allow", Action: "*", Resource: "*", Condition: condition };
    const facts = { "x:given": given };
    assert.equal(judge(ask({ asker: alice, facts, identity: [statement] })).allowed, expected);
  });
}

for (const [rule, operator, value, facts, version, expected] of variableRows) {
  test(`variable: ${rule}`, () => {
    const condition = { [operator]: { "s3:prefix": value } };
    const statement = { Effect: "Allow", Principal: "*", Action: "*", Resource: "*" };
    const text = documentOf([{ ...statement, Condition: condition }], version);
    const policy = compilePolicy(text, "resource");
    const resourcePolicy = { name: "bucket policy", policy };
    const question = { ...ask({ asker: alice }), fact: factOf(facts), resourcePolicy };
    assert.equal(judge(question).allowed, expected);
  });
}

for (const [rule, element, effect, asker, expected] of principalRows) {
  test(`principal: ${rule}`, () => {
    const statement = { Effect: effect, Action: "*", Resource: "*", ...element };
    const decision = judge(
      ask({
        asker,
        owner: asker.account || home,
        authority: "resource",
        resourcePolicy: [statement],
      }),
    );
    const spoke = effect === "Allow" ? decision.allowed : decision.refusal === "explicit";
    assert.equal(spoke, expected);
  });
}

for (const [rule, scene, [outcome, by]] of [...accountRows, ...authorityRows]) {
  test(`layers: ${rule}`, () => {
    const decision = judge(ask(scene));
    assert.deepEqual([decision.refusal ?? "allowed", decision.by], [outcome, by]);
    assert.equal(decision.allowed, outcome === "allowed");
  });
}

for (const [rule, kind, text, refusal] of documentRows) {
  test(`document: ${rule}`, () => {
    if (refusal === undefined) {
      assert.ok(compilePolicy(text, kind).statements.length > 0);
      return;
    }
    assert.throws(
      () => compilePolicy(text, kind),
      (error) => error instanceof PolicyError && error.message === refusal,
    );
  });
}

test("the policy language has at least 300 rules in its tables", () => {
  const tables = [actionRows, resourceRows, operatorRows, variableRows, principalRows];
  const layers = [accountRows, authorityRows, documentRows];
  const count = [...tables, ...layers].reduce((sum, rows) => sum + rows.length, 0);
  assert.ok(count >= 300, `${count} rules`);
});

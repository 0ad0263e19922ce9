import assert from "node:assert/strict";
import { test } from "node:test";
import { authorityRows } from "./cases/authority.ts";
import { accountRows } from "./cases/combination.ts";
import {
  admits,
  alice,
  allowAll,
  anonymous,
  applied,
  ask,
  denyAll,
  eve,
  home,
  key,
  type Scene,
  type Source,
  service,
  session,
} from "./cases/scene.ts";
import { judge } from "./judge.ts";
import type { Applied, Question } from "./question.ts";
import { smallestChange } from "./smallest-change.ts";

/** Does to the question what the lines say. */
function follow(question: Question, lines: readonly string[]): Question {
  let changed = question;
  for (const line of lines) {
    if (/^(?:warning|or|its policies):/.test(line)) continue;
    const start = line.indexOf("{");
    const [place, statement]: [string, Source] = [
      line.slice(0, start),
      JSON.parse(line.slice(start)),
    ];
    changed = { ...changed, ...change(changed, place, statement) };
  }
  return changed;
}

function change(question: Question, place: string, statement: Source): Partial<Question> {
  if (place.startsWith("boundary")) return { boundary: applied("boundary", [statement]) };
  if (place.startsWith("the session")) return { session: [applied("session", [statement])] };
  if (place.includes("add to identity") || place.includes("inline policy"))
    return { identity: [...question.identity, applied("identity", [statement])] };
  const kind = question.resourcePolicy?.policy.kind === "trust" ? "trust" : "resource";
  const more = applied(kind, [statement]);
  return { resourcePolicy: question.resourcePolicy ? merge(question.resourcePolicy, more) : more };
}

/** Both policies as one. */
function merge(left: Applied, right: Applied): Applied {
  const [first, second] = [left.policy, right.policy];
  const select: typeof first.select = (action) => {
    const [a, b] = [first.select(action), second.select(action)];
    return { denies: [...a.denies, ...b.denies], allows: [...a.allows, ...b.allows] };
  };
  const statements = [...first.statements, ...second.statements];
  return { name: left.name, policy: { ...first, statements, select } };
}

for (const [rule, scene, [outcome]] of [...accountRows, ...authorityRows]) {
  if (outcome !== "implicit") continue;
  test(`the change is enough, where ${rule}`, () => {
    const question = ask(scene);
    const lines = smallestChange(question, judge(question));
    assert.ok(lines.length > 0);
    assert.equal(judge(follow(question, lines)).allowed, true, lines.join("\n"));
  });
}

const kms = (scene: Scene): Scene => ({
  action: "kms:Decrypt",
  resource: key,
  authority: "resource",
  ...scene,
});

const rows: readonly (readonly [string, Scene, readonly RegExp[]])[] = [
  ["what is allowed needs no change", { asker: alice, identity: [allowAll] }, []],
  [
    "an inline policy of the asker is the place",
    { asker: alice, identity: [{ Effect: "Allow", Action: "ec2:*", Resource: "*" }] },
    [/^add to identity: \{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::/],
  ],
  [
    "where there is none, a new one is",
    { asker: alice },
    [/^add to a new inline policy of arn:aws:iam::111122223333:user\/alice: \{/],
  ],
  [
    "a key opens by its own policy",
    kms({ asker: alice, identity: [allowAll], resourcePolicy: [admits(eve.arn)] }),
    [/^add to resource: \{.*"Principal":\{"AWS":"arn:.*user\/alice"\},.*"Resource":"\*"\}$/],
  ],
  [
    "a deny is to be removed, with a warning",
    { asker: alice, identity: [allowAll, { ...denyAll, Sid: "Guard" }] },
    [/^in identity: remove s3:GetObject from what statement "Guard" denies$/, /^warning: /],
  ],
  [
    "a deny that spares some may spare the asker",
    {
      asker: alice,
      identity: [allowAll],
      resourcePolicy: [{ Effect: "Deny", NotPrincipal: { AWS: home }, Action: "*", Resource: "*" }],
    },
    [/or list arn:.*:root and arn:.*user\/alice in its NotPrincipal/, /^warning: /],
  ],
  [
    "every deny is named",
    { asker: alice, identity: [allowAll, { ...denyAll, Sid: "One" }, { ...denyAll, Sid: "Two" }] },
    [/"One" denies$/, /"Two" denies$/, /^warning: /],
  ],
  [
    "where a deny speaks and an allow is missing, both are said",
    { asker: alice, identity: [denyAll] },
    [/^in identity: remove s3:GetObject from /, /^warning: /, /^add to identity: \{/],
  ],
  [
    "opening to strangers warns",
    { asker: anonymous },
    [/"Principal":"\*"/, /^warning: .* to everyone, without credentials$/],
  ],
  [
    "opening to a service warns of its other customers",
    { asker: service },
    [/"Principal":\{"Service":"logs.amazonaws.com"\}/, /^warning: .*aws:SourceArn/],
  ],
  [
    "opening to another account warns, and needs both sides",
    { asker: eve },
    [
      /"Principal":\{"AWS"/,
      /^warning: this lets account 444455556666 into/,
      /^add to a new inline/,
    ],
  ],
  [
    "a boundary is named",
    {
      asker: alice,
      identity: [allowAll],
      boundary: [{ Effect: "Allow", Action: "ec2:*", Resource: "*" }],
    },
    [/^boundary boundary does not allow it; add to it: \{/, /^warning: boundary limits everyone/],
  ],
  [
    "a session's policies cannot change: a new session is asked for",
    { asker: session, identity: [allowAll], session: [] },
    [/^the session was made with policies that do not allow it; ask for a new one with: \{/],
  ],
  [
    "a statement whose condition failed is another way",
    {
      asker: alice,
      identity: [
        {
          ...allowAll,
          Sid: "WithMfa",
          Condition: { Bool: { "aws:MultiFactorAuthPresent": "true" } },
        },
      ],
    },
    [/^add to identity: /, /^or: .*"WithMfa" of identity allows \(condition Bool .* failed: /],
  ],
];

for (const [rule, scene, expected] of rows) {
  test(rule, () => {
    const question = ask(scene);
    const lines = smallestChange(question, judge(question));
    assert.equal(lines.length, expected.length, lines.join("\n"));
    for (const [at, pattern] of expected.entries()) assert.match(lines[at] ?? "", pattern);
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { labelRows, policyRows } from "./cases/policy-questions.ts";
import { questionRows } from "./cases/questions.ts";
import {
  alice,
  bob,
  granted,
  now,
  owner,
  policy,
  project,
  selecting,
  stranger,
  t1,
} from "./cases/scene.ts";
import { heldOn } from "./held.ts";
import { judge } from "./judge.ts";
import type { Question } from "./question.ts";
import { protectedText } from "./refusal-text.ts";
import { newPermissions, type Package, type Permissions } from "./state.ts";

for (const [title, state, question, because] of [...questionRows, ...policyRows, ...labelRows]) {
  test(title, () => {
    const decision = judge({ ...project, ...state }, { ...selecting, ...question });
    assert.equal(decision.because, because, JSON.stringify(decision));
  });
}

const shared: Package = {
  name: "k",
  createdMs: 0,
  items: [{ object: t1, privileges: ["Describe", "Select"] }],
  admitted: [{ project: "q", label: 0 }],
};

/** Project `q`, where eve and mallory work; eve may read the package. */
const reading: Permissions = {
  ...newPermissions("q", "ALIYUN$other@example.com"),
  users: [
    { name: stranger, comment: "" },
    { name: bob, comment: "" },
  ],
  installed: [{ project: "P", name: "K", installedMs: 0 }],
  grants: [
    granted({
      to: { kind: "user", name: stranger },
      object: { type: "package", name: "p.k" },
      privileges: ["Read"],
    }),
  ],
};

/** [rule, changes of the sharing project, of the reading project, of the question, outcome] */
const packageRows: readonly (readonly [
  string,
  Partial<Permissions>,
  Partial<Permissions>,
  Partial<Question>,
  string,
])[] = [
  ["a package supplies what it lists", {}, {}, {}, "package"],
  ["and nothing else", {}, {}, { action: "Download" }, "stranger"],
  [
    "not even by All",
    { packages: [{ ...shared, items: [{ object: t1, privileges: ["All"] }] }] },
    {},
    { action: "Download" },
    "stranger",
  ],
  [
    "Download that is listed is supplied",
    { packages: [{ ...shared, items: [{ object: t1, privileges: ["Download"] }] }] },
    {},
    { action: "Download" },
    "package",
  ],
  [
    "a table it does not list stays closed",
    {},
    {},
    { object: { type: "table", name: "t2" } },
    "stranger",
  ],
  ["a package that is not installed supplies nothing", {}, { installed: [] }, {}, "stranger"],
  [
    "one of the name from another project is another",
    {},
    { installed: [{ project: "x", name: "k", installedMs: 0 }] },
    {},
    "stranger",
  ],
  [
    "a project that is disallowed loses it at once",
    { packages: [{ ...shared, admitted: [] }] },
    {},
    {},
    "stranger",
  ],
  [
    "an admission ends",
    { packages: [{ ...shared, admitted: [{ project: "q", label: 0, expiresMs: now }] }] },
    {},
    {},
    "stranger",
  ],
  [
    "an admission may narrow the privileges",
    { packages: [{ ...shared, admitted: [{ project: "q", label: 0, privileges: ["Describe"] }] }] },
    {},
    {},
    "stranger",
  ],
  [
    "every project may be admitted",
    { packages: [{ ...shared, admitted: [{ project: "*", label: 0 }] }] },
    {},
    {},
    "package",
  ],
  ["who may not read the package gets nothing from it", {}, { grants: [] }, {}, "stranger"],
  [
    "its grant on the package may be over",
    {},
    { grants: reading.grants.map((one) => ({ ...one, expiresMs: now })) },
    {},
    "stranger",
  ],
  ["a deny in the sharing project holds", { policy: policy({ Effect: "Deny" }) }, {}, {}, "denied"],
  [
    "a package of columns opens those",
    {
      packages: [
        {
          ...shared,
          items: [{ object: { ...t1, columns: ["id", "name"] }, privileges: ["Select"] }],
        },
      ],
    },
    {},
    {},
    "package",
  ],
  [
    "and not the whole table",
    {
      packages: [
        {
          ...shared,
          items: [{ object: { ...t1, columns: ["id", "name"] }, privileges: ["Select"] }],
        },
      ],
    },
    {},
    { columns: undefined },
    "stranger",
  ],
  [
    "labels hold in packages",
    {
      settings: { ...project.settings, labelSecurity: true },
      tableLabels: [{ table: "t1", label: 2, columns: {} }],
    },
    {},
    {},
    "label",
  ],
  [
    "up to the label of the admission",
    {
      settings: { ...project.settings, labelSecurity: true },
      tableLabels: [{ table: "t1", label: 2, columns: {} }],
      packages: [{ ...shared, admitted: [{ project: "q", label: 2 }] }],
    },
    {},
    {},
    "package",
  ],
  ["one who works elsewhere has no package", {}, {}, { current: undefined }, "stranger"],
  [
    "the owner of the installing project has it",
    {},
    { grants: [] },
    { principal: reading.owner },
    "package",
  ],
];

for (const [title, sharing, installing, question, because] of packageRows) {
  test(title, () => {
    const current = { ...reading, ...installing };
    const state = { ...project, packages: [shared], ...sharing };
    const decision = judge(state, { ...selecting, principal: stranger, current, ...question });
    assert.equal(decision.because, because, JSON.stringify(decision));
  });
}

test("protection hears of packages apart from what somebody holds", () => {
  const state = { ...project, packages: [shared], grants: [granted({ privileges: ["Download"] })] };
  const { action: _action, ...question } = selecting;
  const none = { select: false, describe: false, download: false };
  assert.deepEqual(heldOn(state, { ...question, principal: stranger, current: reading }), {
    ...none,
    viaPackage: { select: true, describe: true, download: false },
  });
  assert.deepEqual(heldOn(state, question), { ...none, download: true, viaPackage: undefined });
});

const where = "on {acs:odps:*:projects/p/schemas/default/tables/t1}.";
const tips = `--->Tips: CurrentProject:p; Principal:${alice}`;

/** [rule, state, question, text] */
const texts: readonly (readonly [string, Partial<Permissions>, Partial<Question>, string])[] = [
  [
    "a missing privilege",
    {},
    {},
    `Authorization Failed [4019], You have NO privilege 'odps:Select' ${where} Deny as default for Resource. ACL check failed. ${tips}`,
  ],
  [
    "a missing column",
    { grants: [granted({ object: { ...t1, columns: ["id"] } })] },
    {},
    `Authorization Failed [4019], You have NO privilege 'odps:Select' ${where} Deny as default for Resource. ACL check failed. You have no permissions to access column: name. ${tips}`,
  ],
  [
    "a deny",
    { policy: policy({ Effect: "Deny" }) },
    {},
    `Authorization Failed [4011], You have NO privilege 'odps:Select' ${where} Explicitly denied by policy. ${tips}`,
  ],
  [
    "a stranger",
    {},
    { principal: stranger },
    `Authorization Failed [4002], You don't exist in project p. --->Tips: CurrentProject:p; Principal:${stranger}`,
  ],
];

for (const [title, state, question, message] of texts) {
  test(`the refusal of ${title} is worded as clients know it`, () => {
    const decision = judge({ ...project, ...state }, { ...selecting, ...question });
    assert.equal(decision.allowed ? "" : decision.message, message);
  });
}

test("the refusal of protection is worded as clients know it", () => {
  assert.equal(
    protectedText(project, selecting),
    `Authorization Failed [4021], You have NO privilege 'odps:Select' ${where} project 'p' is protected. ${tips}`,
  );
});

test("a state is not changed by judging it", () => {
  const state = { ...project, grants: [granted()] };
  const before = JSON.stringify(state);
  assert.equal(judge(state, selecting).allowed, true);
  assert.equal(judge({ ...state, grants: [] }, selecting).allowed, false);
  assert.equal(JSON.stringify(state), before);
  assert.equal(judge(state, { ...selecting, principal: owner }).allowed, true);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { createDice, type Dice, pick } from "../policy/cases/dice.ts";
import { alice, bob, closed, document, now, statement } from "./cases/scene.ts";
import { parseException, pinExceptions } from "./exceptions.ts";
import {
  type Destination,
  type Flow,
  type PinnedExceptions,
  type Privileges,
  type ProjectProtection,
  type SourceTable,
  type TaskType,
  taskTypes,
} from "./flow.ts";
import { type FlowDecision, judgeFlow } from "./judge-flow.ts";

const rounds = 5000;
const names = ["source", "target", "third", "Target"] as const;
const coin = (dice: Dice): boolean => dice(2) === 1;
const types = Object.keys(taskTypes) as [TaskType, ...TaskType[]];

const rollTable = (dice: Dice): SourceTable => ({
  project: "source",
  schema: pick(dice, [undefined, undefined, "hr"]),
  table: pick(dice, ["t1", "T1", "t2"]),
  id: pick(dice, ["id-1", "id-1", "id-1", "id-2"]),
  version: pick(dice, ["7", "7", "7", "8"]),
});

const rollPrivileges = (dice: Dice): Privileges => ({
  select: dice(4) > 0,
  describe: coin(dice),
  download: coin(dice),
});

function rollFlow(dice: Dice): Flow {
  const destinations: readonly [Destination, ...Destination[]] = [
    { kind: "inside" },
    { kind: "project", project: pick(dice, names) },
    { kind: "download" },
    { kind: "external", location: "oss://bucket" },
    { kind: "display", shownTodayRows: dice(30) },
  ];
  return {
    source: rollTable(dice),
    destination: pick(dice, destinations),
    principal: pick(dice, [alice, bob]),
    taskType: pick(dice, types),
    action: pick(dice, ["odps:Select", "odps:Describe"]),
    columns: pick(dice, [undefined, ["a"], ["a", "b"]]),
    held: {
      ...rollPrivileges(dice),
      viaPackage: dice(4) === 0 ? rollPrivileges(dice) : undefined,
    },
    timeMs: now + dice(3) * 86_400_000,
  };
}

const rollStatement = (dice: Dice) =>
  statement({
    Principal: pick(dice, [alice, bob, "*"]),
    Action: pick(dice, ["odps:Select", "odps:*", "odps:Download"]),
    Resource: `acs:odps:*:projects/${pick(dice, ["source/tables/t1", "*", "source/*", "third/tables/t1"])}`,
    ...pick<object>(dice, [
      {},
      { Condition: { StringEquals: { "odps:TaskType": pick(dice, ["SQL", "DT"]) } } },
      { Condition: { StringLike: { "odps:TableId": "*", "odps:TableVersion": "*" } } },
      { Condition: { DateLessThan: { "odps:CurrentTime": "2026-11-29" } } },
      { Condition: { StringEquals: { "odps:SelectColumns": "a" } } },
    ]),
  });

const rollStatements = (dice: Dice) => Array.from({ length: dice(5) }, () => rollStatement(dice));

const approve = (dice: Dice, statements: readonly object[]): PinnedExceptions | undefined =>
  statements.length === 0
    ? undefined
    : pinExceptions(parseException(document(...statements)), [rollTable(dice), rollTable(dice)]);

const rollProject = (dice: Dice): ProjectProtection => ({
  ...closed,
  protection: dice(4) > 0,
  downloadControl: coin(dice),
  trustedProjects: names.filter(() => dice(3) === 0),
  exceptions: approve(dice, rollStatements(dice)),
  display: { rows: dice(20), rowsPerDay: pick(dice, [undefined, dice(40)]) },
});

/** Whether one decision lets out no more than the other. */
function isNoMore(one: FlowDecision, other: FlowDecision): boolean {
  if (!one.allowed) return true;
  return other.allowed && (one.displayRows ?? 0) <= (other.displayRows ?? 0);
}

/** Removing what is named from a project or a flow: it may never allow more. */
const removals: readonly (readonly [
  string,
  (flow: Flow, project: ProjectProtection) => readonly [Flow, ProjectProtection],
])[] = [
  [
    "protection allows no more than none",
    (flow, project) => [flow, { ...project, protection: true }],
  ],
  ["trust that is removed", (flow, project) => [flow, { ...project, trustedProjects: [] }]],
  [
    "one trusted project that is removed",
    (flow, project) => [flow, { ...project, trustedProjects: project.trustedProjects.slice(1) }],
  ],
  ["exceptions that are removed", (flow, project) => [flow, { ...project, exceptions: undefined }]],
  [
    "one exception that is removed",
    (flow, { exceptions, ...project }) => {
      if (!exceptions) return [flow, project];
      const { policy, pins } = exceptions;
      const statements = policy.statements.slice(1);
      return [flow, { ...project, exceptions: { policy: { ...policy, statements }, pins } }];
    },
  ],
  [
    "pins that are removed",
    (flow, { exceptions, ...project }) => [
      flow,
      { ...project, exceptions: exceptions && { ...exceptions, pins: [] } },
    ],
  ],
  [
    "a package that is removed",
    (flow, project) => [{ ...flow, held: { ...flow.held, viaPackage: undefined } }, project],
  ],
  [
    "Select that is taken",
    (flow, project) => [{ ...flow, held: { ...flow.held, select: false } }, project],
  ],
];

for (const [index, [title, remove]] of removals.entries()) {
  test(`never more: ${title}`, () => {
    const dice = createDice(20_261_128 + index * 977);
    let changed = 0;
    for (let round = 0; round < rounds; round += 1) {
      const [flow, project] = [rollFlow(dice), rollProject(dice)];
      const before = judgeFlow(flow, project);
      const after = judgeFlow(...remove(flow, project));
      assert.ok(isNoMore(after, before), JSON.stringify({ flow, project, before, after }, null, 1));
      if (before.allowed && !after.allowed) changed += 1;
    }
    // A generator for which nothing depends on the rule would prove nothing.
    assert.ok(changed > 10, `only ${changed} decisions changed`);
  });
}

test("inflow is allowed whatever protects the target", () => {
  const dice = createDice(4711);
  for (let round = 0; round < rounds; round += 1) {
    const project = { ...rollProject(dice), protection: false };
    const flow: Flow = {
      ...rollFlow(dice),
      destination: { kind: "project", project: pick(dice, names) },
      held: { select: true, describe: false, download: false },
    };
    assert.ok(judgeFlow(flow, project).allowed);
  }
});

test("trust goes one way and no further", () => {
  const settings: Readonly<Record<string, readonly string[]>> = { a: ["b"], b: ["c"], c: [] };
  const allowed = Object.keys(settings).flatMap((from) =>
    Object.keys(settings)
      .filter((to) => {
        const flow: Flow = {
          ...rollFlow(createDice(1)),
          source: { project: from, table: "t", id: "1", version: "1" },
          destination: { kind: "project", project: to },
          held: { select: true, describe: false, download: false },
        };
        const project = { ...closed, name: from, trustedProjects: settings[from] ?? [] };
        return to !== from && judgeFlow(flow, project).allowed;
      })
      .map((to) => `${from}→${to}`),
  );
  assert.deepEqual(allowed, ["a→b", "b→c"]);
});

test("every allowed outflow of a protected project is recorded", () => {
  const dice = createDice(99);
  let recorded = 0;
  for (let round = 0; round < rounds; round += 1) {
    const [flow, project] = [rollFlow(dice), rollProject(dice)];
    const decision = judgeFlow(flow, project);
    if (!decision.allowed) assert.equal(decision.recorded, false);
    if (!decision.allowed || !project.protection || decision.reason === "no-outflow") continue;
    assert.ok(decision.recorded, JSON.stringify({ flow, decision }));
    recorded += 1;
  }
  assert.ok(recorded > 500, `only ${recorded}`);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { flowRows, held, supplied } from "./cases/flows.ts";
import { alice, approve, bob, closed, copying, statement } from "./cases/scene.ts";
import type { Flow, ProjectProtection } from "./flow.ts";
import { type FlowReason, judgeFlow } from "./judge-flow.ts";

for (const [title, flow, project, reason] of flowRows) {
  test(title, () => {
    const decision = judgeFlow({ ...copying, ...flow }, { ...closed, ...project });
    assert.equal(decision.reason, reason);
  });
}

const display = (shownTodayRows: number): Partial<Flow> => ({
  destination: { kind: "display", shownTodayRows },
});

/** [rule, flow, settings, reason, rows, recorded] */
const displays: readonly (readonly [
  string,
  Partial<Flow>,
  Partial<ProjectProtection>,
  FlowReason,
  number | undefined,
  boolean,
])[] = [
  ["a protected project shows rows up to its limit", display(0), {}, "display", 10_000, true],
  [
    "an open one too, and that is no release",
    display(0),
    { protection: false },
    "unprotected",
    10_000,
    false,
  ],
  [
    "download control alone makes a display a release",
    display(0),
    { protection: false, downloadControl: true },
    "display",
    10_000,
    true,
  ],
  [
    "a limit of 0 shows nothing",
    display(0),
    { display: { rows: 0 } },
    "display-off",
    undefined,
    false,
  ],
  [
    "what is left of the day's budget is shown",
    display(900),
    { display: { rows: 500, rowsPerDay: 1000 } },
    "display",
    100,
    true,
  ],
  [
    "a budget that is spent shows nothing",
    display(1000),
    { display: { rows: 500, rowsPerDay: 1000 } },
    "display-budget-spent",
    undefined,
    false,
  ],
  [
    "an unknown count is a spent budget",
    display(Number.NaN),
    { display: { rows: 500, rowsPerDay: 1000 } },
    "display-budget-spent",
    undefined,
    false,
  ],
  [
    "a display needs Select",
    { ...display(0), ...held({ download: true }) },
    {},
    "no-select",
    undefined,
    false,
  ],
  [
    "a package is shown past protection",
    { ...display(1000), ...supplied({ select: true }) },
    { display: { rows: 5, rowsPerDay: 9 } },
    "package-overrides-protection",
    5,
    true,
  ],
];

for (const [title, flow, project, reason, displayRows, recorded] of displays) {
  test(title, () => {
    const decision = judgeFlow({ ...copying, ...flow }, { ...closed, ...project });
    const { reason: given, displayRows: shown, recorded: told } = decision;
    assert.deepEqual([given, shown, told], [reason, displayRows, recorded]);
  });
}

test("a flow is never judged by the settings of another project", () => {
  assert.throws(() => judgeFlow(copying, { ...closed, name: "target" }), /its own source/);
});

test("an allow by exception names its statement", () => {
  const exceptions = approve(statement({ Principal: bob }), statement({ Principal: alice }));
  assert.equal(judgeFlow(copying, { ...closed, exceptions }).statement, "statement 2");
});

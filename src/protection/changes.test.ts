import assert from "node:assert/strict";
import { test } from "node:test";
import { approve, bob, closed, copying, statement } from "./cases/scene.ts";
import { twoStepRoutes, whatCouldLeave } from "./changes.ts";
import type { Flow, ProjectProtection } from "./flow.ts";

const display: Flow = { ...copying, destination: { kind: "display", shownTodayRows: 0 } };
const flows: readonly Flow[] = [
  copying,
  { ...copying, principal: bob },
  { ...copying, destination: { kind: "project", project: "elsewhere" } },
  { ...copying, destination: { kind: "inside" } },
  display,
];

/** [rule, settings after, places of the flows that could then leave] */
const dryRuns: readonly (readonly [string, Partial<ProjectProtection>, readonly number[]])[] = [
  ["no change lets nothing out", {}, []],
  ["protection switched off lets everything out", { protection: false }, [0, 1, 2]],
  ["trust lets out what goes there", { trustedProjects: ["target"] }, [0, 1]],
  ["an exception lets out what its user moves", { exceptions: approve(statement()) }, [0, 2]],
  ["a higher row limit shows more", { display: { rows: 20_000 } }, [4]],
  ["a lower one does not", { display: { rows: 10 } }, []],
];

for (const [title, changes, places] of dryRuns) {
  test(title, () => {
    const releases = whatCouldLeave(closed, { ...closed, ...changes }, flows);
    assert.deepEqual(
      releases.map(({ flow }) => flows.indexOf(flow)),
      places,
    );
  });
}

const project = (name: string, changes: Partial<ProjectProtection> = {}): ProjectProtection => ({
  ...closed,
  name,
  ...changes,
});
const trusts = (...trustedProjects: string[]) => ({ trustedProjects });
const open = { protection: false };

/** [rule, projects, `from>through>to`, where `*` is anywhere] */
const routes: readonly (readonly [string, readonly ProjectProtection[], readonly string[]])[] = [
  ["a trusted project that is open", [project("a", trusts("B")), project("b", open)], ["a>b>*"]],
  [
    "a trusted project that trusts another",
    [project("a", trusts("b")), project("b", trusts("c"))],
    ["a>b>c"],
  ],
  ["one that trusts only back", [project("a", trusts("b")), project("b", trusts("A"))], []],
  [
    "one that trusts whom the first trusts as well",
    [project("a", trusts("b", "c")), project("b", trusts("c")), project("c")],
    [],
  ],
  [
    "one that has exceptions",
    [project("a", trusts("b")), project("b", { exceptions: approve(statement()) })],
    ["a>b>*"],
  ],
  [
    "an open project promises nothing",
    [project("a", { ...open, ...trusts("b") }), project("b", open)],
    [],
  ],
  ["trust in oneself leads nowhere", [project("a", trusts("a"))], []],
];

for (const [title, projects, expected] of routes) {
  test(`two steps out: ${title}`, () => {
    const found = twoStepRoutes(projects);
    assert.deepEqual(
      found.map(({ from, through, to = "*" }) => `${from}>${through}>${to}`),
      expected,
    );
    for (const { warning } of found) assert.match(warning, /^project a trusts project b, which /);
  });
}

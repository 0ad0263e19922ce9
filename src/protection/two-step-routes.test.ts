import assert from "node:assert/strict";
import { test } from "node:test";
import { approve, closed, statement } from "./cases/scene.ts";
import type { ProjectProtection } from "./flow.ts";
import { twoStepRoutes } from "./two-step-routes.ts";

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

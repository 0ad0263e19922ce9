import assert from "node:assert/strict";
import { test } from "node:test";
import { type EgressGroup, egressGroups } from "./cases/egress.ts";
import { approve, closed, copying, statement } from "./cases/scene.ts";
import { type Destination, type Flow, type TaskType, taskTypes } from "./flow.ts";
import { judgeFlow } from "./judge-flow.ts";

const destinations: Readonly<Record<EgressGroup["kind"], Destination>> = {
  inside: { kind: "inside" },
  cross: { kind: "project", project: "target" },
  external: { kind: "external", location: "oss://bucket/folder" },
  download: { kind: "download" },
};

function situation(digits: string, kind: EgressGroup["kind"], taskType: TaskType) {
  const [protection, downloadControl, select, describe, download, exception, trusted, supplied] = [
    ...digits,
  ].map((digit) => digit === "1");
  const named = taskTypes[taskType] === "nameable";
  const condition = { Condition: { StringEquals: { "odps:TaskType": [taskType] } } };
  const flow: Flow = {
    ...copying,
    destination: destinations[kind],
    taskType,
    held: {
      select: select === true,
      describe: describe === true,
      download: download === true,
      viaPackage: supplied ? { select: true, describe: false, download: false } : undefined,
    },
  };
  const project = {
    ...closed,
    protection: protection === true,
    downloadControl: downloadControl === true,
    trustedProjects: trusted ? ["target"] : ["elsewhere"],
    exceptions: exception ? approve(statement(named ? condition : {})) : undefined,
  };
  return { flow, project };
}

test("every row of the egress table is judged as it says", () => {
  const counts = { rows: 0, paths: 0, ALLOW: 0, DENY: 0 };
  for (const { kind, paths, cases } of egressGroups) {
    for (const [path, taskType] of Object.entries(paths)) {
      counts.paths += 1;
      const tail = taskTypes[taskType] === "nameable" ? taskType : "unconditional";
      for (const [expected, rows] of Object.entries(cases)) {
        const [verdict = "", reason = ""] = expected.split(" ");
        for (const digits of rows) {
          const { flow, project } = situation(digits, kind, taskType);
          const decision = judgeFlow(flow, project);
          const where = `${path} ${digits}`;
          assert.equal(decision.allowed ? "ALLOW" : "DENY", verdict, where);
          assert.equal(decision.reason, reason.replace("*", tail), where);
          const recorded = decision.allowed && project.protection && kind !== "inside";
          assert.equal(decision.recorded, recorded, where);
          counts.rows += 1;
          counts[decision.allowed ? "ALLOW" : "DENY"] += 1;
        }
      }
    }
  }
  assert.deepEqual(counts, { rows: 1088, paths: 22, ALLOW: 621, DENY: 467 });
});

import type { Flow, Held, ProjectProtection } from "../flow.ts";
import type { FlowReason } from "../judge-flow.ts";
import { approve, bob, now, statement, table } from "./scene.ts";

/** How a flow and its project differ from `copying` out of `closed`. */
type Row = readonly [
  title: string,
  flow: Partial<Flow>,
  project: Partial<ProjectProtection>,
  reason: FlowReason,
];

const trusting = { trustedProjects: ["target"] };
const unpinned = {
  Condition: { StringLike: { "odps:TableId": "*", "odps:TableVersion": "*" } },
};
const when = (Condition: object) => ({ exceptions: approve(statement({ Condition })) });
const excepted = (...changes: readonly Readonly<Record<string, unknown>>[]) => ({
  exceptions: approve(...changes.map((change) => statement(change))),
});
const to = (project: string): Partial<Flow> => ({ destination: { kind: "project", project } });
const download: Partial<Flow> = { destination: { kind: "download" }, taskType: "DT" };
const external: Partial<Flow> = { destination: { kind: "external", location: "oss://b" } };
export const held = (changes: Partial<Held>): Partial<Flow> => ({
  held: { select: false, describe: false, download: false, ...changes },
});
export const supplied = (changes: Partial<Held>) =>
  held({ viaPackage: { select: false, describe: false, download: false, ...changes } });
const daysLater = (days: number): Partial<Flow> => ({ timeMs: now + days * 86_400_000 });
const changed = (changes: Partial<typeof table>): Partial<Flow> => ({
  source: { ...table, ...changes },
});

/** Flows, each from a closed project unless its settings say otherwise. */
export const flowRows: readonly Row[] = [
  ["what is protected stays", {}, {}, "protected"],
  [
    "an owner is not exempt: a name is all a flow has",
    { principal: "ALIYUN$owner" },
    {},
    "protected",
  ],
  ["a write into the project itself is no outflow", to("source"), {}, "no-outflow"],
  ["nor is it under another spelling", to("SOURCE"), {}, "no-outflow"],
  ["a letter that only looks alike is another project", to("ſource"), {}, "protected"],
  ["trust ignores case like all names of projects", to("TARGET"), trusting, "trusted-project"],
  ["trust names whole names", to("target2"), trusting, "protected"],
  ["trust in a project is none in a location", external, trusting, "protected"],
  ["trust in a project is none in a download", download, trusting, "protected"],
  ["an exception lets its user out", {}, excepted({}), "exception:unconditional"],
  ["and nobody else", { principal: bob }, excepted({}), "protected"],
  [
    "a user of another account with the name is another",
    { principal: "RAM$444455556666:alice" },
    excepted({}),
    "protected",
  ],
  [
    "names of users ignore case, as identities do",
    { principal: "ram$111122223333:ALICE" },
    excepted({}),
    "exception:unconditional",
  ],
  [
    "everyone is everyone",
    { principal: bob },
    excepted({ Principal: "*" }),
    "exception:unconditional",
  ],
  ["an exception replaces no permission", held({}), excepted({}), "no-select"],
  [
    "one for SQL admits SQL",
    {},
    when({ StringEquals: { "odps:TaskType": ["SQL"] } }),
    "exception:SQL",
  ],
  [
    "one for SQL admits no tunnel",
    download,
    when({ StringEquals: { "odps:TaskType": ["SQL"] } }),
    "protected",
  ],
  [
    "one that names a task type admits no Spark",
    { taskType: "Spark" },
    when({ StringNotEquals: { "odps:TaskType": ["DT"] } }),
    "protected",
  ],
  ["one without admits Spark", { taskType: "Spark" }, excepted({}), "exception:unconditional"],
  ["one for another action does not count", {}, excepted({ Action: "odps:Describe" }), "protected"],
  [
    "one for Download admits a download",
    download,
    excepted({ Action: "odps:Download" }),
    "exception:unconditional",
  ],
  ["one for Download admits no copy", {}, excepted({ Action: "odps:Download" }), "protected"],
  [
    "one for another table does not count",
    {},
    excepted({ Resource: "acs:odps:*:projects/source/tables/t2" }),
    "protected",
  ],
  [
    "one naming another project never matches here",
    {},
    excepted({ Resource: "acs:odps:*:projects/target/tables/t1" }),
    "protected",
  ],
  [
    "one for all tables counts",
    {},
    excepted({ Resource: "acs:odps:*:projects/source/tables/*" }),
    "exception:unconditional",
  ],
  [
    "a star reaches into no schema",
    changed({ schema: "hr" }),
    excepted({ Resource: "acs:odps:*:projects/source/tables/*" }),
    "protected",
  ],
  [
    "the default schema may be named",
    {},
    excepted({ Resource: "acs:odps:*:projects/source/schemas/default/tables/t1" }),
    "exception:unconditional",
  ],
  [
    "a table of another schema is another table",
    changed({ schema: "hr" }),
    excepted({}),
    "protected",
  ],
  [
    "a changed table is not what was approved",
    changed({ version: "8" }),
    excepted({}),
    "protected",
  ],
  [
    "a new table of the name is not what was approved",
    changed({ id: "id-2" }),
    excepted({}),
    "protected",
  ],
  [
    "an unpinned exception follows the name",
    changed({ id: "id-2", version: "8" }),
    excepted(unpinned),
    "exception:unconditional",
  ],
  [
    "one that frees the version still holds the id",
    changed({ id: "id-2" }),
    when({ StringLike: { "odps:TableVersion": "*" } }),
    "protected",
  ],
  [
    "and lets the table change",
    changed({ version: "8" }),
    when({ StringLike: { "odps:TableVersion": "*" } }),
    "exception:unconditional",
  ],
  [
    "a pin that is written is held",
    {},
    when({ StringEquals: { "odps:TableId": "id-1", "odps:TableVersion": "6" } }),
    "protected",
  ],
  [
    "before it expires an exception counts",
    daysLater(1),
    when({ DateLessThan: { "odps:CurrentTime": "2026-11-30T00:00:00Z" } }),
    "exception:unconditional",
  ],
  [
    "after that it does not",
    daysLater(2),
    when({ DateLessThan: { "acs:CurrentTime": "2026-11-30T00:00:00Z" } }),
    "protected",
  ],
  [
    "an address that is not known is not outside",
    {},
    when({ NotIpAddress: { "acs:SourceIp": "10.0.0.0/8" } }),
    "protected",
  ],
  [
    "an address inside counts",
    { sourceIp: "10.1.2.3" },
    when({ IpAddress: { "acs:SourceIp": "10.0.0.0/8" } }),
    "exception:unconditional",
  ],
  [
    "a target that is named counts",
    {},
    when({ StringEquals: { "odps:TargetProject": "Target" } }),
    "exception:unconditional",
  ],
  [
    "another target does not",
    to("elsewhere"),
    when({ StringEquals: { "odps:TargetProject": "target" } }),
    "protected",
  ],
  [
    "a location is no target project",
    external,
    when({ StringNotEquals: { "odps:TargetProject": "x" } }),
    "protected",
  ],
  [
    "approved columns go",
    { columns: ["a"] },
    when({ StringEquals: { "odps:SelectColumns": ["a", "b"] } }),
    "exception:unconditional",
  ],
  [
    "approved columns open no other",
    { columns: ["a", "salary"] },
    when({ StringEquals: { "odps:SelectColumns": ["a", "b"] } }),
    "protected",
  ],
  [
    "a whole table is more than its approved columns",
    {},
    when({ StringEquals: { "odps:SelectColumns": ["a", "b"] } }),
    "protected",
  ],
  [
    "one statement of several is enough",
    {},
    excepted({ Principal: bob }, {}),
    "exception:unconditional",
  ],
  ["a package passes protection", supplied({ select: true }), {}, "package-overrides-protection"],
  ["a package that lists no Select gives none", supplied({ download: true }), {}, "no-select"],
  [
    "a package without Download downloads nothing",
    { ...download, ...supplied({ select: true, describe: true }) },
    { downloadControl: true },
    "no-download-privilege",
  ],
  [
    "a package that lists it does",
    { ...download, ...supplied({ describe: true, download: true }) },
    { downloadControl: true },
    "dc:download+describe",
  ],
  [
    "own Describe and a package's Download join",
    {
      ...download,
      held: {
        select: false,
        describe: true,
        download: false,
        viaPackage: { select: false, describe: false, download: true },
      },
    },
    { downloadControl: true },
    "dc:download+describe",
  ],
];

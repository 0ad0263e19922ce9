import { type DisplayLimits, displayLimitsDefault } from "../../protection/flow.ts";
import type { Grant, Package, Permissions, Role } from "./state.ts";

/**
 * What a change opens: in words, each way on which data could leave the project or its guard be lifted and could not
 * before. Empty: the change opens nothing. It compares what is said, not what follows from it, and rather asks once
 * too often.
 */
export function openingsOf(before: Permissions, after: Permissions): readonly string[] {
  return rules.filter(([, opens]) => opens(before, after)).map(([words]) => words);
}

type Opens = (before: Permissions, after: Permissions) => boolean;

/** Whether a list has something that the other did not have. */
const gains = (before: readonly unknown[], after: readonly unknown[]): boolean => {
  const known = new Set(before.map((item) => JSON.stringify(item)));
  return after.some((item) => !known.has(JSON.stringify(item)));
};

const rules: readonly (readonly [words: string, opens: Opens])[] = [
  ["protection ends", (before, after) => before.protection && !after.protection],
  [
    "exceptions are set",
    ({ exceptions }, after) => after.exceptions !== undefined && after.exceptions !== exceptions,
  ],
  ["a project is trusted", (before, after) => gains(before.trustedProjects, after.trustedProjects)],
  ["something leaves the project", ({ stores = [] }, after) => gains(after.stores ?? [], stores)],
  ["more may be shown", (before, after) => showsMore(before.display, after.display)],
  [
    "what decides downloads changes",
    ({ settings }, after) =>
      settings.enableDownloadPrivilege !== after.settings.enableDownloadPrivilege,
  ],
  [
    "one person may open the project alone",
    ({ settings }, after) => settings.secondApprover && !after.settings.secondApprover,
  ],
  [
    "there is another super administrator",
    (before, after) => gains(before.superAdministrators, after.superAdministrators),
  ],
  [
    "a package gives more",
    (before, after) => gains(givenBy(before.packages), givenBy(after.packages)),
  ],
  [
    "who may download may change",
    (before, after) =>
      after.settings.enableDownloadPrivilege && gains(downloadsOf(before), downloadsOf(after)),
  ],
];

function showsMore(
  before: DisplayLimits = displayLimitsDefault,
  after: DisplayLimits = displayLimitsDefault,
): boolean {
  const perDay = ({ rowsPerDay = Number.POSITIVE_INFINITY }: DisplayLimits) => rowsPerDay;
  return after.rows > before.rows || perDay(after) > perDay(before);
}

const givenBy = (packages: readonly Package[]): readonly unknown[] =>
  packages.flatMap(({ name, items, admitted }) => [
    ...items.map((item) => [name, item]),
    ...admitted.map((admission) => [name, admission]),
  ]);

const givesDownload = ({ privileges, effect }: Grant): boolean =>
  effect === "allow" && privileges.some((name) => name.toLowerCase() === "download");

/** All from which it follows who holds Download: policies may name it, and roles may have it. */
const downloadsOf = ({
  grants,
  policy,
  roles,
  administrators,
}: Permissions): readonly unknown[] => [
  ...grants.filter(givesDownload),
  ...(policy === undefined ? [] : [policy]),
  ...administrators,
  ...roles.flatMap(({ name, policy: text, members }: Role) => [
    ...(text === undefined ? [] : [[name, text]]),
    ...members.map((member) => ({ name, member })),
  ]),
];

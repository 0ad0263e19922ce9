import { isSameName } from "../../policy/odps/names.ts";
import { type DisplayLimits, displayLimitsDefault } from "../../protection/flow.ts";
import { findTableLabel } from "./labels-read.ts";
import type { Grant, Package, Permissions, Role, TableLabel } from "./state.ts";

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
    "what packages show may change",
    (before, after) =>
      after.packages.some(({ admitted }) => admitted.length > 0) && hidesLess(before, after),
  ],
  [
    "who may download may change",
    (before, after) =>
      after.settings.enableDownloadPrivilege &&
      (gains(downloadsOf(before), downloadsOf(after)) ||
        gains(denialsOf(after), denialsOf(before)) ||
        revives(before, after)),
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

/** Whether labels or denies of policies keep less from those to whom packages are lent. */
const hidesLess = (before: Permissions, after: Permissions): boolean =>
  (before.settings.labelSecurity &&
    (!after.settings.labelSecurity || before.tableLabels.some((one) => isLowered(one, after)))) ||
  gains(projectDenials(after), projectDenials(before));

function isLowered(before: TableLabel, after: Permissions): boolean {
  const now = findTableLabel(after, before.schema, before.table);
  if (!now) return true;
  return (
    now.label < before.label ||
    Object.entries(before.columns).some(
      ([name, label]) => (now.columns[name] ?? now.label) < label,
    ) ||
    Object.entries(now.columns).some(
      ([name, label]) => !(name in before.columns) && label < before.label,
    )
  );
}

const denies = (policy: string | undefined): boolean =>
  policy !== undefined && /"deny"/i.test(JSON.stringify(JSON.parse(policy)));

/** The project's own policy, where it denies something and is heard. */
const projectDenials = ({ policy, settings }: Permissions): readonly unknown[] =>
  settings.checkPermissionUsingPolicy && denies(policy) ? [policy] : [];

/** All that could keep somebody from a Download that is granted. */
const denialsOf = (permissions: Permissions): readonly unknown[] => {
  const { grants, roles, settings } = permissions;
  const denied = grants.filter(
    ({ effect, privileges }) =>
      effect === "deny" && privileges.some((name) => name === "Download" || name === "All"),
  );
  const isDenied = ({ name }: Role) =>
    denied.some(({ to }) => to.kind === "role" && isSameName(to.name, name));
  return [
    ...denied,
    ...projectDenials(permissions),
    ...roles
      .filter((role) => isDenied(role) || denies(role.policy))
      .flatMap(({ name, policy, members }) => [
        ...(settings.checkPermissionUsingPolicy && denies(policy) ? [[name, policy]] : []),
        ...members.map((member) => ({ name, member })),
      ]),
  ];
};

const givesDownload = ({ privileges, effect }: Grant): boolean =>
  effect === "allow" && privileges.some((name) => name.toLowerCase() === "download");

/** All from which it follows who holds Download: policies may name it, and roles may have it. */
const downloadsOf = ({
  grants,
  policy,
  roles,
  administrators,
  settings,
}: Permissions): readonly unknown[] => [
  { acl: settings.checkPermissionUsingAcl },
  { policy: settings.checkPermissionUsingPolicy },
  ...grants.filter(givesDownload),
  ...(policy === undefined ? [] : [policy]),
  ...administrators,
  ...roles.flatMap(({ name, policy: text, members }: Role) => [
    ...(text === undefined ? [] : [[name, text]]),
    ...members.map((member) => ({ name, member })),
  ]),
];

/** Whether somebody is added of whom something is said already: what was granted before counts again. */
const revives = (before: Permissions, { users, grants, roles, policy }: Permissions): boolean =>
  users
    .filter(({ name }) => !before.users.some((one) => isSameName(one.name, name)))
    .some(
      ({ name }) =>
        policy !== undefined ||
        grants.some(({ to }) => to.kind === "user" && isSameName(to.name, name)) ||
        roles.some(({ members }) => members.some((member) => isSameName(member, name))),
    );

import { actionsOf } from "../../policy/odps/actions.ts";
import { isSameName } from "../../policy/odps/names.ts";
import { compileResource } from "../../policy/odps/resource.ts";
import { compileConditionText } from "./condition-text.ts";
import {
  builtInRoles,
  findRole,
  includesName,
  isMember,
  isSameGrantee,
  isSameObject,
  listedPath,
} from "./names.ts";
import { wordPolicyError } from "./roles.ts";
import {
  type Change,
  type Creator,
  changedTo,
  type Grant,
  type GrantedObject,
  type Grantee,
  limits,
  type Permissions,
  refused,
} from "./state.ts";
import { noSuchUser } from "./users.ts";

/** What there is in a project to grant on. */
export interface Catalog {
  /** Whether a thing exists. */
  has(object: GrantedObject): boolean;
  /** Columns of a table; undefined where there is no such table. */
  columnsOf(table: GrantedObject): readonly string[] | undefined;
}

const isPattern = ({ name }: GrantedObject): boolean => /[*?]/.test(name);

/** Grants privileges; those that a grant of the same kind gives already are joined to it. */
export function grant(state: Permissions, wanted: Grant, catalog: Catalog): Change {
  const obstacle = findObstacle(state, wanted, catalog);
  if (obstacle) return obstacle;
  const same = state.grants.find((one) => isSameGrant(one, wanted));
  const privileges = same
    ? [...new Set([...same.privileges, ...wanted.privileges])]
    : wanted.privileges;
  const others = state.grants.filter((one) => one !== same);
  if (others.length >= limits.grants)
    return refused("LimitExceeded", `project ${state.project} has ${limits.grants} grants already`);
  return changedTo({ ...state, grants: [...others, { ...wanted, privileges }] });
}

const sortedColumns = ({ columns }: GrantedObject): string | undefined =>
  columns &&
  [...columns]
    .map((column) => column.toLowerCase())
    .sort()
    .join(",");

/** Whether two grants differ at most in their privileges. */
const isSameGrant = (one: Grant, other: Grant): boolean =>
  isSameGrantee(one.to, other.to) &&
  isSameObject(one.object, other.object) &&
  sortedColumns(one.object) === sortedColumns(other.object) &&
  one.effect === other.effect &&
  one.by === other.by &&
  one.condition === other.condition &&
  one.expiresMs === other.expiresMs;

function findObstacle(state: Permissions, wanted: Grant, catalog: Catalog): Change | undefined {
  const { to, object, privileges, by, effect, condition } = wanted;
  const missing = findMissingGrantee(state, to);
  if (missing) return missing;
  const known: readonly string[] = actionsOf[object.type];
  const wrong = privileges.find((name) => !known.includes(name));
  if (wrong !== undefined)
    return refused(
      "InvalidArgument",
      `${wrong} is no privilege on a ${object.type}: there are ${known.join(", ")}`,
    );
  if (by === "acl" && (effect === "deny" || condition !== undefined))
    return refused("InvalidArgument", 'a deny or a condition needs "policy"="true"');
  if (by === "policy" && to.kind !== "role")
    return refused("InvalidArgument", "privileges by policy are granted to roles only");
  if (isPattern(object)) {
    if (to.kind !== "role" && privileges.includes("Download"))
      return refused("InvalidArgument", "Download may be granted with wildcards only to roles");
    if (by !== "policy" || object.columns !== undefined)
      return refused(
        "InvalidArgument",
        "wildcards are granted to roles by policy, without columns",
      );
  } else if (!exists(state, object, catalog)) {
    return refused("NoSuchObject", `${listedPath(state.project, object)} doesn't exist`);
  }
  return findUnreadable(state, wanted) ?? findWrongColumn(wanted, catalog);
}

/** Whether there is such a thing to grant on: the project knows itself and its packages. */
function exists(state: Permissions, object: GrantedObject, catalog: Catalog): boolean {
  if (object.type === "project") return isSameName(object.name, state.project);
  if (object.type !== "package") return catalog.has(object);
  return state.installed.some(({ project, name }) => isSameName(`${project}.${name}`, object.name));
}

function findUnreadable(state: Permissions, { object, by, effect, condition }: Grant) {
  try {
    if (by === "policy") compileResource(`acs:odps:*:${listedPath(state.project, object)}`, effect);
    if (condition !== undefined) compileConditionText(condition, effect);
    return undefined;
  } catch (error) {
    return wordPolicyError(error);
  }
}

function findWrongColumn({ object, privileges }: Grant, catalog: Catalog): Change | undefined {
  if (object.columns === undefined) return undefined;
  if (object.type !== "table" || object.columns.length === 0)
    return refused("InvalidArgument", "only a table has columns to grant on");
  const whole = privileges.find((name) => !columnPrivileges.includes(name));
  if (whole !== undefined)
    return refused("InvalidArgument", `${whole} cannot be granted on columns`);
  const columns = catalog.columnsOf(object) ?? [];
  const wrong = object.columns.find((column) => !includesName(columns, column));
  return wrong === undefined
    ? undefined
    : refused("NoSuchObject", `table ${object.name} has no column ${wrong}`);
}

const columnPrivileges: readonly string[] = [
  "Describe",
  "Select",
  "Update",
  "Alter",
  "Download",
  "All",
];

/** The refusal when a role or a user does not exist; nothing can be granted to administrators. */
export function findMissingGrantee(state: Permissions, { kind, name }: Grantee) {
  if (kind === "user") return isMember(state, name) ? undefined : noSuchUser(state, name);
  if (includesName(builtInRoles, name))
    return refused("NoPermission", `the permissions of role ${name} cannot be changed`);
  return findRole(state, name) ? undefined : refused("NoSuchObject", `role ${name} doesn't exist`);
}

/** What is to be taken back. */
export type Revocation = Pick<Grant, "to" | "object" | "privileges" | "by" | "effect">;

/** Takes privileges back, whatever their condition and expiry. Without columns, those on columns go as well. */
export function revoke(state: Permissions, wanted: Revocation): Change {
  const { to, object, privileges, by, effect } = wanted;
  let found = false;
  const grants = state.grants.flatMap((one) => {
    const meant =
      isSameGrantee(one.to, to) &&
      isSameObject(one.object, object) &&
      one.by === by &&
      one.effect === effect &&
      (object.columns === undefined || sortedColumns(one.object) !== undefined);
    if (!meant) return [one];
    return takeFrom(one, privileges, object.columns).map((left) => {
      if (left !== one) found = true;
      return left;
    });
  });
  const gone = grants.length < state.grants.length;
  if (!found && !gone)
    return refused(
      "NoSuchObject",
      `${to.kind} ${to.name} holds no ${privileges.join(", ")} on ${listedPath(state.project, object)}`,
    );
  return changedTo({ ...state, grants });
}

/** What is left of a grant: at most a part for other columns and a part for other privileges. */
function takeFrom(
  one: Grant,
  privileges: readonly string[],
  columns: readonly string[] | undefined,
): readonly Grant[] {
  const held = one.privileges.includes("All") ? spellOut(one) : one.privileges;
  const left = privileges.includes("All") ? [] : held.filter((name) => !privileges.includes(name));
  if (left.length === held.length) return [one];
  const own = one.object.columns;
  const meant = columns && own ? own.filter((column) => includesName(columns, column)) : own;
  if (meant && meant.length === 0) return [one];
  const spared = own?.filter((column) => meant && !includesName(meant, column)) ?? [];
  const parts: Grant[] = [];
  if (spared.length > 0) parts.push({ ...one, object: { ...one.object, columns: spared } });
  if (left.length > 0)
    parts.push({
      ...one,
      privileges: left,
      object: meant ? { ...one.object, columns: meant } : one.object,
    });
  return parts;
}

/** The privileges of a grant of `All`, one by one. */
const spellOut = ({ object, privileges, effect }: Grant): readonly string[] =>
  actionsOf[object.type].filter(
    (name) =>
      name !== "All" &&
      (name !== "Download" || effect === "deny" || privileges.includes("Download")),
  );

/** Forgets grants whose time is over. */
export function clearExpiredGrants(state: Permissions, timeMs: number): Change {
  const isValid = ({ expiresMs }: { readonly expiresMs?: number | undefined }) =>
    expiresMs === undefined || expiresMs > timeMs;
  return changedTo({
    ...state,
    grants: state.grants.filter(isValid),
    labelGrants: state.labelGrants.filter(isValid),
  });
}

/** Forgets whatever is said of a thing that was dropped: another of its name begins without. */
export function forgetObject(state: Permissions, object: GrantedObject): Permissions {
  const isOther = (one: { readonly object: GrantedObject }) => !isSameObject(one.object, object);
  const isOtherTable = (one: { readonly schema?: string | undefined; readonly table: string }) =>
    object.type !== "table" ||
    !isSameObject({ type: "table", schema: one.schema, name: one.table }, object);
  return {
    ...state,
    grants: state.grants.filter(isOther),
    tableLabels: state.tableLabels.filter(isOtherTable),
    labelGrants: state.labelGrants.filter(isOtherTable),
    packages: state.packages.map((one) => ({ ...one, items: one.items.filter(isOther) })),
  };
}

/** Whether somebody may grant on a thing because they made it. */
export const mayGrantAsCreator = (
  state: Permissions,
  user: string,
  object: GrantedObject,
  creators: readonly Creator[],
): boolean =>
  state.settings.objectCreatorHasGrantPermission &&
  isMember(state, user) &&
  creators.some((one) => isSameObject(one.object, object) && isSameName(one.user, user));

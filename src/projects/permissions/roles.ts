import { isSameName } from "../../policy/odps/names.ts";
import { PolicyError } from "../../policy/policy-error.ts";
import { readProjectPolicy, readRolePolicy } from "./compiled.ts";
import { namesDownload } from "./judge-direct.ts";
import {
  administrator,
  builtInRoles,
  findRole,
  includesName,
  isMember,
  isRoleName,
  superAdministrator,
  userName,
} from "./names.ts";
import { type Change, changedTo, limits, type Permissions, type Role, refused } from "./state.ts";
import { invalidAccount, noSuchUser } from "./users.ts";

/** Words that commands put before a name: no role is called so. */
const reservedNames = ["role", "user", "group", "project", "table", ...builtInRoles];

/** Makes a role. */
export function createRole(
  state: Permissions,
  name: string,
  { comment, type }: { readonly comment: string; readonly type: string },
): Change {
  if (!isRoleName(name))
    return refused(
      "InvalidArgument",
      `invalid role name ${name}: a letter, then at most 63 letters, digits and underscores`,
    );
  if (includesName(builtInRoles, name) || findRole(state, name))
    return refused("ObjectAlreadyExists", `role ${name} already exists`);
  if (includesName(reservedNames, name))
    return refused("InvalidArgument", `invalid role name ${name}: the word is reserved`);
  if (type !== "resource")
    return refused(
      "InvalidArgument",
      `roles of type ${type} cannot be created: use ${administrator} or ${superAdministrator}`,
    );
  if (state.roles.length >= limits.roles)
    return refused("LimitExceeded", `project ${state.project} has ${limits.roles} roles already`);
  const role: Role = { name, type, comment, members: [] };
  return changedTo({ ...state, roles: [...state.roles, role] });
}

/** Drops a role that nobody has; what was granted to it goes with it. */
export function dropRole(state: Permissions, name: string): Change {
  const role = findRole(state, name);
  if (includesName(builtInRoles, name))
    return refused("InvalidArgument", `role ${name} is built in and stays`);
  if (!role) return noSuchRole(name);
  if (role.members.some((member) => isMember(state, member)))
    return refused("InvalidArgument", `role ${role.name} is still granted: revoke it first`);
  const isOther = ({ to }: { readonly to: { readonly kind: string; readonly name: string } }) =>
    to.kind !== "role" || !isSameName(to.name, role.name);
  return changedTo({
    ...state,
    roles: state.roles.filter((one) => one !== role),
    grants: state.grants.filter(isOther),
    labelGrants: state.labelGrants.filter(isOther),
    principalLabels: state.principalLabels.filter(isOther),
  });
}

const noSuchRole = (name: string): Change => refused("NoSuchObject", `role ${name} doesn't exist`);

/** Gives a role to a user of the project. */
export function grantRole(state: Permissions, role: string, user: string): Change {
  return changeMembers(state, role, user, (members, name) => {
    if (includesName(members, name))
      return refused("ObjectAlreadyExists", `user ${name} has role ${role} already`);
    if (members.length >= limits.members)
      return refused("LimitExceeded", `role ${role} has ${limits.members} members already`);
    return [...members, name];
  });
}

/** Takes a role from a user of the project. */
export function revokeRole(state: Permissions, role: string, user: string): Change {
  return changeMembers(state, role, user, (members, name) =>
    includesName(members, name)
      ? members.filter((one) => !isSameName(one, name))
      : refused("NoSuchObject", `user ${name} doesn't have role ${role}`),
  );
}

type Members = readonly string[];

function changeMembers(
  state: Permissions,
  roleName: string,
  text: string,
  change: (members: Members, user: string) => Members | Change,
): Change {
  const user = userName(text);
  if (user === undefined) return invalidAccount(text);
  if (!state.users.some(({ name }) => isSameName(name, user))) return noSuchUser(state, user);
  const settle = (members: Members, put: (changed: Members) => Permissions): Change => {
    const changed = change(members, user);
    return isMembers(changed) ? changedTo(put(changed)) : changed;
  };
  if (isSameName(roleName, superAdministrator))
    return settle(state.superAdministrators, (superAdministrators) => ({
      ...state,
      superAdministrators,
    }));
  if (isSameName(roleName, administrator))
    return settle(state.administrators, (administrators) => ({ ...state, administrators }));
  const role = findRole(state, roleName);
  if (!role) return noSuchRole(roleName);
  return settle(role.members, (members) => ({
    ...state,
    roles: state.roles.map((one) => (one === role ? { ...role, members } : one)),
  }));
}

const isMembers = (value: Members | Change): value is Members => Array.isArray(value);

/** Sets the policy of the project; an empty text takes it away. */
export function putPolicy(state: Permissions, text: string): Change {
  if (text.trim() === "") return changedTo({ ...state, policy: undefined });
  try {
    for (const statement of readProjectPolicy(text)) {
      const { effect, label, resources } = statement;
      const wide = resources.some((resource) => /[*?]/.test(resource.slice("acs:odps:*:".length)));
      if (effect === "allow" && wide && namesDownload(statement))
        return refused(
          "InvalidArgument",
          `${label}: Download may be granted with wildcards only to roles`,
        );
    }
  } catch (error) {
    return wordPolicyError(error);
  }
  return changedTo({ ...state, policy: text });
}

/** Sets the policy of a role; an empty text takes it away. */
export function putRolePolicy(state: Permissions, name: string, text: string): Change {
  const role = findRole(state, name);
  if (includesName(builtInRoles, name))
    return refused("NoPermission", `the permissions of role ${name} cannot be changed`);
  if (!role) return noSuchRole(name);
  const policy = text.trim() === "" ? undefined : text;
  try {
    if (policy !== undefined) readRolePolicy(policy);
  } catch (error) {
    return wordPolicyError(error);
  }
  return changedTo({
    ...state,
    roles: state.roles.map((one) => (one === role ? { ...role, policy } : one)),
  });
}

/** A policy that cannot be read is its author's mistake; anything else is ours. */
export function wordPolicyError(error: unknown): Change {
  if (error instanceof PolicyError) return refused("InvalidArgument", error.message);
  throw error;
}

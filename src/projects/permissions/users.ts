import { isSameName } from "../../policy/odps/names.ts";
import { isMember, userName } from "./names.ts";
import { type Change, changedTo, limits, type Permissions, refused } from "./state.ts";

const commentMax = 1024;

/** Adds somebody to the project. What was granted to them before they were removed counts again. */
export function addUser(state: Permissions, text: string, comment: string): Change {
  const name = userName(text);
  if (name === undefined) return invalidAccount(text);
  if (isMember(state, name))
    return refused(
      "ObjectAlreadyExists",
      `user ${name} already exists in project ${state.project}`,
    );
  if (state.users.length >= limits.users)
    return refused("LimitExceeded", `project ${state.project} has ${limits.users} users already`);
  if (comment.length > commentMax)
    return refused("InvalidArgument", `the comment is longer than ${commentMax} characters`);
  return changedTo({ ...state, users: [...state.users, { name, comment }] });
}

export const invalidAccount = (text: string): Change =>
  refused(
    "InvalidArgument",
    `Invalid account Name ${text}: expected ALIYUN$<account> or RAM$<account>:<user>`,
  );

/**
 * Removes somebody. Grants and ordinary roles rest, and revive when they are added again; administration does not, or
 * one administrator could bring back another whom the owner has removed.
 */
export function removeUser(state: Permissions, text: string): Change {
  const name = userName(text);
  if (name === undefined) return invalidAccount(text);
  if (isSameName(name, state.owner))
    return refused("InvalidArgument", `${name} owns project ${state.project} and stays`);
  if (!isMember(state, name)) return noSuchUser(state, name);
  const others = (names: readonly string[]) => names.filter((one) => !isSameName(one, name));
  return changedTo({
    ...state,
    users: state.users.filter((user) => !isSameName(user.name, name)),
    superAdministrators: others(state.superAdministrators),
    administrators: others(state.administrators),
  });
}

export const noSuchUser = (state: Permissions, name: string): Change =>
  refused("NoSuchObject", `user ${name} doesn't exist in project ${state.project}`);

/** Takes everything that was granted to somebody, in the project or removed from it. */
export function purgePrivileges(state: Permissions, text: string): Change {
  const name = userName(text);
  if (name === undefined) return invalidAccount(text);
  if (isMember(state, name))
    return refused(
      "InvalidArgument",
      `user ${name} is in project ${state.project}: remove the user first`,
    );
  const isOther = ({ to }: { readonly to: { readonly kind: string; readonly name: string } }) =>
    to.kind !== "user" || !isSameName(to.name, name);
  return changedTo({
    ...state,
    roles: state.roles.map((role) => ({
      ...role,
      members: role.members.filter((one) => !isSameName(one, name)),
    })),
    grants: state.grants.filter(isOther),
    labelGrants: state.labelGrants.filter(isOther),
    principalLabels: state.principalLabels.filter(isOther),
  });
}

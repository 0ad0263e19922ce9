import { isSameName, lowerName } from "../../policy/odps/names.ts";
import { type ObjectName, pathsOf } from "../../policy/odps/resource.ts";
import type { GrantedObject, Grantee, Permissions } from "./state.ts";

/** Roles that every project has; their names are nobody else's. */
export const superAdministrator = "super_administrator";
export const administrator = "admin";
export const builtInRoles: readonly string[] = [superAdministrator, administrator];

const roleForm = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
const projectForm = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
const aliyunForm = /^ALIYUN\$([\w.@+-]{1,128})$/i;
const ramForm = /^RAM\$([\w.@+-]{1,128}):([\w+=,.@/-]{1,128})$/i;

/** Whether a role may be named so: never like a user, since those have a `$`. */
export const isRoleName = (name: string): boolean => roleForm.test(name);

export const isProjectName = (name: string): boolean => projectForm.test(name);

/** The full name of a user, its provider in capitals; undefined when the text names none. */
export function userName(text: string): string | undefined {
  const [, account] = aliyunForm.exec(text) ?? [];
  if (account !== undefined) return `ALIYUN$${account}`;
  const [, parent, user] = ramForm.exec(text) ?? [];
  if (parent !== undefined && user !== undefined) return `RAM$${parent}:${user}`;
  return /^[\w.+-]+@[\w.-]+$/.test(text) ? `ALIYUN$${text}` : undefined;
}

/** Whether two grantees are the same: a role never equals a user, whatever they are called. */
export const isSameGrantee = (one: Grantee, other: Grantee): boolean =>
  one.kind === other.kind && isSameName(one.name, other.name);

export const includesName = (names: readonly string[], name: string): boolean =>
  names.some((one) => isSameName(one, name));

/** The full name of a thing of a project. */
export const objectOf = (project: string, object: GrantedObject): ObjectName => ({
  project,
  type: object.type,
  schema: object.schema,
  name: object.name,
});

/** A text that is the same for two names of the same thing, whatever columns they speak of. */
export const objectKey = ({ type, schema = "default", name }: GrantedObject): string =>
  lowerName(`${type}/${schema}/${name}`);

export const isSameObject = (one: GrantedObject, other: GrantedObject): boolean =>
  objectKey(one) === objectKey(other);

/** How listings name a thing: `projects/p/tables/t`. */
export const listedPath = (project: string, object: GrantedObject): string =>
  pathsOf(objectOf(project, object))[0] ?? "";

/** Roles that a user has, built-in ones first. */
export function rolesOf(state: Permissions, user: string): readonly string[] {
  const names: string[] = [];
  if (includesName(state.superAdministrators, user)) names.push(superAdministrator);
  if (includesName(state.administrators, user)) names.push(administrator);
  for (const role of state.roles) if (includesName(role.members, user)) names.push(role.name);
  return names;
}

export const findRole = (state: Permissions, name: string) =>
  state.roles.find((role) => isSameName(role.name, name));

export const hasRole = (state: Permissions, name: string): boolean =>
  includesName(builtInRoles, name) || findRole(state, name) !== undefined;

export const isMember = (state: Permissions, user: string): boolean =>
  isSameName(state.owner, user) || state.users.some(({ name }) => isSameName(name, user));

/** How far somebody may administer a project. */
export type Rank = "owner" | "super_administrator" | "admin" | "user" | "stranger";

/** A role of somebody who was removed from the project counts no more. */
export function rankOf(state: Permissions, user: string): Rank {
  if (isSameName(state.owner, user)) return "owner";
  if (!isMember(state, user)) return "stranger";
  if (includesName(state.superAdministrators, user)) return "super_administrator";
  return includesName(state.administrators, user) ? "admin" : "user";
}

import { findAction } from "../../policy/odps/actions.ts";
import { displayLimitsDefault } from "../../protection/flow.ts";
import { clearExpiredGrants, grant, revoke } from "../permissions/grants.ts";
import {
  grantLabel,
  revokeLabel,
  setPrincipalLabel,
  setTableLabel,
} from "../permissions/labels.ts";
import {
  addToPackage,
  allowInstall,
  createPackage,
  deletePackage,
  disallowInstall,
  installPackage,
  removeFromPackage,
  uninstallPackage,
} from "../permissions/packages.ts";
import { createRole, dropRole, grantRole, revokeRole } from "../permissions/roles.ts";
import {
  addStore,
  addTrustedProject,
  removeStore,
  removeTrustedProject,
  setProtection,
} from "../permissions/settings.ts";
import { type Change, changedTo, type Grant, type Permissions } from "../permissions/state.ts";
import { addUser, purgePrivileges, removeUser } from "../permissions/users.ts";
import type { Command, PackagePath, PrivilegeTerms, RoleGrant, TablePath } from "./command.ts";
import { type Asker, CommandRefusal, resolveObject, resolvePrincipal } from "./resolve.ts";

const dayMs = 86_400_000;

/** Changes the state as a command says; undefined when the command only asks. */
export function changeByCommand(
  command: Command,
  state: Permissions,
  asker: Asker,
): Change | undefined {
  const { catalog, timeMs } = asker;
  const expiry = (days: number | undefined) =>
    days === undefined ? undefined : timeMs + days * dayMs;
  switch (command.kind) {
    case "add-user":
      return addUser(state, command.user, command.comment);
    case "remove-user":
      return removeUser(state, command.user);
    case "purge-privileges":
      return purgePrivileges(state, command.user);
    case "create-role":
      return createRole(state, command.role, command);
    case "drop-role":
      return dropRole(state, command.role);
    case "grant-roles":
    case "revoke-roles":
      return changeRoles(command, state);
    case "grant":
      return grant(
        state,
        { ...grantOf(command, state, asker), expiresMs: expiry(command.expiresDays) },
        catalog,
      );
    case "revoke":
      return revoke(state, grantOf(command, state, asker));
    case "clear-expired-grants":
      return clearExpiredGrants(state, timeMs);
    case "set-protection":
      return setProtection(state, command.on, command.exceptions);
    case "set-setting":
      return changedTo({
        ...state,
        settings: { ...state.settings, [command.name]: command.value },
      });
    case "add-store":
      return addStore(state, command.store, asker.holderOf(command.store));
    case "remove-store":
      return removeStore(state, command.store);
    case "set-display":
      return changedTo({
        ...state,
        display: { ...displayLimitsDefault, ...state.display, ...command.limits },
      });
    case "add-trusted-project":
      return addTrustedProject(state, knownProject(command.project, asker));
    case "remove-trusted-project":
      return removeTrustedProject(state, command.project);
    default:
      return (
        changeLabel(command, state, asker, expiry) ?? changePackage(command, state, asker, expiry)
      );
  }
}

type Expiry = (days: number | undefined) => number | undefined;

/** All of the roles to all of the users, or nothing. */
function changeRoles({ kind, roles, users }: RoleGrant, state: Permissions): Change {
  let change = changedTo(state);
  for (const role of roles)
    for (const user of users) {
      if (change.refusal) return change;
      change =
        kind === "grant-roles"
          ? grantRole(change.state, role, user)
          : revokeRole(change.state, role, user);
    }
  return change;
}

/** What is granted on by wildcards or for Download on them is a grant by policy, whether that is said or not. */
function grantOf(terms: PrivilegeTerms, state: Permissions, asker: Asker): Grant {
  const object = resolveObject(terms.object, state, asker);
  const to = resolvePrincipal(terms.principal, state);
  const starred = to.kind === "role" && /[*?]/.test(object.name);
  return {
    to,
    object,
    privileges: actionsNamed(terms.privileges),
    effect: terms.allow ? "allow" : "deny",
    by: terms.policy || starred ? "policy" : "acl",
    condition: terms.conditions,
  };
}

function actionsNamed(names: readonly string[]): readonly string[] {
  return names.map((name) => {
    const action = findAction(name);
    if (action === undefined)
      throw new CommandRefusal("InvalidArgument", `there is no privilege ${name}`);
    return action;
  });
}

/** What a package or a trust names must be there: a name that is free today may be anybody's tomorrow. */
function knownProject(name: string, asker: Asker): string {
  const found = asker.findProject(name);
  if (!found) throw new CommandRefusal("NoSuchObject", `Project not found - '${name}'`);
  return found.project;
}

function changeLabel(
  command: Command,
  state: Permissions,
  asker: Asker,
  expiry: Expiry,
): Change | undefined {
  const tableOf = ({ name, columns }: TablePath) => {
    const { schema, name: table } = resolveObject({ type: "table", name, columns }, state, asker);
    return { schema, table, columns };
  };
  switch (command.kind) {
    case "set-principal-label":
      return setPrincipalLabel(state, resolvePrincipal(command.principal, state), command.label);
    case "set-table-label":
      return setTableLabel(state, tableOf(command.table), command.label, asker.catalog);
    case "grant-label": {
      const { label, expiresDays } = command;
      const to = resolvePrincipal(command.principal, state);
      const wanted = { to, label, ...tableOf(command.table), expiresMs: expiry(expiresDays) };
      return grantLabel(state, wanted, asker.catalog);
    }
    case "revoke-label":
      return revokeLabel(state, resolvePrincipal(command.principal, state), tableOf(command.table));
    default:
      return undefined;
  }
}

function changePackage(
  command: Command,
  state: Permissions,
  asker: Asker,
  expiry: Expiry,
): Change | undefined {
  switch (command.kind) {
    case "create-package":
      return createPackage(state, command.name, asker.timeMs);
    case "delete-package":
      return deletePackage(state, command.name);
    case "add-to-package": {
      const privileges = command.privileges && actionsNamed(command.privileges);
      const object = resolveObject(command.object, state, asker);
      return addToPackage(state, command.package, object, privileges, asker.catalog);
    }
    case "remove-from-package":
      return removeFromPackage(state, command.package, resolveObject(command.object, state, asker));
    case "allow-install": {
      const { project, label, privileges, expiresDays } = command;
      return allowInstall(state, command.package, {
        project: project === "*" ? project : knownProject(project, asker),
        label,
        privileges: privileges && actionsNamed(privileges),
        expiresMs: expiry(expiresDays),
      });
    }
    case "disallow-install":
      return disallowInstall(state, command.package, command.project);
    case "install-package": {
      const { project, name } = foreign(command.package);
      return installPackage(state, asker.findProject(project), { project, name }, asker.timeMs);
    }
    case "uninstall-package": {
      const { project, name } = foreign(command.package);
      return uninstallPackage(state, project, name);
    }
    default:
      return undefined;
  }
}

function foreign({ project, name }: PackagePath): {
  readonly project: string;
  readonly name: string;
} {
  if (project === undefined)
    throw new CommandRefusal(
      "InvalidArgument",
      `package ${name} needs its project before it: <project>.${name}`,
    );
  return { project, name };
}

import { isSameName } from "../../policy/odps/names.ts";
import { mayGrantAsCreator } from "../permissions/grants.ts";
import {
  administrator,
  type Rank,
  rankOf,
  superAdministrator,
  userName,
} from "../permissions/names.ts";
import type { Permissions } from "../permissions/state.ts";
import type { Command, PrivilegeTerms } from "./command.ts";
import { type Asker, CommandRefusal, resolveObject } from "./resolve.ts";

/** Least rank that something takes. */
export type Need = "member" | "admin" | "super_administrator" | "owner";

const heights: Readonly<Record<Rank, number>> = {
  stranger: 0,
  user: 1,
  admin: 2,
  super_administrator: 3,
  owner: 4,
};

const needed: Readonly<Record<Need, number>> = {
  member: 1,
  admin: 2,
  super_administrator: 3,
  owner: 4,
};

/** Whether a rank is enough for a need. */
export const reaches = (rank: Rank, need: Need): boolean => heights[rank] >= needed[need];

/** What each command takes, before its own exceptions. */
const needs: Readonly<Record<Command["kind"], Need>> = {
  whoami: "member",
  "add-user": "admin",
  "remove-user": "admin",
  "list-users": "admin",
  "create-role": "admin",
  "drop-role": "admin",
  "list-roles": "admin",
  "describe-role": "admin",
  "show-principals": "admin",
  "show-role-grant": "admin",
  "grant-roles": "admin",
  "revoke-roles": "admin",
  grant: "admin",
  revoke: "admin",
  "purge-privileges": "admin",
  "clear-expired-grants": "admin",
  "show-grants": "member",
  "show-acl": "admin",
  "set-principal-label": "admin",
  "set-table-label": "admin",
  "grant-label": "admin",
  "revoke-label": "admin",
  "show-label-grants": "member",
  "create-package": "admin",
  "delete-package": "admin",
  "add-to-package": "admin",
  "remove-from-package": "admin",
  "allow-install": "admin",
  "disallow-install": "admin",
  "install-package": "admin",
  "uninstall-package": "admin",
  "show-packages": "admin",
  "describe-package": "admin",
  "add-trusted-project": "super_administrator",
  "remove-trusted-project": "super_administrator",
  "list-trusted-projects": "admin",
  "list-account-providers": "member",
  "get-policy": "admin",
  "set-protection": "super_administrator",
  "set-setting": "super_administrator",
  "set-display": "super_administrator",
  "add-store": "super_administrator",
  "remove-store": "super_administrator",
  "list-stores": "admin",
  "list-proposals": "admin",
  "approve-proposal": "super_administrator",
  "withdraw-proposal": "super_administrator",
  "dry-run": "admin",
  "show-security-configuration": "admin",
};

/** Refuses a command that its asker may not run. */
export function checkAuthority(command: Command, state: Permissions, asker: Asker): void {
  const rank = rankOf(state, asker.principal);
  if (rank === "stranger")
    throw new CommandRefusal(
      "NoPermission",
      `Authorization Failed [4002], You don't exist in project ${state.project}. --->Tips: Principal:${asker.principal}`,
    );
  const need = needOf(command, state, asker);
  if (!reaches(rank, need))
    throw new CommandRefusal(
      "NoPermission",
      `Access Denied - You have no privilege '${command.kind.replaceAll("-", " ")}' on {acs:odps:*:projects/${state.project}}: ${askFor[need]}`,
    );
}

const askFor: Readonly<Record<Need, string>> = {
  member: "you have to be a user of the project",
  admin: "you have to be its owner, super_administrator or admin",
  super_administrator: "you have to be its owner or super_administrator",
  owner: "you have to be its owner",
};

function needOf(command: Command, state: Permissions, asker: Asker): Need {
  switch (command.kind) {
    case "grant":
    case "revoke":
      return isOwnMatter(command, state, asker) ? "member" : "admin";
    case "grant-roles":
    case "revoke-roles":
      return highest(command.roles.map(needForRole));
    case "remove-user":
      return needAgainst(state, command.user);
    // A package passes protection, so whoever may not lift that may not open one.
    case "add-to-package":
    case "allow-install":
      return state.protection ? "super_administrator" : "admin";
    case "show-grants":
      return command.object === undefined && isOneself(command.principal?.name, asker)
        ? "member"
        : "admin";
    case "show-label-grants":
      return command.table === undefined && isOneself(command.principal?.name, asker)
        ? "member"
        : "admin";
    case "dry-run":
      return needOf(command.command, state, asker);
    default:
      return needs[command.kind];
  }
}

const isOneself = (name: string | undefined, asker: Asker): boolean =>
  name === undefined || isSameName(userName(name) ?? "", asker.principal);

/** Who made a thing may grant on it, but neither deny nor what is not its maker's either: Download. */
function isOwnMatter(
  { object, policy, allow, conditions, privileges }: PrivilegeTerms,
  state: Permissions,
  asker: Asker,
): boolean {
  if (policy || !allow || conditions !== undefined) return false;
  if (privileges.some((name) => name.toLowerCase() === "download")) return false;
  const { principal, creators } = asker;
  return mayGrantAsCreator(state, principal, resolveObject(object, state, asker), creators);
}

/** Administration is given by those above it. */
function needForRole(role: string): Need {
  if (isSameName(role, superAdministrator)) return "owner";
  return isSameName(role, administrator) ? "super_administrator" : "admin";
}

/** Nobody removes one of the own rank. */
function needAgainst(state: Permissions, text: string): Need {
  const rank = rankOf(state, userName(text) ?? "");
  if (rank === "owner" || rank === "super_administrator") return "owner";
  return rank === "admin" ? "super_administrator" : "admin";
}

const order: readonly Need[] = ["admin", "super_administrator", "owner"];

const highest = (list: readonly Need[]): Need =>
  list.reduce((most, need) => (order.indexOf(need) > order.indexOf(most) ? need : most), "admin");

import { isSameName } from "../../policy/odps/names.ts";
import {
  administrator,
  builtInRoles,
  findRole,
  rolesOf,
  superAdministrator,
} from "../permissions/names.ts";
import type { Permissions, Refusal } from "../permissions/state.ts";
import { checkAuthority } from "./authority.ts";
import { changeByCommand } from "./change-by-command.ts";
import type { Command } from "./command.ts";
import {
  blockJson,
  blocksOf,
  type Listing,
  listAcl,
  listGrants,
  listRoleGrants,
  showBlocks,
} from "./listed-grants.ts";
import { listLabelGrants } from "./listed-labels.ts";
import { describePackage, listPackages } from "./listed-packages.ts";
import { type Asker, CommandRefusal, resolveObject, resolvePrincipal } from "./resolve.ts";
import { showSecurityConfiguration } from "./security-configuration.ts";

export type { Asker } from "./resolve.ts";

/** What a command answers, or why it does not. */
export type Answer =
  | {
      readonly text: string;
      /** For clients that ask for JSON. */
      readonly json: unknown;
      /** Set when the command changed it. */
      readonly state?: Permissions;
      readonly refusal?: undefined;
    }
  | { readonly refusal: Refusal };

/** Runs one command of the security language for somebody, on a project's permissions. */
export function runCommand(command: Command, state: Permissions, asker: Asker): Answer {
  try {
    checkAuthority(command, state, asker);
    const change = changeByCommand(command, state, asker);
    if (change === undefined) return list(command, state, asker);
    if (change.refusal) return { refusal: change.refusal };
    return { text: "OK", json: "OK", state: change.state };
  } catch (error) {
    if (error instanceof CommandRefusal) return { refusal: error.refusal };
    throw error;
  }
}

/** Why somebody may not run a command; undefined: it may. */
export function authorityRefusal(
  command: Command,
  state: Permissions,
  asker: Asker,
): Refusal | undefined {
  try {
    checkAuthority(command, state, asker);
    return undefined;
  } catch (error) {
    if (error instanceof CommandRefusal) return error.refusal;
    throw error;
  }
}

const lines = (names: readonly string[]): Listing => ({ text: names.join("\n"), json: names });

function list(command: Command, state: Permissions, asker: Asker): Listing {
  switch (command.kind) {
    case "whoami":
      return whoAmI(asker);
    case "list-users":
      return listUsers(state);
    case "list-roles":
      return listRoles(state);
    case "describe-role":
      return describeRole(state, command.role);
    case "show-principals":
      return lines(membersOf(state, command.role));
    case "show-role-grant":
      return lines(rolesOf(state, resolvePrincipal(command.principal, state).name));
    case "show-grants":
      return showGrants(command, state, asker);
    case "show-acl":
      return listAcl(state, resolveObject(command.object, state, asker), asker.creators);
    case "show-label-grants":
      return showLabels(command, state, asker);
    case "show-packages":
      return listPackages(state);
    case "describe-package":
      return describePackage(state, command.package, (name) => asker.findProject(name));
    case "list-trusted-projects":
      return lines(state.trustedProjects);
    case "list-stores":
      return listStores(state);
    case "list-account-providers":
      return { text: state.accountProviders.join(", "), json: state.accountProviders };
    case "get-policy":
      return showPolicy(state, command.role);
    case "show-security-configuration":
      return showSecurityConfiguration(state);
    default:
      throw new CommandRefusal("InvalidArgument", `${command.kind} is not answered`);
  }
}

const listStores = ({ stores = [] }: Permissions): Listing => ({
  text: stores.map(({ kind, name }) => `${kind} ${name}`).join("\n"),
  json: stores,
});

/** The official client reads JSON here even where it asks for text. */
function whoAmI({ principal, id, sourceIp }: Asker): Listing {
  const json = {
    DisplayName: principal,
    ID: id,
    ...(sourceIp === undefined ? {} : { SourceIP: sourceIp }),
  };
  return { text: JSON.stringify(json), json };
}

function listUsers({ owner, users }: Permissions): Listing {
  const names = [
    owner,
    ...users.map(({ name }) => name).filter((name) => !isSameName(name, owner)),
  ];
  return { text: names.join("\n"), json: { users: names.map((name) => ({ DisplayName: name })) } };
}

function listRoles({ roles }: Permissions): Listing {
  const all = [
    ...builtInRoles.map((name) => ({ Name: name, Type: "admin" })),
    ...roles.map(({ name, type }) => ({ Name: name, Type: type })),
  ];
  return { text: all.map(({ Name }) => Name).join("\n"), json: { roles: all } };
}

/** Who has a role. */
function membersOf(state: Permissions, name: string): readonly string[] {
  if (isSameName(name, superAdministrator)) return state.superAdministrators;
  if (isSameName(name, administrator)) return state.administrators;
  const role = findRole(state, name);
  if (!role) throw new CommandRefusal("NoSuchObject", `role ${name} doesn't exist`);
  return role.members;
}

function describeRole(state: Permissions, name: string): Listing {
  const users = membersOf(state, name);
  const blocks = blocksOf(state, { kind: "role", name });
  const parts = [["[users]", ...users].join("\n"), showBlocks(blocks, false)];
  return {
    text: parts.filter((part) => part !== "").join("\n\n"),
    json: { Users: users, Grants: blocks.map(blockJson) },
  };
}

function showGrants(
  { principal, object }: Extract<Command, { kind: "show-grants" }>,
  state: Permissions,
  asker: Asker,
): Listing {
  if (object) return listAcl(state, resolveObject(object, state, asker), asker.creators);
  if (!principal) return listGrants(state, asker.principal, asker.creators);
  const { kind, name } = resolvePrincipal(principal, state);
  return kind === "role" ? listRoleGrants(state, name) : listGrants(state, name, asker.creators);
}

function showLabels(
  { label, table, principal }: Extract<Command, { kind: "show-label-grants" }>,
  state: Permissions,
  asker: Asker,
): Listing {
  const path = table && resolveObject({ type: "table", ...table }, state, asker);
  const named = principal && resolvePrincipal({ kind: "user", name: principal.name }, state).name;
  return listLabelGrants(state, {
    label,
    table: path,
    user: named ?? (path ? undefined : asker.principal),
  });
}

function showPolicy(state: Permissions, role: string | undefined): Listing {
  if (role === undefined) return { text: state.policy ?? "", json: parsed(state.policy) };
  membersOf(state, role);
  const policy = findRole(state, role)?.policy;
  return { text: policy ?? "", json: parsed(policy) };
}

const parsed = (policy: string | undefined): unknown =>
  policy === undefined ? {} : (JSON.parse(policy) as unknown);

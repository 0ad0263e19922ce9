import { namesPrincipal, type OdpsStatement } from "../../policy/odps/document.ts";
import { isSameName, lowerName } from "../../policy/odps/names.ts";
import { resourceText } from "../../policy/odps/resource.ts";
import { compilePermissions } from "../permissions/compiled.ts";
import {
  isSameGrantee,
  isSameObject,
  listedPath,
  objectOf,
  rolesOf,
} from "../permissions/names.ts";
import type { Creator, Grant, GrantedObject, Grantee, Permissions } from "../permissions/state.ts";
import { listedTime } from "./ascii-table.ts";

/** One line of a listing of grants. */
export interface GrantLine {
  /** `A` or `D`, then `C` with a condition and `G` where the holder may grant. */
  readonly mark: string;
  readonly path: string;
  readonly privileges: readonly string[];
  readonly expires: string | undefined;
}

/** What one user or role holds, by the way in which it is given. */
export interface GrantBlock {
  readonly type: "ACL" | "Policy" | "ObjectCreator";
  readonly to: Grantee;
  readonly lines: readonly GrantLine[];
}

const markOf = (effect: "allow" | "deny", conditional: boolean, grants = false): string =>
  `${effect === "allow" ? "A" : "D"}${conditional ? "C" : ""}${grants ? "G" : ""}`;

function lineOf(project: string, grant: Grant): GrantLine {
  const { object, privileges, effect, condition, expiresMs } = grant;
  const columns = object.columns === undefined ? "" : `/${object.columns.join(",")}`;
  return {
    mark: markOf(effect, condition !== undefined),
    path: `${listedPath(project, object)}${columns}`,
    privileges: [...privileges].sort(),
    expires: expiresMs === undefined ? undefined : listedTime(expiresMs),
  };
}

const statementLines = ({ effect, tests, actions, resources }: OdpsStatement): GrantLine[] =>
  resources.map((resource) => ({
    mark: markOf(effect, tests.length > 0),
    path: resource.slice("acs:odps:*:".length),
    privileges: actions.map((action) => action.slice("odps:".length)).sort(),
    expires: undefined,
  }));

/** What was granted to one user or role itself, block by block. */
export function blocksOf(
  state: Permissions,
  to: Grantee,
  creators: readonly Creator[] = [],
): readonly GrantBlock[] {
  const { project, settings } = state;
  const { projectStatements, roleStatements } = compilePermissions(state);
  const own = state.grants.filter((grant) => isSameGrantee(grant.to, to));
  const lines = (by: Grant["by"]) =>
    own.filter((grant) => grant.by === by).map((grant) => lineOf(project, grant));
  const statements =
    to.kind === "role"
      ? (roleStatements.get(lowerName(to.name)) ?? [])
      : projectStatements.filter((statement) => namesPrincipal(statement, to.name));
  const made =
    to.kind === "user" && settings.objectCreatorHasAccessPermission
      ? creators.filter(({ user }) => isSameName(user, to.name))
      : [];
  const mark = markOf("allow", false, settings.objectCreatorHasGrantPermission);
  const blocks: readonly GrantBlock[] = [
    { type: "ACL", to, lines: lines("acl") },
    { type: "Policy", to, lines: [...lines("policy"), ...statements.flatMap(statementLines)] },
    {
      type: "ObjectCreator",
      to,
      lines: made.map(({ object }) => ({
        mark,
        path: listedPath(project, object),
        privileges: ["All"],
        expires: undefined,
      })),
    },
  ];
  return blocks.filter((block) => block.lines.length > 0);
}

const showLine = ({ mark, path, privileges, expires }: GrantLine): string =>
  `${mark} ${path}: ${privileges.join(" | ")}${expires === undefined ? "" : `\tExpires:${expires}`}`;

/** Blocks as text, under their types. */
export function showBlocks(blocks: readonly GrantBlock[], named: boolean): string {
  const parts: string[] = [];
  for (const type of ["ACL", "Policy", "ObjectCreator"] as const) {
    const own = blocks.filter((block) => block.type === type);
    if (own.length === 0) continue;
    const lines = own.flatMap(({ to, lines: shown }) => [
      ...(named ? [`[${to.kind}/${to.name}]`] : []),
      ...shown.map(showLine),
    ]);
    parts.push([`Authorization Type: ${type}`, ...lines].join("\n"));
  }
  return parts.join("\n\n");
}

/** A listing in both forms. */
export interface Listing {
  readonly text: string;
  readonly json: unknown;
}

/** What a user holds: its roles, what these hold, what it holds itself. */
export function listGrants(
  state: Permissions,
  user: string,
  creators: readonly Creator[],
): Listing {
  if (isSameName(state.owner, user))
    return {
      text: `[${state.owner}]\nprojects/${state.project}: Project Owner`,
      json: { Owner: state.owner, Project: state.project },
    };
  const roles = rolesOf(state, user);
  const grantees: readonly Grantee[] = [
    ...roles.map((name): Grantee => ({ kind: "role", name })),
    { kind: "user", name: user },
  ];
  const blocks = grantees.flatMap((to) => blocksOf(state, to, creators));
  const head = roles.length === 0 ? "" : `[roles]\n${roles.join(", ")}`;
  const parts = [head, showBlocks(blocks, true)].filter((part) => part !== "");
  return { text: parts.join("\n\n"), json: { Roles: roles, Grants: blocks.map(blockJson) } };
}

/** What a role holds. */
export function listRoleGrants(state: Permissions, role: string): Listing {
  const blocks = blocksOf(state, { kind: "role", name: role });
  return { text: showBlocks(blocks, true), json: { Grants: blocks.map(blockJson) } };
}

export const blockJson = ({ type, to, lines }: GrantBlock) => ({
  AuthorizationType: type,
  Principal: `${to.kind}/${to.name}`,
  Grants: lines.map(({ mark, path, privileges, expires }) => ({
    Mark: mark,
    Object: path,
    Privileges: privileges,
    ...(expires === undefined ? {} : { Expires: expires }),
  })),
});

/** Who holds what on one thing: by their place in the project, and by grants. */
export function listAcl(
  state: Permissions,
  object: GrantedObject,
  creators: readonly Creator[],
): Listing {
  const creator = creators.find((one) => isSameObject(one.object, object));
  const implicit = [
    `project_owner/${state.owner}`,
    ...state.superAdministrators.map((name) => `super_administrator/${name}`),
    ...state.administrators.map((name) => `admin/${name}`),
    ...(creator && state.settings.objectCreatorHasAccessPermission
      ? [`object_creator/${creator.user}`]
      : []),
  ];
  const resource = resourceText(objectOf(state.project, object));
  const granted = state.grants
    .filter((grant) => grant.by === "acl" && isSameObject(grant.object, object))
    .map((grant) => {
      const { mark, privileges, expires } = lineOf(state.project, grant);
      const columns =
        grant.object.columns === undefined ? "" : `/${grant.object.columns.join(",")}`;
      const path = `${grant.to.kind}/${grant.to.name}(${resource}${columns})`;
      return { mark, path, privileges, expires };
    });
  const parts = [["Authorization Type: Implicit", ...implicit.map((who) => `AG ${who}: All`)]];
  if (granted.length > 0) parts.push(["Authorization Type: ACL", ...granted.map(showLine)]);
  return {
    text: parts.map((lines) => lines.join("\n")).join("\n\n"),
    json: {
      Implicit: implicit,
      ACL: granted.map(({ mark, path, privileges }) => ({
        Mark: mark,
        Principal: path,
        Privileges: privileges,
      })),
    },
  };
}

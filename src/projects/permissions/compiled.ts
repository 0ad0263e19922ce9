import type { OdpsTest } from "../../policy/odps/condition.ts";
import { compileDocument, type OdpsStatement } from "../../policy/odps/document.ts";
import { lowerName } from "../../policy/odps/names.ts";
import { compileResource, type PathMatcher } from "../../policy/odps/resource.ts";
import { compileConditionText } from "./condition-text.ts";
import { listedPath, objectKey } from "./names.ts";
import type { Grant, Permissions } from "./state.ts";

/** A grant, ready to be matched. */
export interface CompiledGrant {
  readonly grant: Grant;
  /** Of the object; grants by policy match their path instead. */
  readonly key: string;
  readonly matchesPath?: PathMatcher | undefined;
  readonly tests: readonly OdpsTest[];
}

/** What a state says, indexed by who it says it of. */
export interface Compiled {
  /** By `user/<name>` and `role/<name>`, in lower case. */
  readonly grants: ReadonlyMap<string, readonly CompiledGrant[]>;
  readonly projectStatements: readonly OdpsStatement[];
  /** By the role's name in lower case. */
  readonly roleStatements: ReadonlyMap<string, readonly OdpsStatement[]>;
}

const compiled = new WeakMap<Permissions, Compiled>();

/** Compiles a state once; a changed state is another one. */
export function compilePermissions(state: Permissions): Compiled {
  const known = compiled.get(state);
  if (known) return known;
  const grants = new Map<string, CompiledGrant[]>();
  for (const grant of state.grants) {
    const key = granteeKey(grant.to.kind, grant.to.name);
    const list = grants.get(key) ?? [];
    if (list.length === 0) grants.set(key, list);
    list.push(compileGrant(state.project, grant));
  }
  const roleStatements = new Map<string, readonly OdpsStatement[]>();
  for (const { name, policy } of state.roles)
    if (policy !== undefined) roleStatements.set(lowerName(name), readRolePolicy(policy));
  const projectStatements = state.policy === undefined ? [] : readProjectPolicy(state.policy);
  const made = { grants, projectStatements, roleStatements };
  compiled.set(state, made);
  return made;
}

export const granteeKey = (kind: "user" | "role", name: string): string =>
  `${kind}/${lowerName(name)}`;

/** Reads the policy of a project. Throws `PolicyError`. */
export const readProjectPolicy = (text: string): readonly OdpsStatement[] =>
  compileDocument(text, { effects: ["Allow", "Deny"], principals: true });

/** Reads the policy of a role. Throws `PolicyError`. */
export const readRolePolicy = (text: string): readonly OdpsStatement[] =>
  compileDocument(text, { effects: ["Allow", "Deny"], principals: false });

function compileGrant(project: string, grant: Grant): CompiledGrant {
  const { object, effect, condition } = grant;
  const path = `acs:odps:*:${listedPath(project, object)}`;
  return {
    grant,
    key: objectKey(object),
    matchesPath: grant.by === "policy" ? compileResource(path, effect) : undefined,
    tests: condition === undefined ? [] : compileConditionText(condition, effect),
  };
}

import { actionsOf } from "../../policy/odps/actions.ts";
import type { OdpsTest } from "../../policy/odps/condition.ts";
import { namesPrincipal, type OdpsStatement } from "../../policy/odps/document.ts";
import { isSameName, lowerName } from "../../policy/odps/names.ts";
import { pathsOf } from "../../policy/odps/resource.ts";
import { type CompiledGrant, compilePermissions, granteeKey } from "./compiled.ts";
import { columnsBeyond } from "./labels-read.ts";
import { includesName, objectKey, objectOf, rankOf, rolesOf } from "./names.ts";
import { type Decision, factOf, type Question } from "./question.ts";
import { refusalText, strangerText } from "./refusal-text.ts";
import type { Permissions } from "./state.ts";

/**
 * Judges by what somebody holds in the project itself, packages aside. A deny outweighs any allow, and silence means
 * no.
 */
export function judgeDirect(state: Permissions, question: Question): Decision {
  const known: readonly string[] = actionsOf[question.object.type];
  if (!known.includes(question.action) || question.action === "All")
    return refuse(state, question, "unknown-action", "silent", "There is no such privilege.");
  const rank = rankOf(state, question.principal);
  if (rank === "owner") return { allowed: true, because: rank, detail: "project owner" };
  if (rank === "super_administrator") return { allowed: true, because: rank, detail: rank };
  if (rank === "stranger")
    return { allowed: false, because: "stranger", message: strangerText(state, question) };
  const voices = hear(state, question);
  const denial = findDenial(voices, question);
  if (denial !== undefined)
    return refuse(state, question, "denied", "denied", `Explicitly denied by ${denial}.`);
  const allow = findAllow(state, question, voices, rank);
  if ("missing" in allow)
    return refuse(
      state,
      question,
      "silent",
      "silent",
      `Deny as default for Resource. ${allow.missing}`,
    );
  const beyond =
    readsData(question) && state.settings.labelSecurity ? columnsBeyond(state, question) : [];
  if (beyond.length > 0)
    return refuse(
      state,
      question,
      "label",
      "label",
      `Label check failed for column: ${beyond.join(", ")}.`,
    );
  return allow.decision;
}

function refuse(
  state: Permissions,
  question: Question,
  because: "denied" | "silent" | "label" | "unknown-action",
  kind: "denied" | "silent" | "label",
  why: string,
): Decision {
  return { allowed: false, because, message: refusalText(state, question, kind, why) };
}

/** Actions that hand out a table's rows. */
export const readsData = ({ action, object }: Question): boolean =>
  object.type === "table" && (action === "Select" || action === "Download");

/** Everything that speaks of the one who asks and the thing in question. */
export interface Voices {
  readonly grants: readonly CompiledGrant[];
  readonly statements: readonly OdpsStatement[];
}

function hear(state: Permissions, question: Question): Voices {
  const { grants, projectStatements, roleStatements } = compilePermissions(state);
  const roles = rolesOf(state, question.principal);
  const keys = [
    granteeKey("user", question.principal),
    ...roles.map((name) => granteeKey("role", name)),
  ];
  const paths = pathsOf(objectOf(state.project, question.object));
  const { checkPermissionUsingAcl, checkPermissionUsingPolicy } = state.settings;
  const heard = { acl: checkPermissionUsingAcl, policy: checkPermissionUsingPolicy };
  const key = objectKey(question.object);
  const speaking = keys
    .flatMap((one) => grants.get(one) ?? [])
    .filter(
      ({ grant, key: own, matchesPath, tests }) =>
        heard[grant.by] &&
        (matchesPath ? matchesPath(paths) : own === key) &&
        (grant.expiresMs === undefined || grant.expiresMs > question.timeMs) &&
        holdsAll({ tests, effect: grant.effect }, question),
    );
  if (!checkPermissionUsingPolicy) return { grants: speaking, statements: [] };
  const own = projectStatements.filter((one) => namesPrincipal(one, question.principal));
  const statements = [
    ...own,
    ...roles.flatMap((name) => roleStatements.get(lowerName(name)) ?? []),
  ];
  return { grants: speaking, statements: statements.filter((one) => fits(one, question, paths)) };
}

/** Whether a statement speaks of the question; whom it names is judged apart. */
export function fits(
  statement: OdpsStatement,
  question: Question,
  paths: readonly string[],
): boolean {
  if (!statement.matchesPath(paths)) return false;
  if (!statement.matchesAction(`odps:${question.action}`)) return false;
  // Download is a privilege of its own: a star does not give it.
  if (question.action === "Download" && statement.effect === "allow" && !namesDownload(statement))
    return false;
  return holdsAll(statement, question);
}

/** Whether all conditions hold. Of a whole table, a deny that names a column has met its column. */
function holdsAll(
  { tests, effect }: { readonly tests: readonly OdpsTest[]; readonly effect: "allow" | "deny" },
  question: Question,
): boolean {
  return tests.every(
    (test) =>
      test.holds((key) => factOf(question, key)) ||
      (effect === "deny" &&
        test.key === "odps:selectcolumns" &&
        question.columns === undefined &&
        question.object.type === "table"),
  );
}

export const namesDownload = ({ actions }: OdpsStatement): boolean =>
  actions.some((action) => /^odps:(?:d\*|do)/i.test(action));

/** A deny of `All` takes Download as well; an allow of it does not give it. */
function covers({ grant }: CompiledGrant, { action }: Question): boolean {
  if (grant.privileges.includes(action)) return true;
  if (!grant.privileges.includes("All")) return false;
  return grant.effect === "deny" || action !== "Download";
}

function findDenial({ grants, statements }: Voices, question: Question): string | undefined {
  const { columns } = question;
  for (const one of grants) {
    const { effect, object, by } = one.grant;
    if (effect !== "deny" || !covers(one, question)) continue;
    const denied = object.columns;
    if (denied === undefined || columns === undefined) return by;
    if (columns.some((column) => includesName(denied, column))) return by;
  }
  return statements.some(({ effect }) => effect === "deny") ? "policy" : undefined;
}

type Allow = { readonly decision: Decision } | { readonly missing: string };

function findAllow(
  state: Permissions,
  question: Question,
  { grants, statements }: Voices,
  rank: "admin" | "user",
): Allow {
  // Even an administrator downloads only what it was granted.
  if (rank === "admin" && question.action !== "Download")
    return { decision: { allowed: true, because: "admin", detail: "admin" } };
  if (isCreator(state, question) && question.action !== "Download")
    return { decision: { allowed: true, because: "object-creator", detail: question.principal } };
  const statement = statements.find(({ effect }) => effect === "allow");
  if (statement) return { decision: { allowed: true, because: "policy", detail: statement.label } };
  const open = new Set((question.columns ?? []).map(lowerName));
  for (const one of grants) {
    const { effect, object, to, by } = one.grant;
    if (effect !== "allow" || !covers(one, question)) continue;
    const decision: Decision = { allowed: true, because: by, detail: `${to.kind}/${to.name}` };
    if (object.columns === undefined) return { decision };
    for (const column of object.columns) open.delete(lowerName(column));
    if (question.columns !== undefined && question.columns.length > 0 && open.size === 0)
      return { decision };
  }
  if (open.size === 0 || open.size === question.columns?.length)
    return { missing: "ACL check failed." };
  const columns = (question.columns ?? []).filter((column) => open.has(lowerName(column)));
  return {
    missing: `ACL check failed. You have no permissions to access column: ${columns.join(", ")}.`,
  };
}

function isCreator(state: Permissions, { principal, creator }: Question): boolean {
  if (!state.settings.objectCreatorHasAccessPermission) return false;
  return creator !== undefined && isSameName(creator, principal);
}

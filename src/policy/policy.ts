import { PolicyError } from "./policy-error.ts";
import { compileStatement, type PolicyKind, type Statement } from "./statement.ts";
import { readStrictJson } from "./strict-json.ts";

export { PolicyError } from "./policy-error.ts";
export type { PolicyKind, Statement } from "./statement.ts";

/** Statements that speak of one action, by their effect. */
export interface Selection {
  readonly denies: readonly Statement[];
  readonly allows: readonly Statement[];
}

/** A policy compiled once: its statements, ready to be matched. */
export interface Policy {
  readonly kind: PolicyKind;
  readonly statements: readonly Statement[];
  /** The statements whose `Action` or `NotAction` fits; found once per action. */
  readonly select: (action: string) => Selection;
}

/** Characters of the longest document that IAM's API takes. */
const textLengthMax = 131_072;
/** Characters besides white space; the limits of each attachment are lower, and the services' own. */
const denseLengthMax = 32_768;
const statementsMax = 500;
/** Actions a policy remembers; a bound, since their names come from callers. */
const selectionsMax = 512;

const needsNewVersion: ReadonlySet<PolicyKind> = new Set(["identity", "boundary"]);
const needsUniqueSids: ReadonlySet<PolicyKind> = new Set([
  "identity",
  "boundary",
  "session",
  "trust",
]);

/** Reads a policy document strictly and compiles it. Throws `PolicyError` in AWS's words. */
export function compilePolicy(text: string, kind: PolicyKind): Policy {
  if (text.length > textLengthMax || text.replaceAll(/\s/g, "").length > denseLengthMax)
    throw new PolicyError("The policy document is too long.");
  const source = readStrictJson(text);
  if (typeof source !== "object" || source === null || Array.isArray(source))
    throw new PolicyError("Syntax errors in policy.");
  const found = new Map<string, unknown>(Object.entries(source));
  const variables = readVersion(found, kind);
  const written = found.get("Statement");
  const list: unknown[] = Array.isArray(written) ? written : [written];
  if (list.length === 0 || list.length > statementsMax)
    throw new PolicyError("Syntax errors in policy.");
  const statements = list.map((statement, index) =>
    compileStatement(statement, { kind, variables, number: index + 1 }),
  );
  if (needsUniqueSids.has(kind)) checkSids(list);
  return { kind, statements, select: rememberSelections(statements) };
}

/** Checks the members around the statements; tells whether `${…}` are variables. */
function readVersion(found: ReadonlyMap<string, unknown>, kind: PolicyKind): boolean {
  for (const name of found.keys())
    if (name !== "Version" && name !== "Id" && name !== "Statement")
      throw new PolicyError("Syntax errors in policy.");
  const version = found.get("Version");
  const id = found.get("Id");
  if (id !== undefined && typeof id !== "string") throw new PolicyError("Syntax errors in policy.");
  if (version !== undefined && version !== "2008-10-17" && version !== "2012-10-17")
    throw new PolicyError("Syntax errors in policy.");
  if (needsNewVersion.has(kind) && version !== "2012-10-17")
    throw new PolicyError("Policy document must be version 2012-10-17 or greater.");
  return version === "2012-10-17";
}

function checkSids(list: readonly unknown[]): void {
  const seen = new Set<unknown>();
  for (const statement of list) {
    const sid = typeof statement === "object" && statement !== null && "Sid" in statement;
    if (!sid || statement.Sid === "") continue;
    if (seen.has(statement.Sid))
      throw new PolicyError("Statement IDs (SID) in a single policy must be unique.");
    seen.add(statement.Sid);
  }
}

const noFacts = () => undefined;

function rememberSelections(statements: readonly Statement[]): Policy["select"] {
  const remembered = new Map<string, Selection>();
  return (action) => {
    const known = remembered.get(action);
    if (known) return known;
    const lower = action.toLowerCase();
    const speaking = statements.filter(({ actions }) => actions.matches(lower, noFacts));
    const selection = {
      denies: speaking.filter(({ effect }) => effect === "deny"),
      allows: speaking.filter(({ effect }) => effect === "allow"),
    };
    if (remembered.size >= selectionsMax) remembered.clear();
    remembered.set(action, selection);
    return selection;
  };
}

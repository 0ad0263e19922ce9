import { compileArn } from "./arn.ts";
import type { Asked } from "./asked.ts";
import { compileCondition, type Test } from "./condition.ts";
import { compilePieces, compileWildcards, type Matcher, readPieces } from "./pattern.ts";
import { PolicyError } from "./policy-error.ts";
import { compilePrincipals, type Principals } from "./principals.ts";

/** What a policy is attached to; decides which members its statements have. */
export type PolicyKind = "identity" | "resource" | "trust" | "session" | "boundary";

/** A compiled `Action`, `NotAction`, `Resource` or `NotResource`. */
export interface Patterns {
  readonly negated: boolean;
  /** As written. */
  readonly texts: readonly string[];
  readonly matches: Matcher;
}

/** A statement, ready to be matched. */
export interface Statement {
  readonly effect: "allow" | "deny";
  /** Its Sid, or its number from 1, such as `statement 2`. */
  readonly label: string;
  /** What it says, in a few words for the reasoning: `allows kms:* on *`. */
  readonly summary: string;
  readonly actions: Patterns;
  /** Absent in trust policies: there the role itself is meant. */
  readonly resources: Patterns | undefined;
  /** Absent in policies of identities: there the one it is attached to is meant. */
  readonly principals: Principals | undefined;
  readonly tests: readonly Test[];
}

/** How the document around a statement reads. */
export interface Surroundings {
  readonly kind: PolicyKind;
  /** Version 2012-10-17: `${…}` are variables. */
  readonly variables: boolean;
  readonly number: number;
}

const members = new Set([
  "Sid",
  "Effect",
  "Principal",
  "NotPrincipal",
  "Action",
  "NotAction",
  "Resource",
  "NotResource",
  "Condition",
]);

/** Most patterns in one element. */
const patternsMax = 1000;

/** Compiles one statement. Throws `PolicyError`. */
export function compileStatement(source: unknown, around: Surroundings): Statement {
  if (typeof source !== "object" || source === null || Array.isArray(source))
    throw new PolicyError("Syntax errors in policy.");
  const found = new Map<string, unknown>(Object.entries(source));
  for (const name of found.keys())
    if (!members.has(name)) throw new PolicyError("Syntax errors in policy.");
  const written = found.get("Effect");
  if (written !== "Allow" && written !== "Deny") throw new PolicyError("Syntax errors in policy.");
  const effect = written === "Allow" ? "allow" : "deny";
  const label = readLabel(found.get("Sid"), around);
  const principals = readPrincipals(found, around.kind);
  const actions = readActions(found, around.kind);
  const resources = readResources(found, around);
  const tests = found.has("Condition")
    ? compileCondition(found.get("Condition"), around.variables)
    : [];
  const summary = summarize(effect, actions, resources);
  return { effect, label, summary, actions, resources, principals, tests };
}

function readLabel(sid: unknown, { kind, number }: Surroundings): string {
  if (sid === undefined || sid === "") return `statement ${number}`;
  if (typeof sid !== "string") throw new PolicyError("Syntax errors in policy.");
  if (kind !== "resource" && !/^[0-9A-Za-z]*$/.test(sid))
    throw new PolicyError(
      "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*",
    );
  return sid;
}

function readPrincipals(
  found: ReadonlyMap<string, unknown>,
  kind: PolicyKind,
): Principals | undefined {
  const named = found.has("Principal");
  const spared = found.has("NotPrincipal");
  if (kind !== "resource" && kind !== "trust") {
    if (named || spared) throw new PolicyError("Policy document should not specify a principal.");
    return undefined;
  }
  if (named && spared) throw new PolicyError("Syntax errors in policy.");
  if (!named && !spared) throw new PolicyError("Missing required field Principal");
  return compilePrincipals(found.get(named ? "Principal" : "NotPrincipal"), spared);
}

function readActions(found: ReadonlyMap<string, unknown>, kind: PolicyKind): Patterns {
  const { negated, texts } = readElement(found, "Action", "actions");
  if (kind === "trust" && !texts.every((text) => text.toLowerCase().startsWith("sts:")))
    throw new PolicyError("AssumeRole policy may only specify STS AssumeRole actions.");
  for (const text of texts) {
    if (text === "*" || text === "*:*") continue;
    const vendor = text.slice(0, Math.max(0, text.indexOf(":")));
    if (vendor === "")
      throw new PolicyError(
        "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
      );
    if (!/^[A-Za-z0-9-]+$/.test(vendor)) throw new PolicyError(`Vendor ${vendor} is not valid`);
    if (!/^[A-Za-z0-9*?_-]+$/.test(text.slice(vendor.length + 1)))
      throw new PolicyError("Policy statement must contain valid actions.");
  }
  // Callers ask in lower case: action names ignore case.
  const matchers = texts.map((text) => compileWildcards(text.toLowerCase()));
  return { negated, texts, matches: matchAny(matchers, negated) };
}

function readResources(
  found: ReadonlyMap<string, unknown>,
  { kind, variables }: Surroundings,
): Patterns | undefined {
  if (kind === "trust") {
    if (found.has("Resource") || found.has("NotResource"))
      throw new PolicyError("Has prohibited field Resource");
    return undefined;
  }
  const { negated, texts } = readElement(found, "Resource", "resources");
  const matchers = texts.map((text) => compileResource(text, variables));
  return { negated, texts, matches: matchAny(matchers, negated) };
}

function compileResource(text: string, variables: boolean): Matcher {
  const pieces = readPieces(text, { wildcards: true, variables });
  if (/^\*+$/.test(text)) return compilePieces(pieces);
  const matches = compileArn(pieces, "complete");
  if (!matches) throw new PolicyError(`Resource ${text} must be in ARN format or "*".`);
  return matches;
}

function readElement(
  found: ReadonlyMap<string, unknown>,
  name: string,
  noun: string,
): { readonly negated: boolean; readonly texts: readonly string[] } {
  const plain = found.get(name);
  const opposite = found.get(`Not${name}`);
  if (plain !== undefined && opposite !== undefined)
    throw new PolicyError("Syntax errors in policy.");
  const value = plain ?? opposite;
  const texts: unknown[] = Array.isArray(value) ? value : value === undefined ? [] : [value];
  if (texts.length === 0) throw new PolicyError(`Policy statement must contain ${noun}.`);
  if (texts.length > patternsMax || !texts.every((text) => typeof text === "string"))
    throw new PolicyError("Syntax errors in policy.");
  return { negated: plain === undefined, texts };
}

function matchAny(matchers: readonly Matcher[], negated: boolean): Matcher {
  const [only] = matchers;
  if (only && matchers.length === 1 && !negated) return only;
  return (text, fact) => {
    for (const matches of matchers) if (matches(text, fact)) return !negated;
    return negated;
  };
}

function summarize(
  effect: Statement["effect"],
  actions: Patterns,
  resources: Patterns | undefined,
): string {
  const verb = effect === "allow" ? "allows" : "denies";
  const object = resources ? ` on ${describePatterns(resources)}` : "";
  return `${verb} ${describePatterns(actions)}${object}`;
}

/** The patterns in words: `everything but s3:*`. */
export function describePatterns({ negated, texts }: Patterns): string {
  const shown = texts.length > 3 ? [...texts.slice(0, 3), `${texts.length - 3} more`] : texts;
  return `${negated ? "everything but " : ""}${shown.join(", ")}`;
}

/** Whether resource and conditions of a statement fit; its action and principal are judged apart. */
export function fits(statement: Statement, asked: Asked): boolean {
  const { resources, tests } = statement;
  if (resources !== undefined && !resources.matches(asked.resource, asked.fact)) return false;
  for (const test of tests) if (!test.holds(asked.fact)) return false;
  return true;
}

import { compileWildcards, type Matcher } from "../pattern.ts";
import { PolicyError } from "../policy-error.ts";
import { readStrictJson } from "../strict-json.ts";
import { findAction } from "./actions.ts";
import { compileOdpsCondition, type OdpsTest } from "./condition.ts";
import { lowerName } from "./names.ts";
import { compileResource, type PathMatcher } from "./resource.ts";

/** A statement of MaxCompute's policy language, ready to be matched. */
export interface OdpsStatement {
  readonly effect: "allow" | "deny";
  /** `statement 2` */
  readonly label: string;
  /** Whom it names, in lower case; undefined where the document has no principals. */
  readonly principals: ReadonlySet<string> | "everyone" | undefined;
  /** As written, for listings. */
  readonly actions: readonly string[];
  /** As written, for listings. */
  readonly resources: readonly string[];
  readonly matchesAction: (action: string) => boolean;
  readonly matchesPath: PathMatcher;
  readonly tests: readonly OdpsTest[];
}

/** What the place of a document allows it to say. */
export interface DocumentRules {
  readonly effects: readonly ("Allow" | "Deny")[];
  /** Whether statements name principals; those of a role's policy do not. */
  readonly principals: boolean;
}

const textLengthMax = 32_768;
const statementsMax = 100;
const namesMax = 100;

const members = ["Effect", "Principal", "Action", "Resource", "Condition"];

/** Reads a policy of Version 1. Throws `PolicyError`, worded for the one who wrote it. */
export function compileDocument(text: string, rules: DocumentRules): readonly OdpsStatement[] {
  return within("failed to check policy format", () => {
    if (text.length > textLengthMax)
      throw new PolicyError(`the policy is longer than ${textLengthMax} characters`);
    const source = readStrictJson(text);
    const found = membersOf(source, ["Version", "Statement"], "the policy");
    if (found.get("Version") !== "1") throw new PolicyError('Version must be "1"');
    const list = found.get("Statement");
    if (!Array.isArray(list) || list.length === 0 || list.length > statementsMax)
      throw new PolicyError(`Statement must list 1 to ${statementsMax} statements`);
    return list.map((statement: unknown, at) => {
      const label = `statement ${at + 1}`;
      return within(label, () => compileStatement(statement, label, rules));
    });
  });
}

/** Puts the place in front of what a refusal says. */
function within<Made>(where: string, make: () => Made): Made {
  try {
    return make();
  } catch (error) {
    throw error instanceof PolicyError ? new PolicyError(`${where}: ${error.message}`) : error;
  }
}

function membersOf(
  source: unknown,
  known: readonly string[],
  what: string,
): ReadonlyMap<string, unknown> {
  if (typeof source !== "object" || source === null || Array.isArray(source))
    throw new PolicyError(`${what} must be a JSON object that names no member twice`);
  const entries = new Map<string, unknown>(Object.entries(source));
  for (const name of entries.keys())
    if (!known.includes(name)) throw new PolicyError(`unknown member ${name} of ${what}`);
  return entries;
}

function compileStatement(source: unknown, label: string, rules: DocumentRules): OdpsStatement {
  const found = membersOf(source, members, "the statement");
  const written = rules.effects.find((effect) => effect === found.get("Effect"));
  if (!written)
    throw new PolicyError(
      `invalid Effect value - ${shown(found.get("Effect"))}: expected ${rules.effects.join(" or ")}`,
    );
  const effect = written === "Allow" ? "allow" : "deny";
  const actions = readTexts(found.get("Action"), "Action");
  const resources = readTexts(found.get("Resource"), "Resource");
  const actionMatchers = actions.map(compileAction);
  const pathMatchers = resources.map((text) => compileResource(text, effect));
  return {
    effect,
    label,
    principals: readPrincipals(found, rules),
    actions,
    resources,
    matchesAction: (action) => {
      const lower = action.toLowerCase();
      return actionMatchers.some((matches) => matches(lower, noFact));
    },
    matchesPath: (paths) => pathMatchers.some((matches) => matches(paths)),
    tests: found.has("Condition") ? compileOdpsCondition(found.get("Condition"), effect) : [],
  };
}

const noFact = () => undefined;

const shown = (value: unknown): string =>
  typeof value === "string" ? value : (JSON.stringify(value) ?? "none");

function readTexts(source: unknown, name: string): readonly string[] {
  const texts: unknown[] = Array.isArray(source) ? source : [source];
  if (source === undefined || texts.length === 0)
    throw new PolicyError(`${name} is missing or empty`);
  if (texts.length > namesMax) throw new PolicyError(`${name} lists more than ${namesMax}`);
  return texts.map((text) => {
    if (typeof text === "string") return text;
    throw new PolicyError(`invalid ${name} value - ${shown(text)}`);
  });
}

function compileAction(text: string): Matcher {
  const [, name = "", star = ""] = /^odps:([A-Za-z]*)(\*?)$/.exec(text) ?? [];
  const whole = star === "" ? findAction(name) : name;
  if (whole === undefined || `${name}${star}` === "")
    throw new PolicyError(`invalid Action value - ${text}`);
  return whole === "All" ? () => true : compileWildcards(text.toLowerCase());
}

const principalForm = /^(?:ALIYUN\$[\w.@+-]+|RAM\$[\w.@+-]+:[\w+=,.@/-]+)$/i;

function readPrincipals(
  found: ReadonlyMap<string, unknown>,
  { principals }: DocumentRules,
): OdpsStatement["principals"] {
  if (!principals) {
    if (found.has("Principal"))
      throw new PolicyError("the policy of a role names no Principal: its members are meant");
    return undefined;
  }
  const names = readTexts(found.get("Principal"), "Principal");
  if (names.includes("*")) return "everyone";
  for (const name of names)
    if (!principalForm.test(name))
      throw new PolicyError(
        `invalid Principal value - ${name}: expected ALIYUN$<account>, RAM$<account>:<user> or *`,
      );
  return new Set(names.map(lowerName));
}

/** Whether a statement names this principal; a role's statements mean its members, whom the caller has found. */
export function namesPrincipal({ principals }: OdpsStatement, principal: string): boolean {
  if (principals === undefined || principals === "everyone") return true;
  return principals.has(lowerName(principal));
}

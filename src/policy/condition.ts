import type { Fact } from "./asked.ts";
import { operators } from "./operators.ts";
import type { FindFact, Matcher } from "./pattern.ts";
import { PolicyError } from "./policy-error.ts";

/** One line of a `Condition`: an operator, a key and the values it may have. */
export interface Test {
  /** As written, with its qualifier and suffix: `ForAnyValue:StringLikeIfExists`. */
  readonly operator: string;
  /** The key as written; it is looked up in lower case. */
  readonly key: string;
  readonly values: readonly string[];
  readonly holds: (fact: FindFact) => boolean;
}

/** Most values in one condition line. */
const valuesMax = 1000;

/** Reads a `Condition` block; all its tests must hold. Throws `PolicyError`. */
export function compileCondition(source: unknown, variables: boolean): readonly Test[] {
  const tests: Test[] = [];
  for (const [operator, lines] of entriesOf(source)) {
    const seen = new Set<string>();
    for (const [key, value] of entriesOf(lines)) {
      // Keys of identity providers begin with their host and path: `accounts.google.com:aud`.
      if (!/^[^\s:]+:./.test(key))
        throw new PolicyError(
          "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        );
      // Keys ignore case: the second spelling would be a second, contradicting line.
      if (seen.has(key.toLowerCase())) throw new PolicyError("Syntax errors in policy.");
      seen.add(key.toLowerCase());
      tests.push(compileTest(operator, key, readValues(value), variables));
    }
  }
  return tests;
}

function entriesOf(source: unknown): [string, unknown][] {
  if (typeof source !== "object" || source === null || Array.isArray(source))
    throw new PolicyError("Syntax errors in policy.");
  return Object.entries(source);
}

function readValues(source: unknown): string[] {
  const values: unknown[] = Array.isArray(source) ? source : [source];
  if (values.length === 0 || values.length > valuesMax)
    throw new PolicyError("Syntax errors in policy.");
  return values.map((value) => {
    if (typeof value === "string") return value;
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    throw new PolicyError("Syntax errors in policy.");
  });
}

const operatorForm = /^(ForAnyValue:|ForAllValues:)?([A-Za-z]+?)(IfExists)?$/;

function compileTest(
  operator: string,
  key: string,
  values: readonly string[],
  variables: boolean,
): Test {
  const lowerKey = key.toLowerCase();
  if (operator === "Null")
    return { operator, key, values, holds: compileNull(lowerKey, values, variables) };
  const [, qualifier, name = "", suffix] = operatorForm.exec(operator) ?? [];
  const row = operators.get(name);
  if (!row) throw new PolicyError(`Invalid Condition type : ${operator}.`);
  const matchers = values.map((value) => row.compile(value, variables));
  const shape: Shape = { key: lowerKey, negated: row.negated, ifExists: suffix !== undefined };
  return { operator, key, values, holds: compileHolds(qualifier, shape, matchers) };
}

interface Shape {
  readonly key: string;
  readonly negated: boolean;
  readonly ifExists: boolean;
}

function compileHolds(
  qualifier: string | undefined,
  { key, negated, ifExists }: Shape,
  matchers: readonly Matcher[],
): Test["holds"] {
  const [only] = matchers;
  const matches: Matcher =
    only && matchers.length === 1
      ? only
      : (text, fact) => matchers.some((matcher) => matcher(text, fact));
  switch (qualifier) {
    case "ForAnyValue:":
      return (fact) => {
        const given = valuesOf(fact(key));
        if (given.length === 0) return ifExists;
        return given.some((text) => matches(text, fact) !== negated);
      };
    case "ForAllValues:":
      return (fact) => {
        const given = valuesOf(fact(key));
        // AWS counts an empty string as no value at all here.
        if (given.length === 1 && given[0] === "") return true;
        return given.every((text) => matches(text, fact) !== negated);
      };
    default:
      return (fact) => {
        const given = fact(key);
        if (typeof given === "string") return matches(given, fact) !== negated;
        if (given === undefined || given.length === 0) return ifExists || negated;
        return given.some((text) => matches(text, fact)) !== negated;
      };
  }
}

const none: readonly string[] = [];

const valuesOf = (given: Fact): readonly string[] =>
  given === undefined ? none : typeof given === "string" ? [given] : given;

/** `Null` tests presence: `true` asks that the key is missing. An empty list is a missing key. */
function compileNull(key: string, values: readonly string[], variables: boolean): Test["holds"] {
  const bool = operators.get("Bool");
  const matchers = values.map((value) => bool?.compile(value, variables));
  return (fact) => {
    const missing = valuesOf(fact(key)).length === 0;
    return matchers.some((matches) => matches?.(String(missing), fact) === true);
  };
}

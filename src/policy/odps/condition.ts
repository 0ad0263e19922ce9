import type { Fact } from "../asked.ts";
import { operators } from "../operators.ts";
import type { FindFact, Matcher } from "../pattern.ts";
import { PolicyError } from "../policy-error.ts";

/** One line of a `Condition`, ready to be asked. */
export interface OdpsTest {
  readonly operator: string;
  /** In lower case. */
  readonly key: string;
  readonly values: readonly string[];
  readonly holds: (fact: FindFact) => boolean;
}

/** Task types that a condition may name. */
export const nameableTaskTypes: readonly string[] = ["DT", "SQL", "MapReduce"];

const valuesMax = 100;
const testsMax = 50;

const exact = /^String(Not)?Equals(IgnoreCase)?$/;
const strings = /^String(Not)?(Equals(IgnoreCase)?|Like)$/;
const numbers = /^String(Not)?(Equals|Like)$|^Numeric/;

interface Key {
  readonly operators: RegExp;
  readonly values?: readonly string[];
}

/** The keys that can be filled from facts a sender does not choose, and the operators that suit each. */
const keys: Readonly<Record<string, Key>> = {
  "odps:tasktype": { operators: exact, values: nameableTaskTypes },
  "odps:tableid": { operators: strings },
  "odps:tableversion": { operators: numbers },
  "odps:targetproject": { operators: strings },
  "odps:selectcolumns": { operators: strings },
  "odps:currenttime": { operators: /^Date/ },
  "acs:currenttime": { operators: /^Date/ },
  "acs:sourceip": { operators: /^(Not)?IpAddress$/ },
  "acs:securetransport": { operators: /^Bool$/ },
  "acs:mfapresent": { operators: /^Bool$/ },
};

const knownKeys =
  "odps:TaskType, odps:TableId, odps:TableVersion, odps:TargetProject, odps:SelectColumns, odps:CurrentTime, acs:CurrentTime, acs:SourceIp, acs:SecureTransport and acs:MFAPresent";

/** Values that ignore case, since the names they stand for do. */
const namesOf: ReadonlySet<string> = new Set([
  "odps:tasktype",
  "odps:targetproject",
  "odps:selectcolumns",
]);

/** Compiles a `Condition`; all its lines must hold. Throws `PolicyError`: what it does not know it refuses. */
export function compileOdpsCondition(
  source: unknown,
  effect: "allow" | "deny",
): readonly OdpsTest[] {
  const tests: OdpsTest[] = [];
  for (const [operator, lines] of entriesOf(source, "Condition")) {
    if (!operators.has(operator) || !/^(String|Numeric|Date|Bool|IpAddress|NotIp)/.test(operator))
      throw new PolicyError(`invalid Condition operator - ${operator}`);
    const seen = new Set<string>();
    for (const [written, value] of entriesOf(lines, operator)) {
      const key = written.toLowerCase();
      if (seen.has(key)) throw new PolicyError(`Condition key ${written} stands there twice`);
      seen.add(key);
      tests.push(compileTest(operator, written, readValues(value, written), effect));
      if (tests.length > testsMax)
        throw new PolicyError(`more than ${testsMax} lines in one Condition`);
    }
  }
  if (tests.length === 0) throw new PolicyError("Condition is empty: leave it out");
  return tests;
}

function entriesOf(source: unknown, where: string): [string, unknown][] {
  if (typeof source !== "object" || source === null || Array.isArray(source))
    throw new PolicyError(`${where} must be an object`);
  return Object.entries(source);
}

function readValues(source: unknown, key: string): string[] {
  const values: unknown[] = Array.isArray(source) ? source : [source];
  if (values.length === 0 || values.length > valuesMax)
    throw new PolicyError(`Condition key ${key} needs 1 to ${valuesMax} values`);
  return values.map((value) => {
    if (typeof value === "string") return value;
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    throw new PolicyError(`Condition key ${key} has a value that is no text`);
  });
}

function compileTest(
  operator: string,
  written: string,
  values: readonly string[],
  effect: "allow" | "deny",
): OdpsTest {
  const key = written.toLowerCase();
  const known = Object.hasOwn(keys, key) ? keys[key] : undefined;
  if (!known) throw new PolicyError(`unknown Condition key - ${written}: there are ${knownKeys}`);
  const row = operators.get(operator);
  if (!row || !known.operators.test(operator))
    throw new PolicyError(`Condition operator ${operator} does not suit ${written}`);
  const wrong = known.values && values.find((value) => !known.values?.includes(value));
  if (wrong !== undefined)
    throw new PolicyError(
      `invalid ${written} value - ${wrong}: there are ${known.values?.join(", ")}`,
    );
  const folds = namesOf.has(key);
  const matchers = values.map((value) => {
    try {
      return row.compile(folds ? value.toLowerCase() : value, false);
    } catch {
      throw new PolicyError(`${operator} cannot read the value ${value} of ${written}`);
    }
  });
  const holds = compileHolds({ key, folds, negated: row.negated, effect }, matchers);
  return { operator, key, values, holds };
}

interface Shape {
  readonly key: string;
  readonly folds: boolean;
  readonly negated: boolean;
  readonly effect: "allow" | "deny";
}

/**
 * An allow wants the key there and every value of it to fit: one approved column opens no other. A deny is content
 * with one, and a missing key fits its negated operators.
 */
function compileHolds(shape: Shape, matchers: readonly Matcher[]): OdpsTest["holds"] {
  const { key, folds, negated, effect } = shape;
  return (fact) => {
    const given = valuesOf(fact(key));
    if (given.length === 0) return effect === "deny" && negated;
    const fits = (value: string): boolean => {
      const text = folds ? value.toLowerCase() : value;
      return matchers.some((matches) => matches(text, fact)) !== negated;
    };
    return effect === "allow" ? given.every(fits) : given.some(fits);
  };
}

const valuesOf = (given: Fact): readonly string[] =>
  given === undefined ? [] : typeof given === "string" ? [given] : given;

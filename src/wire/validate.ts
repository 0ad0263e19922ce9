import type { ListShape, MapShape, Shape, StructureShape } from "./model.ts";
import { compilePattern } from "./pattern.ts";

/** What is wrong with one value, in AWS's words. */
export interface Violation {
  /** `keyId`, `tags.1.member.tagKey` */
  readonly path: string;
  readonly kind: "missing" | "length" | "range" | "pattern" | "enum";
  readonly shape: Shape;
  /** As the message shows it; absent for what must not be shown. */
  readonly shown: string | undefined;
  readonly constraint: string;
}

/** More than these are counted, not told. */
const violationsMax = 16;

/** How much of a value a message repeats. */
const shownMax = 1024;

/** Patterns see no longer text: where the model sets no maximum, this is one. */
const patternInputMax = 131_072;

/**
 * Looks at a value twice at most: first without a list, only to know whether it is sound; then, when it is not,
 * with a list that gathers every violation.
 */
type Check = (value: unknown, path: string, found: Violation[] | undefined) => boolean;

interface Rule {
  readonly kind: Violation["kind"];
  readonly constraint: string;
  readonly holds: (value: unknown) => boolean;
}

const checks = new WeakMap<Shape, { readonly check: Check | undefined }>();

/** Every constraint that the input breaks; usually none. */
export function findViolations(shape: StructureShape, input: unknown): readonly Violation[] {
  const check = checkOf(shape);
  if (!check || check(input, "", undefined)) return [];
  const found: Violation[] = [];
  check(input, "", found);
  return found;
}

/** The sentence AWS makes of violations: `1 validation error detected: Value '…' at 'keyId' failed …`. */
export function describeViolations(violations: readonly Violation[]): string {
  const count = violations.length;
  const told = violations.slice(0, violationsMax).map(({ shown, path, constraint }) => {
    const value = shown === undefined ? "Value" : `Value ${shown}`;
    return `${value} at '${path}' failed to satisfy constraint: ${constraint}`;
  });
  return `${count} validation error${count === 1 ? "" : "s"} detected: ${told.join("; ")}`;
}

function checkOf(shape: Shape): Check | undefined {
  const known = checks.get(shape);
  if (known) return known.check;
  // While a shape is compiled, what it contains asks again for it: that asks later.
  checks.set(shape, {
    check: (value, path, found) => checkOf(shape)?.(value, path, found) ?? true,
  });
  const check = compile(shape);
  checks.set(shape, { check });
  return check;
}

function compile(shape: Shape): Check | undefined {
  switch (shape.kind) {
    case "structure":
      return compileStructure(shape);
    case "list":
      return compileList(shape);
    case "map":
      return compileMap(shape);
    default:
      return compileRules(shape, rulesOf(shape));
  }
}

function compileStructure(shape: StructureShape): Check | undefined {
  const members = shape.members
    .map((member) => ({ ...member, path: lowerFirst(member.name), check: checkOf(member.shape) }))
    .filter(({ required, check, streaming }) => !streaming && (required || check !== undefined));
  if (members.length === 0) return undefined;
  return (value, path, found) => {
    const input = value as Readonly<Record<string, unknown>>;
    let sound = true;
    for (const { name, path: own, required, check, shape: of } of members) {
      const member = input[name];
      const at = found === undefined || path === "" ? own : `${path}.${own}`;
      if (member === undefined) {
        if (!required) continue;
        sound = false;
        const constraint = "Member must not be null";
        found?.push({ path: at, kind: "missing", shape: of, shown: "null", constraint });
      } else if (check && !check(member, at, found)) sound = false;
      if (!sound && found === undefined) return false;
    }
    return sound;
  };
}

function compileList(shape: ListShape): Check | undefined {
  const own = compileRules(
    shape,
    lengthRules(shape, (value) => (value as unknown[]).length),
  );
  const of = shape.member.shape;
  const member = checkOf(of);
  if (!own && !member) return undefined;
  const nested = isContainer(of);
  const constraint = `Member must satisfy constraint: [${rulesOf(of)
    .map((rule) => rule.constraint)
    .join(", ")}]`;
  return (value, path, found) => {
    let sound = own?.(value, path, found) ?? true;
    if (!member) return sound;
    let index = 0;
    for (const item of value as readonly unknown[]) {
      index += 1;
      const at = found && nested ? `${path}.${index}.member` : path;
      if (member(item, at, nested ? found : undefined)) continue;
      sound = false;
      if (found === undefined) return false;
      if (nested) continue;
      found.push({ path, kind: "pattern", shape: of, shown: show(shape, value), constraint });
      break;
    }
    return sound;
  };
}

function compileMap(shape: MapShape): Check | undefined {
  const size = (value: unknown) => Object.keys(value as object).length;
  const own = compileRules(shape, lengthRules(shape, size));
  const key = checkOf(shape.key.shape);
  const of = shape.value.shape;
  const member = checkOf(of);
  if (!own && !key && !member) return undefined;
  const nested = isContainer(of);
  return (value, path, found) => {
    let sound = own?.(value, path, found) ?? true;
    for (const [name, item] of Object.entries(value as Readonly<Record<string, unknown>>)) {
      const keySound = key?.(name, path, undefined) ?? true;
      const at = found && nested ? `${path}.${name.slice(0, 64)}.member` : path;
      const valueSound = member?.(item, at, nested ? found : undefined) ?? true;
      if (keySound && valueSound) continue;
      sound = false;
      if (found === undefined) return false;
      if (keySound && nested) continue;
      const [side, broken] = keySound ? ["value", of] : ["keys", shape.key.shape];
      const words = rulesOf(broken).map((rule) => rule.constraint);
      const constraint = `Map ${side} must satisfy constraint: [${words.join(", ")}]`;
      found.push({ path, kind: "pattern", shape: of, shown: show(shape, value), constraint });
      break;
    }
    return sound;
  };
}

function compileRules(shape: Shape, rules: readonly Rule[]): Check | undefined {
  if (rules.length === 0) return undefined;
  return (value, path, found) => {
    let sound = true;
    for (const { kind, constraint, holds } of rules) {
      if (holds(value)) continue;
      sound = false;
      if (found === undefined) return false;
      found.push({ path, kind, shape, shown: show(shape, value), constraint });
    }
    return sound;
  };
}

/** The rules of a value that contains no others. */
function rulesOf(shape: Shape): readonly Rule[] {
  if (shape.kind === "string") {
    const rules = lengthRules(shape, (value) => (value as string).length);
    if (shape.enum) rules.push(enumRule(shape.enum));
    if (shape.pattern !== undefined) {
      rules.push(patternRule(shape.pattern, shape.matches ?? shape.pattern, shape.max));
    }
    return rules;
  }
  if (shape.kind === "blob") {
    return lengthRules(shape, (value) => (value as Uint8Array).byteLength);
  }
  if (shape.kind === "timestamp" || shape.kind === "boolean" || isContainer(shape)) return [];
  const { min, max } = shape;
  const rules: Rule[] = [];
  const rule = (words: string, limit: number, holds: Rule["holds"]) =>
    rules.push({ kind: "range", constraint: `Member must have value ${words} ${limit}`, holds });
  if (min !== undefined) rule("greater than or equal to", min, (value) => Number(value) >= min);
  if (max !== undefined) rule("less than or equal to", max, (value) => Number(value) <= max);
  return rules;
}

function lengthRules(
  { min, max }: { readonly min?: number; readonly max?: number },
  length: (value: unknown) => number,
): Rule[] {
  const rules: Rule[] = [];
  const rule = (words: string, limit: number, holds: Rule["holds"]) =>
    rules.push({ kind: "length", constraint: `Member must have length ${words} ${limit}`, holds });
  if (max !== undefined) rule("less than or equal to", max, (value) => length(value) <= max);
  if (min !== undefined && min > 0) {
    rule("greater than or equal to", min, (value) => length(value) >= min);
  }
  return rules;
}

function enumRule(values: readonly string[]): Rule {
  const set = new Set<unknown>(values);
  return {
    kind: "enum",
    constraint: `Member must satisfy enum value set: [${values.join(", ")}]`,
    holds: (value) => set.has(value),
  };
}

function patternRule(pattern: string, matches: string, max: number | undefined): Rule {
  const limit = max ?? patternInputMax;
  let compiled: RegExp | undefined;
  return {
    kind: "pattern",
    constraint: `Member must satisfy regular expression pattern: ${pattern}`,
    holds(value) {
      compiled ??= compilePattern(matches);
      // A text past its maximum is refused for that; the expression need not see it.
      const text = value as string;
      return text.length > limit ? max !== undefined : compiled.test(text);
    },
  };
}

const isContainer = (shape: Shape): shape is StructureShape | ListShape | MapShape =>
  shape.kind === "structure" || shape.kind === "list" || shape.kind === "map";

/** The value as a message repeats it, or undefined where it is secret or only bytes. */
function show(shape: Shape, value: unknown): string | undefined {
  const text = showPlain(shape, value, 0);
  if (text === undefined) return undefined;
  return `'${text.length > shownMax ? `${text.slice(0, shownMax)}...` : text}'`;
}

function showPlain(shape: Shape, value: unknown, depth: number): string | undefined {
  if (shape.sensitive || depth > 3) return undefined;
  if (shape.kind === "list") {
    const items = (value as readonly unknown[]).slice(0, violationsMax);
    const shown = items.map((item) => showPlain(shape.member.shape, item, depth + 1));
    return shown.includes(undefined) ? undefined : `[${shown.join(", ")}]`;
  }
  if (shape.kind === "map") {
    const items = Object.entries(value as object).slice(0, violationsMax);
    if (shape.key.shape.sensitive) return undefined;
    const shown = items.map(([, item]) => showPlain(shape.value.shape, item, depth + 1));
    if (shown.includes(undefined)) return undefined;
    return `{${items.map(([key], index) => `${key}=${shown[index]}`).join(", ")}}`;
  }
  if (shape.kind === "structure" || shape.kind === "blob") return undefined;
  return String(value);
}

const lowerFirst = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);

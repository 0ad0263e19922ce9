import { parseType } from "../parse-type.ts";
import {
  bigint,
  commonType,
  double,
  implicitCost,
  isInteger,
  isNumber,
  isText,
} from "../type-rules.ts";
import type { SqlType } from "../types.ts";

/** One parameter's type, as far as a signature tells it. */
export type Pattern =
  | { readonly kind: "type"; readonly type: SqlType }
  /** The same type wherever the letter stands; N is a number and I a whole number. */
  | { readonly kind: "letter"; readonly letter: string }
  | { readonly kind: "any" }
  | { readonly kind: "array"; readonly element: Pattern }
  | { readonly kind: "map"; readonly key: Pattern; readonly value: Pattern }
  | { readonly kind: "lambda"; readonly parameters: readonly Pattern[]; readonly result: Pattern };

export interface Parameter {
  readonly pattern: Pattern;
  /** Only a literal will do, because DuckDB needs it before the first row. */
  readonly literal: boolean;
  readonly optional: boolean;
  readonly repeated: boolean;
}

export interface Signature {
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly result: Pattern;
  readonly text: string;
}

/**
 * Reads a signature: `substr(string, bigint, bigint?) -> string`, `coalesce(T...) -> T`,
 * `transform(array<T>, (T) => U) -> array<U>`, `to_char(datetime, literal string) -> string`.
 */
export function parseSignature(text: string): Signature {
  const tokens = text.match(/[A-Za-z_][A-Za-z0-9_]*|\d+|->|=>|\.\.\.|\S/g) ?? [];
  let at = 0;
  const take = (token: string) => {
    if (tokens[at] !== token) return false;
    at += 1;
    return true;
  };
  const expect = (token: string) => {
    if (!take(token)) throw new Error(`signature ${text}: ${token} expected at ${tokens[at]}`);
  };
  const pattern = (): Pattern => {
    if (take("(")) {
      const parameters: Pattern[] = [];
      do parameters.push(pattern());
      while (take(","));
      expect(")");
      expect("=>");
      return { kind: "lambda", parameters, result: pattern() };
    }
    const word = tokens[at++] ?? "";
    if (/^[A-Z]$/.test(word)) return { kind: "letter", letter: word };
    if (word === "any") return { kind: "any" };
    if (word === "array" || word === "map") {
      expect("<");
      const first = pattern();
      const second = take(",") ? pattern() : undefined;
      expect(">");
      if (word === "array") return { kind: "array", element: first };
      return { kind: "map", key: first, value: second ?? { kind: "any" } };
    }
    let type = word;
    if (word === "decimal" && take("(")) {
      type = `decimal(${tokens[at]},${tokens[at + 2]})`;
      at += 4;
    }
    return { kind: "type", type: parseType(type) };
  };
  const name = tokens[at++] ?? "";
  const parameters: Parameter[] = [];
  expect("(");
  while (!take(")")) {
    const literal = take("literal");
    const read = pattern();
    parameters.push({ pattern: read, literal, optional: take("?"), repeated: take("...") });
    take(",");
  }
  expect("->");
  return { name, parameters, result: pattern(), text };
}

export type Bindings = Map<string, SqlType>;

/** A pattern with its letters replaced. `any` stays open: undefined. */
export function typeOf(pattern: Pattern, bindings: Bindings): SqlType | undefined {
  switch (pattern.kind) {
    case "type":
      return pattern.type;
    case "letter":
      return bindings.get(pattern.letter);
    case "array": {
      const element = typeOf(pattern.element, bindings);
      return element && { kind: "array", element };
    }
    case "map": {
      const key = typeOf(pattern.key, bindings);
      const value = typeOf(pattern.value, bindings);
      return key && value && { kind: "map", key, value };
    }
    default:
      return undefined;
  }
}

function bindLetter(letter: string, given: SqlType, bindings: Bindings): number | undefined {
  let type = given;
  let cost = 0;
  if (letter === "N" && !isNumber(type)) {
    if (!isText(type) && type.kind !== "void") return undefined;
    [type, cost] = [double, 12];
  }
  if (letter === "I" && !isInteger(type)) {
    const whole = implicitCost(type, bigint);
    if (whole === undefined) return undefined;
    [type, cost] = [bigint, whole];
  }
  const bound = bindings.get(letter);
  const common = bound ? commonType(bound, type) : type;
  if (!common) return undefined;
  bindings.set(letter, common);
  return cost;
}

/** Binds a pattern's letters to a given type; the cost of the conversion, or undefined where there is none. */
export function bind(pattern: Pattern, given: SqlType, bindings: Bindings): number | undefined {
  switch (pattern.kind) {
    case "any":
      return 0;
    case "type":
      return implicitCost(given, pattern.type);
    case "letter":
      return bindLetter(pattern.letter, given, bindings);
    case "array":
      if (given.kind === "void") return 1;
      return given.kind === "array" ? bind(pattern.element, given.element, bindings) : undefined;
    case "map": {
      if (given.kind === "void") return 1;
      if (given.kind !== "map") return undefined;
      const key = bind(pattern.key, given.key, bindings);
      const value = bind(pattern.value, given.value, bindings);
      return key === undefined || value === undefined ? undefined : key + value;
    }
    default:
      return undefined;
  }
}

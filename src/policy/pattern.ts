import type { Fact } from "./asked.ts";
import { compileForm, hasForm, many, one } from "./form.ts";
import { PolicyError } from "./policy-error.ts";

/** Looks up a condition key, by its name in lower case. */
export type FindFact = (key: string) => Fact;

/** `${key}` or `${key, 'fallback'}`, filled in from the request. */
export interface Variable {
  readonly key: string;
  readonly fallback: string | undefined;
}

/** A pattern as UTF-16 units, wildcards and variables. */
export type Piece = number | Variable;

/** What may be special in a text, besides ordinary characters. */
export interface Dialect {
  readonly wildcards: boolean;
  /** Only policies of Version 2012-10-17 know variables; elsewhere `${` is text. */
  readonly variables: boolean;
}

/** Reads a pattern. Throws `PolicyError` when a variable is malformed. */
export function readPieces(text: string, dialect: Dialect): Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < text.length; at += 1) {
    if (dialect.variables && text.startsWith("${", at)) {
      const end = endOfVariable(text, at + 2);
      const inner = text.slice(at + 2, end);
      // `${*}`, `${?}` and `${$}` are those characters themselves.
      if (inner === "*" || inner === "?" || inner === "$") pieces.push(inner.charCodeAt(0));
      else pieces.push(readVariable(inner));
      at = end;
    } else if (dialect.wildcards && text[at] === "*") {
      if (pieces.at(-1) !== many) pieces.push(many);
    } else if (dialect.wildcards && text[at] === "?") {
      pieces.push(one);
    } else {
      pieces.push(text.charCodeAt(at));
    }
  }
  return pieces;
}

/** Index of the `}` that closes a variable; a quoted fallback may hold one too. */
function endOfVariable(text: string, start: number): number {
  const quote = text.indexOf("'", start);
  let end = text.indexOf("}", start);
  if (quote !== -1 && quote < end) {
    const close = text.indexOf("'", quote + 1);
    end = close === -1 ? -1 : text.indexOf("}", close);
  }
  if (end === -1) throw new PolicyError("Syntax errors in policy.");
  return end;
}

function readVariable(inner: string): Variable {
  const comma = inner.indexOf(",");
  const key = (comma === -1 ? inner : inner.slice(0, comma)).trim().toLowerCase();
  if (!/^[^\s:${}']+:[^${}']+$/.test(key)) throw new PolicyError("Syntax errors in policy.");
  if (comma === -1) return { key, fallback: undefined };
  const quoted = inner.slice(comma + 1).trim();
  if (quoted.length < 2 || !quoted.startsWith("'") || quoted.indexOf("'", 1) !== quoted.length - 1)
    throw new PolicyError("Syntax errors in policy.");
  return { key, fallback: quoted.slice(1, -1) };
}

/** The variable's value; undefined when the request has none, or several: then nothing equals it. */
export function resolveVariable(variable: Variable, fact: FindFact): string | undefined {
  const value = fact(variable.key) ?? variable.fallback;
  return typeof value === "string" ? value : undefined;
}

/** Tells whether a text has the form of the pattern. */
export type Matcher = (text: string, fact: FindFact) => boolean;

const always: Matcher = () => true;

/** Compiles pieces to the cheapest matcher that serves. The value of a variable matches literally. */
export function compilePieces(pieces: readonly Piece[]): Matcher {
  const units = pieces.filter((piece) => typeof piece === "number");
  if (units.length < pieces.length) return compileVariables(pieces);
  if (units.length === 1 && units[0] === many) return always;
  const firstWildcard = units.findIndex((unit) => unit < 0);
  if (firstWildcard === -1) {
    const exact = textOf(units);
    return (text) => text === exact;
  }
  if (firstWildcard === units.length - 1 && units[firstWildcard] === many) {
    return compilePrefix(textOf(units.slice(0, -1)));
  }
  const form = compileForm(units);
  return (text) => hasForm(form, text);
}

function compilePrefix(prefix: string): Matcher {
  const end = prefix.length - 1;
  const last = prefix.charCodeAt(end);
  // ARNs of one account differ at their end: looking there first decides most of them.
  return (text) => text.charCodeAt(end) === last && text.startsWith(prefix);
}

function compileVariables(pieces: readonly Piece[]): Matcher {
  const least = pieces.filter((piece) => typeof piece === "number" && piece !== many).length;
  return (text, fact) => {
    const units: number[] = [];
    // Units still to be met; a hostile policy repeats a long value no more often than the text is long.
    let left = text.length - least;
    for (const piece of pieces) {
      if (typeof piece === "number") {
        units.push(piece);
        continue;
      }
      const value = resolveVariable(piece, fact);
      if (value === undefined) return false;
      left -= value.length;
      if (left < 0) return false;
      for (let at = 0; at < value.length; at += 1) units.push(value.charCodeAt(at));
    }
    return hasForm(compileForm(units), text);
  };
}

/** The text of pieces without wildcards and variables. */
export function textOf(pieces: readonly Piece[]): string {
  let text = "";
  for (const piece of pieces) text += typeof piece === "number" ? String.fromCharCode(piece) : "";
  return text;
}

/** Whether pieces are text alone. */
export const isLiteral = (pieces: readonly Piece[]): boolean =>
  pieces.every((piece) => typeof piece === "number" && piece >= 0);

/** Compiles a text with wildcards and no variables, such as an action. */
export const compileWildcards = (text: string): Matcher =>
  compilePieces(readPieces(text, { wildcards: true, variables: false }));

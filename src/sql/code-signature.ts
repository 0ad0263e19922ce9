import { parseType } from "./parse-type.ts";
import { commonType } from "./type-rules.ts";
import { type SqlType, typeText } from "./types.ts";

/** What a signature says. */
export interface CodeSignature {
  /** Undefined: any number of any type. */
  readonly parameters: readonly SqlType[] | undefined;
  /** The last parameter may stand any number of times: `string,bigint...->string`. */
  readonly repeats: boolean;
  readonly results: readonly SqlType[];
}

/** Reads a signature; undefined where it is none. */
export function parseCodeSignature(signature: string): CodeSignature | undefined {
  const [before, after, more] = signature.split("->");
  if (before === undefined || after === undefined || more !== undefined) return undefined;
  const results = typesOf(after);
  if (!results || results.length === 0) return undefined;
  const given = before.trim();
  if (given === "*") return { parameters: undefined, repeats: false, results };
  const repeats = given.endsWith("...");
  const parameters = typesOf(repeats ? given.slice(0, -3) : given);
  return parameters && { parameters, repeats: repeats && parameters.length > 0, results };
}

/** A signature with a type for each argument of a call. */
export interface MeantSignature {
  readonly signature: string;
  readonly parameters: readonly SqlType[];
  readonly results: readonly SqlType[];
}

/**
 * The signature that a call with arguments of these types means: of those that take as many, the one to which they are
 * converted least. Undefined: none takes as many.
 */
export function meantSignature(
  signatures: readonly string[],
  given: readonly SqlType[],
): MeantSignature | undefined {
  let best: (MeantSignature & { readonly cost: number }) | undefined;
  for (const signature of signatures) {
    const read = parseCodeSignature(signature);
    const parameters = read && parametersFor(read, given);
    if (!parameters) continue;
    const cost = parameters.reduce((sum, type, at) => sum + distance(given[at] ?? type, type), 0);
    if (!best || cost < best.cost) best = { signature, parameters, results: read.results, cost };
  }
  return best;
}

function parametersFor(
  { parameters, repeats }: CodeSignature,
  given: readonly SqlType[],
): readonly SqlType[] | undefined {
  if (!parameters) return given.map((type) => (type.kind === "void" ? { kind: "string" } : type));
  if (!repeats) return parameters.length === given.length ? parameters : undefined;
  const last = parameters.at(-1);
  if (!last || given.length < parameters.length - 1) return undefined;
  return given.map((_, at) => parameters[at] ?? last);
}

/** How far a value's type is from a parameter's: the same, of a kind, one that holds it, or another. */
function distance(from: SqlType, to: SqlType): number {
  if (from.kind === "void" || typeText(from) === typeText(to)) return 0;
  if (from.kind === to.kind) return 1;
  const common = commonType(from, to);
  if (common?.kind !== to.kind) return 100;
  return to.kind === "string" ? 20 : 2 + (widths[to.kind] ?? 5);
}

/** A number is converted to the least that holds it. */
const widths: Readonly<Record<string, number>> = {
  smallint: 0,
  int: 1,
  bigint: 2,
  float: 3,
  double: 4,
};

function typesOf(list: string): readonly SqlType[] | undefined {
  if (list.trim() === "") return [];
  try {
    return outerParts(list).map((part) => parseType(part.trim()));
  } catch {
    return undefined;
  }
}

/** The parts of a list between the commas that stand in no bracket. */
function outerParts(list: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < list.length; at += 1) {
    const letter = list[at] ?? "";
    if ("<(".includes(letter)) depth += 1;
    if (">)".includes(letter)) depth -= 1;
    if (letter !== "," || depth > 0) continue;
    parts.push(list.slice(start, at));
    start = at + 1;
  }
  return [...parts, list.slice(start)];
}

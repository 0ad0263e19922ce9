import { wholeUnits } from "../tree-expression.ts";
import type { SparkCall } from "./functions.ts";
import { sparkText, type Words } from "./reader.ts";

/** Parts of a moment, by names that both have. */
export const units: ReadonlySet<string> = new Set(wholeUnits);

/** A unit of time in Spark's words. */
export function unitText(unit: Words | undefined, { refuse }: SparkCall): string {
  const name = String(unit?.literal).toLowerCase();
  return units.has(name) || name === "millisecond" ? name.toUpperCase() : refuse(`unit ${name}`);
}

/** strftime's letters, with Java's. */
const letters: Readonly<Record<string, string>> = {
  Y: "yyyy",
  y: "yy",
  m: "MM",
  d: "dd",
  H: "HH",
  I: "hh",
  M: "mm",
  S: "ss",
  g: "SSS",
  f: "SSSSSS",
  B: "MMMM",
  b: "MMM",
  j: "DDD",
  A: "EEEE",
  a: "EEE",
  p: "a",
  "-Y": "y",
  "-m": "M",
  "-d": "d",
  "-H": "H",
  "-I": "h",
  "-M": "m",
  "-S": "s",
};

/** A mask of strftime as a literal of Spark. What is no letter of a mask is quoted. */
export function maskOf(mask: Words | undefined, { refuse }: SparkCall): string {
  if (typeof mask?.literal !== "string") return refuse("a mask that is no constant");
  const parts = mask.literal.match(/%-?.|[^%]+/gs) ?? [];
  const words = parts.map((part) => {
    if (!part.startsWith("%")) return quoted(part);
    if (part === "%%") return "%";
    return letters[part.slice(1)] ?? refuse(`${part} in a mask`);
  });
  return sparkText(words.join(""));
}

/** Letters stand for parts of a moment, and some signs are reserved. */
const quoted = (text: string): string =>
  /^[-:/., ]*$/.test(text) ? text : `'${text.replaceAll("'", "''")}'`;

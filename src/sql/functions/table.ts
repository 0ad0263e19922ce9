import type { SqlType } from "../types.ts";
import { aggregateFunctions } from "./aggregate.ts";
import { charsetFunctions } from "./charsets.ts";
import { complexFunctions } from "./complex.ts";
import { dateFunctions } from "./date.ts";
import { hashFunctions } from "./hash.ts";
import { cardFunctions } from "./identity-card.ts";
import { jsonFunctions } from "./json.ts";
import { mathFunctions } from "./math.ts";
import { documentedNames } from "./names.ts";
import { nestedFunctions } from "./nested.ts";
import { otherFunctions } from "./other.ts";
import type { Build, FunctionRow } from "./row.ts";
import { rowFunctions } from "./rows.ts";
import { sealedFunctions } from "./sealed.ts";
import { parseSignature, type Signature } from "./signature.ts";
import { stringFunctions } from "./string.ts";
import { windowFunctions } from "./window.ts";

export type Family = "scalar" | "aggregate" | "window" | "table";

/** One signature of a built-in. */
export interface BuiltIn {
  readonly family: Family;
  readonly signature: Signature;
  readonly sql: string | Build;
  /** Which clauses the text has a place for: D DISTINCT, N IGNORE NULLS, O ORDER BY, W FILTER and OVER. */
  readonly marks: ReadonlySet<string>;
  /** Known once the signature's letters are bound. */
  readonly result?: SqlType | undefined;
}

const families: readonly (readonly [Family, readonly FunctionRow[]])[] = [
  ["scalar", dateFunctions],
  ["scalar", mathFunctions],
  ["scalar", stringFunctions],
  ["scalar", complexFunctions],
  ["scalar", nestedFunctions],
  ["scalar", jsonFunctions],
  ["scalar", charsetFunctions],
  ["scalar", sealedFunctions],
  ["scalar", hashFunctions],
  ["scalar", cardFunctions],
  ["scalar", otherFunctions],
  ["aggregate", aggregateFunctions],
  ["window", windowFunctions],
];

/** The places that a builder's text may have. */
const builderMarks: Readonly<Record<Family, string>> = {
  scalar: "",
  table: "",
  aggregate: "DW",
  window: "NW",
};

function readTable(): Map<string, BuiltIn[]> {
  const table = new Map<string, BuiltIn[]>();
  for (const [family, rows] of families) {
    for (const [text, sql] of rows) {
      const signature = parseSignature(text);
      const letters = typeof sql === "string" ? sql.matchAll(/\$([DNOW])/g) : [];
      const found = [...letters].map(([, letter = ""]) => letter);
      const marks = new Set(typeof sql === "string" ? found : builderMarks[family]);
      const known = table.get(signature.name) ?? [];
      table.set(signature.name, [...known, { family, signature, sql, marks }]);
    }
  }
  return table;
}

/** Built-ins by name, each with its signatures. */
export const builtIns: ReadonlyMap<string, readonly BuiltIn[]> = readTable();

/** Functions that give rows, by name. */
export const tableFunctions = rowFunctions;

/** Whether MaxCompute has a function of this name, built here or not. */
export const isKnownName = (name: string): boolean =>
  documentedNames.has(name) || rowFunctions.has(name);

import { codeRows } from "./code-calls.ts";
import { resolveExpression } from "./expression.ts";
import { tableFunctions } from "./functions/table.ts";
import type { Resolved, Scope } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import type { Expression } from "./tree.ts";
import { findUserFunction } from "./user-functions.ts";

/** What a call that gives rows gives. */
export interface TableRows {
  readonly columns: readonly (Resolved & { readonly name: string })[];
  readonly unnested?: CodeRows;
}

/** Rows that code gives. */
interface CodeRows {
  /** The call of the code, with the arguments of a row. */
  readonly call: string;
  /** The call with another text in the place of the arguments'. */
  readonly callWith: (text: string) => string;
  /** The list of rows in what a call has given. */
  readonly listIn: (given: string) => string;
  /** The name behind which the columns expect each row as `v`. */
  readonly name: string;
}

/** Rows of code for each row that it stands beside, as they stand behind FROM. */
export const unnestText = ({ call, listIn, name }: CodeRows): string =>
  `(SELECT unnest(${listIn(call)}) AS "v") AS "${name}"`;

/** How code is told that no row follows. */
const lastRow = "'null' || chr(10)";

/**
 * Rows of code that is given all rows of `from`, and after the last of them is asked what it has kept: the count needs
 * all that was given, so nothing can be asked before.
 */
export function closedText({ call, callWith, listIn, name }: CodeRows, from: string): string {
  const given = `"${name}g"`;
  const last = `SELECT CASE WHEN count("v") >= 0 THEN ${lastRow} END AS "v" FROM ${given}`;
  return [
    `(WITH ${given} AS MATERIALIZED (SELECT ${call} AS "v"${from})`,
    `SELECT unnest(${listIn('"v"')}) AS "v" FROM ${given}`,
    `UNION ALL SELECT unnest(${listIn(callWith('"v"'))}) FROM (${last}) AS "${name}l") AS "${name}"`,
  ].join(" ");
}

/**
 * A call that gives rows. Undefined: the expression is no such call. `closes`: code is told when no row follows, and may
 * give rows then.
 */
export function resolveTableCall(
  expression: Expression,
  scope: Scope,
  closes = false,
): TableRows | undefined {
  if (expression.kind !== "call") return undefined;
  const { at, name, qualifier } = expression;
  const build = qualifier.length === 0 ? tableFunctions.get(name.key) : undefined;
  if (!build) {
    const found = findUserFunction(expression, scope);
    return found?.code?.kind === "table" ? codeRows(expression, found, scope, closes) : undefined;
  }
  const { world } = scope.environment;
  world.functions.add(name.key);
  const values = expression.arguments.map((argument) => resolveExpression(argument, scope));
  const uses = values.flatMap((value) => value.uses);
  const building = {
    settings: world.catalog.settings,
    marks: {},
    refuse: (message: string): never => refuse(at, message),
  };
  return { columns: build(values, building).map((column) => ({ ...column, uses })) };
}

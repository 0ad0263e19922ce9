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
  /** For code: the list of rows, and the name behind which the columns expect each of them as `v`. */
  readonly unnested?: { readonly sql: string; readonly name: string };
}

/** The rows of `unnested`, as they stand behind FROM; `from` is where its arguments are from. */
export const unnestText = ({ sql, name }: NonNullable<TableRows["unnested"]>, from = ""): string =>
  `(SELECT unnest(${sql}) AS "v"${from}) AS "${name}"`;

/** A call that gives rows. Undefined: the expression is no such call. */
export function resolveTableCall(expression: Expression, scope: Scope): TableRows | undefined {
  if (expression.kind !== "call") return undefined;
  const { at, name, qualifier } = expression;
  const build = qualifier.length === 0 ? tableFunctions.get(name.key) : undefined;
  if (!build) {
    const found = findUserFunction(expression, scope);
    return found?.code?.kind === "table" ? codeRows(expression, found, scope) : undefined;
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

import { resolveExpression } from "./expression.ts";
import { tableFunctions } from "./functions/table.ts";
import type { Resolved, Scope } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import type { Expression } from "./tree.ts";

/** A call that gives rows: the expressions of its columns. Undefined: the expression is no such call. */
export function resolveTableCall(
  expression: Expression,
  scope: Scope,
): (Resolved & { readonly name: string })[] | undefined {
  if (expression.kind !== "call" || expression.qualifier.length > 0) return undefined;
  const { at, name } = expression;
  const build = tableFunctions.get(name.key);
  if (!build) return undefined;
  const { world } = scope.environment;
  world.functions.add(name.key);
  const values = expression.arguments.map((argument) => resolveExpression(argument, scope));
  const uses = values.flatMap((value) => value.uses);
  const building = {
    settings: world.catalog.settings,
    marks: {},
    refuse: (message: string): never => refuse(at, message),
  };
  return build(values, building).map((column) => ({ ...column, uses }));
}

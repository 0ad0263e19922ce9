import { fullName } from "./catalog.ts";
import { builtIns } from "./functions/table.ts";
import type { Resolved, Scope } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import type { CallExpression } from "./tree.ts";

/** A call of a function that a project holds. Undefined: the name is a built-in's, or nobody's. */
export function resolveUserCall(call: CallExpression, scope: Scope): Resolved | undefined {
  const { environment } = scope;
  const { world } = environment;
  const [first, second] = call.qualifier.map(({ key }) => key);
  if (first === undefined && builtIns.has(call.name.key)) return undefined;
  const name = {
    project: first ?? environment.project,
    schema: second ?? (first === undefined ? environment.schema : "default"),
    name: call.name.key,
  };
  const found = world.catalog.findFunction(name);
  if (!found) {
    if (first === undefined) return undefined;
    const text = [...call.qualifier, call.name].map(({ text }) => text).join(":");
    return refuse(call.at, `function ${text} cannot be resolved`);
  }
  world.functions.add(fullName(found));
  return refuse(
    call.at,
    `function ${fullName(found)} is foreign code, which a query cannot run yet`,
  );
}

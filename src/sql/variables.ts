import type { Environment, LazyRows } from "./scope.ts";
import type { AssignVariable, ParameterType } from "./tree.ts";

/** What variables hold once they are assigned, in their order: each sees those before it. */
export function withVariables(
  before: Environment,
  assigned: readonly AssignVariable[],
): Environment {
  let environment = before;
  const types = new Map<string, ParameterType>();
  for (const written of assigned) {
    const type = written.type ?? types.get(written.name.key);
    if (type) types.set(written.name.key, type);
    const source = { ...written, ...(type && { type, value: asDeclared(written.value, type) }) };
    const variables = new Map<string, LazyRows>(environment.variables);
    variables.set(source.name.key, { source, environment });
    environment = { ...environment, variables };
  }
  return environment;
}

/** A query in parentheses is a value where a variable was declared as one. */
const asDeclared = (
  value: AssignVariable["value"],
  type: ParameterType,
): AssignVariable["value"] =>
  type.kind === "type" && value.kind === "query"
    ? { kind: "subquery", at: value.at, query: value }
    : value;

import { type CatalogFunction, fullName } from "./catalog.ts";
import { resolveCodeCall, sameWay } from "./code-calls.ts";
import { castTo, convertTo, resolveExpression } from "./expression.ts";
import { builtIns, tableFunctions } from "./functions/table.ts";
import { parseScript } from "./parse.ts";
import { type Environment, freshName, openScope, type Resolved, type Scope } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import { specialCalls } from "./special-calls.ts";
import { openFound } from "./tables.ts";
import type { CallExpression, CreateSqlFunction } from "./tree.ts";

/** Names that mean a built-in wherever they stand alone: no project's function takes their place. */
export const isBuiltIn = (name: string): boolean =>
  builtIns.has(name) || tableFunctions.has(name) || Object.hasOwn(specialCalls, name);

/** The function of a project that a call means. Undefined: the name is a built-in's, or nobody's. */
export function findUserFunction(
  call: CallExpression,
  { environment }: Scope,
): CatalogFunction | undefined {
  const { world, through, stored = false } = environment;
  const [first, second] = call.qualifier.map(({ key }) => key);
  if (first === undefined && isBuiltIn(call.name.key)) return undefined;
  const name = {
    project: first ?? environment.project,
    schema: second ?? (first === undefined ? environment.schema : "default"),
    name: call.name.key,
  };
  const found = world.catalog.findFunction(name, through.length === 0 && !stored);
  if (!found) {
    if (first === undefined) return undefined;
    const text = [...call.qualifier, call.name].map(({ text }) => text).join(":");
    return refuse(call.at, `function ${text} cannot be resolved`);
  }
  world.functions.add(fullName(found));
  if (!world.uses.some((use) => use.function.id === found.id && sameWay(use.through, through))) {
    world.uses.push({ function: found, through });
    for (const { table, partition } of found.tables ?? []) {
      const { read } = openFound(table, call.at, environment);
      for (const { name } of [...table.columns, ...table.partitionColumns]) read.columns.add(name);
      read.chosen = partition !== undefined;
    }
  }
  return found;
}

/** A call of a function that a project holds. Undefined: the name is a built-in's, or nobody's. */
export function resolveUserCall(call: CallExpression, scope: Scope): Resolved | undefined {
  const found = findUserFunction(call, scope);
  if (!found) return undefined;
  return found.definition
    ? expandFunction(call, found, scope)
    : resolveCodeCall(call, found, scope);
}

/** A function written in SQL is its body, with the arguments in place of its parameters. */
function expandFunction(call: CallExpression, found: CatalogFunction, scope: Scope): Resolved {
  const { at } = call;
  const { world } = scope.environment;
  const name = fullName(found);
  const { definition } = found;
  const [only] = parseScript(definition?.text ?? "").statements;
  const made = only?.statement;
  if (made?.kind !== "create-sql-function") return refuse(at, `function ${name} has no body`);
  if (made.body.kind === "query") {
    return refuse(at, `function ${name} gives rows, which is not supported yet`);
  }
  // Each call takes a name, so that functions that call each other cannot grow without end.
  freshName(world, "f", at);
  const environment: Environment = {
    world,
    project: found.project,
    schema: found.schema,
    namespaces: definition?.namespaces ?? false,
    commonTables: new Map(),
    variables: new Map(),
    through: scope.environment.through,
    stored: scope.environment.stored ?? false,
    parameters: new Map(),
  };
  const parameters = argumentsOf(call, made, name, scope, environment);
  const inner = openScope({ ...environment, parameters }, undefined);
  const result = resolveExpression(made.body, { ...inner, noAggregates: `function ${name}` });
  return made.returns?.kind === "type" ? castTo(result, made.returns.type, at) : result;
}

function argumentsOf(
  call: CallExpression,
  { parameters }: CreateSqlFunction,
  name: string,
  scope: Scope,
  environment: Environment,
): Map<string, Resolved> {
  if (call.arguments.length > parameters.length) {
    return refuse(call.at, `function ${name} takes ${parameters.length} arguments`);
  }
  const values = parameters.map((parameter, index): [string, Resolved] => {
    const argument = call.arguments[index];
    const value = argument
      ? resolveExpression(argument, scope)
      : parameter.default &&
        resolveExpression(parameter.default, openScope(environment, undefined));
    if (!value) return refuse(call.at, `function ${name} takes ${parameters.length} arguments`);
    const { type } = parameter;
    const what = `argument ${index + 1} of ${name}`;
    const given = type.kind === "type" ? convertTo(value, type.type, call.at, what) : value;
    return [parameter.name.key, given];
  });
  return new Map(values);
}

import { castTo, convertTo, resolveExpression } from "./expression.ts";
import { parseScript } from "./parse.ts";
import { unassigned } from "./parse-assignment.ts";
import { type Rows, resolveQuery, shapeRows } from "./query.ts";
import { lazyRows } from "./relation.ts";
import {
  type Environment,
  freshName,
  type LazyRows,
  openScope,
  type Resolved,
  type World,
} from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import type {
  AssignVariable,
  CallExpression,
  CreateView,
  Expression,
  Parameter,
  Position,
} from "./tree.ts";
import { emptyTail, type Query } from "./tree-query.ts";
import { withVariables } from "./variables.ts";

/** What stands for the parameters of a view: values, and rows. */
export interface Given {
  readonly values: ReadonlyMap<string, Resolved>;
  readonly rows: ReadonlyMap<string, LazyRows>;
}

/** How a view with parameters was made, of the texts that it keeps. */
export function viewDefinition(parameters: string, text: string, at: Position): CreateView {
  const [only, more] = parseScript(`CREATE VIEW v ${parameters} AS ${text}`).statements;
  const made = only?.statement;
  return made?.kind === "create-view" && !more ? made : refuse(at, "a view has no query");
}

/** The rows of a view where this stands for its parameters; its names are read in `around`. */
export function bodyRows(view: CreateView, { values, rows }: Given, around: Environment): Rows {
  const names = new Set(view.parameters.map(({ name }) => name.key));
  for (const { name } of view.assigned) {
    if (names.has(name.key)) refuse(name.at, `@${name.text} is a parameter`);
  }
  const given = { ...around, commonTables: new Map(), variables: rows, parameters: values };
  const environment = withVariables(given, view.assigned);
  const found = resolveQuery(view.query, environment);
  const { returns, at } = view;
  if (!returns) return found;
  const columns = returns.columns.map(({ name, type }) => ({ name: name.key, type }));
  if (columns.length !== found.columns.length) {
    return refuse(
      at,
      `the view returns ${columns.length} columns, and its query has ${found.columns.length}`,
    );
  }
  const shaped = shapeRows(found, columns, environment, at);
  const named = shaped.columns.map((one, place) => ({
    ...one,
    name: columns[place]?.name ?? one.name,
  }));
  return { ...shaped, columns: named };
}

/** What stands for parameters when a view is made: nobody knows what it will be given. */
export function nothingGiven({ parameters }: CreateView, environment: Environment): Given {
  const rows = new Map<string, LazyRows>();
  const values = new Map<string, Resolved>();
  for (const { name, type, default: preset } of parameters) {
    const { at } = name;
    if (rows.has(name.key) || values.has(name.key)) refuse(at, `@${name.text} is defined twice`);
    if (preset) return refuse(at, "parameters of views have no defaults");
    if (type.kind === "table") {
      const source: AssignVariable = {
        ...({ kind: "assign", at, name, type } as const),
        value: unassigned(type, at),
      };
      rows.set(name.key, { source, environment });
    } else {
      const none: Resolved = { sql: "NULL", type: { kind: "void" }, uses: [] };
      values.set(name.key, type.kind === "type" ? castTo(none, type.type, at) : none);
    }
  }
  return { values, rows };
}

/** What a call gives to a view, with names as the caller reads them: a view lends nothing to what it is given. */
export function givenBy(
  call: CallExpression,
  { parameters }: CreateView,
  environment: Environment,
): Given {
  const { at, name } = call;
  const { world } = environment;
  if (call.arguments.length !== parameters.length) {
    return refuse(at, `view ${name.text} takes ${parameters.length} arguments`);
  }
  const rows = new Map<string, LazyRows>();
  const values = new Map<string, Resolved>();
  for (const [place, argument] of call.arguments.entries()) {
    const parameter = parameters[place];
    if (!parameter) continue;
    if (parameter.type.kind === "table") {
      rows.set(parameter.name.key, givenRows(argument, parameter, environment));
      continue;
    }
    const scope = { ...openScope(environment, undefined), noAggregates: `view ${name.text}` };
    const [codeBefore, relationsBefore] = [world.calls.length, world.relations.length];
    const value = resolveExpression(argument, scope);
    const { type } = parameter;
    const what = `argument ${place + 1} of ${name.text}`;
    const given = type.kind === "type" ? convertTo(value, type.type, argument.at, what) : value;
    const isOnce =
      world.calls.length > codeBefore ||
      [given, ...world.relations.slice(relationsBefore)].some(
        (one) => "sql" in one && isChance(one),
      );
    values.set(parameter.name.key, isOnce ? calculatedOnce(given, world, argument.at) : given);
  }
  return { values, rows };
}

/** Whether a value is another one each time that it is asked for: RAND, UUID. A text that looks so does no harm. */
const isChance = ({ sql }: { readonly sql: string }): boolean => /\b(random|uuid)\(/.test(sql);

/** A value that stands apart, one wherever the view names it: the caller's code in it is not told, by how often it is asked, how many rows a view has. */
function calculatedOnce({ sql, ...value }: Resolved, world: World, at: Position): Resolved {
  const name = freshName(world, "w", at);
  world.relations.push({ name, sql: `SELECT ${sql} AS "value"`, once: true });
  return { ...value, sql: `(SELECT "value" FROM "${name}")` };
}

/** Rows that are given: found here, so that what is wrong with them is said where they stand. */
function givenRows(
  argument: Expression,
  { name, type }: Parameter,
  environment: Environment,
): LazyRows {
  const { at } = argument;
  const value = rowsOf(argument);
  if (!value) return refuse(at, `@${name.text} is a table: a query, a table or a variable`);
  const source: AssignVariable = { kind: "assign", at, name: { ...name, at }, type, value };
  const given: LazyRows = { source, environment };
  // Code of the caller in them is not told, by the rows that it is asked for, what a view joins them with.
  lazyRows(given, at, "view");
  return given;
}

/** `(SELECT ..)`, `table`, `@variable`: the rows that an argument is. */
function rowsOf(argument: Expression): Query | undefined {
  const { at } = argument;
  if (argument.kind === "subquery") return argument.query;
  const from =
    argument.kind === "name"
      ? ({ kind: "table", at, name: { parts: argument.parts, at } } as const)
      : argument.kind === "variable" &&
        ({ kind: "variable-table", at, name: argument.name } as const);
  if (!from) return undefined;
  const star: Expression = { kind: "star", at, qualifier: [], except: [] };
  const body: Query["body"] = {
    ...({ kind: "select", at, hints: [], distinct: false, windows: [] } as const),
    items: [{ at, expression: star }],
    from,
  };
  return { kind: "query", at, ...emptyTail, body };
}

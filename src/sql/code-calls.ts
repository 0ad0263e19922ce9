import {
  type CatalogFunction,
  type CatalogTable,
  type CodeCall,
  type CodeClass,
  fullName,
} from "./catalog.ts";
import { type MeantSignature, meantSignature, parseCodeSignature } from "./code-signature.ts";
import { itemText, jsonShape, outOfJson } from "./code-values.ts";
import { convertTo, resolveCondition, resolveExpression } from "./expression.ts";
import { quoteText } from "./quote.ts";
import { freshName, type Resolved, type Scope } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import type { TableRows } from "./table-functions.ts";
import type { CallExpression, Position } from "./tree.ts";
import { string } from "./type-rules.ts";
import { type SqlType, typeText } from "./types.ts";
import { overText } from "./windows.ts";

/** Each runs in a cell of its own. */
const callsMax = 4;

/** Whether two uses stand in the same views. */
export const sameWay = (one: readonly CatalogTable[], other: readonly CatalogTable[]): boolean =>
  one.length === other.length && one.every(({ id }, at) => id === other[at]?.id);

/**
 * A call of code: its arguments go out as one JSON text for each row, and its result comes back as another. Code that
 * gives one value for a group of rows is given them all in one text.
 */
export function resolveCodeCall(
  call: CallExpression,
  found: CatalogFunction,
  scope: Scope,
): Resolved {
  const { at } = call;
  const kind = found.code?.kind;
  if (kind === "table") {
    return refuse(
      at,
      `${fullName(found)} gives rows, and can only stand alone in SELECT or in LATERAL VIEW`,
    );
  }
  const aggregate = kind === "aggregate" && !call.over;
  if (aggregate && scope.noAggregates) {
    return refuse(
      at,
      `aggregate function ${call.name.text} cannot be used in ${scope.noAggregates}`,
    );
  }
  const inner: Scope = aggregate
    ? { ...scope, keys: new Set(), noAggregates: "another aggregate" }
    : scope;
  const given = argumentsOf(call, found, inner);
  const [result = string] = given.made.results;
  const text =
    kind === "aggregate" ? groupText(call, given.text, inner, scope) : plain(call, given);
  const answer = `from_json_strict(${given.made.name}(${text.sql} || chr(10)), ${shapeText(result)})`;
  const sql = `list_transform(${answer}, lambda odps_item: ${outOfJson("odps_item", result)})[1]`;
  const uses = [...given.uses, ...text.uses];
  if (!aggregate) return { sql, type: result, uses };
  scope.met.aggregate = true;
  return { sql, type: result, uses: uses.filter((use) => use.of !== scope.sources) };
}

/** The rows that a call of code gives. */
export function codeRows(
  call: CallExpression,
  found: CatalogFunction,
  scope: Scope,
  closes: boolean,
): TableRows {
  const given = argumentsOf(call, found, scope, closes);
  return rowsGiven(given, plain(call, given).sql, scope, call.at);
}

/** The rows that code gives for a text of its arguments. */
export function rowsGiven(
  given: Pick<Given, "made" | "uses">,
  text: string,
  scope: Scope,
  at: Position,
): TableRows & Pick<Required<TableRows>, "unnested"> {
  const { results } = given.made;
  const shape = Object.fromEntries(results.map((type, at) => [`f${at}`, jsonShape(type)]));
  const name = freshName(scope.environment.world, "s", at);
  const shapes = quoteText(JSON.stringify([shape]));
  const callWith = (one: string) => `${given.made.name}(${one})`;
  const columns = results.map((type, at) => ({
    ...{ name: `col${at}`, type, uses: given.uses },
    sql: outOfJson(`"${name}"."v"."f${at}"`, type),
  }));
  const listIn = (one: string) => `from_json_strict(${one}, ${shapes})`;
  const own = callWith(`${text} || chr(10)`);
  return { columns, unnested: { call: own, callWith, listIn, name } };
}

const shapeText = (type: SqlType): string => quoteText(JSON.stringify([jsonShape(type)]));

interface Given {
  readonly made: CodeCall;
  /** A JSON list of the arguments. */
  readonly text: string;
  readonly uses: Resolved["uses"];
}

function argumentsOf(
  call: CallExpression,
  found: CatalogFunction,
  scope: Scope,
  closes = false,
): Given {
  const { at } = call;
  const name = fullName(found);
  const { code } = found;
  if (!code)
    return refuse(at, `function ${name} cannot be called: ${found.why ?? "it has no code"}`);
  const values = call.arguments.map((argument) => resolveExpression(argument, scope));
  const types = values.map(({ type }) => type);
  const meant = meantSignature(code.signatures, types) ?? refuse(at, taken(name, code));
  const { parameters, results } = meant;
  const texts = values.map((value, index) => {
    const type = parameters[index] ?? value.type;
    const converted = convertTo(value, type, at, `argument ${index + 1} of ${name}`);
    return argumentText(converted.sql, type, at);
  });
  for (const result of results) argumentText("NULL", result, at);
  return {
    made: codeCall(found, { ...meant, closes }, scope, at),
    text: `json_array(${texts.join(", ")})`,
    uses: values.flatMap(({ uses }) => uses),
  };
}

/** What a function takes, where a call gives it another number of arguments. */
function taken(name: string, { signatures }: CodeClass): string {
  const [only = "", ...others] = signatures;
  const parameters = parseCodeSignature(only)?.parameters;
  if (others.length > 0)
    return `no evaluate of ${name} takes as many arguments: ${signatures.join("; ")}`;
  if (!parameters) return `the signature of ${name}, ${only}, is none`;
  return `function ${name} takes ${parameters.length} arguments, by ${only}`;
}

const argumentText = (sql: string, type: SqlType, at: Position): string =>
  itemText(sql, type) ??
  refuse(at, `${typeText(type).toUpperCase()} is no type for a function with code`);

/** The call's name in the emitted text: one for each function, view that it stands in, and types of arguments. */
export function codeCall(
  found: CatalogFunction,
  meant: MeantSignature & Pick<CodeCall, "closes">,
  { environment }: Scope,
  at: Position,
): CodeCall {
  const { world, through } = environment;
  const types = meant.parameters.map(typeText).join();
  // What is told of its last row is told once, and has a state of its own.
  const known = world.calls.find(
    (one) =>
      !(one.closes || meant.closes) &&
      one.function.id === found.id &&
      one.signature === meant.signature &&
      sameWay(one.through, through) &&
      one.parameters.map(typeText).join() === types,
  );
  if (known) return known;
  if (world.calls.length >= callsMax) {
    return refuse(at, `a statement calls at most ${callsMax} functions with code`);
  }
  const name = `odps_user_${world.calls.length}`;
  const made: CodeCall = { name, function: found, through, ...meant };
  world.calls.push(made);
  return made;
}

function plain(call: CallExpression, { text }: Given): Pick<Resolved, "sql" | "uses"> {
  const { over, distinct, filter, withinGroup, ignoreNulls } = call;
  if (over || distinct || filter || withinGroup || ignoreNulls !== undefined) {
    return refuse(call.at, `function ${call.name.text} takes no such clause`);
  }
  return { sql: `CAST(${text} AS VARCHAR)`, uses: [] };
}

/** The arguments of all rows of a group, or of a window. */
function groupText(
  call: CallExpression,
  text: string,
  inner: Scope,
  scope: Scope,
): Pick<Resolved, "sql" | "uses"> {
  if (call.withinGroup || call.ignoreNulls !== undefined) {
    return refuse(call.at, `function ${call.name.text} takes no such clause`);
  }
  const filter = call.filter && resolveCondition(call.filter, inner, "FILTER");
  const over = call.over && overText(call.over, scope);
  const clauses = `${filter ? ` FILTER (WHERE ${filter.sql})` : ""}${over ? ` OVER (${over.sql})` : ""}`;
  const list = `list(${call.distinct ? "DISTINCT " : ""}${text})${clauses}`;
  return {
    sql: `CAST(to_json(coalesce(${list}, [])) AS VARCHAR)`,
    uses: [...(filter?.uses ?? []), ...(over?.uses ?? [])],
  };
}

import { convert, type Typed } from "./conversion.ts";
import { resolveCondition, resolveExpression } from "./expression.ts";
import {
  type Bindings,
  bind,
  type Parameter,
  type Pattern,
  type Signature,
  typeOf,
} from "./functions/signature.ts";
import { type BuiltIn, builtIns, isKnownName } from "./functions/table.ts";
import type { Resolved, Scope } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import { specialCalls } from "./special-calls.ts";
import type { CallExpression, Expression, LambdaExpression } from "./tree.ts";
import { type SqlType, typeText } from "./types.ts";
import { resolveUserCall } from "./user-functions.ts";
import { orderText, overText } from "./windows.ts";

const argumentsMax = 1000;

/** A call: which function it means, the conversion of its arguments, and its DuckDB text. */
export function resolveCall(call: CallExpression, scope: Scope): Resolved {
  const { world } = scope.environment;
  const name = call.name.key;
  if (call.arguments.length > argumentsMax) {
    return refuse(call.at, `function ${call.name.text} has more than ${argumentsMax} arguments`);
  }
  const own = resolveUserCall(call, scope);
  if (own) return own;
  const special = Object.hasOwn(specialCalls, name) ? specialCalls[name] : undefined;
  if (special) {
    world.functions.add(name);
    return special(call, scope);
  }
  const rows = builtIns.get(name);
  if (!rows?.[0]) {
    return refuse(
      call.at,
      isKnownName(name)
        ? `function ${call.name.text} is not supported yet`
        : `function ${call.name.text} cannot be resolved`,
    );
  }
  world.functions.add(name);
  const { family } = rows[0];
  if (family === "table") {
    return refuse(
      call.at,
      `${name.toUpperCase()} gives rows, and can only stand alone in SELECT or in LATERAL VIEW`,
    );
  }
  if (family === "scalar" && call.over)
    return refuse(call.at, `function ${name} is not a window function`);
  if (family === "window" && !call.over)
    return refuse(call.at, `window function ${name} needs an OVER clause`);
  return emitCall(call, rows, scope);
}

function emitCall(call: CallExpression, rows: readonly BuiltIn[], scope: Scope): Resolved {
  const aggregate = rows[0]?.family === "aggregate" && !call.over;
  if (aggregate && scope.noAggregates) {
    return refuse(
      call.at,
      `aggregate function ${call.name.text} cannot be used in ${scope.noAggregates}`,
    );
  }
  const inner: Scope = aggregate
    ? { ...scope, keys: new Set(), noAggregates: "another aggregate" }
    : scope;
  const given = chooseRow(call, rows, inner);
  const filter = call.filter && resolveCondition(call.filter, inner, "FILTER");
  const within = call.withinGroup?.map((item) => orderText(item, inner));
  const over = call.over && overText(call.over, scope, call.name.key);
  const filtered = filter ? ` FILTER (WHERE ${filter.sql})` : "";
  const text = placed(
    call,
    given.row,
    given.values,
    {
      D: call.distinct ? "DISTINCT " : "",
      N: call.ignoreNulls ? " IGNORE NULLS" : "",
      O: within ? ` ORDER BY ${within.map(({ sql }) => sql).join(", ")}` : "",
      W: `${filtered}${over ? ` OVER (${over.sql})` : ""}`,
    },
    scope,
  );
  if (!aggregate) {
    return { ...text, uses: [...given.uses, ...(filter?.uses ?? []), ...(over?.uses ?? [])] };
  }
  scope.met.aggregate = true;
  return { ...text, uses: given.uses.filter((use) => use.of !== scope.sources) };
}

interface Chosen {
  readonly row: BuiltIn;
  readonly values: readonly Typed[];
  readonly uses: Resolved["uses"];
}

/** The signature that converts least. */
function chooseRow(call: CallExpression, rows: readonly BuiltIn[], scope: Scope): Chosen {
  const plain = call.arguments.map((argument) =>
    argument.kind === "lambda" ? undefined : resolveExpression(argument, scope),
  );
  let best: { row: BuiltIn; cost: number; bindings: Bindings } | undefined;
  for (const row of rows) {
    const bindings: Bindings = new Map();
    const cost = costOf(row.signature, plain, bindings);
    if (cost !== undefined && (best === undefined || cost < best.cost))
      best = { row, cost, bindings };
  }
  if (!best) {
    const types = plain.map((value) => (value ? typeText(value.type).toUpperCase() : "lambda"));
    const candidates = rows.map(({ signature }) => signature.text).join("; ");
    return refuse(
      call.at,
      `function ${call.name.text} cannot match any overloaded functions with (${types.join(", ")}), candidates are ${candidates}`,
    );
  }
  const { row, bindings } = best;
  const values = call.arguments.map((argument, index) =>
    given(call, argument, plain[index], parameterAt(row.signature, index), bindings, scope),
  );
  const uses = values.flatMap((value) => value.uses);
  return { row: { ...row, result: typeOf(row.signature.result, bindings) }, values, uses };
}

function parameterAt({ parameters }: Signature, index: number): Parameter | undefined {
  const last = parameters.at(-1);
  return parameters[index] ?? (last?.repeated ? last : undefined);
}

function costOf(
  signature: Signature,
  values: readonly (Resolved | undefined)[],
  bindings: Bindings,
): number | undefined {
  const needed = signature.parameters.filter(({ optional, repeated }) => !optional && !repeated);
  if (values.length < needed.length) return undefined;
  let total = 0;
  for (const [index, value] of values.entries()) {
    const pattern = parameterAt(signature, index)?.pattern;
    if (!pattern || (pattern.kind === "lambda") !== (value === undefined)) return undefined;
    const cost = value ? bind(pattern, value.type, bindings) : 0;
    if (cost === undefined) return undefined;
    total += cost;
  }
  return total;
}

function given(
  call: CallExpression,
  argument: Expression,
  value: Resolved | undefined,
  parameter: Parameter | undefined,
  bindings: Bindings,
  scope: Scope,
): Resolved {
  const pattern = parameter?.pattern;
  if (argument.kind === "lambda" && pattern?.kind === "lambda") {
    return lambda(call, argument, pattern, bindings, scope);
  }
  if (!value || !pattern)
    return refuse(argument.at, `function ${call.name.text} has too many arguments`);
  if (parameter.literal && value.literal === undefined) {
    return refuse(
      argument.at,
      `argument ${call.arguments.indexOf(argument) + 1} of ${call.name.text} must be a constant`,
    );
  }
  const type = pattern.kind === "any" ? value.type : (typeOf(pattern, bindings) ?? value.type);
  const converted = convert(value, type);
  if (!converted) {
    const [from, to] = [value.type, type].map((type) => typeText(type).toUpperCase());
    return refuse(
      argument.at,
      `an argument of ${call.name.text} has type ${from}, and ${to} is expected`,
    );
  }
  const { literal } = value;
  return { ...converted, uses: value.uses, ...(literal !== undefined && { literal }) };
}

function lambda(
  call: CallExpression,
  { parameters, body, at }: LambdaExpression,
  pattern: Pattern & { readonly kind: "lambda" },
  bindings: Bindings,
  scope: Scope,
): Resolved {
  const { world } = scope.environment;
  if (parameters.length !== pattern.parameters.length) {
    return refuse(
      at,
      `the lambda of ${call.name.text} takes ${pattern.parameters.length} parameters`,
    );
  }
  const named = parameters.map((parameter, index) => {
    world.names += 1;
    const shape = pattern.parameters[index];
    const type: SqlType = (shape && typeOf(shape, bindings)) ?? { kind: "string" };
    return [parameter.key, { sql: `v${world.names}`, type }] as const;
  });
  const inner: Scope = { ...scope, lambdas: [...scope.lambdas, new Map(named)] };
  const found = resolveExpression(body, inner);
  if (bind(pattern.result, found.type, bindings) === undefined) {
    return refuse(
      body.at,
      `the lambda of ${call.name.text} gives ${typeText(found.type).toUpperCase()}`,
    );
  }
  const type = typeOf(pattern.result, bindings) ?? found.type;
  const result = convert(found, type) ?? found;
  const head = named.map(([, { sql }]) => sql).join(", ");
  return { sql: `lambda ${head}: ${result.sql}`, type, uses: found.uses };
}

function placed(
  call: CallExpression,
  row: BuiltIn,
  values: readonly Typed[],
  marks: Readonly<Record<string, string>>,
  scope: Scope,
): Typed {
  const { settings } = scope.environment.world.catalog;
  const building = {
    settings,
    marks,
    refuse: (message: string): never => refuse(call.at, message),
  };
  const built = typeof row.sql === "string" ? row.sql : row.sql(values, building);
  for (const [mark, text] of Object.entries(marks)) {
    // A builder writes the marks itself where it is an aggregate; a scalar has no place for them.
    if (text !== "" && row.family === "scalar")
      return refuse(call.at, `function ${call.name.text} takes no such clause`);
    if (text !== "" && !row.marks.has(mark))
      return refuse(call.at, `function ${call.name.text} takes no such clause`);
  }
  const result = typeof built === "string" ? row.result : built.type;
  if (!result) return refuse(call.at, `the result type of function ${call.name.text} is not known`);
  // A builder's text is final: nothing that a user wrote is searched for marks.
  const text = typeof built === "string" ? built : built.sql;
  const sql = typeof row.sql === "string" ? fill(row.sql, values, marks) : text;
  return { sql, type: result };
}

/** Puts arguments and marks into a template of the table; the template is ours, so its `$` are ours. */
function fill(
  template: string,
  values: readonly Typed[],
  marks: Readonly<Record<string, string>>,
): string {
  return template.replace(/\$(?:(\d)(\*?)|(\*)|([DNOW]))/g, (_, place, rest, all, mark) => {
    if (mark) return marks[mark] ?? "";
    if (all) return values.map(({ sql }) => sql).join(", ");
    const from = Number(place) - 1;
    return rest
      ? values
          .slice(from)
          .map(({ sql }) => sql)
          .join(", ")
      : (values[from]?.sql ?? "NULL");
  });
}

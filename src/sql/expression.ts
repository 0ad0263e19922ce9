import { resolveCall } from "./calls.ts";
import { type Catalog, isOn } from "./catalog.ts";
import { convert } from "./conversion.ts";
import { fieldOf, resolveName } from "./names.ts";
import {
  resolveBetween,
  resolveBinary,
  resolveDistinct,
  resolveInList,
  resolveIs,
  resolveLike,
  resolveLogical,
  resolveUnary,
} from "./operators.ts";
import { saidError } from "./said-error.ts";
import { deeper, type Resolved, type Scope, writeOut } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import { resolveExists, resolveInQuery, resolveScalarQuery } from "./subqueries.ts";
import type { CastExpression, Expression, Position } from "./tree.ts";
import { boolean, isNumber, isText, string } from "./type-rules.ts";
import { type SqlType, typeText } from "./types.ts";
import {
  resolveCase,
  resolveElement,
  resolveExtract,
  resolveInterval,
  resolveLiteral,
} from "./values.ts";

/** Functions may write an argument twice, so that nested calls could grow without end. */
const textMax = 1_000_000;

/** Finds the names of an expression, its type, and the text by which DuckDB calculates it. */
export function resolveExpression(expression: Expression, scope: Scope): Resolved {
  const { world } = scope.environment;
  const found = deeper(world, expression.at, () => resolveKind(expression, scope));
  if (found.sql.length > textMax || found.uses.length > textMax) {
    return refuse(
      expression.at,
      `the expression is longer than ${textMax} characters when it is written out`,
    );
  }
  // What the rows are grouped by is one value in each group.
  if (scope.keys.size === 0 || !scope.keys.has(found.sql)) return found;
  return { ...found, uses: found.uses.filter((use) => use.of !== scope.sources) };
}

function resolveKind(expression: Expression, scope: Scope): Resolved {
  const { world } = scope.environment;
  switch (expression.kind) {
    case "name":
      return resolveName(expression, scope);
    case "field":
      return fieldOf(resolveExpression(expression.of, scope), expression.name);
    case "element":
      return resolveElement(expression, scope);
    case "call":
      return resolveCall(expression, scope);
    case "unary":
      return resolveUnary(expression, scope);
    case "binary":
      return resolveBinary(expression, scope);
    case "and":
    case "or":
      return resolveLogical(expression, scope);
    case "between":
      return resolveBetween(expression, scope);
    case "in-list":
      return resolveInList(expression, scope);
    case "in-query":
      return resolveInQuery(expression, scope);
    case "like":
      return resolveLike(expression, scope);
    case "is":
      return resolveIs(expression, scope);
    case "distinct":
      return resolveDistinct(expression, scope);
    case "exists":
      return resolveExists(expression, scope);
    case "subquery":
      return resolveScalarQuery(expression, scope);
    case "case":
      return resolveCase(expression, scope);
    case "cast": {
      const operand = resolveExpression(expression.operand, scope);
      const cast = expression.safe ? safeCast : writtenCast;
      return cast(operand, expression, world.catalog);
    }
    case "extract":
      return resolveExtract(expression, scope);
    case "interval":
      return resolveInterval(expression, scope);
    case "variable": {
      const found = resolveVariable(expression.name.key, scope, expression.at);
      writeOut(world, found.sql.length, expression.at);
      return found;
    }
    case "star":
      return refuse(expression.at, "* stands for columns, and cannot be used here");
    case "row":
      return refuse(expression.at, "a list of values can only stand before IN");
    case "lambda":
      return refuse(
        expression.at,
        "a lambda can only be the argument of a function that takes one",
      );
    default:
      return resolveLiteral(expression, world.catalog);
  }
}

function resolveVariable(name: string, scope: Scope, at: Position): Resolved {
  const { parameters, variables } = scope.environment;
  const parameter = parameters.get(name);
  if (parameter) return parameter;
  const variable = variables.get(name);
  if (!variable || !("value" in variable.source)) {
    return refuse(at, `variable @${name} cannot be resolved`);
  }
  const { value, type } = variable.source;
  if (value.kind === "query") return refuse(at, `variable @${name} is a table, not a value`);
  const environment = { ...variable.environment, parameters };
  const found = resolveExpression(value, { ...scope, environment, sources: [], parent: undefined });
  return type?.kind === "type" ? castTo(found, type.type, at) : found;
}

const wholeDateFlag = "odps.sql.executionengine.enable.string.to.date.full.format";

/** Whether a text that is no number ends the statement. */
const strictFlag = "odps.function.strictmode";
/** Whether a decimal that was read of a table is told without zeros at its end. */
const trimFlag = "odps.sql.decimal.tostring.trimzero";

/** The whole text must be a number; the error names types and no value. */
function strictCast(value: Resolved, cast: Resolved): string {
  const [from, to] = [value.type, cast.type].map((type) => typeText(type).toUpperCase());
  const error = saidError(
    "ODPS-0123091",
    `Illegal type cast - In function cast, a value cannot be casted from ${from} to ${to}.`,
  );
  const isNone = `TRY_CAST(trim(${value.sql}) AS DOUBLE) IS NULL OR ${cast.sql} IS NULL`;
  return `CASE WHEN ${value.sql} IS NOT NULL AND (${isNone}) THEN ${error} ELSE ${cast.sql} END`;
}

/** CAST: unlike elsewhere, a text with a time is no date, unless a flag says so, and a text is a text in JSON. */
function writtenCast(value: Resolved, { type, at }: CastExpression, catalog: Catalog): Resolved {
  const { uses } = value;
  if (isOn(catalog, strictFlag) && isText(value.type) && isNumber(type)) {
    return { sql: strictCast(value, castTo(value, type, at)), type, uses };
  }
  if (value.type.kind === "decimal" && type.kind === "string" && uses.length > 0) {
    if (!isOn(catalog, trimFlag, true)) return { sql: `CAST(${value.sql} AS VARCHAR)`, type, uses };
  }
  if (type.kind === "json" && isText(value.type))
    return { sql: `to_json(${value.sql})`, type, uses };
  if (value.type.kind === "json" && (isNumber(type) || type.kind === "boolean")) {
    const text = castTo(value, string, at);
    if (type.kind !== "boolean") return castTo(text, type, at);
    return { sql: `TRY_CAST(${text.sql} AS BOOLEAN)`, type, uses };
  }
  if (type.kind !== "date" || !isText(value.type) || isOn(catalog, wholeDateFlag))
    return castTo(value, type, at);
  return { sql: `odps_whole_date(${value.sql})`, type, uses };
}

/** Whether SAFE_CAST leaves out the digits with which a text begins that is no number. */
const wholeNumberFlag = "odps.sql.udf.strict.mode";

/** SAFE_CAST: to INT and BIGINT alone, and NULL where CAST may end the statement. */
function safeCast(value: Resolved, { type, at }: CastExpression, catalog: Catalog): Resolved {
  if (type.kind !== "int" && type.kind !== "bigint")
    return refuse(at, "SAFE_CAST makes INT and BIGINT alone");
  const cast = castTo(value, type, at);
  if (!isText(value.type) || !isOn(catalog, wholeNumberFlag)) return cast;
  const isNumber = `TRY_CAST(trim(${value.sql}) AS DOUBLE) IS NOT NULL`;
  return { ...cast, sql: `CASE WHEN ${isNumber} THEN ${cast.sql} END` };
}

/** A value as another type, where the statement names the type. */
export function castTo(value: Resolved, type: SqlType, at: Position): Resolved {
  const converted = convert(value, type);
  if (!converted) {
    return refuse(
      at,
      `cannot cast ${typeText(value.type).toUpperCase()} to ${typeText(type).toUpperCase()}`,
    );
  }
  return { ...converted, uses: value.uses };
}

/** A conversion that the statement leaves to us, where MaxCompute makes it. */
export function convertTo(value: Resolved, type: SqlType, at: Position, what: string): Resolved {
  const converted = convert(value, type);
  if (!converted) {
    const [from, to] = [typeText(value.type), typeText(type)].map((text) => text.toUpperCase());
    return refuse(
      at,
      `${what} has type ${from}, and ${to} is expected; implicit conversion is not allowed`,
    );
  }
  const origins = converted.sql === value.sql ? value.origins : undefined;
  return { ...converted, uses: value.uses, ...(origins && { origins }) };
}

/** A condition: WHERE, ON, HAVING, WHEN. */
export function resolveCondition(expression: Expression, scope: Scope, where: string): Resolved {
  const found = resolveExpression(expression, scope);
  return convertTo(found, boolean, expression.at, `the condition of ${where}`);
}

import { isOn } from "./catalog.ts";
import { convertTo, resolveExpression } from "./expression.ts";
import {
  type ColumnUse,
  deeper,
  type Environment,
  freshName,
  type LazyRows,
  type NamedRows,
  type OutputColumn,
  openScope,
  type Resolved,
  type Scope,
  type SourceColumn,
} from "./scope.ts";
import { resolveSelect } from "./select.ts";
import { refuse } from "./semantic-error.ts";
import type {
  Expression,
  OrderItem,
  Position,
  Query,
  QueryBody,
  SetOperation,
  Values,
} from "./tree.ts";
import { emptyTail } from "./tree-query.ts";
import { commonType, sameType, string } from "./type-rules.ts";
import { typeText } from "./types.ts";
import { unify } from "./values.ts";
import { directionText } from "./windows.ts";

/** A query as DuckDB reads it: its columns are `c0`, `c1` and so on, whatever the user calls them. */
export interface Rows {
  readonly sql: string;
  readonly columns: readonly OutputColumn[];
  /** Columns of the queries around this one. */
  readonly outerUses: readonly ColumnUse[];
}

/** How a query's rows are ordered and cut. */
export type Tail = Pick<
  Query,
  "at" | "orderBy" | "sortBy" | "distributeBy" | "clusterBy" | "limit" | "offset"
>;

const columnsMax = 1200;

export function resolveQuery(query: Query, around: Environment, parent?: Scope): Rows {
  return deeper(around.world, query.at, () => {
    const environment = withCommonTables(query, around);
    const { body } = query;
    checkOrder(query, environment);
    if (body.kind === "select") return resolveSelect(body, query, environment, parent);
    const rows = resolveBody(body, environment, parent);
    return hasTail(query) ? cutRows(rows, query, environment, parent) : rows;
  });
}

function withCommonTables(query: Query, around: Environment): Environment {
  if (query.with.length === 0) return around;
  let environment = around;
  for (const source of query.with) {
    const tables = new Map<string, LazyRows>(environment.commonTables);
    tables.set(source.name.key, { source, environment });
    environment = { ...environment, commonTables: tables };
  }
  return environment;
}

const hasTail = (tail: Tail) =>
  tail.orderBy.length + tail.sortBy.length + tail.clusterBy.length + tail.distributeBy.length > 0 ||
  tail.limit !== undefined ||
  tail.offset !== undefined;

function checkOrder(query: Query, { world }: Environment): void {
  if (query.orderBy.length === 0 || query.limit !== undefined) return;
  if (!isOn(world.catalog, "odps.sql.validate.orderby.limit", true)) return;
  const at = query.orderBy[0]?.expression.at ?? query.at;
  refuse(
    at,
    "ORDER BY must be used with a LIMIT clause, please set odps.sql.validate.orderby.limit=false to use it.",
  );
}

function resolveBody(body: QueryBody, environment: Environment, parent?: Scope): Rows {
  switch (body.kind) {
    case "query":
      return resolveQuery(body, environment, parent);
    case "select":
      return resolveSelect(body, plainTail(body.at), environment, parent);
    case "values":
      return resolveValues(body, environment, parent);
    default:
      return resolveSetOperation(body, environment, parent);
  }
}

const plainTail = (at: Position): Tail => ({ at, ...emptyTail });

function resolveValues({ rows, at }: Values, environment: Environment, parent?: Scope): Rows {
  const scope = openScope(environment, parent);
  const width = rows[0]?.length ?? 0;
  const found = rows.map((row) => {
    if (row.length !== width)
      return refuse(at, "the rows of VALUES differ in their number of columns");
    return row.map((value) => resolveExpression(value, scope));
  });
  const columns: OutputColumn[] = Array.from({ length: width }, (_, index) => {
    const values = found.map((row) => row[index]).filter((value) => value !== undefined);
    const type = unify(values, (left, right) =>
      refuse(at, `column ${index + 1} of VALUES has types ${left} and ${right}`),
    );
    return { name: `_c${index}`, type, origins: [] };
  });
  const texts = found.map((row) => {
    const values = row.map(
      (value, index) =>
        convertTo(value, columns[index]?.type ?? value.type, at, "a value of VALUES").sql,
    );
    return `(${values.join(", ")})`;
  });
  const name = freshName(environment.world, "q", at);
  const heads = columns.map((_, index) => `"c${index}"`).join(", ");
  const outerUses = found.flat().flatMap(({ uses }) => uses);
  return {
    sql: `SELECT * FROM (VALUES ${texts.join(", ")}) AS "${name}"(${heads})`,
    columns,
    outerUses,
  };
}

function resolveSetOperation(
  operation: SetOperation,
  environment: Environment,
  parent?: Scope,
): Rows {
  const { at, operator, all } = operation;
  const inputs = operation.inputs.map((input) => resolveBody(input, environment, parent));
  const [first] = inputs;
  if (!first) return refuse(at, "a set operation has no inputs");
  const columns = first.columns.map(({ name }, index): OutputColumn => {
    const types = inputs.map(({ columns }) => {
      if (columns.length !== first.columns.length) {
        return refuse(
          at,
          `the inputs of ${operator.toUpperCase()} have ${first.columns.length} and ${columns.length} columns`,
        );
      }
      return columns[index]?.type ?? { kind: "void" as const };
    });
    const type = types.reduce(
      (left, right) =>
        commonType(left, right) ??
        refuse(
          at,
          `column ${index + 1} of ${operator.toUpperCase()} has types ${typeText(left).toUpperCase()} and ${typeText(right).toUpperCase()}`,
        ),
    );
    const origins = inputs.flatMap((input) => input.columns[index]?.origins ?? []);
    return { name, type, origins };
  });
  const texts = inputs.map((rows) => `(${shapeRows(rows, columns, environment, at).sql})`);
  const word = `${operator.toUpperCase()}${all ? " ALL" : ""}`;
  const outerUses = inputs.flatMap((rows) => rows.outerUses);
  return { sql: texts.join(` ${word} `), columns, outerUses };
}

/** Rows with their columns converted to other types, in their places; the type of a bare NULL asks for nothing. */
export function shapeRows(
  rows: Rows,
  columns: readonly { readonly type: OutputColumn["type"]; readonly name: string }[],
  { world }: Environment,
  at: Position,
): Rows {
  const shaped = rows.columns.map((column, index) => {
    const type = columns[index]?.type;
    return type && type.kind !== "void" ? { ...column, type } : column;
  });
  if (rows.columns.every(({ type }, index) => sameType(type, shaped[index]?.type ?? type)))
    return rows;
  const name = freshName(world, "q", at);
  const converted = shaped.map(({ type, name: what }, index) => {
    const from = rows.columns[index]?.type ?? type;
    const value: Resolved = { sql: `"${name}"."c${index}"`, type: from, uses: [] };
    return `${convertTo(value, type, at, `column ${what}`).sql} AS "c${index}"`;
  });
  return {
    ...rows,
    sql: `SELECT ${converted.join(", ")} FROM (${rows.sql}) AS "${name}"`,
    columns: shaped,
  };
}

/** Rows as others are told and keep them: a column that is NULL in all of them is a text, for it has no type. */
export function toldRows(rows: Rows, environment: Environment, at: Position): Rows {
  const columns = rows.columns.map((column) =>
    column.type.kind === "void" ? { ...column, type: string } : column,
  );
  return shapeRows(rows, columns, environment, at);
}

/** ORDER BY and LIMIT of rows that are not one SELECT: only their columns can be named. */
function cutRows(rows: Rows, tail: Tail, environment: Environment, parent?: Scope): Rows {
  const name = freshName(environment.world, "q", tail.at);
  const scope = openScope(environment, parent);
  const columns: SourceColumn[] = rows.columns.map((column, index) => ({
    ...column,
    sql: `"${name}"."c${index}"`,
  }));
  scope.sources.push({ alias: name, columns });
  const order = orderTexts(tail, scope, columns);
  return {
    ...rows,
    sql: `SELECT * FROM (${rows.sql}) AS "${name}"${order.sql}${limitText(tail, scope)}`,
  };
}

/** The ORDER BY of a query: a bare number is a position only where the flag says so. */
export function orderTexts(
  tail: Tail,
  scope: Scope,
  outputs: readonly { readonly sql: string }[],
): Pick<Resolved, "sql" | "uses"> {
  const ascending = (expression: Expression): OrderItem => ({ expression, descending: false });
  const items =
    tail.orderBy.length > 0
      ? tail.orderBy
      : tail.sortBy.length > 0
        ? tail.sortBy
        : tail.clusterBy.map(ascending);
  const byPosition = isOn(scope.environment.world.catalog, "odps.sql.orderby.position.alias");
  for (const expression of tail.distributeBy) resolveExpression(expression, scope);
  const uses: ColumnUse[] = [];
  const texts = items.map((item) => {
    const { expression } = item;
    if (expression.kind === "integer" && byPosition) {
      const place = Number(expression.digits) - 1;
      if (!outputs[place])
        return refuse(expression.at, `ORDER BY position ${place + 1} is not in the select list`);
      return `"c${place}" ${directionText(item)}`;
    }
    const value = resolveExpression(expression, scope);
    uses.push(...value.uses);
    const place = outputs.findIndex(({ sql }) => sql === value.sql);
    return `${place < 0 ? value.sql : `"c${place}"`} ${directionText(item)}`;
  });
  return { sql: texts.length > 0 ? ` ORDER BY ${texts.join(", ")}` : "", uses };
}

export function limitText({ limit, offset }: Tail, scope: Scope): string {
  const count = (expression: Expression, what: string): string => {
    const { literal } = resolveExpression(expression, scope);
    if (typeof literal === "bigint" && literal >= 0n) return ` ${what} ${literal}`;
    return refuse(expression.at, `${what} must be followed by a constant that is not negative`);
  };
  return `${limit ? count(limit, "LIMIT") : ""}${offset ? count(offset, "OFFSET") : ""}`;
}

/** A query's rows under a name of the emitted text, so that they are written once however often they are named. */
export function nameRows(
  rows: Rows,
  environment: Environment,
  at: Position,
  what?: "view",
): NamedRows {
  const { world } = environment;
  if (rows.columns.length > columnsMax) refuse(at, `a query has more than ${columnsMax} columns`);
  const name = freshName(world, "w", at);
  world.relations.push({ name, sql: rows.sql, ...(what && { view: true }) });
  return { name, columns: rows.columns };
}

import { tableAsOf } from "./as-of.ts";
import { alignPair } from "./operators.ts";
import { pivotRows } from "./pivot.ts";
import { nameRows, type Rows, resolveQuery, shapeRows } from "./query.ts";
import { quoteName } from "./quote.ts";
import { recursiveRows } from "./recursive.ts";
import { sampleText } from "./sample.ts";
import {
  freshName,
  type LazyRows,
  type NamedRows,
  type Resolved,
  type Scope,
  type Source,
  type SourceColumn,
} from "./scope.ts";
import { resolveConjuncts } from "./select.ts";
import { refuse } from "./semantic-error.ts";
import { resolveTableCall, unnestText } from "./table-functions.ts";
import { callView, findTable, type Opened, openFound, openView } from "./tables.ts";
import type {
  Join,
  LateralView,
  Name,
  Position,
  Relation,
  TableFunction,
  TableReference,
} from "./tree.ts";
import { unpivotRows } from "./unpivot.ts";

/** What FROM says, as DuckDB reads it; the scope gains its columns. */
export function resolveRelation(relation: Relation, scope: Scope): string {
  switch (relation.kind) {
    case "table":
      return resolveTable(relation, scope);
    case "variable-table": {
      const variable = scope.environment.variables.get(relation.name.key);
      if (!variable)
        return refuse(relation.at, `variable @${relation.name.text} cannot be resolved`);
      const rows = lazyRows(variable, relation.at);
      return bringIn(rows, relation.alias ?? relation.name, scope, relation.at);
    }
    case "derived": {
      const rows = resolveQuery(relation.query, scope.environment, scope.parent);
      return bringInQuery(rows, relation.alias, relation.columns, scope, relation.at);
    }
    case "lateral-view":
      return resolveLateralView(relation, scope);
    case "table-function":
      return resolveTableFunction(relation, scope);
    case "pivot":
    case "unpivot": {
      const rows =
        relation.kind === "pivot" ? pivotRows(relation, scope) : unpivotRows(relation, scope);
      return bringInQuery(rows, relation.alias, [], scope, relation.at);
    }
    default:
      return resolveJoin(relation, scope);
  }
}

function resolveTable(relation: TableReference, scope: Scope): string {
  const whole = resolveWhole(relation, scope);
  return relation.sample ? sampleText(whole, relation.sample, scope) : whole;
}

function resolveWhole(relation: TableReference, scope: Scope): string {
  const { name, at, alias } = relation;
  const { environment } = scope;
  const last = name.parts.at(-1);
  if (!last) return refuse(at, "a table needs a name");
  const common = name.parts.length === 1 ? environment.commonTables.get(last.key) : undefined;
  if (common) {
    if (relation.asOf) return refuse(at, `${last.text} is a common table: it has no versions`);
    return bringIn(lazyRows(common, at), alias ?? last, scope, at);
  }
  const table = tableAsOf(findTable(name, environment), relation, environment);
  const opened = openFound(table, at, environment);
  if (opened.table.kind === "view")
    return bringIn(openView(opened, environment, at), alias ?? last, scope, at, opened.table);
  return bringInTable(opened, alias ?? last, scope, at);
}

/** A base table under a name of its own in the emitted text. */
export function bringInTable(
  { table, read }: Opened,
  alias: Name,
  scope: Scope,
  at: Position,
): string {
  const { world } = scope.environment;
  const base = freshName(world, "t", at);
  world.relations.push({ name: base, read });
  const own = freshName(world, "r", at);
  scope.sources.push({ alias: alias.key, columns: tableColumns({ table, read }, own), table });
  return `${quoteName(base)} AS ${quoteName(own)}`;
}

/** A table's columns, each of which tells when it is looked at. */
export function tableColumns({ table, read }: Opened, own: string): SourceColumn[] {
  return [...table.columns, ...table.partitionColumns].map(({ name, type }) => ({
    name,
    type,
    sql: `${quoteName(own)}.${quoteName(name)}`,
    origins: [{ read, column: name }],
    touch: () => read.columns.add(name),
  }));
}

function bringIn(
  rows: NamedRows,
  alias: Name,
  scope: Scope,
  at: Position,
  table?: Source["table"],
): string {
  const own = freshName(scope.environment.world, "r", at);
  const columns = rows.columns.map((column, index) => ({ ...column, sql: `"${own}"."c${index}"` }));
  scope.sources.push({ alias: alias.key, columns, ...(table && { table }) });
  return `"${rows.name}" AS "${own}"`;
}

function bringInQuery(
  rows: Rows,
  alias: Name | undefined,
  names: readonly Name[],
  scope: Scope,
  at: Position,
): string {
  const own = freshName(scope.environment.world, "r", at);
  checkNames(names, rows.columns.length, at);
  const columns = rows.columns.map(
    (column, index): SourceColumn => ({
      ...column,
      name: names[index]?.key ?? column.name,
      sql: `"${own}"."c${index}"`,
    }),
  );
  scope.sources.push({ alias: alias?.key, columns });
  return `(${rows.sql}) AS "${own}"`;
}

function checkNames(names: readonly Name[], width: number, at: Position): void {
  if (names.length > 0 && names.length !== width) {
    refuse(at, `${names.length} columns are named, and the rows have ${width}`);
  }
}

/** WITH's table or a variable, read when it is first named: what is never named touches nothing. */
export function lazyRows(lazy: LazyRows, at: Position, what?: "view"): NamedRows {
  if (lazy.rows) return lazy.rows;
  const { source, environment } = lazy;
  const recursive =
    "query" in source && source.recursive ? recursiveRows(source, environment) : undefined;
  if (recursive) {
    lazy.rows = recursive;
    return recursive;
  }
  const query = "query" in source ? source.query : source.value;
  if (query.kind !== "query")
    return refuse(at, `variable @${source.name.text} is a value, not a table`);
  const found = resolveQuery(query, environment);
  const declared = "value" in source && source.type?.kind === "table" ? source.type.columns : [];
  const names = "columns" in source ? source.columns : declared.map(({ name }) => name);
  checkNames(names, found.columns.length, source.name.at);
  const types = declared.map(({ name, type }) => ({ name: name.key, type }));
  const rows = shapeRows(found, types, environment, at);
  const columns = rows.columns.map((column, index) => ({
    ...column,
    name: names[index]?.key ?? column.name,
  }));
  lazy.rows = nameRows({ ...rows, columns }, environment, at, what);
  return lazy.rows;
}

function resolveLateralView(view: LateralView, scope: Scope): string {
  const input = resolveRelation(view.input, scope);
  const rows = resolveTableCall(view.call, scope);
  if (!rows)
    return refuse(view.call.at, `function ${view.call.name.text} gives no rows for LATERAL VIEW`);
  checkNames(view.columns, rows.columns.length, view.at);
  const own = freshName(scope.environment.world, "r", view.at);
  const list = rows.columns.map(({ sql }, index) => `${sql} AS "c${index}"`).join(", ");
  const columns = rows.columns.map(
    ({ name, type }, index): SourceColumn => ({
      name: view.columns[index]?.key ?? name,
      type,
      sql: `"${own}"."c${index}"`,
      origins: [],
    }),
  );
  scope.sources.push({ alias: view.alias?.key, columns });
  const from = rows.unnested ? ` FROM ${unnestText(rows.unnested)}` : "";
  const lateral = `LATERAL (SELECT ${list}${from}) AS "${own}"`;
  return view.outer ? `${input} LEFT JOIN ${lateral} ON true` : `${input} CROSS JOIN ${lateral}`;
}

function resolveTableFunction(relation: TableFunction, scope: Scope): string {
  const { call, at } = relation;
  const called = callView(call, scope.environment);
  if (called) {
    const { columns } = called.rows;
    checkNames(relation.columns, columns.length, at);
    const named = columns.map((column, place) => ({
      ...column,
      name: relation.columns[place]?.key ?? column.name,
    }));
    const rows = { ...called.rows, columns: named };
    return bringIn(rows, relation.alias ?? call.name, scope, at, called.table);
  }
  const rows = resolveTableCall(call, scope);
  if (!rows) return refuse(call.at, `table function ${call.name.text} cannot be resolved`);
  const list = rows.columns.map(({ sql }, index) => `${sql} AS "c${index}"`).join(", ");
  const columns = rows.columns.map(({ name, type }) => ({ name, type, origins: [] }));
  const from = rows.unnested ? ` FROM ${unnestText(rows.unnested)}` : "";
  const found: Rows = { sql: `SELECT ${list}${from}`, columns, outerUses: [] };
  return bringInQuery(found, relation.alias, relation.columns, scope, at);
}

const joinWords = {
  inner: "JOIN",
  left: "LEFT JOIN",
  right: "RIGHT JOIN",
  full: "FULL JOIN",
  cross: "CROSS JOIN",
  "left-semi": "SEMI JOIN",
  "left-anti": "ANTI JOIN",
} as const;

function resolveJoin(join: Join, scope: Scope): string {
  const start = scope.sources.length;
  const left = resolveRelation(join.left, scope);
  const middle = scope.sources.length;
  const right = resolveRelation(join.right, scope);
  const names =
    join.using ?? (join.natural ? sharedNames(scope, start, middle, join.at) : undefined);
  let on: string | undefined;
  if (names) on = joinUsing(names, join, scope, start, middle);
  else if (join.on) on = resolveConjuncts(join.on, { ...scope, noAggregates: "ON" }, "ON").sql;
  if (join.type.startsWith("left-")) scope.sources.splice(names ? middle + 1 : middle);
  const word = joinWords[join.type];
  const side = join.right.kind === "join" ? `(${right})` : right;
  if (join.type === "cross" && on === undefined) return `${left} CROSS JOIN ${side}`;
  // A join without a condition pairs every row with every other.
  return `${left} ${join.type === "cross" ? "JOIN" : word} ${side} ON ${on ?? "true"}`;
}

function sharedNames(scope: Scope, start: number, middle: number, at: Position): Name[] {
  const names = (sources: readonly Source[]) =>
    sources.flatMap(({ columns }) =>
      columns.filter(({ hidden }) => !hidden).map(({ name }) => name),
    );
  const right = new Set(names(scope.sources.slice(middle)));
  const shared = new Set(
    names(scope.sources.slice(start, middle)).filter((name) => right.has(name)),
  );
  return [...shared].map((key) => ({ text: key, key, at }));
}

/** USING: equal columns become one, which stands before all others. */
function joinUsing(
  names: readonly Name[],
  join: Join,
  scope: Scope,
  start: number,
  middle: number,
): string {
  const merged: SourceColumn[] = [];
  const tests = names.map((name) => {
    const [left, right] = [scope.sources.slice(start, middle), scope.sources.slice(middle)].map(
      (sources) => oneColumn(sources, name),
    );
    if (!left || !right) return refuse(name.at, `column ${name.text} cannot be resolved`);
    for (const column of [left, right]) {
      column.touch?.();
      column.hidden = true;
    }
    const sides = alignPair(asValue(left), asValue(right), name.at, "USING");
    const from = join.type === "right" ? right : left;
    const sql = join.type === "full" ? `coalesce(${left.sql}, ${right.sql})` : from.sql;
    const { hidden: _, ...column } = from;
    merged.push({ ...column, sql });
    return `${sides[0].sql} = ${sides[1].sql}`;
  });
  scope.sources.splice(start, 0, { alias: undefined, columns: merged });
  return tests.length > 0 ? `(${tests.join(" AND ")})` : "true";
}

const asValue = ({ sql, type }: SourceColumn): Resolved => ({ sql, type, uses: [] });

function oneColumn(sources: readonly Source[], name: Name): SourceColumn | undefined {
  const found = sources.flatMap(({ columns }) =>
    columns.filter((column) => column.name === name.key && !column.hidden),
  );
  if (found.length > 1) return refuse(name.at, `column reference ${name.text} is ambiguous`);
  return found[0];
}

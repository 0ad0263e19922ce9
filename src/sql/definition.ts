import { type CatalogTable, fullName } from "./catalog.ts";
import { checkDefaults } from "./column-default.ts";
import { filterSql, partitionFilter } from "./partition-tests.ts";
import type { Plan } from "./plan.ts";
import { type Rows, resolveQuery, toldRows } from "./query.ts";
import { resolveSelection, touches } from "./resolve.ts";
import type { Environment } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import { findTable, mayFind, viewRows } from "./tables.ts";
import type {
  AlterMaterializedView,
  AnalyzeTable,
  ColumnDefinition,
  ObjectName,
  Query,
  ShowStatistic,
  Statement,
} from "./tree.ts";
import { bodyRows, nothingGiven } from "./view-parameters.ts";
import { queryOfTable } from "./whole-table.ts";

/** Statements that the service executes: only their names are found here, and the query that some of them hold. */
export function resolveDefinition(statement: Statement, environment: Environment): Plan {
  checkDefaults(definedColumns(statement), environment);
  const query = queryOf(statement);
  if (query) {
    const selection = resolveSelection(rowsOf(statement, query, environment), environment.world);
    if (
      (statement.kind === "create-view" || statement.kind === "create-materialized-view") &&
      selection.calls.some((call) => call.function.command)
    ) {
      return refuse(statement.at, "SELECT TRANSFORM stands in statements alone, not in views");
    }
    return { kind: "made-of-query", statement, selection, ...touches(environment.world) };
  }
  if (statement.kind === "alter-materialized-view" && statement.action.kind === "rebuild") {
    return resolveRebuild(statement, environment);
  }
  const tables: CatalogTable[] = [];
  for (const { name, needed } of namesOf(statement)) {
    const table = needed ? findTable(name, environment) : mayFind(name, environment);
    if (table) tables.push(table);
  }
  return { kind: "definition", statement, tables, ...touches(environment.world) };
}

function rowsOf(statement: Statement, query: Query, environment: Environment): Rows {
  if (statement.kind !== "create-view")
    return toldRows(resolveQuery(query, environment), environment, query.at);
  return statement.parameters.length > 0
    ? bodyRows(statement, nothingGiven(statement, environment), environment)
    : resolveQuery(query, environment);
}

const definedColumns = (statement: Statement): readonly ColumnDefinition[] => {
  if (statement.kind === "create-table") return statement.columns;
  if (statement.kind !== "alter-table" || statement.action.kind !== "add-columns") return [];
  return statement.action.columns;
};

/** REBUILD does the query of the view, read as its maker read it, with the right of who rebuilds. */
function resolveRebuild(statement: AlterMaterializedView, environment: Environment): Plan {
  const { at, view } = statement;
  const { world } = environment;
  const table = findTable(view, environment);
  if (table.kind !== "materialized view") {
    return refuse(view.at, `${fullName(table)} is a ${table.kind}, not a materialized view`);
  }
  const rows = viewRows(table, environment, at);
  const all = [...table.columns, ...table.partitionColumns];
  const columns = rows.columns.map((column, index) => ({
    ...column,
    name: all[index]?.name ?? column.name,
  }));
  const sql = onlyPartitions(rows.sql, statement, table);
  const selection = resolveSelection({ ...rows, sql, columns }, world);
  return { kind: "made-of-query", statement, selection, ...touches(world) };
}

/** The rows of those partitions that REBUILD names; without any: all. */
function onlyPartitions(
  sql: string,
  { action, at }: AlterMaterializedView,
  table: CatalogTable,
): string {
  const wanted = action.kind === "rebuild" ? action.partitions : [];
  if (wanted.length === 0) return sql;
  const { columns, partitionColumns } = table;
  if (partitionColumns.length === 0) {
    return refuse(at, `${fullName(table)} has no partitions: REBUILD makes all of it anew`);
  }
  const place = (name: string) =>
    columns.length + partitionColumns.findIndex((column) => column.name === name);
  const filters = wanted.map((conditions) => {
    const tests = partitionFilter(conditions, partitionColumns);
    return `(${filterSql(tests, partitionColumns, (name) => `"c${place(name)}"`)})`;
  });
  return `SELECT * FROM (${sql}) AS "rebuilt" WHERE ${filters.join(" OR ")}`;
}

/** Statistics are of values: who has them made or shown reads these columns. */
const statisticRows = ({ table, partition, at, columns }: AnalyzeTable | ShowStatistic): Query =>
  queryOfTable(table, partition ?? [], at, columns);

function queryOf(statement: Statement): Query | undefined {
  switch (statement.kind) {
    case "create-table":
      return statement.query;
    case "create-view":
      return statement.query;
    case "create-materialized-view":
      return statement.query;
    case "unload":
      return statement.source.kind === "table"
        ? queryOfTable(statement.source.name, statement.source.partition ?? [], statement.at)
        : statement.source;
    case "analyze":
      return statement.action === "delete" ? undefined : statisticRows(statement);
    case "show-statistic":
      return statisticRows(statement);
    case "assign":
      return statement.value.kind === "query" ? statement.value : undefined;
    default:
      return undefined;
  }
}

interface Needed {
  readonly name: ObjectName;
  /** Whether the statement fails without the table. */
  readonly needed: boolean;
}

const must = (name: ObjectName): Needed => ({ name, needed: true });
const may = (name: ObjectName): Needed => ({ name, needed: false });

function namesOf(statement: Statement): readonly Needed[] {
  switch (statement.kind) {
    case "create-table":
      return [may(statement.table)];
    case "create-table-like":
      return [must(statement.like), may(statement.table)];
    case "alter-table":
      return statement.action.kind === "exchange-partition"
        ? [must(statement.table), must(statement.action.with)]
        : [must(statement.table)];
    case "truncate":
    case "repair":
    case "analyze":
      return [must(statement.table)];
    case "alter-view":
    case "alter-materialized-view":
      return [must(statement.view)];
    case "clone":
      return [must(statement.source), may(statement.target)];
    case "restore":
      return [may(statement.table)];
    case "purge":
      return statement.table ? [may(statement.table)] : [];
    case "drop":
      if (statement.type === "function" || statement.type === "schema") return [];
      return [{ name: statement.name, needed: !statement.ifExists }];
    case "describe":
      return statement.type === "table" ? [must(statement.name)] : [];
    case "show":
      return statement.table ? [must(statement.table)] : [];
    default:
      return [];
  }
}

import { generatedValue } from "./auto-partition.ts";
import { type CatalogTable, fullName } from "./catalog.ts";
import { resolveDelete, resolveMerge, resolveUpdate } from "./change.ts";
import { valueUntold } from "./column-default.ts";
import { convertTo, resolveExpression } from "./expression.ts";
import { foldersOf, loadedRows } from "./load.ts";
import type { Selection, Write } from "./plan.ts";
import { type Rows, resolveQuery } from "./query.ts";
import { quoteText } from "./quote.ts";
import { resolveSelection } from "./resolve.ts";
import { type Environment, freshName, openScope, type Resolved } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import { findTable } from "./tables.ts";
import type { Delete, Insert, Load, Merge, MultiInsert, Position, Update } from "./tree.ts";
import { implicitCost } from "./type-rules.ts";
import { type Column, typeText } from "./types.ts";

/** What INSERT and its kin put into which tables. */
export function resolveWrites(
  statement: Insert | Load | MultiInsert | Update | Delete | Merge,
  environment: Environment,
): Write[] {
  switch (statement.kind) {
    case "insert":
    case "load":
      return [resolveInsert(statement, environment)];
    case "multi-insert":
      return statement.inserts.map((insert) => resolveInsert(insert, environment));
    case "update":
      return [resolveUpdate(statement, environment)];
    case "delete":
      return [resolveDelete(statement, environment)];
    default:
      return [resolveMerge(statement, environment)];
  }
}

function resolveInsert(insert: Insert | Load, environment: Environment): Write {
  const { at, mode, ifNotExists } = insert;
  const table = findTable(insert.table, environment);
  if (table.kind !== "table" && table.kind !== "external") {
    return refuse(
      insert.table.at,
      `${fullName(table)} is a ${table.kind}, and cannot be written to`,
    );
  }
  const { staticPartition, dynamic } = partitionOf(insert, table, environment);
  const rows =
    insert.kind === "load"
      ? loadedRows(insert, table, dynamic, environment)
      : resolveQuery(insert.source, environment);
  const given = givenColumns(insert, table, dynamic);
  if (rows.columns.length !== given.length) {
    return refuse(
      at,
      `wrong columns count ${rows.columns.length} in data source, requires ${given.length} columns (includes dynamic partitions if any)`,
    );
  }
  const targets = [...table.columns, ...dynamic];
  const selection = intoColumns(rows, given, targets, environment, at);
  const dynamicPartition = dynamic.map(({ name }) => name);
  return { table, mode, ifNotExists, staticPartition, dynamicPartition, selection };
}

function partitionOf(insert: Insert | Load, table: CatalogTable, environment: Environment) {
  const { at } = insert;
  const { partitionColumns } = table;
  const { partition = insert.kind === "load" ? foldersOf(table, at) : [] } = insert;
  const name = fullName(table);
  const unknown = partition.find(
    ({ column }) => !partitionColumns.some(({ name }) => name === column.key),
  );
  if (unknown) {
    return refuse(unknown.column.at, `${unknown.column.text} is not a partition column of ${name}`);
  }
  const staticPartition: { column: string; value: string }[] = [];
  const dynamic: Column[] = [];
  for (const column of partitionColumns) {
    if (column.generated) {
      const [given] = partition;
      if (given)
        refuse(
          given.column.at,
          `${column.name} is made of ${column.generated.from}: INSERT names no partition`,
        );
      dynamic.push(column);
      continue;
    }
    const items = partition.filter((item) => item.column.key === column.name);
    const [item] = items;
    if (!item || items.length > 1) {
      return refuse(
        at,
        `table ${name} is partitioned: partition column ${column.name} must be given once`,
      );
    }
    if (!item.value) dynamic.push(column);
    else if (dynamic.length > 0) {
      return refuse(item.column.at, "a partition column with a value cannot follow one without");
    } else {
      const { literal } = resolveExpression(item.value, openScope(environment, undefined));
      if (literal === undefined || literal === null) {
        return refuse(
          item.value.at,
          `the value of partition column ${column.name} must be a constant`,
        );
      }
      if (literal === "") {
        return refuse(item.value.at, `the value of partition column ${column.name} is empty`);
      }
      staticPartition.push({ column: column.name, value: String(literal) });
    }
  }
  return { staticPartition, dynamic };
}

/** The columns that the query's columns are meant for, in the query's order. */
function givenColumns(
  insert: Pick<Insert, "columns">,
  table: CatalogTable,
  dynamic: readonly Column[],
): Column[] {
  const told = dynamic.filter(({ generated }) => !generated);
  const targets = [...table.columns, ...told];
  if (insert.columns.length === 0) return targets;
  const named = insert.columns.map(({ key, text, at }, index) => {
    if (insert.columns.findIndex((other) => other.key === key) !== index) {
      return refuse(at, `column ${text} is given twice`);
    }
    return (
      targets.find(({ name }) => name === key) ?? refuse(at, `column ${text} cannot be resolved`)
    );
  });
  // Dynamic partition columns that are not named stand at the end, as without a list.
  return [...named, ...told.filter((column) => !named.includes(column))];
}

/** Rows as a table takes them: all its columns, in its order and types. */
export function intoColumns(
  rows: Rows,
  given: readonly Column[],
  targets: readonly Column[],
  environment: Environment,
  at: Position,
): Selection {
  const { world } = environment;
  const name = freshName(world, "q", at);
  const values = targets.map((target) => {
    const place = given.indexOf(target);
    const source = rows.columns[place];
    const value: Resolved = source
      ? { sql: `"${name}"."c${place}"`, type: source.type, uses: [] }
      : valueUntold(target, environment, at);
    return storedValue(value, target, at);
  });
  const list = targets.map(({ generated }, index) => {
    const from = generated && values[targets.findIndex(({ name }) => name === generated.from)];
    const sql = from ? generatedValue(generated, from) : values[index]?.sql;
    return `${sql} AS "c${index}"`;
  });
  const sql = `SELECT ${list.join(", ")} FROM (${rows.sql}) AS "${name}"`;
  const columns = targets.map((column) => ({ ...column, origins: [] }));
  const selection = resolveSelection({ sql, columns, outerUses: [] }, world);
  return { ...selection, columns: targets };
}

/** A value as a column takes it: converted, and never NULL where the column allows none. */
export function storedValue(value: Resolved, target: Column, at: Position): Resolved {
  if (implicitCost(value.type, target.type) === undefined) {
    const [from, to] = [value.type, target.type].map((type) => typeText(type).toUpperCase());
    return refuse(
      at,
      `a value of type ${from} cannot be put into column ${target.name}, which has type ${to}`,
    );
  }
  const stored = convertTo(value, target.type, at, `column ${target.name}`);
  if (target.nullable) return stored;
  const message = quoteText(`column ${target.name} is NOT NULL, and NULL was given`);
  return {
    ...stored,
    sql: `CASE WHEN ${stored.sql} IS NULL THEN error(${message}) ELSE ${stored.sql} END`,
  };
}

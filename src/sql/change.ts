import { fullName } from "./catalog.ts";
import { valueUntold } from "./column-default.ts";
import { resolveCondition, resolveExpression } from "./expression.ts";
import type { Write } from "./plan.ts";
import { quoteName } from "./quote.ts";
import { bringInTable, resolveRelation, tableColumns } from "./relation.ts";
import { resolveSelection } from "./resolve.ts";
import { saidError } from "./said-error.ts";
import { type Environment, freshName, openScope, type Resolved, type Scope } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import { findTable, type Opened, openFound } from "./tables.ts";
import type {
  Assignment,
  Delete,
  Merge,
  MergeBranch,
  Name,
  ObjectName,
  Position,
  Update,
} from "./tree.ts";
import type { Column } from "./types.ts";
import { storedValue } from "./write.ts";

/** A table whose content is written anew, and the scope in which its columns are named. */
interface Target extends Opened {
  readonly columns: readonly Column[];
  readonly alias: Name;
}

function openTarget(name: ObjectName, alias: Name | undefined, environment: Environment): Target {
  const table = findTable(name, environment);
  if (table.kind !== "table" || !table.transactional) {
    return refuse(
      name.at,
      `table ${fullName(table)} is not transactional: UPDATE, DELETE and MERGE cannot change it`,
    );
  }
  const columns = [...table.columns, ...table.partitionColumns];
  const copied = columns.map(({ name }) => name);
  const opened = openFound(table, name.at, environment, false, copied);
  const last = name.parts.at(-1) ?? { text: table.name, key: table.name, at: name.at };
  return { ...opened, columns, alias: alias ?? last };
}

const aliased = (values: readonly string[]) =>
  values.map((sql, index) => `${sql} AS "c${index}"`).join(", ");

function rewritten(target: Target, sql: string, environment: Environment): Write {
  const columns = target.columns.map((column) => ({ ...column, origins: [] }));
  const selection = resolveSelection({ sql, columns, outerUses: [] }, environment.world);
  return {
    table: target.table,
    mode: "replace",
    ifNotExists: false,
    staticPartition: [],
    dynamicPartition: target.table.partitionColumns.map(({ name }) => name),
    selection: { ...selection, columns: target.columns },
  };
}

/** DELETE: rows of which the condition is not true stay. */
export function resolveDelete(statement: Delete, environment: Environment): Write {
  const target = openTarget(statement.table, statement.alias, environment);
  const scope = openScope(environment, undefined);
  const from = bringInTable(target, target.alias, scope, statement.at);
  const condition = statement.where && resolveCondition(statement.where, plain(scope), "WHERE");
  const kept = condition ? `(${condition.sql}) IS NOT TRUE` : "false";
  const own = ownColumns(target, scope);
  return rewritten(target, `SELECT ${aliased(own)} FROM ${from} WHERE ${kept}`, environment);
}

const plain = (scope: Scope): Scope => ({ ...scope, noAggregates: "a condition" });

const ownColumns = (target: Target, scope: Scope): string[] =>
  target.columns.map(
    ({ name }) => scope.sources[0]?.columns.find((column) => column.name === name)?.sql ?? "NULL",
  );

export function resolveUpdate(statement: Update, environment: Environment): Write {
  const target = openTarget(statement.table, statement.alias, environment);
  if (statement.from) return updateFrom(statement, target, environment);
  const scope = openScope(environment, undefined);
  const from = bringInTable(target, target.alias, scope, statement.at);
  const condition = statement.where && resolveCondition(statement.where, plain(scope), "WHERE");
  const own = ownColumns(target, scope);
  const assigned = assignedValues(statement.set, target, scope);
  const values = target.columns.map(({ name }, index) => {
    const value = assigned.get(name);
    if (!value) return own[index] ?? "NULL";
    return condition ? `CASE WHEN ${condition.sql} THEN ${value} ELSE ${own[index]} END` : value;
  });
  return rewritten(target, `SELECT ${aliased(values)} FROM ${from}`, environment);
}

function assignedValues(
  set: readonly Assignment[],
  target: Target,
  scope: Scope,
): Map<string, string> {
  const values = new Map<string, string>();
  for (const { column, value } of set) {
    const name = column.at(-1);
    if (!name) continue;
    const found = target.columns.find((each) => each.name === name.key);
    if (!found) refuse(name.at, `column ${name.text} cannot be resolved`);
    else if (target.table.partitionColumns.includes(found)) {
      refuse(name.at, `column ${name.text} is a partition column, and cannot be changed`);
    } else if (values.has(found.name)) refuse(name.at, `column ${name.text} is set twice`);
    else
      values.set(
        found.name,
        storedValue(resolveExpression(value, plain(scope)), found, value.at).sql,
      );
  }
  return values;
}

/** The target with its rows numbered, so that a row is known again after a join. */
function numbered(target: Target, scope: Scope, at: Position) {
  const { world } = scope.environment;
  const base = freshName(world, "t", at);
  world.relations.push({ name: base, read: target.read });
  const name = freshName(world, "w", at);
  const sql = `SELECT row_number() OVER () AS "row number", * FROM ${quoteName(base)}`;
  world.relations.push({ name, sql, once: true });
  const own = freshName(world, "r", at);
  scope.sources.push({
    alias: target.alias.key,
    columns: tableColumns(target, own),
    table: target.table,
  });
  return { name, from: `${quoteName(name)} AS "${own}"`, number: `"${own}"."row number"` };
}

/** That a row of the target is none of those that changed. */
const isNone = (changed: string, number: string, which = "") =>
  `NOT EXISTS (SELECT 1 FROM "${changed}" WHERE "row number" = ${number}${which})`;

/** UPDATE .. FROM: where several rows match, one of them is taken. */
function updateFrom(statement: Update, target: Target, environment: Environment): Write {
  const { at, where, from } = statement;
  const scope = openScope(environment, undefined);
  const rows = numbered(target, scope, at);
  const other = from ? resolveRelation(from, scope) : "";
  const condition = where ? resolveCondition(where, plain(scope), "WHERE").sql : "true";
  const assigned = assignedValues(statement.set, target, scope);
  const own = ownColumns(target, scope);
  const values = target.columns.map(
    ({ name }, index) => assigned.get(name) ?? own[index] ?? "NULL",
  );
  const changed = freshName(environment.world, "w", at);
  const sql =
    `SELECT ${rows.number} AS "row number", ${aliased(values)} FROM ${rows.from} JOIN ${other} ON ${condition}` +
    ` QUALIFY row_number() OVER (PARTITION BY ${rows.number}) = 1`;
  environment.world.relations.push({ name: changed, sql, once: true });
  const places = target.columns.map((_, index) => `"c${index}"`).join(", ");
  const kept = `SELECT ${aliased(own)} FROM ${rows.from} WHERE ${isNone(changed, rows.number)}`;
  return rewritten(target, `${kept} UNION ALL SELECT ${places} FROM "${changed}"`, environment);
}

export function resolveMerge(statement: Merge, environment: Environment): Write {
  const { at, branches, using, on } = statement;
  const target = openTarget(statement.table, statement.alias, environment);
  const scope = openScope(environment, undefined);
  const rows = numbered(target, scope, at);
  const other = resolveRelation(using, scope);
  const condition = resolveCondition(on, plain(scope), "ON").sql;
  const own = ownColumns(target, scope);
  const matched = branches.filter((branch) => branch.matched);
  const parts: string[] = [];
  const places = target.columns.map((_, index) => `"c${index}"`).join(", ");
  if (matched.length > 0) {
    const changed = freshName(environment.world, "w", at);
    const sql = matchedRows(matched, target, scope, own, rows.number);
    environment.world.relations.push({
      name: changed,
      sql: `${sql} FROM ${rows.from} JOIN ${other} ON ${condition}`,
      once: true,
    });
    const once = `CASE WHEN "action" >= 0 AND "matches" > 1 THEN ${twice} ELSE "action" <> -2 END`;
    const kept = isNone(changed, rows.number, ' AND "action" <> -1');
    parts.push(`SELECT ${aliased(own)} FROM ${rows.from} WHERE ${kept}`);
    parts.push(`SELECT ${places} FROM "${changed}" WHERE "action" <> -1 AND ${once}`);
  } else parts.push(`SELECT ${aliased(own)} FROM ${rows.from}`);
  for (const inserted of insertedRows(branches, target, scope)) {
    const none = `NOT EXISTS (SELECT 1 FROM ${rows.from} WHERE ${condition})`;
    parts.push(
      `SELECT ${aliased(inserted.values)} FROM ${other} WHERE ${none} AND ${inserted.condition}`,
    );
  }
  return rewritten(target, parts.join(" UNION ALL "), environment);
}

const twice = saidError(
  "ODPS-0121095",
  "Invalid argument - MERGE: several rows of the source match one row of the target",
);

/** Each matched row with what its first branch makes of it. `action` is the branch; -1 none, and see below. */
function matchedRows(
  branches: readonly MergeBranch[],
  target: Target,
  scope: Scope,
  own: readonly string[],
  number: string,
): string {
  const conditions = branches.map(({ condition }) =>
    condition ? resolveCondition(condition, plain(scope), "WHEN").sql : "true",
  );
  const results = branches.map(({ action, at }) => {
    if (action.kind === "insert") return refuse(at, "WHEN MATCHED cannot insert");
    return action.kind === "update" ? assignedValues(action.set, target, scope) : undefined;
  });
  const values = target.columns.map(({ name }, index) => {
    const whens = results.map(
      (result, place) => `WHEN ${conditions[place]} THEN ${result?.get(name) ?? own[index]}`,
    );
    return `CASE ${whens.join(" ")} ELSE ${own[index]} END`;
  });
  // The action of a deletion is -2, of an update the branch's place.
  const actions = results.map(
    (result, place) => `WHEN ${conditions[place]} THEN ${result ? place : -2}`,
  );
  const action = `CASE ${actions.join(" ")} ELSE -1 END`;
  const matches = `count(CASE WHEN ${action} <> -1 THEN 1 END) OVER (PARTITION BY ${number})`;
  return `SELECT ${number} AS "row number", ${action} AS "action", ${matches} AS "matches", ${aliased(values)}`;
}

/** WHEN NOT MATCHED sees the source alone. */
function insertedRows(branches: readonly MergeBranch[], target: Target, scope: Scope) {
  const source: Scope = plain({ ...scope, sources: scope.sources.slice(1) });
  return branches.flatMap(({ matched, action, condition, at }) => {
    if (matched) return [];
    if (action.kind !== "insert") return refuse(at, "WHEN NOT MATCHED can only insert");
    const star = action.values.length === 1 && action.values[0]?.kind === "star";
    const given: Resolved[] = star
      ? source.sources.flatMap(({ columns }) =>
          columns.map((column) => {
            column.touch?.();
            return { sql: column.sql, type: column.type, uses: [] };
          }),
        )
      : action.values.map((value) => resolveExpression(value, source));
    const named = action.columns.length > 0 ? action.columns.map(({ key }) => key) : undefined;
    const names = named ?? target.columns.map(({ name }) => name);
    const unknown = names.find((name) => !target.columns.some((column) => column.name === name));
    if (unknown !== undefined) return refuse(at, `column ${unknown} cannot be resolved`);
    if (names.length !== given.length) {
      return refuse(at, `INSERT has ${given.length} values for ${names.length} columns`);
    }
    const values = target.columns.map((column) => {
      const told = given[names.indexOf(column.name)];
      const value = told ?? valueUntold(column, source.environment, at);
      return storedValue(value, column, at).sql;
    });
    const test = condition ? resolveCondition(condition, source, "WHEN").sql : "true";
    return [{ values, condition: test }];
  });
}

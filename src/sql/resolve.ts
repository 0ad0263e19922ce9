import { type Catalog, isOn } from "./catalog.ts";
import { resolveDefinition } from "./definition.ts";
import type { Plan, PlannedRelation, Read, Selection, Touches } from "./plan.ts";
import { type Rows, resolveQuery, toldRows } from "./query.ts";
import { type Environment, type OpenRelation, plainColumns, type World } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import type { AssignVariable, If, ScriptStatement, Statement } from "./tree.ts";
import { emptyTail } from "./tree-query.ts";
import { withVariables } from "./variables.ts";
import { resolveWrites } from "./write.ts";

/** Variables of a script that were assigned before the statement, in their order. */
export type Variables = readonly AssignVariable[];

/**
 * Finds all that a statement names. The plan tells, as data, every table, view and function that the statement touches,
 * by whatever way; nothing is looked up again afterwards.
 */
export function resolveStatement(
  statement: Statement,
  catalog: Catalog,
  variables: Variables = [],
): Plan {
  const environment = openEnvironment(catalog, variables);
  const { world } = environment;
  switch (statement.kind) {
    case "query": {
      const rows = toldRows(resolveQuery(statement, environment), environment, statement.at);
      const selection = resolveSelection(rows, world);
      return { kind: "query", selection, ...touches(world) };
    }
    case "insert":
    case "multi-insert":
    case "update":
    case "delete":
    case "merge":
    case "load": {
      const writes = resolveWrites(statement, environment);
      return { kind: "write", writes, ...touches(world) };
    }
    case "if":
      return resolveIf(statement, environment, variables);
    case "explain":
      return resolveStatement(statement.statement, catalog, variables);
    default:
      return resolveDefinition(statement, environment);
  }
}

/**
 * The condition of an IF. Each branch must be understood before either is done, with what variables may hold then; what
 * it touches is judged when it is done.
 */
function resolveIf(statement: If, environment: Environment, variables: Variables): Plan {
  const { world } = environment;
  const { condition, at, holds, otherwise } = statement;
  const select = {
    ...({ kind: "select", at, hints: [], distinct: false, windows: [] } as const),
    items: [{ at, expression: condition }],
  };
  const rows = resolveQuery({ kind: "query", at, ...emptyTail, body: select }, environment);
  if (rows.columns[0]?.type.kind !== "boolean") {
    return refuse(condition.at, "the condition of IF is of type BOOLEAN");
  }
  for (const branch of [holds, otherwise]) checkBranch(branch, world.catalog, variables);
  return { kind: "condition", selection: resolveSelection(rows, world), ...touches(world) };
}

/** Refuses what is not understood; answers the variables that there may be afterwards. */
function checkBranch(
  branch: readonly ScriptStatement[],
  catalog: Catalog,
  before: Variables,
): Variables {
  let variables = before;
  for (const { statement } of branch) {
    if (statement.kind === "assign") variables = [...variables, statement];
    else if (statement.kind !== "if") resolveStatement(statement, catalog, variables);
    else {
      const held = checkBranch(statement.holds, catalog, variables);
      variables = checkBranch(statement.otherwise, catalog, held);
    }
  }
  return variables;
}

function openEnvironment(catalog: Catalog, assigned: Variables): Environment {
  const world: World = {
    catalog,
    relations: [],
    reads: [],
    functions: new Set(),
    uses: [],
    calls: [],
    views: new Map(),
    writtenOut: 0,
    names: 0,
    depth: 0,
  };
  const environment: Environment = {
    world,
    project: catalog.project,
    schema: catalog.schema,
    namespaces: isOn(catalog, "odps.namespace.schema"),
    commonTables: new Map(),
    variables: new Map(),
    through: [],
    parameters: new Map(),
  };
  return withVariables(environment, assigned);
}

/** A query's rows with all that their text names. */
export function resolveSelection(rows: Rows, world: World): Selection {
  checkFullScan(world);
  const relations = reached(rows.sql, world.relations).map((relation): PlannedRelation => {
    if ("sql" in relation) {
      const { name, sql, once = false, view = false, recursive = false } = relation;
      return {
        ...{ name, sql, once: once || (view && world.calls.length > 0) },
        ...(recursive && { recursive }),
      };
    }
    const { table, columns, copied, tests } = relation.read;
    const names = [...new Set([...columns, ...copied])].sort();
    return { name: relation.name, table, columns: names, tests };
  });
  const columns = uniqueNames(plainColumns(rows.columns));
  return { relations, sql: rows.sql, columns, calls: world.calls };
}

/** The relations that a text names, and those that they name. A literal that looks like a name adds one too many. */
function reached(sql: string, relations: readonly OpenRelation[]): OpenRelation[] {
  const named = new Set<string>();
  const read = (text: string) => {
    for (const [, name = ""] of text.matchAll(/"([tw]\d+)"/g)) named.add(name);
  };
  read(sql);
  const kept = relations.toReversed().filter((relation) => {
    if (!named.has(relation.name)) return false;
    if ("sql" in relation) read(relation.sql);
    return true;
  });
  return kept.reverse();
}

/** A result may have a name twice; a file may not. */
function uniqueNames<Named extends { readonly name: string }>(columns: readonly Named[]): Named[] {
  const taken = new Set<string>();
  return columns.map((column) => {
    let { name } = column;
    for (let place = 2; taken.has(name); place += 1) name = `${column.name}_${place}`;
    taken.add(name);
    return { ...column, name };
  });
}

function checkFullScan({ catalog, reads }: World): void {
  if (isOn(catalog, "odps.sql.allow.fullscan")) return;
  for (const { table, at, chosen, copied } of reads) {
    if (table.kind === "view" || table.partitionColumns.length === 0 || chosen) continue;
    if (copied.length > 0) continue;
    refuse(
      at,
      `physical plan generation failed: java.lang.RuntimeException: Table(${table.project},${table.name}) is full scan with all partitions, please specify partition predicates.`,
    );
  }
}

/** What the statement touches, as data. */
export function touches({ reads, functions, uses }: World): Touches {
  const told = reads.map(
    ({ table, columns, through, chosen, metadataOnly }): Read => ({
      table,
      columns: [...columns].sort(),
      through,
      partitions: chosen ? "chosen" : "all",
      metadataOnly,
    }),
  );
  return { reads: told, functions: [...functions].sort(), uses };
}

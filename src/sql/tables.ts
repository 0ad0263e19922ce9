import {
  type CatalogName,
  type CatalogTable,
  defaultSchema,
  fullName,
  informationSchema,
  type NamePlace,
} from "./catalog.ts";
import { parseScript } from "./parse.ts";
import { nameRows, type Rows, resolveQuery, shapeRows } from "./query.ts";
import type { Environment, NamedRows, OpenRead } from "./scope.ts";
import { refuse, refuseTable } from "./semantic-error.ts";
import { SqlError } from "./sql-error.ts";
import type { ObjectName, Position } from "./tree.ts";

const viewsMax = 16;

/** A table that a statement reads, from the moment it is named. */
export interface Opened {
  readonly table: CatalogTable;
  readonly read: OpenRead;
}

/**
 * The ways in which a name can be meant: two parts are a project and a table, or a schema and a table. Each is whole, so
 * that nothing but the place decides what it is.
 */
export function meantNames(
  { parts }: Pick<ObjectName, "parts">,
  { project, schema, namespaces }: NamePlace,
): readonly [CatalogName, ...CatalogName[]] {
  const [first = "", second = "", third = ""] = parts.map(({ key }) => key);
  if (parts.length === 1) return [{ project, schema, name: first }];
  if (parts.length === 2 && first === informationSchema) {
    return [{ project, schema: informationSchema, name: second }];
  }
  if (parts.length === 3) return [{ project: first, schema: second, name: third }];
  const inProject = {
    ...{ project: first, name: second },
    schema: first === project ? schema : defaultSchema,
  };
  const inSchema = { project, schema: first, name: second };
  return namespaces ? [inSchema, inProject] : [inProject];
}

/** Finds a table once; what is done afterwards is done to what was found. */
export function findTable(name: ObjectName, environment: Environment): CatalogTable {
  const names = meantNames(name, environment);
  for (const meant of names) {
    const table = environment.world.catalog.findTable(meant);
    if (table) return table;
  }
  return refuseTable(name.at, fullName(names[0]));
}

export function openTable(
  name: ObjectName,
  environment: Environment,
  metadataOnly = false,
): Opened {
  return openFound(findTable(name, environment), name.at, environment, metadataOnly);
}

/** The same for a table that is found already; `copied` are columns that the statement takes over unseen. */
export function openFound(
  table: CatalogTable,
  at: Position,
  { world, through }: Environment,
  metadataOnly = false,
  copied: readonly string[] = [],
): Opened {
  const read: OpenRead = {
    table,
    columns: new Set(),
    through,
    at,
    metadataOnly,
    copied,
    tests: [],
    chosen: false,
  };
  world.reads.push(read);
  return { table, read };
}

/** A view's rows, by its query's text as read in the project in which it was made. */
export function openView(
  { table, read }: Opened,
  environment: Environment,
  at: Position,
): NamedRows {
  const { world } = environment;
  const through = [...environment.through, table];
  const key = through.map(({ id }) => id).join("\n");
  const rows = world.views.get(key) ?? readView(table, { ...environment, through }, at);
  world.views.set(key, rows);
  const touched = rows.columns.map((column, index) => {
    const name = table.columns[index]?.name ?? column.name;
    return { ...column, name, touch: () => read.columns.add(name) };
  });
  return { name: rows.name, columns: touched };
}

function readView(table: CatalogTable, around: Environment, at: Position): NamedRows {
  const name = fullName(table);
  const outer = around.through.slice(0, -1);
  if (outer.some(({ id }) => id === table.id)) return refuse(at, `view ${name} reads itself`);
  if (around.through.length > viewsMax)
    return refuse(at, `views are nested deeper than ${viewsMax}`);
  return nameRows(viewRows(table, around, at), around, at, "view");
}

/** The rows that a view's text gives, in the columns with which it was made. */
export function viewRows(table: CatalogTable, around: Environment, at: Position): Rows {
  const { view } = table;
  const name = fullName(table);
  if (!view) return refuse(at, `view ${name} has no query`);
  const environment: Environment = {
    ...around,
    project: view.project,
    schema: view.schema,
    namespaces: view.namespaces,
    stored: true,
    commonTables: new Map(),
    variables: new Map(),
    parameters: new Map(),
  };
  try {
    const [only, more] = parseScript(view.text).statements;
    const query = only?.statement;
    if (query?.kind !== "query" || more) return refuse(at, `view ${name} is not a query`);
    const rows = resolveQuery(query, environment);
    const columns = [...table.columns, ...table.partitionColumns];
    if (rows.columns.length !== columns.length) {
      return refuse(at, `view ${name} no longer has the columns that it was made with`);
    }
    return shapeRows(rows, columns, environment, at);
  } catch (error) {
    // Positions inside the view's text mean nothing to who names the view.
    if (!(error instanceof SqlError) || error.at === at) throw error;
    throw new SqlError(error.code, at, `${error.reason} (in view ${name})`);
  }
}

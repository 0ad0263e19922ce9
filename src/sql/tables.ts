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
import { type Environment, type NamedRows, type OpenRead, writeOut } from "./scope.ts";
import { refuse, refuseTable } from "./semantic-error.ts";
import { SqlError } from "./sql-error.ts";
import type { CallExpression, ObjectName, Position } from "./tree.ts";
import { isBuiltIn } from "./user-functions.ts";
import { bodyRows, type Given, givenBy, viewDefinition } from "./view-parameters.ts";

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
export const findTable = (name: ObjectName, environment: Environment): CatalogTable =>
  mayFind(name, environment) ?? refuseTable(name.at, fullName(meantNames(name, environment)[0]));

/** The same where there need not be one. */
export function mayFind(
  name: Pick<ObjectName, "parts">,
  environment: Environment,
): CatalogTable | undefined {
  for (const meant of meantNames(name, environment)) {
    const table = environment.world.catalog.findTable(meant);
    if (table) return table;
  }
  return undefined;
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
  given?: Given,
): NamedRows {
  const { world } = environment;
  const through = [...environment.through, table];
  const around = { ...environment, through };
  const key = through.map(({ id }) => id).join("\n");
  // What a view is given is another thing at each call.
  const known = given ? undefined : world.views.get(key);
  const rows = known ?? readView(table, around, at, given);
  if (!given) world.views.set(key, rows);
  const touched = rows.columns.map((column, index) => {
    const name = table.columns[index]?.name ?? column.name;
    return { ...column, name, touch: () => read.columns.add(name) };
  });
  return { name: rows.name, columns: touched };
}

function readView(
  table: CatalogTable,
  around: Environment,
  at: Position,
  given?: Given,
): NamedRows {
  const name = fullName(table);
  const outer = around.through.slice(0, -1);
  if (outer.some(({ id }) => id === table.id)) return refuse(at, `view ${name} reads itself`);
  if (around.through.length > viewsMax)
    return refuse(at, `views are nested deeper than ${viewsMax}`);
  writeOut(around.world, table.view?.text.length ?? 0, at);
  return nameRows(viewRows(table, around, at, given), around, at, "view");
}

/** The rows that a view's text gives, in the columns with which it was made. */
export function viewRows(
  table: CatalogTable,
  around: Environment,
  at: Position,
  given?: Given,
): Rows {
  const { view } = table;
  const name = fullName(table);
  if (!view) return refuse(at, `view ${name} has no query`);
  if (view.parameters !== undefined && !given) {
    return refuse(at, `view ${name} has parameters: it is called as ${table.name}(..)`);
  }
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
    const rows = given
      ? bodyRows(viewDefinition(view.parameters ?? "", view.text, at), given, environment)
      : queryRows(view.text, name, environment, at);
    const columns = [...table.columns, ...table.partitionColumns];
    if (rows.columns.length !== columns.length) {
      return refuse(at, `view ${name} no longer has the columns that it was made with`);
    }
    return shapeRows(rows, columns, environment, at);
  } catch (error) {
    // Positions inside the view's text mean nothing to who names the view.
    if (!(error instanceof SqlError) || error.at === at) throw error;
    throw new SqlError(error.code, at, `${error.reason} (in view ${name})`, error.of);
  }
}

function queryRows(text: string, name: string, environment: Environment, at: Position): Rows {
  const [only, more] = parseScript(text).statements;
  const query = only?.statement;
  if (query?.kind !== "query" || more) return refuse(at, `view ${name} is not a query`);
  return resolveQuery(query, environment);
}

/** A view with parameters that a call in FROM means, and its rows. Undefined: the call means no such view. */
export function callView(
  call: CallExpression,
  environment: Environment,
): { readonly table: CatalogTable; readonly rows: NamedRows } | undefined {
  const parts = [...call.qualifier, call.name];
  if (parts.length === 1 && isBuiltIn(call.name.key)) return undefined;
  const table = mayFind({ parts }, environment);
  const { view } = table ?? {};
  if (table?.kind !== "view" || view?.parameters === undefined) return undefined;
  const { at } = call;
  const made = viewDefinition(view.parameters, view.text, at);
  const given = toldOf(environment.through[0] ?? table, () => givenBy(call, made, environment));
  const opened = openFound(table, at, environment);
  return { table, rows: openView(opened, environment, at, given) };
}

/** What is wrong with a call tells what the view takes: it is of the view that the statement names. */
function toldOf<Result>(view: CatalogTable, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SqlError) || error.of) throw error;
    throw new SqlError(error.code, error.at, error.reason, view);
  }
}

import type { AccessDemand } from "../../../access/authorize.ts";
import { projectArn } from "../../../projects/project-key.ts";
import type { CatalogTable } from "../../../sql/catalog.ts";
import type { ObjectName, Statement } from "../../../sql/tree.ts";
import type { AlterMaterializedView, AlterTable } from "../../../sql/tree-alter.ts";
import type {
  CreateFunction,
  CreateSqlFunction,
  Definition,
  RestoreTable,
} from "../../../sql/tree-definition.ts";
import { type OdpsCall, tableArn } from "../find-project.ts";
import { resourceDemands } from "../functions/make.ts";
import { functionArn } from "../functions/records.ts";
import { retentionOfTable } from "../retention.ts";
import type { StatementCatalog } from "../tunnel/session.ts";
import { placedFunction } from "./functions.ts";
import { placed } from "./names.ts";
import { idOf, restoredName } from "./restored-name.ts";

/** To do something with a table or view. */
export const onTable = (
  verb: string,
  { project, schema, name }: Pick<CatalogTable, "project" | "schema" | "name">,
  account: string,
  context?: AccessDemand["context"],
  creator?: string,
): AccessDemand => ({
  action: `odps:${verb}`,
  target: {
    arn: tableArn(project, schema, name),
    account,
    ...(creator !== undefined && { creator }),
  },
  ...(context && { context }),
});

/** Demands on what a statement names. */
interface Naming {
  /** On a table or view. */
  named(verb: string, written: ObjectName): AccessDemand;
  /** On the project of a name, or the one that the statement runs in. */
  inProject(verb: string, written?: ObjectName): AccessDemand;
  onFunction(verb: string, written: ObjectName): AccessDemand;
  /** To drop what there is of a name, tables that were dropped before among it: each as its own owner could. */
  onAllOf(written: ObjectName): AccessDemand[];
  /** To bring a dropped table back: as to drop it. */
  onDropped(statement: RestoreTable): AccessDemand;
  /** To make something anew, or in the place of what is there: that is then altered. */
  make(written: ObjectName): AccessDemand[];
  /** Policies speak of names: who takes a table out of theirs, and makes one, must be allowed both. */
  rename(written: ObjectName): AccessDemand[];
  makeFunction(statement: CreateFunction | CreateSqlFunction): AccessDemand[];
}

function namingIn(catalog: StatementCatalog, account: string, call: OdpsCall): Naming {
  const naming: Naming = {
    named(verb, written) {
      const { project, schema, name } = placed(written, catalog, call);
      const where = { project: project.name, schema, name };
      const there = catalog.findTable(where);
      const creator = there && catalog.found(there).record.owner;
      return onTable(verb, where, project.account, undefined, creator);
    },
    inProject(verb, written) {
      const name = written ? placed(written, catalog, call).project.name : catalog.project;
      return { action: `odps:${verb}`, target: { arn: projectArn(name), account } };
    },
    onFunction(verb, written) {
      const { project, schema, name, there } = placedFunction(written, catalog, call);
      const arn = functionArn(project.name, schema, name);
      const target = { arn, account, ...(there && { creator: there.owner }) };
      return { action: `odps:${verb}`, target };
    },
    onAllOf(written) {
      const { project, schema, name } = placed(written, catalog, call);
      const where = { project: project.name, schema, name };
      const owners = catalog
        .droppedNamed({ project, schema, name })
        .map(({ table }) => table.owner);
      const dropped = owners.map((owner) =>
        onTable("Drop", where, project.account, undefined, owner),
      );
      const isThere = catalog.findTable(where) !== undefined;
      return isThere || dropped.length === 0
        ? [naming.named("Drop", written), ...dropped]
        : dropped;
    },
    onDropped(statement) {
      const { project, schema, name } = placed(statement.table, catalog, call);
      const owner = catalog.dropped({ project, schema, name }, idOf(statement))?.table.owner;
      const where = { project: project.name, schema, name };
      return onTable("Drop", where, project.account, undefined, owner);
    },
    make(written) {
      const { project, schema, name } = placed(written, catalog, call);
      const there = catalog.findTable({ project: project.name, schema, name });
      return there ? [naming.named("Alter", written)] : [naming.inProject("CreateTable", written)];
    },
    rename: (written) => [naming.named("Drop", written), naming.inProject("CreateTable", written)],
    makeFunction: (statement) => makeFunctionDemands(statement, catalog, call),
  };
  return naming;
}

/** To make a function: its project's leave, and to read its resources; or to change the one that is there. */
function makeFunctionDemands(
  statement: CreateFunction | CreateSqlFunction,
  catalog: StatementCatalog,
  call: OdpsCall,
): AccessDemand[] {
  const { project, schema, name, there } = placedFunction(statement.function, catalog, call);
  const { account } = project;
  const resources = statement.kind === "create-function" ? statement.resources : [];
  const reads = resourceDemands({ schema, resources }, { project }, call);
  if (statement.temporary) return [...reads];
  const arn = functionArn(project.name, schema, name);
  const make: AccessDemand =
    there && statement.orReplace
      ? { action: "odps:Write", target: { arn, account, creator: there.owner } }
      : { action: "odps:CreateFunction", target: { arn: projectArn(project.name), account } };
  return [make, ...reads];
}

/** Who has less of a table's past kept purges the rest. */
const cutsPast = (action: (AlterTable | AlterMaterializedView)["action"]): boolean =>
  action.kind === "set-properties" &&
  action.properties.some(({ key }) => key.toLowerCase() === retentionOfTable);

/** By the kind of a definition. INVARIANT: every kind has a row, those too that demand nothing. */
const demands: {
  readonly [Kind in Definition["kind"]]: (
    statement: Extract<Definition, { kind: Kind }>,
    naming: Naming,
  ) => AccessDemand[];
} = {
  "create-table": ({ table }, { make }) => make(table),
  "create-table-like": ({ like, table }, { named, make }) => [
    named("Describe", like),
    ...make(table),
  ],
  "create-view": ({ view }, { make }) => make(view),
  "create-materialized-view": ({ view }, { make }) => make(view),
  "create-schema": (_, { inProject }) => [inProject("CreateSchema")],
  "create-function": (statement, { makeFunction }) => makeFunction(statement),
  "create-sql-function": (statement, { makeFunction }) => makeFunction(statement),
  drop({ type, name }, { named, inProject, onFunction }) {
    if (type === "function") return [onFunction("Delete", name)];
    return type === "schema" ? [inProject("Write")] : [named("Drop", name)];
  },
  "alter-table": ({ table, action }, { named, rename }) => [
    named("Alter", table),
    ...(action.kind === "rename" ? rename(table) : []),
    ...(cutsPast(action) ? [named("Drop", table)] : []),
    ...(action.kind === "exchange-partition"
      ? [named("Alter", action.with), named("Select", action.with)]
      : []),
  ],
  "alter-view": ({ view, action }, { named, rename }) => [
    named("Alter", view),
    ...(action.kind === "rename" ? rename(view) : []),
  ],
  "alter-materialized-view": ({ view, action }, { named }) => [
    named("Alter", view),
    ...(cutsPast(action) ? [named("Drop", view)] : []),
  ],
  truncate: ({ table }, { named }) => [named("Update", table)],
  clone: ({ source, target }, { named, make }) => [named("Select", source), ...make(target)],
  restore(statement, { named, make, inProject, onDropped }) {
    const { table } = statement;
    const as = restoredName(statement);
    if (statement.lsn === undefined && (as || statement.partitions.length === 0)) {
      return [onDropped(statement), inProject("CreateTable", table)];
    }
    return as ? [named("Select", table), ...make(as)] : [named("Update", table)];
  },
  // Of all tables: owner and super administrators, which is looked at when it is done.
  purge: ({ table }, { onAllOf, inProject }) => (table ? onAllOf(table) : [inProject("Write")]),
  repair: ({ table }, { named }) => [named("Alter", table)],
  // Beyond Select of the columns, which they read.
  analyze: ({ table }, { named }) => [named("Alter", table)],
  "show-statistic": () => [],
  use: () => [],
  show: ({ table }, { named, inProject }) => [table ? named("Describe", table) : inProject("List")],
  describe({ type, name }, { named, inProject, onFunction }) {
    if (type === "function") return [onFunction("Read", name)];
    return type === "table" ? [named("Describe", name)] : [inProject("Read")];
  },
};

/** What must be allowed before something is made, changed, dropped or shown, beyond what the statement reads. */
export function definitionDemands(
  statement: Statement,
  catalog: StatementCatalog,
  account: string,
  call: OdpsCall,
): readonly AccessDemand[] {
  const demand = demands[statement.kind as Definition["kind"]] as
    | ((statement: Statement, naming: Naming) => AccessDemand[])
    | undefined;
  return demand?.(statement, namingIn(catalog, account, call)) ?? [];
}

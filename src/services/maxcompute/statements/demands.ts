import type { AccessDemand } from "../../../access/authorize.ts";
import type { CatalogTable } from "../../../sql/catalog.ts";
import type { Plan, Read } from "../../../sql/plan.ts";
import type { ObjectName, Statement } from "../../../sql/tree.ts";
import { demandKeys } from "../demand-keys.ts";
import { type OdpsCall, type ProjectTarget, projectArn, tableArn } from "../find-project.ts";
import type { StatementCatalog } from "../session.ts";
import { placed } from "./names.ts";
import { restoredName } from "./restored-name.ts";

/** What must be allowed before a statement runs: everything that it reads, writes, makes, changes or shows. */
export function demandsOf(
  plan: Plan,
  { account }: ProjectTarget,
  catalog: StatementCatalog,
  call: OdpsCall,
): readonly AccessDemand[] {
  const reads = plan.reads.flatMap((read) => readDemands(read, catalog));
  if (plan.kind === "query") return reads;
  if (plan.kind === "write") {
    const updates = plan.writes.map(({ table }) =>
      onTable("Update", table, account, undefined, catalog.found(table).record.owner),
    );
    return [...reads, ...updates];
  }
  return [...reads, ...definitionDemands(plan.statement, catalog, account, call)];
}

const onTable = (
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

/**
 * The caller needs Select on what the statement names; what a view reads, its owner must be allowed to read at this
 * moment. So nobody lends what is not theirs, and a view lends what its owner has.
 */
function readDemands({ table, columns, through }: Read, catalog: StatementCatalog): AccessDemand[] {
  const chain = [...through, table];
  return chain.map((one, at) => {
    const { record, project } = catalog.found(one);
    const before = chain[at - 1];
    const owner = before && catalog.found(before).record.owner;
    const last = at === chain.length - 1;
    const asked = {
      [demandKeys.columns]: last ? columns : record.columns.map(({ name }) => name),
      [demandKeys.current]: catalog.project,
      ...(owner !== undefined && { [demandKeys.onBehalfOf]: owner }),
    };
    return onTable(
      "Select",
      { ...one, project: project.name },
      project.account,
      asked,
      record.owner,
    );
  });
}

function definitionDemands(
  statement: Statement,
  catalog: StatementCatalog,
  account: string,
  call: OdpsCall,
): AccessDemand[] {
  const named = (verb: string, written: ObjectName): AccessDemand => {
    const { project, schema, name } = placed(written, catalog, call);
    const where = { project: project.name, schema, name };
    const there = catalog.findTable(where);
    const creator = there && catalog.found(there).record.owner;
    return onTable(verb, where, project.account, undefined, creator);
  };
  const inProject = (verb: string, written?: ObjectName): AccessDemand => {
    const name = written ? placed(written, catalog, call).project.name : catalog.project;
    return { action: `odps:${verb}`, target: { arn: projectArn(name), account } };
  };
  /** Made anew, or in the place of what is there: that is then altered. */
  const make = (written: ObjectName): AccessDemand[] => {
    const { project, schema, name } = placed(written, catalog, call);
    const there = catalog.findTable({ project: project.name, schema, name });
    return there ? [named("Alter", written)] : [inProject("CreateTable", written)];
  };
  switch (statement.kind) {
    case "create-table":
      return make(statement.table);
    case "create-table-like":
      return [named("Describe", statement.like), ...make(statement.table)];
    case "create-view":
    case "create-materialized-view":
      return make(statement.view);
    case "create-schema":
      return [inProject("CreateSchema")];
    case "create-function":
    case "create-sql-function":
      return [inProject("CreateFunction")];
    case "drop":
      return statement.type === "schema" || statement.type === "function"
        ? [inProject("Write")]
        : [named("Drop", statement.name)];
    case "alter-table":
      return [
        named("Alter", statement.table),
        // Policies speak of names: who takes a table out of theirs, and makes one, must be allowed both.
        ...(statement.action.kind === "rename"
          ? [named("Drop", statement.table), inProject("CreateTable", statement.table)]
          : []),
        ...(statement.action.kind === "exchange-partition"
          ? [named("Alter", statement.action.with), named("Select", statement.action.with)]
          : []),
      ];
    case "alter-view":
    case "alter-materialized-view":
      return [named("Alter", statement.view)];
    case "truncate":
      return [named("Update", statement.table)];
    case "clone":
      return [named("Select", statement.source), ...make(statement.target)];
    case "restore": {
      const as = restoredName(statement);
      return as
        ? [named("Select", statement.table), ...make(as)]
        : [named("Update", statement.table)];
    }
    case "analyze":
      return [named("Select", statement.table)];
    case "show":
      return statement.table ? [named("Describe", statement.table)] : [inProject("List")];
    case "describe":
      return statement.type === "table" ? [named("Describe", statement.name)] : [inProject("Read")];
    default:
      return [];
  }
}

import type { AccessDemand } from "../../../access/authorize.ts";
import { projectArn } from "../../../projects/project-key.ts";
import type { CatalogTable, FunctionUse } from "../../../sql/catalog.ts";
import type { Plan, Read } from "../../../sql/plan.ts";
import type { ObjectName, Statement } from "../../../sql/tree.ts";
import type { CreateFunction, CreateSqlFunction } from "../../../sql/tree-definition.ts";
import { demandKeys } from "../demand-keys.ts";
import { type OdpsCall, type ProjectTarget, tableArn } from "../find-project.ts";
import { resourceDemands } from "../functions/make.ts";
import { functionArn } from "../functions/records.ts";
import { resourceArn } from "../resources/records.ts";
import type { StatementCatalog } from "../session.ts";
import { placedFunction } from "./functions.ts";
import { type PlacedName, placed, tableAt } from "./names.ts";
import { restoredName } from "./restored-name.ts";

/** What must be allowed before a statement runs: everything that it reads, writes, makes, changes or shows. */
export function demandsOf(
  plan: Plan,
  { account }: ProjectTarget,
  catalog: StatementCatalog,
  call: OdpsCall,
): readonly AccessDemand[] {
  const reads = [
    ...plan.reads.flatMap((read) => readDemands(read, catalog)),
    ...plan.uses.flatMap((use) => useDemands(use, catalog)),
  ];
  if (plan.kind === "query") return reads;
  if (plan.kind === "write") {
    const updates = plan.writes.map(({ table }) =>
      onTable("Update", table, account, undefined, catalog.found(table).record.owner),
    );
    return [...reads, ...updates];
  }
  const { statement } = plan;
  const owners =
    statement.kind === "alter-materialized-view"
      ? ownerDemands(plan, placed(statement.view, catalog, call), catalog)
      : [];
  return [...reads, ...owners, ...definitionDemands(statement, catalog, account, call)];
}

/**
 * Who rebuilds a materialized view reads with their own right; its owner, who reads what comes of it, must still be
 * allowed to read as well. So nobody has others fetch what is theirs no more.
 */
function ownerDemands(
  { reads, uses }: Plan,
  view: PlacedName,
  catalog: StatementCatalog,
): readonly AccessDemand[] {
  const owner = tableAt(view, catalog)?.record.owner;
  if (owner === undefined) return [];
  const isOwn = ({ through }: Pick<Read, "through">) => through.length === 0;
  return [
    ...reads.filter(isOwn).flatMap((read) => readDemands(read, catalog, owner)),
    ...uses.filter(isOwn).flatMap((use) => useDemands(use, catalog, owner)),
  ];
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
function readDemands(
  { table, columns, through }: Read,
  catalog: StatementCatalog,
  reader?: string,
): AccessDemand[] {
  const chain = [...through, table];
  return chain.map((one, at) => {
    const { record, project } = catalog.found(one);
    const before = chain[at - 1];
    const owner = before ? catalog.found(before).record.owner : reader;
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

/**
 * The caller needs Execute on a function that the statement names, and the owner of a view on one in it. What a function
 * is made of, who made it must be allowed to read at this moment.
 */
function useDemands(
  { function: { id }, through }: FunctionUse,
  catalog: StatementCatalog,
  reader?: string,
): readonly AccessDemand[] {
  const { project, record, resources, temporary } = catalog.foundFunction({ id });
  const { account } = project;
  const view = through.at(-1);
  const owner = view ? catalog.found(view).record.owner : reader;
  const context = {
    [demandKeys.current]: catalog.project,
    ...(owner !== undefined && { [demandKeys.onBehalfOf]: owner }),
  };
  const arn = functionArn(project.name, record.schema, record.name);
  const execute: AccessDemand = {
    ...{ action: "odps:Execute", context },
    target: { arn, account, creator: record.owner },
  };
  const reads = resources.map(
    ({ schema, name, owner }): AccessDemand => ({
      action: "odps:Read",
      target: { arn: resourceArn(project.name, schema, name), account, creator: owner },
      context: { [demandKeys.onBehalfOf]: record.madeBy },
    }),
  );
  return temporary ? reads : [execute, ...reads];
}

/** To make a function: its project's leave, and to read its resources; or to change the one that is there. */
function makeFunctionDemands(
  statement: CreateFunction | CreateSqlFunction,
  catalog: StatementCatalog,
  call: OdpsCall,
): AccessDemand[] {
  const { project, store, schema, name, there } = placedFunction(statement.function, catalog, call);
  const { account } = project;
  const resources = statement.kind === "create-function" ? statement.resources : [];
  const reads = resourceDemands({ schema, resources }, { project, store });
  if (statement.temporary) return [...reads];
  const arn = functionArn(project.name, schema, name);
  const make: AccessDemand =
    there && statement.orReplace
      ? { action: "odps:Write", target: { arn, account, creator: there.owner } }
      : { action: "odps:CreateFunction", target: { arn: projectArn(project.name), account } };
  return [make, ...reads];
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
  const onFunction = (verb: string, written: ObjectName): AccessDemand => {
    const { project, schema, name, there } = placedFunction(written, catalog, call);
    const arn = functionArn(project.name, schema, name);
    const target = { arn, account, ...(there && { creator: there.owner }) };
    return { action: `odps:${verb}`, target };
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
      return makeFunctionDemands(statement, catalog, call);
    case "drop":
      if (statement.type === "function") return [onFunction("Delete", statement.name)];
      return statement.type === "schema" ? [inProject("Write")] : [named("Drop", statement.name)];
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
      return [
        named("Alter", statement.view),
        ...(statement.action.kind === "rename"
          ? [named("Drop", statement.view), inProject("CreateTable", statement.view)]
          : []),
      ];
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
      if (statement.type === "function") return [onFunction("Read", statement.name)];
      return statement.type === "table" ? [named("Describe", statement.name)] : [inProject("Read")];
    default:
      return [];
  }
}

import type { AccessDemand } from "../../../access/authorize.ts";
import type { FunctionUse } from "../../../sql/catalog.ts";
import type { Plan, Read } from "../../../sql/plan.ts";
import { demandKeys } from "../demand-keys.ts";
import type { OdpsCall, ProjectTarget } from "../find-project.ts";
import { functionArn } from "../functions/records.ts";
import { readDemand } from "../resources/find.ts";
import type { StatementCatalog } from "../tunnel/session.ts";
import { definitionDemands, onTable } from "./definition-demands.ts";
import { type PlacedName, placed, tableAt } from "./names.ts";

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
  if (plan.kind === "query" || plan.kind === "condition") return reads;
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
 * is made of, tables too, who made it must be allowed to read at this moment: nobody has others read for their code what
 * they may not read themselves.
 */
function useDemands(
  { function: { id, tables = [] }, through }: FunctionUse,
  catalog: StatementCatalog,
  reader?: string,
): readonly AccessDemand[] {
  const { project, record, resources, missing = [], temporary } = catalog.foundFunction({ id });
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
  const asMaker = {
    [demandKeys.onBehalfOf]: record.madeBy,
    [demandKeys.current]: project.name,
  };
  const reads = [
    ...[...resources, ...missing].map((one) => readDemand(one, asMaker)),
    ...tables.map(({ table }) => {
      const { record, project: holder } = catalog.found(table);
      const columns = [...table.columns, ...table.partitionColumns].map(({ name }) => name);
      const asked = { ...asMaker, [demandKeys.columns]: columns };
      const named = { ...table, project: holder.name };
      return onTable("Select", named, holder.account, asked, record.owner);
    }),
  ];
  return temporary ? reads : [execute, ...reads];
}

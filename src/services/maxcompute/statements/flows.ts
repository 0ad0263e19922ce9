import type { ProjectRecord } from "../../../projects/project.ts";
import type { WantedFlow } from "../../../projects/projects.ts";
import type { Plan } from "../../../sql/plan.ts";
import type { ObjectName, Statement } from "../../../sql/tree.ts";
import { type Location, locationText, readLocation } from "../external/location.ts";
import { placeAt } from "../external/outside.ts";
import { placesOf } from "../external/partitioned.ts";
import type { OdpsCall, ProjectTarget } from "../find-project.ts";
import { flowsTo } from "../flows.ts";
import type { ReadRecord } from "../jobs/instance-record.ts";
import type { StatementCatalog } from "../tunnel/session.ts";
import { placed, tableAt } from "./names.ts";
import { wholeTable } from "./query.ts";
import { restoredName } from "./restored-name.ts";

/**
 * Where the rows that a statement reads, or hangs on, would go. Those of a query stay in its project until somebody asks for them:
 * that is judged then.
 */
export function statementFlows(
  plan: Plan,
  { project: current }: ProjectTarget,
  catalog: StatementCatalog,
  call: OdpsCall,
  reads: readonly ReadRecord[],
): readonly WantedFlow[] {
  const how = { taskType: "SQL", action: "Select", current } as const;
  const into = (reads: readonly ReadRecord[], target: ProjectRecord): readonly WantedFlow[] =>
    flowsTo(reads, { kind: "project", project: target.name }, how, call);
  const out = (reads: readonly ReadRecord[], location: Location): readonly WantedFlow[] =>
    flowsTo(reads, placeAt(location, call), how, call);
  if (plan.kind === "query") return [];
  // What hangs on rows tells of them, be it only to who waits for the job.
  if (plan.kind === "condition") return into(reads, current);
  if (plan.kind === "write") {
    return plan.writes.flatMap((write) => {
      const { record, project, content } = catalog.found(write.table);
      return record.external
        ? placesOf(write, record, content.partitions).flatMap((place) => [
            ...out(reads, place),
            // Rows that say into which folder they go are names, which are shown to who may list objects.
            ...(write.dynamicPartition.length > 0 ? flowsTo(reads, listed(place), how, call) : []),
          ])
        : into(reads, project);
    });
  }
  const { statement } = plan;
  if (statement.kind === "unload") {
    return out(reads, readLocation(statement.location));
  }
  const copy = copied(statement);
  if (copy) {
    const source = tableAt(placed(copy.from, catalog, call), catalog);
    return source ? into([wholeTable(source)], placed(copy.to, catalog, call).project) : [];
  }
  const made = madeBy(statement);
  return made ? into(reads, placed(made, catalog, call).project) : [];
}

/** Where names of objects are: outside, whoever has the bucket. */
const listed = (location: Location): WantedFlow["destination"] => ({
  kind: "external",
  location: locationText(location),
});

/** A table whose rows a statement puts into another, without a query. */
function copied(statement: Statement): { from: ObjectName; to: ObjectName } | undefined {
  switch (statement.kind) {
    case "clone":
      return { from: statement.source, to: statement.target };
    case "alter-table":
      return statement.action.kind === "exchange-partition"
        ? { from: statement.action.with, to: statement.table }
        : undefined;
    case "restore": {
      const as = restoredName(statement);
      return as && { from: statement.table, to: as };
    }
    default:
      return undefined;
  }
}

/** What a statement makes of its query. */
function madeBy(statement: Statement) {
  switch (statement.kind) {
    case "create-table":
    case "analyze":
      return statement.table;
    case "create-view":
    case "create-materialized-view":
    case "alter-materialized-view":
      return statement.view;
    default:
      return undefined;
  }
}

import { clusterLocation } from "../../../engines/spark/cluster/address.ts";
import { fullName } from "../../../sql/catalog.ts";
import type { Plan, Selection } from "../../../sql/plan.ts";
import { SqlError } from "../../../sql/sql-error.ts";
import type { Outcome } from "../jobs/jobs.ts";
import type { Running } from "./in-cell.ts";
import { clusterFor, loadedPlaces } from "./on-cluster.ts";
import { sparkWanted, writtenForSpark } from "./on-spark.ts";

/** EXPLAIN: what a statement reads and writes, and where it would run. Whoever may not run it may not see that either. */
export function explain(plan: Plan, running: Running): Outcome {
  const lines = plan.reads.map(({ table, columns, through, partitions }) => {
    const ways = through.map((view) => fullName(view)).join(" -> ");
    return `read   ${fullName(table)}(${columns.join(", ")})${ways === "" ? "" : ` through ${ways}`}, ${partitions === "all" ? "all partitions" : "chosen partitions"}`;
  });
  if (plan.kind === "write") {
    for (const { mode, table, selection } of plan.writes) {
      for (const place of loadedPlaces(selection)) lines.push(`read   ${place.name}`);
      lines.push(`write  ${fullName(table)} (${mode})`);
    }
  }
  for (const name of plan.functions) lines.push(`call   ${name}`);
  const selections = selectionsOf(plan);
  if (selections.length > 0) {
    const why = whyNotSpark(selections, running);
    const wanted = sparkWanted(running);
    const engine = wanted === "must" || (wanted && why === undefined) ? "spark" : "duckdb";
    const { target, input, call } = running;
    const cluster = clusterFor(target.catalog, input.session, call);
    const where = cluster ? `, on the cluster ${clusterLocation(cluster)}` : "";
    lines.push(`engine ${engine}${where}`, `spark  ${why ?? "has words for it"}`);
  }
  return { text: lines.join("\n") };
}

/** The queries of a statement. */
export function selectionsOf(plan: Plan): readonly Selection[] {
  if (plan.kind === "write") return plan.writes.map(({ selection }) => selection);
  return plan.kind === "definition" ? [] : [plan.selection];
}

/** What of the statement Spark has no words for. */
function whyNotSpark(selections: readonly Selection[], running: Running): string | undefined {
  try {
    for (const selection of selections) writtenForSpark(selection, running);
    return undefined;
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    return error.reason.replace(/^.*? exception - /, "");
  }
}

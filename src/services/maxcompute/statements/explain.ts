import { fullName } from "../../../sql/catalog.ts";
import type { Plan, Selection } from "../../../sql/plan.ts";
import { emitSpark } from "../../../sql/spark/emit.ts";
import { SqlError } from "../../../sql/sql-error.ts";
import type { Outcome } from "../jobs/jobs.ts";

/** EXPLAIN: what a statement reads and writes. Whoever may not run it may not see that either. */
export function explain(plan: Plan): Outcome {
  const lines = plan.reads.map(({ table, columns, through, partitions }) => {
    const ways = through.map((view) => fullName(view)).join(" -> ");
    return `read   ${fullName(table)}(${columns.join(", ")})${ways === "" ? "" : ` through ${ways}`}, ${partitions === "all" ? "all partitions" : "chosen partitions"}`;
  });
  if (plan.kind === "write") {
    for (const { mode, table } of plan.writes) lines.push(`write  ${fullName(table)} (${mode})`);
  }
  for (const name of plan.functions) lines.push(`call   ${name}`);
  const selections = selectionsOf(plan);
  if (selections.length > 0) lines.push(`spark  ${onSpark(selections)}`);
  return { text: lines.join("\n") };
}

function selectionsOf(plan: Plan): readonly Selection[] {
  if (plan.kind === "write") return plan.writes.map(({ selection }) => selection);
  return plan.kind === "definition" ? [] : [plan.selection];
}

/** Whether Spark SQL has words for all of the statement. */
function onSpark(selections: readonly Selection[]): string {
  try {
    for (const selection of selections) emitSpark(selection, ({ id }) => id);
    return "has words for it";
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    return error.reason.replace(/^.*? exception - /, "");
  }
}

import { fullName } from "../../../sql/catalog.ts";
import type { Plan } from "../../../sql/plan.ts";
import type { Outcome } from "../jobs.ts";

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
  return { text: lines.join("\n") };
}

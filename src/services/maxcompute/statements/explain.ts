import type { Explain } from "../../../sql/tree.ts";
import { fullName } from "../../../sql/catalog.ts";
import type { Outcome } from "../jobs.ts";
import type { Doing } from "./execute.ts";

/** EXPLAIN: what a statement reads and writes. Whoever may not run it may not see that either. */
export function explain({ target: { plan } }: Doing<Explain>): Outcome {
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

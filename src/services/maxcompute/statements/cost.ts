import { ServiceError } from "../../../pipeline/operation.ts";
import { fullName } from "../../../sql/catalog.ts";
import { complexityOf } from "../../../sql/complexity.ts";
import type { Plan } from "../../../sql/plan.ts";
import type { Outcome } from "../jobs/jobs.ts";
import { notBuilt } from "./execute.ts";
import { selectionsOf } from "./explain.ts";
import type { Running } from "./in-cell.ts";
import { asked } from "./made-relation.ts";

/**
 * What a statement would read, and how complex it is: in the place of doing it. Whoever may not run it may not see that
 * either. Which partitions there are is data: who reads the answer reads the tables.
 */
export function costOf(plan: Plan, { target, input }: Running): Outcome {
  const selections = selectionsOf(plan);
  if (selections.length === 0) throw notBuilt("an estimate of what is no query and writes no rows");
  const files = new Map<string, number>();
  for (const relation of selections.flatMap(({ relations }) => relations)) {
    if (!("table" in relation)) continue;
    const found = target.catalog.found(relation.table);
    if (found.record.external)
      throw outside(found.isPlace ? found.record.name : fullName(relation.table));
    for (const one of asked(found, relation).flatMap((partition) => partition.files)) {
      files.set(one.id, one.blob.size);
    }
  }
  const Input = [...files.values()].reduce((sum, bytes) => sum + bytes, 0);
  const sql = { Complexity: complexityOf(input.statement), Input, UDF: plan.uses.length };
  return { text: JSON.stringify({ Cost: { SQL: sql } }), reads: target.reads };
}

const outside = (name: string) =>
  new ServiceError(
    "ODPS-0130071",
    `ODPS-0130071: Semantic analysis exception - ${name} lies outside: there is no estimate of what it takes to read it`,
  );

import type { RepairTable } from "../../../sql/tree-definition.ts";
import { partitionsFound } from "../external/folders.ts";
import { ExternalObjects } from "../external/objects.ts";
import type { Outcome } from "../jobs/jobs.ts";
import { callerName } from "../projects.ts";
import { putVersion } from "../versions.ts";
import { withNew } from "./alter-partitions.ts";
import type { Doing } from "./execute.ts";
import { notFound, placed, semantic, tableAt } from "./names.ts";

/** MSCK REPAIR TABLE: partitions of an external table for the folders that its caller sees below its location. */
export async function repairTable({
  statement,
  target,
  call,
  judgeAgain,
}: Doing<RepairTable>): Promise<Outcome> {
  const where = placed(statement.table, target.catalog, call);
  const there = tableAt(where, target.catalog);
  if (!there) throw notFound(where);
  const { record, store, project } = there;
  if (!record.external || record.partitionColumns.length === 0) {
    throw semantic(statement.at, `${record.name} is not a partitioned external table`);
  }
  const found = await partitionsFound(record, new ExternalObjects(project, call));
  await call.parts.store.transaction(() => {
    judgeAgain();
    putVersion(store, {
      ...{ projectId: project.id, table: record, clock: call.parts.clock, by: callerName(call) },
      ...{ operation: "REPAIR", added: [] },
      change: (partitions) => withNew(partitions, found, call.timeMs),
    });
  });
  return { text: "OK" };
}

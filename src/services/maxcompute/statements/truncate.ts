import type { TruncateTable } from "../../../sql/tree-definition.ts";
import type { Outcome } from "../jobs/jobs.ts";
import { callerName } from "../projects.ts";
import { putVersion, sameValues } from "../versions.ts";
import type { Doing } from "./execute.ts";
import { notFound, partitionValues, placed, semantic, tableAt } from "./names.ts";

/** TRUNCATE TABLE, of all rows or those of some partitions. */
export async function truncate({
  statement,
  target,
  call,
}: Doing<TruncateTable>): Promise<Outcome> {
  const where = placed(statement.table, target.catalog, call);
  const there = tableAt(where, target.catalog);
  if (!there) throw notFound(where);
  const { record, store, project } = there;
  if (record.kind !== "table") throw semantic(statement.at, `${record.name} is no table`);
  const wanted = statement.partitions.map((items) => partitionValues(items, record, statement.at));
  await call.parts.store.transaction(() => {
    putVersion(store, {
      ...{ projectId: project.id, table: record, clock: call.parts.clock, by: callerName(call) },
      ...{ operation: "TRUNCATE", added: [] },
      change: (partitions) =>
        partitions.map((partition) =>
          wanted.length === 0 || wanted.some((values) => sameValues(values, partition.values))
            ? { ...partition, files: [], modifiedAtMs: call.timeMs }
            : partition,
        ),
    });
  });
  return { text: "OK" };
}

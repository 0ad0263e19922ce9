import type { RestoreTable, TruncateTable } from "../../../sql/tree-definition.ts";
import { contentAt } from "../catalog.ts";
import type { Outcome } from "../jobs.ts";
import { callerName } from "../projects.ts";
import { putVersion, sameValues } from "../versions.ts";
import { type Doing, notBuilt } from "./execute.ts";
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
      ...{ projectId: project.id, table: record, atMs: call.timeMs, by: callerName(call) },
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

/** RESTORE TABLE t TO LSN 'n': a new version with the content of an older one, which SHOW HISTORY lists. */
export async function restore({ statement, target, call }: Doing<RestoreTable>): Promise<Outcome> {
  const where = placed(statement.table, target.catalog, call);
  const there = tableAt(where, target.catalog);
  if (!there) throw notFound(where);
  if (statement.as) throw notBuilt("RESTORE TABLE AS");
  if (statement.partitions.length > 0) throw notBuilt("RESTORE TABLE PARTITION");
  const { record, store, project } = there;
  const version = Number(statement.lsn);
  await call.parts.store.transaction(() => {
    const old = Number.isInteger(version) ? contentAt(store, record, version) : undefined;
    if (!old)
      throw semantic(
        statement.at,
        `there is no version ${statement.lsn} of ${record.name} any more`,
      );
    putVersion(store, {
      ...{ projectId: project.id, table: record, atMs: call.timeMs, by: callerName(call) },
      ...{ operation: "RESTORE", added: [] },
      // Brought back is changed: a lifecycle begins anew.
      change: () => old.partitions.map((one) => ({ ...one, modifiedAtMs: call.timeMs })),
    });
  });
  return { text: "OK" };
}

import type { AlterTable, AlterTableAction } from "../../../sql/tree-alter.ts";
import { keepOrDiscard } from "../../../storage/keep-or-discard.ts";
import { partitionName } from "../catalog.ts";
import type { Outcome } from "../jobs/jobs.ts";
import { callerName } from "../projects.ts";
import type { FoundTable } from "../tunnel/session.ts";
import { changedMeanwhile, putVersion, sameFiles, sameValues, withFiles } from "../versions.ts";
import { checkFits, copyPartition } from "./clone.ts";
import type { Doing } from "./execute.ts";
import { notFound, partitionValues, placed, semantic, tableAt } from "./names.ts";

type Exchange = Extract<AlterTableAction, { kind: "exchange-partition" }>;

/**
 * ALTER TABLE t EXCHANGE PARTITION (..) WITH TABLE s: a partition of s becomes one of t, which has none of that name, as
 * in Hive. Its rows are copied: versions of s keep their files, and t has its own.
 */
export async function exchangePartition(
  action: Exchange,
  into: FoundTable,
  doing: Doing<AlterTable>,
): Promise<Outcome> {
  const { statement, target, call } = doing;
  const { at } = statement;
  const where = placed(action.with, target.catalog, call);
  const from = tableAt(where, target.catalog);
  if (!from) throw notFound(where);
  if (from.record.kind !== "table") throw semantic(at, `${from.record.name} is no table`);
  if (from.record.id === into.record.id) throw semantic(at, "both are the same table");
  checkFits(from, into, at);
  const values = partitionValues(action.partition, into.record, at);
  const name = partitionName(into.record, values);
  const source = from.content.partitions.find((one) => sameValues(one.values, values));
  if (!source) throw semantic(at, `there is no partition ${name} of ${from.record.name}`);
  const copied = await copyPartition(source, from, into, doing);
  const { clock } = call.parts;
  const made = { clock, by: callerName(call), operation: "EXCHANGE PARTITION" };
  await keepOrDiscard(call.parts.store, from.store, copied.files, () => {
    doing.judgeAgain();
    putVersion(from.store, {
      ...{ projectId: from.project.id, table: from.record, ...made, added: [] },
      change(partitions) {
        const now = partitions.find((one) => sameValues(one.values, values));
        if (!now || !sameFiles(now, source)) throw changedMeanwhile(from.record.name);
        return partitions.filter((one) => one !== now);
      },
    });
    putVersion(into.store, {
      ...{ projectId: into.project.id, table: into.record, ...made, added: copied.files },
      change(partitions) {
        if (partitions.some((one) => sameValues(one.values, values))) {
          throw semantic(at, `partition ${name} already exists`);
        }
        return withFiles(partitions, values, copied.files, { atMs: call.timeMs, overwrite: true });
      },
    });
  });
  return { text: "OK" };
}

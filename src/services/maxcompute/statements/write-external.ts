import { assert } from "../../../lib/assert.ts";
import { fullName } from "../../../sql/catalog.ts";
import type { Write } from "../../../sql/plan.ts";
import type { PartitionRecord, TableRecord } from "../catalog.ts";
import { checkValues, partitionPlace } from "../external/folders.ts";
import { writeOutside } from "../external/outside.ts";
import type { Outcome } from "../jobs/jobs.ts";
import { callerName } from "../projects.ts";
import type { FoundTable } from "../tunnel/session.ts";
import { changedMeanwhile, putVersion, sameValues } from "../versions.ts";
import { notBuilt } from "./execute.ts";
import type { Running } from "./in-cell.ts";

/** All partition values of rows: those that the statement tells, then those of the rows themselves. */
export function allValues(
  { table, staticPartition, dynamicPartition }: Write,
  own: readonly string[],
): readonly string[] {
  return table.partitionColumns.map(({ name }) => {
    const told = staticPartition.find(({ column }) => column === name)?.value;
    return told ?? own[dynamicPartition.indexOf(name)] ?? "";
  });
}

/** INSERT into an external table: an object more, or the only one, in each place. */
export async function writeExternal(write: Write, running: Running): Promise<Outcome> {
  const found = running.target.catalog.found(write.table);
  const { record, content } = found;
  const { external } = record;
  assert(external, "an external table says where it lies");
  if (write.mode === "replace") throw notBuilt("a change of an external table's rows");
  const name = fullName(write.table);
  const { dynamicPartition: partitionBy, ifNotExists } = write;
  if (ifNotExists) {
    if (partitionBy.length > 0) throw notBuilt("IF NOT EXISTS with partitions of the rows' values");
    const values = allValues(write, []);
    const isThere = content.partitions.some((one) => sameValues(one.values, values));
    if (isThere) return { text: "OK", written: { [name]: 0 } };
  }
  const placeOf = (own: readonly string[]) => {
    const values = allValues(write, own);
    checkValues(record, values);
    const there = content.partitions.find((one) => sameValues(one.values, values));
    return partitionPlace(record, there ?? { values });
  };
  const overwrite = write.mode === "overwrite";
  const how = { format: external.format, partitionBy, placeOf, overwrite };
  const { rows, bytes, values } = await writeOutside(write.selection, how, running);
  if (record.partitionColumns.length > 0) {
    await putPartitions(
      found,
      values.map((own) => allValues(write, own)),
      running,
    );
  }
  return { text: "OK", written: { [name]: rows }, carried: { rows, bytes } };
}

/** The partitions that have got rows are there from now on. */
async function putPartitions(
  { project, store, record, content }: FoundTable,
  written: readonly (readonly string[])[],
  { call }: Running,
): Promise<void> {
  await call.parts.store.transaction(() => {
    putVersion(store, {
      ...{ projectId: project.id, table: record, clock: call.parts.clock, by: callerName(call) },
      ...{ operation: "INSERT", added: [] },
      change: (partitions) =>
        written.reduce(
          (after, values) => withPartition(after, values, { record, content, atMs: call.timeMs }),
          partitions,
        ),
    });
  });
}

/** A partition that was written: new, or the one that was found where it is. */
function withPartition(
  partitions: readonly PartitionRecord[],
  values: readonly string[],
  {
    record,
    content,
    atMs,
  }: Pick<FoundTable, "content"> & { readonly record: TableRecord; readonly atMs: number },
): readonly PartitionRecord[] {
  const isIt = (one: PartitionRecord) => sameValues(one.values, values);
  const [now, found] = [partitions.find(isIt), content.partitions.find(isIt)];
  if (!now) {
    // Dropped meanwhile, or new: rows of a place that is not its own would be lost.
    if (found?.location) throw changedMeanwhile(record.name);
    return [...partitions, { values, files: [], createdAtMs: atMs, modifiedAtMs: atMs }];
  }
  const isMoved = JSON.stringify(now.location) !== JSON.stringify(found?.location);
  if (isMoved) throw changedMeanwhile(record.name);
  return partitions.map((one) => (one === now ? { ...one, modifiedAtMs: atMs } : one));
}

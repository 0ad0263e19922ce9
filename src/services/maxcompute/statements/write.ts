import { fullName } from "../../../sql/catalog.ts";
import type { Plan, Write } from "../../../sql/plan.ts";
import { keepOrDiscard, makeOrDiscard } from "../../../storage/keep-or-discard.ts";
import { carriedBy, type PartitionRecord, rowsIn } from "../catalog.ts";
import type { Outcome } from "../jobs/jobs.ts";
import { callerName } from "../projects.ts";
import { changedMeanwhile, putVersion, sameValues, withFiles } from "../versions.ts";
import { notBuilt } from "./execute.ts";
import type { Running } from "./in-cell.ts";
import { keepFiles } from "./query.ts";
import { allValues, writeExternal } from "./write-external.ts";

const operations = { into: "INSERT", overwrite: "INSERT OVERWRITE", replace: "REWRITE" } as const;

/** A table's part of a write, and what was made for it. */
interface Done {
  readonly write: Write;
  readonly made: readonly PartitionRecord[];
}

/** Runs INSERT, UPDATE, DELETE and MERGE: all tables that a statement writes change at once, or none does. */
export async function writeTables(
  { writes }: Extract<Plan, { kind: "write" }>,
  running: Running,
): Promise<Outcome> {
  const outside = writes.map((write) => running.target.catalog.found(write.table).record.external);
  const [first] = writes;
  if (first && outside[0] && writes.length === 1) return writeExternal(first, running);
  if (outside.some((one) => one !== undefined)) {
    throw notBuilt("an insert into several tables of which one is external");
  }
  const { target, call, judgeAgain } = running;
  const make = async (write: Write): Promise<Done> => {
    const found = target.catalog.found(write.table);
    const made = await keepFiles(write.selection, write.dynamicPartition, running, found);
    return { write, made: made.map((partition) => withStatic(partition, write)) };
  };
  const filesOf = ({ made }: Done) => made.flatMap(({ files }) => files);
  const done = await makeOrDiscard(writes, target.store, make, filesOf);
  const added = done.flatMap(filesOf);
  await keepOrDiscard(call.parts.store, target.store, added, () => {
    judgeAgain();
    for (const { write, made } of done) putWrite(write, made, running);
  });
  const written: Record<string, number> = {};
  for (const { write, made } of done) {
    const name = fullName(write.table);
    const rows = made.reduce((sum, partition) => sum + rowsIn(partition), 0);
    written[name] = (written[name] ?? 0) + rows;
  }
  return { text: "OK", written, carried: carriedBy(done.flatMap(({ made }) => made)) };
}

/** What was written, with the values of its partition that the statement tells. */
const withStatic = (partition: PartitionRecord, write: Write): PartitionRecord => ({
  ...partition,
  values: allValues(write, partition.values),
});

function putWrite(write: Write, made: readonly PartitionRecord[], running: Running): void {
  const { target, call } = running;
  const { project, store, record, content } = target.catalog.found(write.table);
  putVersion(store, {
    projectId: project.id,
    table: record,
    clock: call.parts.clock,
    by: callerName(call),
    operation: operations[write.mode],
    added: made.flatMap(({ files }) => files),
    change(before, now) {
      if (write.mode !== "replace") return changed(write, before, made, call.timeMs);
      // The new content was made of a version that must still be the newest.
      if (now.version !== content.version) throw changedMeanwhile(record.name);
      return replaced(before, made, call.timeMs);
    },
  });
}

/** The rows of some partitions are those, and others are as they were. */
function changed(
  { mode, ifNotExists }: Write,
  before: readonly PartitionRecord[],
  made: readonly PartitionRecord[],
  atMs: number,
): readonly PartitionRecord[] {
  let after = before;
  const begun: (readonly string[])[] = [];
  for (const { values, files } of made) {
    const there = before.some((partition) => sameValues(partition.values, values));
    if (there && ifNotExists) continue;
    const overwrite = mode === "overwrite" && !begun.some((other) => sameValues(other, values));
    begun.push(values);
    after = withFiles(after, values, files, { atMs, overwrite });
  }
  return after;
}

/** The table holds just these rows; partitions without any stay, empty. */
function replaced(
  before: readonly PartitionRecord[],
  made: readonly PartitionRecord[],
  atMs: number,
): readonly PartitionRecord[] {
  let after: readonly PartitionRecord[] = before.map((partition) =>
    partition.files.length > 0 ? { ...partition, files: [], modifiedAtMs: atMs } : partition,
  );
  for (const { values, files } of made) {
    after = withFiles(after, values, files, { atMs, overwrite: false });
  }
  return after;
}

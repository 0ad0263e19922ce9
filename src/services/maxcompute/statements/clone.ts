import type { ProjectRecord } from "../../../projects/project.ts";
import { quoteName } from "../../../sql/quote.ts";
import type { Position } from "../../../sql/tree.ts";
import type { CloneTable } from "../../../sql/tree-definition.ts";
import { keepOrDiscard, makeOrDiscard } from "../../../storage/keep-or-discard.ts";
import {
  carriedBy,
  type FileRecord,
  type PartitionRecord,
  storedName,
  type TableRecord,
} from "../catalog.ts";
import type { Outcome } from "../jobs/jobs.ts";
import { callerName } from "../projects.ts";
import { placedFiles, relationSql } from "../relations.ts";
import type { FoundTable } from "../tunnel/session.ts";
import { putVersion, sameValues, withFiles } from "../versions.ts";
import type { Doing } from "./execute.ts";
import type { Running } from "./in-cell.ts";
import { notFound, partitionValues, placed, placedNew, semantic, tableAt } from "./names.ts";
import { alreadyExists, putTable } from "./put-table.ts";
import { leave } from "./query.ts";

/** CLONE TABLE: a copy of the rows as they are now, in its own files; its owner is who made it. */
export async function cloneTable(doing: Doing<CloneTable>): Promise<Outcome> {
  const { statement, target, call } = doing;
  const from = placed(statement.source, target.catalog, call);
  const source = tableAt(from, target.catalog);
  if (!source) throw notFound(from);
  if (source.record.kind !== "table") throw semantic(statement.at, `${from.name} is no table`);
  const where = placedNew(statement.target, target.catalog, call);
  const there = tableAt(where, target.catalog);
  if (there && !statement.ifExists) throw alreadyExists(where);
  if (there) checkFits(source, there, statement.at);
  const partitions = wantedPartitions(source, doing);
  const into = { project: where.project, record: there?.record };
  const copied = await copyPartitions(partitions, source, into, doing);
  const added = copied.flatMap(({ files }) => files);
  const { columns, partitionColumns, comment, transactional, primaryKey, properties } =
    source.record;
  await keepOrDiscard(call.parts.store, target.store, added, () => {
    doing.judgeAgain();
    if (there) return putClone(there, copied, added, doing);
    const shape = { columns, partitionColumns, comment, transactional, primaryKey, properties };
    const content = { operation: "CLONE", partitions: copied, added };
    return putTable(where, call, { kind: "table", ...shape }, { content });
  });
  return { text: "OK", carried: carriedBy(copied) };
}

/** Refuses to put the rows of one table into another that has other columns. */
export function checkFits(source: FoundTable, there: FoundTable, at: Position): void {
  const shape = ({ record }: FoundTable) =>
    JSON.stringify(
      [record.columns, record.partitionColumns].map((columns) =>
        columns.map(({ name, type, generated }) => [name, type, generated]),
      ),
    );
  if (shape(source) === shape(there)) return;
  throw semantic(at, `${there.record.name} has other columns than ${source.record.name}`);
}

function wantedPartitions(
  { record, content }: FoundTable,
  { statement }: Doing<CloneTable>,
): readonly PartitionRecord[] {
  if (statement.partitions.length === 0) return content.partitions;
  return statement.partitions.map((items) => {
    const values = partitionValues(items, record, statement.at);
    const found = content.partitions.find((partition) => sameValues(partition.values, values));
    if (!found) throw semantic(statement.at, `there is no partition ${values.join("/")}`);
    return found;
  });
}

/** The project that gets a copy, and the table if there is one. */
interface CopyTarget {
  readonly project: ProjectRecord;
  readonly record?: TableRecord | undefined;
}

/** The same for some partitions: all of them, or none is left. */
export const copyPartitions = (
  partitions: readonly PartitionRecord[],
  source: FoundTable,
  into: CopyTarget,
  doing: Running,
): Promise<readonly PartitionRecord[]> =>
  makeOrDiscard(
    partitions,
    source.store,
    (one) => copyPartition(one, source, into, doing),
    ({ files }) => files,
  );

/**
 * The files of a partition once more, sealed for who gets them. Where columns were changed they are written anew: what
 * the table has dropped does not go along, and each has the name by which the other table reads it.
 */
export async function copyPartition(
  partition: PartitionRecord,
  source: FoundTable,
  { project, record: there }: CopyTarget,
  doing: Running,
): Promise<PartitionRecord> {
  const { call } = doing;
  const times = { createdAtMs: call.timeMs, modifiedAtMs: call.timeMs };
  const { record, store } = source;
  if (partition.files.length > 0 && (record.altered || there?.altered)) {
    const placed = placedFiles(record, [partition]);
    const names = record.columns.map(({ name }) => name);
    const stored = names.map((name) => quoteName(there ? storedName(there, name) : name));
    const sql = `SELECT * FROM ${relationSql(record, placed, names)} AS copied(${stored.join(", ")})`;
    const left = await leave({ sql, files: placed }, [], project, doing);
    return { ...partition, files: left.map(({ file }) => file), ...times };
  }
  const { sealing } = call.own;
  const copy = async (file: FileRecord): Promise<FileRecord> => {
    const opener = await sealing.openerOf(project.account, file);
    const { sealer, sealedBy } = await sealing.forWriting(project);
    const body = store.blobs.read(file.blob, undefined, opener);
    const blob = await store.blobs.write(body, sealer);
    const sealed = sealedBy === undefined ? {} : { sealedBy };
    return { id: call.parts.random.uuid(), rows: file.rows, blob, ...sealed };
  };
  const files = await makeOrDiscard(partition.files, store, copy, (one) => [one]);
  return { ...partition, files, ...times };
}

function putClone(
  { project, store, record }: FoundTable,
  copied: readonly PartitionRecord[],
  added: readonly FileRecord[],
  { statement, call }: Doing<CloneTable>,
): void {
  const overwrite = statement.ifExists === "overwrite";
  putVersion(store, {
    ...{ projectId: project.id, table: record, clock: call.parts.clock, by: callerName(call) },
    ...{ operation: "CLONE", added },
    change(before) {
      let after = before;
      for (const { values, files } of copied) {
        const there = before.some((partition) => sameValues(partition.values, values));
        if (there && !overwrite) continue;
        after = withFiles(after, values, files, { atMs: call.timeMs, overwrite: true });
      }
      return after;
    },
  });
}

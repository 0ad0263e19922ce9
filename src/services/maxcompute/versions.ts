import type { Clock } from "../../lib/clock.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import type { AccountStore } from "../../storage/store.ts";
import {
  contentAt,
  emptyVersion,
  type FileRecord,
  type PartitionRecord,
  type TableRecord,
  tableRows,
  type VersionRecord,
  versionRows,
} from "./catalog.ts";
import { checkPartitions } from "./relations.ts";
import { forgetStatistics } from "./statistics.ts";

const prunedAtOnce = 1000;
/** A statement has found its version and does not hold it yet: nothing is pruned under it. */
const graceMs = 60_000;

/** Whether what ended then can go for good, where the past is kept since a moment. */
export const isOver = (endedAtMs: number, sinceMs: number): boolean =>
  sinceMs - endedAtMs > graceMs;

/** A change of what a table holds. */
interface ContentChange {
  readonly projectId: string;
  readonly table: Pick<TableRecord, "id" | "schema" | "name">;
  /** Tells when it is committed, which is the version's time: not when its statement or request began. */
  readonly clock: Clock;
  readonly by: string;
  readonly operation: string;
  /** Files that the new content has and the old has not: they are kept with it. */
  readonly added: readonly FileRecord[];
  /** What the table then holds. Throws to refuse. */
  readonly change: (
    partitions: readonly PartitionRecord[],
    before: TableRecord,
  ) => readonly PartitionRecord[];
  /** A further change of the table itself. */
  readonly redefine?: (table: TableRecord) => TableRecord;
}

/**
 * Puts a new version of a table, inside a transaction. Refuses when the table is not the one that was found: it was
 * dropped, or made anew under its name.
 */
export function putVersion(store: AccountStore, wanted: ContentChange): TableRecord {
  const { projectId, table, clock, by, operation } = wanted;
  const key = [projectId, table.schema, table.name];
  const before = tableRows(store).find(key);
  if (before?.id !== table.id) throw changedMeanwhile(table.name);
  const last = contentAt(store, before, before.version);
  const partitions = wanted.change(last?.partitions ?? [], before);
  checkPartitions(before, partitions, last?.partitions);
  const version = before.version + 1;
  const after = { ...(wanted.redefine?.(before) ?? before), version };
  keepStatistics(store, { before, after }, { before: last?.partitions ?? [], after: partitions });
  const used = new Set(partitions.flatMap(({ files }) => files.map(({ id }) => id)));
  for (const { id, blob } of wanted.added) {
    if (used.has(id)) store.blobs.keep(blob);
    else store.blobs.discard(blob);
  }
  // INVARIANT: times of versions never go back, though the clock may.
  const at = Math.max(clock.now(), last?.atMs ?? before.createdAtMs);
  versionRows(store).put([before.id, version], { version, atMs: at, by, operation, partitions });
  tableRows(store).put(key, after);
  return after;
}

/** Keeps statistics of what stays as it was alone: of a partition with the same files, in the same columns. */
function keepStatistics(
  store: AccountStore,
  tables: { readonly before: TableRecord; readonly after: TableRecord },
  partitions: { readonly [at in "before" | "after"]: readonly PartitionRecord[] },
): void {
  const isSameShape = tables.before.columns === tables.after.columns;
  const byValues = (list: readonly PartitionRecord[]) =>
    new Map(list.map((one) => [JSON.stringify(one.values), one]));
  // Most tables have none.
  let maps: readonly ReadonlyMap<string, PartitionRecord>[] | undefined;
  forgetStatistics(store, tables.before, (values) => {
    maps ??= [byValues(partitions.before), byValues(partitions.after)];
    const [before, after] = maps.map((one) => one.get(values));
    return isSameShape && before !== undefined && after !== undefined && sameFiles(before, after);
  });
}

/** Code of the refusal below. */
export const dataChanged = "ODPS-0110141";

/** The refusal of a write to a table that is not as it was when the statement began. */
export const changedMeanwhile = (name: string): ServiceError =>
  new ServiceError(
    dataChanged,
    `ODPS-0110141: Data version exception - the table ${name} has changed since the statement began; run it again`,
  );

/** A version of a table that can be read: as long as the past is kept after the next one took its place. */
export function keptVersion(
  store: AccountStore,
  table: TableRecord,
  version: number,
  sinceMs: number,
): VersionRecord | undefined {
  const there = version === 0 ? emptyVersion(table) : contentAt(store, table, version);
  if (version === table.version) return there;
  const next = contentAt(store, table, version + 1);
  return next && next.atMs >= sinceMs ? there : undefined;
}

/** Which version of a table was the newest at a moment; undefined before it was made. */
export function versionAt(
  store: AccountStore,
  table: TableRecord,
  atMs: number,
): number | undefined {
  if (atMs < table.createdAtMs) return undefined;
  let [oldest, newest] = [0, table.version];
  while (oldest < newest) {
    const middle = Math.ceil((oldest + newest) / 2);
    // What is not kept any more is older than what is.
    const { atMs: begun = 0 } = contentAt(store, table, middle) ?? {};
    if (begun <= atMs) oldest = middle;
    else newest = middle - 1;
  }
  return oldest;
}

/** Versions that nobody can ask for any more, the oldest first, and the first one that is kept. */
function oldVersions(
  store: AccountStore,
  { id, version }: TableRecord,
  sinceMs: number,
  { max, held = Number.POSITIVE_INFINITY }: { readonly max: number; readonly held?: number },
) {
  const rows = versionRows(store);
  const old: VersionRecord[] = [];
  for (const { value } of rows.range({ prefix: [id], limit: max })) {
    // A version is of use until the next one is old itself.
    const next = value.version < version ? rows.find([id, value.version + 1]) : undefined;
    const isOld = next && isOver(next.atMs, sinceMs) && value.version < held;
    if (!isOld) return { old, keptFrom: value.version };
    old.push(value);
  }
  return { old, keptFrom: (old.at(-1)?.version ?? version - 1) + 1 };
}

/** Whether a table has versions that can go. */
export const hasOldVersions = (store: AccountStore, table: TableRecord, sinceMs: number): boolean =>
  oldVersions(store, table, sinceMs, { max: 1 }).old.length > 0;

/**
 * Drops versions that nobody can ask for any more, with the files that only they have, inside a transaction. From the
 * version that is held on all stay. Answers whether more may be left to drop: a transaction drops so many at most.
 */
export function pruneVersions(
  store: AccountStore,
  table: TableRecord,
  sinceMs: number,
  held: number,
): boolean {
  const { id } = table;
  const rows = versionRows(store);
  const { old, keptFrom } = oldVersions(store, table, sinceMs, { max: prunedAtOnce, held });
  if (old.length === 0) return false;
  const kept = new Set<string>();
  for (const { value } of rows.range({ prefix: [id], from: [id, keptFrom] })) {
    for (const { files } of value.partitions) for (const file of files) kept.add(file.id);
  }
  for (const { version, partitions } of old) {
    removeFiles(store, partitions, kept);
    rows.remove([id, version]);
  }
  return old.length === prunedAtOnce;
}

/** Removes files that are not among those kept, each once. */
function removeFiles(
  store: AccountStore,
  partitions: readonly PartitionRecord[],
  kept: Set<string>,
): void {
  for (const { files } of partitions) {
    for (const file of files) {
      if (kept.has(file.id)) continue;
      kept.add(file.id);
      store.blobs.remove(file.blob);
    }
  }
}

/** Removes a table with every version, inside a transaction. */
export function removeTable(store: AccountStore, projectId: string, table: TableRecord): void {
  const now = tableRows(store).find([projectId, table.schema, table.name]);
  if (now?.id !== table.id) throw changedMeanwhile(table.name);
  tableRows(store).remove([projectId, table.schema, table.name]);
  removeVersions(store, table);
}

/** Removes every version of a table, and what was found in it, inside a transaction. */
export function removeVersions(store: AccountStore, table: Pick<TableRecord, "id">): void {
  forgetStatistics(store, table);
  const gone = new Set<string>();
  for (const { key, value } of [...versionRows(store).range({ prefix: [table.id] })]) {
    removeFiles(store, value.partitions, gone);
    versionRows(store).remove(key);
  }
}

/** Adds files to one partition, or begins it. */
export function withFiles(
  partitions: readonly PartitionRecord[],
  values: readonly string[],
  files: readonly FileRecord[],
  { atMs, overwrite }: { readonly atMs: number; readonly overwrite: boolean },
): readonly PartitionRecord[] {
  const at = partitions.findIndex((partition) => sameValues(partition.values, values));
  const before = partitions[at];
  const after: PartitionRecord = {
    values,
    files: overwrite ? files : [...(before?.files ?? []), ...files],
    createdAtMs: before?.createdAtMs ?? atMs,
    modifiedAtMs: atMs,
    ...(before?.lifecycleDisabled && { lifecycleDisabled: true }),
  };
  return before ? partitions.with(at, after) : [...partitions, after];
}

/** Whether a partition still has the files that it was found with. */
export const sameFiles = (
  { files: one }: Pick<PartitionRecord, "files">,
  { files: other }: Pick<PartitionRecord, "files">,
): boolean => one.length === other.length && one.every(({ id }, at) => id === other[at]?.id);

export const sameValues = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((value, at) => value === other[at]);

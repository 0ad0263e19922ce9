import type { PurgeTable, RestoreTable } from "../../../sql/tree-definition.ts";
import { keepOrDiscard } from "../../../storage/keep-or-discard.ts";
import type { AccountStore } from "../../../storage/store.ts";
import {
  type PartitionRecord,
  partitionName,
  type TableRecord,
  tableRows,
  versionRows,
} from "../catalog.ts";
import { checkAdministers } from "../check-administers.ts";
import { bringBack, droppedRows, forgetDropped } from "../dropped-tables.ts";
import type { OdpsCall } from "../find-project.ts";
import type { Outcome } from "../jobs/jobs.ts";
import { callerName } from "../projects.ts";
import { keptSince } from "../retention.ts";
import type { FoundTable } from "../tunnel/session.ts";
import { keptVersion, pruneVersions, putVersion, sameValues } from "../versions.ts";
import { copyPartitions } from "./clone.ts";
import type { Doing } from "./execute.ts";
import {
  notFound,
  type PlacedName,
  partitionValues,
  placed,
  placedNew,
  semantic,
  tableAt,
} from "./names.ts";
import { alreadyExists, putTable } from "./put-table.ts";
import { idOf, restoredName } from "./restored-name.ts";

/**
 * RESTORE TABLE t [PARTITION (..)] TO LSN 'n' [AS u]: a new version with the content of an older one, which SHOW HISTORY
 * lists, or a new table with it.
 */
export async function restore(doing: Doing<RestoreTable>): Promise<Outcome> {
  const { statement, target, call } = doing;
  const where = placed(statement.table, target.catalog, call);
  const ofPartitions = statement.partitions.length > 0 && !statement.as;
  if (statement.lsn === undefined && !ofPartitions) return restoreDropped(where, doing);
  const there = tableAt(where, target.catalog);
  if (!there) throw notFound(where);
  const { record, store, project } = there;
  if (record.kind !== "table") throw semantic(statement.at, `${record.name} is no table`);
  const old = oldPartitions(there, doing);
  if (statement.as) return restoreAs(there, old, doing);
  // Brought back is changed: a lifecycle begins anew.
  const restored = old.map((one) => ({ ...one, modifiedAtMs: call.timeMs }));
  await call.parts.store.transaction(() => {
    oldPartitions(there, doing);
    putVersion(store, {
      ...{ projectId: project.id, table: record, clock: call.parts.clock, by: callerName(call) },
      ...{ operation: "RESTORE", added: [] },
      change: (partitions) =>
        statement.partitions.length === 0
          ? restored
          : [
              ...partitions.filter(
                ({ values }) => !restored.some((one) => sameValues(one.values, values)),
              ),
              ...restored,
            ],
    });
  });
  return { text: "OK" };
}

/** RESTORE TABLE t [('id'='x')]: what was dropped in the last day, under its name. */
async function restoreDropped(
  where: PlacedName,
  { statement, target, call }: Doing<RestoreTable>,
): Promise<Outcome> {
  if (statement.partitions.length > 0 || statement.as) {
    throw semantic(statement.at, "a dropped table is restored whole and under its name");
  }
  if (tableAt(where, target.catalog)) throw alreadyExists(where);
  const dropped = target.catalog.dropped(where, idOf(statement));
  if (!dropped) throw semantic(statement.at, `no dropped table ${where.name} can be told by that`);
  const { project, schema, name } = where;
  const store = call.parts.store.account(project.account);
  await call.parts.store.transaction(() => {
    if (tableRows(store).find([project.id, schema, name])) throw alreadyExists(where);
    const { clock } = call.parts;
    bringBack(store, project, dropped, { clock, by: callerName(call) });
  });
  return { text: "OK" };
}

/** Drops old versions of a table for good, as far as nobody reads them. Another table of its name was not judged. */
async function purgeVersions(
  store: AccountStore,
  key: readonly string[],
  id: string | undefined,
  call: OdpsCall,
): Promise<void> {
  const prune = (): boolean => {
    const now = tableRows(store).find(key);
    if (!now || now.id !== id) return false;
    return pruneVersions(store, now, Number.POSITIVE_INFINITY, call.own.busy.oldest(now.id));
  };
  while (await call.parts.store.transaction(prune));
}

/** PURGE ALL: of all tables of the project. Its owner and super administrators may. */
async function purgeAll({ target, call }: Doing<PurgeTable>): Promise<Outcome> {
  const { project, store } = target;
  checkAdministers(project, call);
  for (const { value: one } of [...droppedRows(store).range({ prefix: [project.id] })]) {
    if (call.own.busy.has(one.table.id)) continue;
    await call.parts.store.transaction(() => forgetDropped(store, project.id, one));
  }
  for (const { value: table } of [...tableRows(store).range({ prefix: [project.id] })]) {
    await purgeVersions(store, [project.id, table.schema, table.name], table.id, call);
  }
  return { text: "OK" };
}

/** PURGE TABLE t: what could be restored of it can be no more. */
export async function purge(doing: Doing<PurgeTable>): Promise<Outcome> {
  const { statement, target, call } = doing;
  if (!statement.table) return purgeAll(doing);
  const where = placed(statement.table, target.catalog, call);
  const { project, schema, name } = where;
  const there = tableAt(where, target.catalog);
  const store = call.parts.store.account(project.account);
  await call.parts.store.transaction(() => {
    for (const one of target.catalog.droppedNamed(where)) {
      if (!call.own.busy.has(one.table.id)) forgetDropped(store, project.id, one);
    }
  });
  await purgeVersions(store, [project.id, schema, name], there?.record.id, call);
  return { text: "OK" };
}

/** What an older version had, as far as it is asked for. Refuses what is not kept any more. */
function oldPartitions(
  { record, store, project }: FoundTable,
  { statement, call }: Doing<RestoreTable>,
): readonly PartitionRecord[] {
  const { lsn, at, partitions } = statement;
  const since = keptSince(record, project, call.timeMs);
  if (lsn === undefined) {
    return partitions.map((spec) => {
      const values = partitionValues(spec, record, at);
      const found = droppedPartition(store, record, project.id, values, since);
      if (found) return found;
      throw semantic(at, `no dropped partition ${partitionName(record, values)} is kept`);
    });
  }
  const old = /^\d+$/.test(lsn ?? "") ? keptVersion(store, record, Number(lsn), since) : undefined;
  if (!old) throw semantic(at, `there is no version ${lsn} of ${record.name} any more`);
  if (partitions.length === 0) return old.partitions;
  return partitions.map((spec) => {
    const values = partitionValues(spec, record, at);
    const found = old.partitions.find((one) => sameValues(one.values, values));
    if (found) return found;
    throw semantic(at, `version ${lsn} has no partition ${partitionName(record, values)}`);
  });
}

/** A partition that a table has no more, as it was last, as long as that is kept. */
function droppedPartition(
  store: AccountStore,
  { id, schema, name }: TableRecord,
  projectId: string,
  values: readonly string[],
  since: number,
): PartitionRecord | undefined {
  // As the table is by now: this is looked at again in the transaction that restores.
  const now = tableRows(store).find([projectId, schema, name]);
  if (now?.id !== id) return undefined;
  for (const { value } of versionRows(store).range({ prefix: [id], reverse: true })) {
    const found = value.partitions.find((one) => sameValues(one.values, values));
    if (value.version === now.version ? found : !keptVersion(store, now, value.version, since)) {
      return undefined;
    }
    if (found) return found;
  }
  return undefined;
}

/** A table of its own: versions of the old one keep their files. */
async function restoreAs(
  from: FoundTable,
  old: readonly PartitionRecord[],
  doing: Doing<RestoreTable>,
): Promise<Outcome> {
  const { statement, target, call } = doing;
  const where = placedNew(restoredName(statement) ?? statement.table, target.catalog, call);
  if (tableAt(where, target.catalog)) throw alreadyExists(where);
  // Nothing but this holds the old version: its files stay until they are copied.
  const giveBack = call.own.busy.hold([{ id: from.record.id, version: Number(statement.lsn) }]);
  const partitions = await copyPartitions(old, from, where, doing).finally(giveBack);
  const { columns, partitionColumns, comment, transactional, primaryKey, properties } = from.record;
  const added = partitions.flatMap(({ files }) => files);
  await keepOrDiscard(call.parts.store, target.store, added, () => {
    doing.judgeAgain();
    const shape = { columns, partitionColumns, comment, transactional, primaryKey, properties };
    const content = { operation: "RESTORE", partitions, added };
    putTable(where, call, { kind: "table", ...shape }, { content });
  });
  return { text: "OK" };
}

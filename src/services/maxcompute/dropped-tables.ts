import type { Clock } from "../../lib/clock.ts";
import { isSameObject } from "../../projects/permissions/names.ts";
import type { Permissions } from "../../projects/permissions/state.ts";
import type { ProjectRecord } from "../../projects/project.ts";
import { securityOf } from "../../projects/security.ts";
import type { AccountStore, Table } from "../../storage/store.ts";
import { type TableRecord, tableRows } from "./catalog.ts";
import { keptSince } from "./retention.ts";
import { forgetTable, putPermissions } from "./security/change.ts";
import { changedMeanwhile, putVersion, removeTable, removeVersions } from "./versions.ts";

/** A table that was dropped and can be brought back, by project, schema, name and id. */
export interface DroppedRecord {
  readonly table: TableRecord;
  readonly atMs: number;
  /** Labels of its columns: nobody comes to read what they keep from him by a drop and a restore. */
  readonly labels: Permissions["tableLabels"];
}

export const droppedRows = (store: AccountStore): Table<DroppedRecord> =>
  store.table("odps-dropped-tables");

const keyOf = (projectId: string, { schema, name, id }: TableRecord) => [
  ...[projectId, schema, name, id],
];

/** Drops a table, inside a transaction. What was granted on it goes at once; the rest can come back for a day. */
export function dropTable(
  store: AccountStore,
  project: ProjectRecord,
  table: TableRecord,
  atMs: number,
): void {
  const key = [project.id, table.schema, table.name];
  const now = tableRows(store).find(key);
  if (now?.id !== table.id) throw changedMeanwhile(table.name);
  const labels = securityOf(store, project).permissions.tableLabels.filter(isOf(table));
  droppedRows(store).put(keyOf(project.id, now), { table: now, atMs, labels });
  tableRows(store).remove(key);
  forgetTable(store, project, table);
}

const isOf =
  ({ schema, name }: TableRecord) =>
  (label: { readonly schema?: string | undefined; readonly table: string }): boolean =>
    isSameObject(
      { type: "table", schema: label.schema, name: label.table },
      { type: "table", schema, name },
    );

/** Drops a table for good, inside a transaction. */
export function purgeTable(store: AccountStore, project: ProjectRecord, table: TableRecord): void {
  removeTable(store, project.id, table);
  forgetTable(store, project, table);
}

/** Tables of a project that can be brought back, those dropped last at the end. */
export const droppedTables = (
  store: AccountStore,
  project: ProjectRecord,
  nowMs: number,
  named: readonly string[] = [],
): readonly DroppedRecord[] =>
  [...droppedRows(store).range({ prefix: [project.id, ...named] })]
    .map(({ value }) => value)
    .filter(({ atMs, table }) => atMs >= keptSince(table, project, nowMs))
    .sort((one, other) => one.atMs - other.atMs);

/** Brings a table back under its name, inside a transaction: with its labels, and as a new version. */
export function bringBack(
  store: AccountStore,
  project: ProjectRecord,
  { table, labels }: DroppedRecord,
  { clock, by }: { readonly clock: Clock; readonly by: string },
): void {
  const atMs = clock.now();
  const key = keyOf(project.id, table);
  if (!droppedRows(store).find(key)) throw changedMeanwhile(table.name);
  droppedRows(store).remove(key);
  tableRows(store).put([project.id, table.schema, table.name], table);
  putPermissions(store, project, (state) => ({
    ...state,
    tableLabels: [...state.tableLabels.filter((one) => !isOf(table)(one)), ...labels],
  }));
  putVersion(store, {
    ...{ projectId: project.id, table, clock, by, operation: "RESTORE", added: [] },
    // Brought back is changed: a lifecycle begins anew.
    change: (partitions) => partitions.map((one) => ({ ...one, modifiedAtMs: atMs })),
    redefine: (now) => ({ ...now, definedAtMs: atMs }),
  });
}

/** Takes a dropped table away for good, with every version: inside a transaction. */
export function forgetDropped(
  store: AccountStore,
  projectId: string,
  { table }: DroppedRecord,
): void {
  const key = keyOf(projectId, table);
  if (!droppedRows(store).find(key)) return;
  droppedRows(store).remove(key);
  removeVersions(store, table);
}

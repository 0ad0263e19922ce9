import { newEvent } from "../../audit/event.ts";
import type { Clock } from "../../lib/clock.ts";
import { Turns } from "../../lib/turns.ts";
import type { Parts } from "../../pipeline/call.ts";
import { type ProjectRecord, projectTable } from "../../projects/project.ts";
import type { AccountStore } from "../../storage/store.ts";
import type { BusyTables } from "./busy-tables.ts";
import {
  contentAt,
  lastModifiedMs,
  type PartitionRecord,
  type TableRecord,
  tableRows,
} from "./catalog.ts";
import { type DroppedRecord, droppedRows, dropTable, forgetDropped } from "./dropped-tables.ts";
import { tableArn } from "./find-project.ts";
import { keptSince } from "./retention.ts";
import { hasOpenStream } from "./tunnel/streams.ts";
import { hasOpenUpload } from "./tunnel/uploads.ts";
import { hasOpenUpsert } from "./tunnel/upserts.ts";
import { hasOldVersions, isOver, pruneVersions, putVersion } from "./versions.ts";

const dayMs = 24 * 60 * 60 * 1000;
/** Tables that are looked at each minute: all have their turn (MaxCompute: within a day after they are due). */
const tablesPerRound = 1000;
const reaper = "SERVICE$maxcompute.aliyuncs.com";

interface Reapable {
  readonly project: ProjectRecord;
  readonly store: AccountStore;
  readonly table: TableRecord;
  /** Set where it was dropped. */
  readonly dropped?: DroppedRecord;
}

/** All of a table that has no partitions, or those partitions of it that are due. */
type Due = "table" | readonly PartitionRecord[];

/**
 * Drops tables and partitions that nobody has changed for as long as the table's lifecycle says, and versions of tables
 * that are kept no longer.
 */
export class Lifecycles extends Turns<Reapable> {
  readonly #parts: Parts;
  readonly #busy: BusyTables;

  constructor(parts: Parts, busy: BusyTables, onFault: (what: string, cause: unknown) => void) {
    super(tablesPerRound, onFault);
    this.#parts = parts;
    this.#busy = busy;
  }

  protected everyOne(): Iterator<Reapable, undefined> {
    return everyTable(this.#parts);
  }

  protected nameOf({ table }: Reapable): string {
    return `the lifecycle of ${table.name}`;
  }

  protected serve(one: Reapable): Promise<void> {
    return one.dropped ? this.#forget(one, one.dropped) : this.#reap(one);
  }

  async #reap({ project, store, table }: Reapable): Promise<void> {
    const nowMs = this.#parts.clock.now();
    const since = keptSince(table, project, nowMs);
    if (hasOldVersions(store, table, since)) {
      await this.#parts.store.transaction(() => {
        const now = tableRows(store).find([project.id, table.schema, table.name]);
        // As the table says by now: somebody may just have had more of it kept.
        const still = now && keptSince(now, project, nowMs);
        if (now?.id === table.id && still !== undefined) {
          pruneVersions(store, now, still, this.#busy.oldest(now.id));
        }
      });
    }
    if (table.lifecycleDays === undefined) return;
    const due = this.#due({ project, store, table }, nowMs);
    if (!due) return;
    await this.#record({ project, store, table }, due);
    const done = await this.#parts.store.transaction(() => {
      const now = tableRows(store).find([project.id, table.schema, table.name]);
      if (now?.id !== table.id || now.version !== table.version) return false;
      const still = this.#due({ project, store, table: now }, nowMs);
      if (still) reap({ project, store, table: now }, still, this.#parts.clock);
      return still !== undefined;
    });
    if (!done) await this.#record({ project, store, table }, due, "the table is in use again");
  }

  /** A dropped table that can be brought back no more, and that no statement reads which began before. */
  async #forget({ project, store, table }: Reapable, dropped: DroppedRecord): Promise<void> {
    const since = keptSince(table, project, this.#parts.clock.now());
    if (!isOver(dropped.atMs, since) || this.#busy.has(table.id)) return;
    await this.#parts.store.transaction(() => forgetDropped(store, project.id, dropped));
  }

  /** What is due of a table that nobody is at. */
  #due({ project, store, table }: Reapable, nowMs: number): Due | undefined {
    if (this.#busy.has(table.id)) return undefined;
    const due = dueOf(table, contentAt(store, table, table.version)?.partitions ?? [], nowMs);
    if (!due) return undefined;
    const where = [store, project.id, table.id, nowMs] as const;
    const isOpen = [hasOpenUpload, hasOpenStream, hasOpenUpsert].some((open) => open(...where));
    return isOpen ? undefined : due;
  }

  /** Into the trail before it is done, as what the service does by itself. Values of partitions are data: no names. */
  async #record({ project, table }: Reapable, due: Due, failed?: string): Promise<void> {
    const { account, name } = project;
    await this.#parts.trail.record(
      newEvent(this.#parts, {
        userIdentity: { accountId: account, invokedBy: "maxcompute.aliyuncs.com" },
        eventSource: "maxcompute.aliyuncs.com",
        eventName: due === "table" ? "ReapTable" : "ReapPartitions",
        sourceIPAddress: "maxcompute.aliyuncs.com",
        userAgent: "maxcompute.aliyuncs.com",
        requestID: this.#parts.random.uuid(),
        readOnly: false,
        requestParameters: {
          ...{ project: name, schema: table.schema, table: table.name, tableId: table.id },
          ...{ version: table.version, lifecycleDays: table.lifecycleDays ?? 0 },
          ...(due !== "table" && { partitions: due.length }),
        },
        ...(failed !== undefined && { errorCode: "ODPS-0110141", errorMessage: failed }),
        resources: [
          {
            accountId: account,
            type: "ODPS::Table",
            ARN: tableArn(name, table.schema, table.name),
          },
        ],
        eventType: "AwsServiceEvent",
        recipientAccountId: account,
      }),
    );
  }
}

/** Every table of every project, each as it is when its turn comes. */
function* everyTable({ directory, store: stores }: Parts): Generator<Reapable, undefined> {
  for (const { id } of [...directory.accounts()]) {
    const store = stores.account(id);
    for (const { value: project } of projectTable(store).range()) {
      for (const { value: table } of tableRows(store).range({ prefix: [project.id] })) {
        yield { project, store, table };
      }
      for (const { value: dropped } of droppedRows(store).range({ prefix: [project.id] })) {
        yield { project, store, table: dropped.table, dropped };
      }
    }
  }
  return undefined;
}

/** What nobody has changed for longer than the lifecycle; undefined: nothing. */
function dueOf(
  table: TableRecord,
  partitions: readonly PartitionRecord[],
  nowMs: number,
): Due | undefined {
  const { lifecycleDays, lifecycleDisabled, partitionColumns } = table;
  if (lifecycleDays === undefined || lifecycleDisabled) return undefined;
  const isDue = (changedAtMs: number) => nowMs - changedAtMs > lifecycleDays * dayMs;
  if (partitionColumns.length === 0) {
    return isDue(lastModifiedMs(table, partitions)) ? "table" : undefined;
  }
  const due = partitions.filter((one) => !one.lifecycleDisabled && isDue(one.modifiedAtMs));
  return due.length > 0 ? due : undefined;
}

/** Drops it, inside a transaction. A table with partitions stays when its last one goes. */
function reap({ project, store, table }: Reapable, due: Due, clock: Clock): void {
  if (due === "table") {
    dropTable(store, project, table, clock.now());
    return;
  }
  putVersion(store, {
    ...{ projectId: project.id, table, clock, by: reaper, operation: "LIFECYCLE", added: [] },
    change: (partitions) => partitions.filter((one) => !due.includes(one)),
  });
}

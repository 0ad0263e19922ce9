import type { Document } from "../../../pipeline/document.ts";
import { projectArn } from "../../../projects/project-key.ts";
import type { Column } from "../../../sql/types.ts";
import type { AccountStore, Table } from "../../../storage/store.ts";
import type { FileRecord } from "../catalog.ts";

/** As MaxCompute names the states of a task. */
export type TaskStatus = "Waiting" | "Running" | "Success" | "Failed" | "Cancelled";

/** A table, view, resource or function that a statement named, and what it looked at of it. */
export interface NamedRecord {
  /** Absent: a table or view. */
  readonly type?: "resource" | "function" | "volume";
  readonly project: string;
  readonly schema: string;
  readonly table: string;
  readonly tableId: string;
  readonly columns: readonly string[];
}

/** A table that a query read, at the version that it read: what leaves with its rows. */
export interface ReadRecord extends NamedRecord {
  readonly version: number;
  /** The view that the statement named, where that lent the table; the function that lends a resource. */
  readonly through?: NamedRecord;
  /** Rows of a system view are as this one may see them, and nobody else's. */
  readonly madeFor?: string;
}

/** Rows that a query gave. */
export interface RowsRecord {
  readonly columns: readonly Column[];
  readonly rows: number;
  readonly file: FileRecord;
  readonly reads: readonly ReadRecord[];
  /** The session's time zone, in which instants are shown. */
  readonly timezone: string;
  /** Lines that are shown as they are: one column of text. */
  readonly isText?: boolean;
}

/** A job as it is stored, by project and id. */
export interface InstanceRecord {
  readonly id: string;
  readonly projectId: string;
  readonly owner: string;
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
  readonly taskName: string;
  readonly taskType: string;
  readonly status: TaskStatus;
  /** The job as the client sent it. */
  readonly source: Document;
  /** What a statement printed, or why it failed. */
  readonly text?: string;
  readonly rows?: RowsRecord;
  /** Tables whose values the text holds. */
  readonly reads?: readonly ReadRecord[];
  /** Rows written, by table. */
  readonly written?: Readonly<Record<string, number>>;
}

/** What grants and policies call a job. */
export const instanceArn = (project: string, id: string): string =>
  `${projectArn(project)}/instances/${id.slice(0, 128)}`;

export const instanceRows = (store: AccountStore): Table<InstanceRecord> =>
  store.table("odps-instances");

/** Jobs that run, by project and id: those that are there when Bondstore starts were interrupted. */
export const runningRows = (store: AccountStore): Table<true> => store.table("odps-running");

export const isOver = ({ status }: Pick<InstanceRecord, "status">): boolean =>
  status !== "Waiting" && status !== "Running";

import type { ExceptionPolicy, TablePin } from "./exceptions.ts";

/** Kinds of work that move data, and whether a condition of an exception may name them. */
export const taskTypes = {
  DT: "nameable",
  SQL: "nameable",
  MapReduce: "nameable",
  Spark: "unnamed",
  Graph: "unnamed",
  PAI: "unnamed",
  Proxima: "unnamed",
  s3: "unnamed",
  kinesis: "unnamed",
  kinesisanalytics: "unnamed",
} as const satisfies Readonly<Record<string, "nameable" | "unnamed">>;

export type TaskType = keyof typeof taskTypes;

/** A table that is read, a resource or another store of a project, as it is at this moment. */
export interface SourceTable {
  /** What `table` names where that is nothing of the warehouse. */
  readonly store?: "bucket" | "stream" | "application" | undefined;
  /** Absent: a table. */
  readonly type?: "resource" | "function" | "volume" | undefined;
  readonly project: string;
  /** Absent: the schema `default`. */
  readonly schema?: string | undefined;
  readonly table: string;
  /** Another table of the same name has another id. */
  readonly id: string;
  /** Changes with every change of content or shape. */
  readonly version: string;
}

/** Where the rows would go. */
export type Destination =
  | { readonly kind: "inside" }
  | { readonly kind: "project"; readonly project: string }
  | { readonly kind: "download" }
  | { readonly kind: "external"; readonly location: string }
  /** Shown to the one who asks: the result of a SELECT, a preview. */
  | { readonly kind: "display"; readonly shownTodayRows: number };

/** What somebody effectively holds on the source. */
export interface Privileges {
  readonly select: boolean;
  readonly describe: boolean;
  readonly download: boolean;
}

const nothing: Privileges = { select: false, describe: false, download: false };

/** Privileges, with those that a package supplies kept apart: they pass protection. */
export interface Held extends Privileges {
  readonly viaPackage?: Privileges | undefined;
}

/** What a package supplies; nothing where there is none. */
export const viaPackage = ({ viaPackage: supplied }: Held): Privileges => supplied ?? nothing;

/** One read of one source table by one principal on one path. */
export interface Flow {
  readonly source: SourceTable;
  readonly destination: Destination;
  /** `RAM$<account>:<user>` or `ALIYUN$<account>`. */
  readonly principal: string;
  readonly taskType: TaskType;
  /** Such as `odps:Select`. */
  readonly action: string;
  /** Columns read; none where the whole table is meant. */
  readonly columns?: readonly string[] | undefined;
  readonly held: Held;
  readonly timeMs: number;
  readonly sourceIp?: string | undefined;
  readonly secureTransport?: boolean | undefined;
  readonly mfaPresent?: boolean | undefined;
}

/** How a project keeps its data in. */
export interface ProjectProtection {
  readonly name: string;
  readonly protection: boolean;
  /** Downloads need the privilege Download. */
  readonly downloadControl: boolean;
  readonly trustedProjects: readonly string[];
  readonly exceptions?: PinnedExceptions | undefined;
  readonly display: DisplayLimits;
}

/** Exceptions, with the tables that were approved as they then were. */
export interface PinnedExceptions {
  readonly policy: ExceptionPolicy;
  readonly pins: readonly TablePin[];
}

/** How much may be shown. */
export interface DisplayLimits {
  /** Most rows of one display; 0 shows none. */
  readonly rows: number;
  /** Most rows a user is shown in one day of a controlled project; undefined: any number. */
  readonly rowsPerDay?: number | undefined;
}

/** Limits of a project that has set none. */
export const displayLimitsDefault: DisplayLimits = { rows: 10_000 };

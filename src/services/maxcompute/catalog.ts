import type { NamePlace, ViewText } from "../../sql/catalog.ts";
import type { Column } from "../../sql/types.ts";
import type { AccountStore, BlobRef, Table } from "../../storage/store.ts";
import type { StoredLocation } from "./external/location.ts";
import type { External } from "./external/outside.ts";

/** What kind of thing a name in a schema is. */
export type TableKind = "table" | "view" | "materialized view" | "external" | "system view";

/** A table or view as it is stored, by project, schema and name. */
export interface TableRecord {
  /** Never used again: what was dropped and made anew is another table. */
  readonly id: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: TableKind;
  readonly columns: readonly Column[];
  readonly partitionColumns: readonly Column[];
  readonly comment: string;
  readonly owner: string;
  readonly createdAtMs: number;
  readonly definedAtMs: number;
  readonly lifecycleDays?: number;
  /** DISABLE LIFECYCLE: nothing of it is reaped. */
  readonly lifecycleDisabled?: boolean;
  readonly transactional: boolean;
  readonly primaryKey: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
  /** The query of a view, and how its maker read the names in it. */
  readonly view?: ViewText & NamePlace;
  /** Of a materialized view: its last build; without `built` it was never built. */
  readonly materialized?: {
    readonly built?: { readonly atMs: number; readonly reads: readonly SourceRecord[] };
  };
  /** Where an external table lies. */
  readonly external?: External;
  /** The newest version of its content. */
  readonly version: number;
  /** Set once columns were changed: some files may be older than the columns are. */
  readonly altered?: StoredNames;
}

/** A table or view of which a materialized view was made. */
interface SourceRecord {
  readonly project: string;
  readonly schema: string;
  readonly table: string;
  readonly tableId: string;
  readonly version: number;
}

/** How columns are called in files, where that is not their name. */
interface StoredNames {
  /** By column. */
  readonly names: Readonly<Record<string, string>>;
  /** Names in files of columns that are gone: no other column may have them. */
  readonly gone: readonly string[];
}

/** How a column is called in files. */
export const storedName = ({ altered }: Pick<TableRecord, "altered">, name: string): string =>
  altered?.names[name] ?? name;

/** One Parquet file of a table's content: written once, never changed. */
export interface FileRecord {
  readonly id: string;
  readonly blob: BlobRef;
  readonly rows: number;
  /** Id of the project's data key that sealed it; absent: the account's own. */
  readonly sealedBy?: string;
}

/** A partition, or all of a table that has none (then without values). */
export interface PartitionRecord {
  readonly values: readonly string[];
  readonly files: readonly FileRecord[];
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  /** DISABLE LIFECYCLE of this partition alone. */
  readonly lifecycleDisabled?: boolean;
  /** Of an external table: where it lies, if not in the folder of its values. */
  readonly location?: StoredLocation;
}

/** The content of a table at one time: what a statement reads, whatever is written meanwhile. */
export interface VersionRecord {
  readonly version: number;
  readonly atMs: number;
  readonly by: string;
  /** What made it: `INSERT`, `TUNNEL`, `RESTORE` … */
  readonly operation: string;
  readonly partitions: readonly PartitionRecord[];
}

/** Schemas of a project beside `default`. */
interface SchemaRecord {
  readonly name: string;
  readonly owner: string;
  readonly createdAtMs: number;
}

export const tableRows = (store: AccountStore): Table<TableRecord> => store.table("odps-tables");
export const versionRows = (store: AccountStore): Table<VersionRecord> =>
  store.table("odps-versions");
export const schemaRows = (store: AccountStore): Table<SchemaRecord> => store.table("odps-schemas");

/** The content of a table at a version; undefined when it is not kept any more. */
export const contentAt = (
  store: AccountStore,
  { id }: Pick<TableRecord, "id">,
  version: number,
): VersionRecord | undefined => versionRows(store).find([id, version]);

/** What a table holds before anything was written. */
export const emptyVersion = ({ createdAtMs, owner }: TableRecord): VersionRecord => ({
  ...{ version: 0, atMs: createdAtMs, by: owner, operation: "CREATE", partitions: [] },
});

export const rowsIn = ({ files }: Pick<PartitionRecord, "files">): number =>
  files.reduce((sum, { rows }) => sum + rows, 0);

/** Rows and bytes of partitions, all together. */
export const carriedBy = (partitions: readonly PartitionRecord[]) => ({
  rows: partitions.reduce((sum, partition) => sum + rowsIn(partition), 0),
  bytes: partitions.reduce((sum, partition) => sum + bytesIn(partition), 0),
});

/** When a table last changed. A table may have more partitions than a call has arguments. */
export const lastModifiedMs = (
  { createdAtMs }: Pick<TableRecord, "createdAtMs">,
  partitions: readonly PartitionRecord[],
): number =>
  partitions.reduce((last, { modifiedAtMs }) => Math.max(last, modifiedAtMs), createdAtMs);

export const bytesIn = ({ files }: Pick<PartitionRecord, "files">): number =>
  files.reduce((sum, { blob }) => sum + blob.size, 0);

/** `ds=20260101/region=east`, the name of a partition in lists and file names. */
export const partitionName = (
  { partitionColumns }: Pick<TableRecord, "partitionColumns">,
  values: readonly string[],
): string => partitionColumns.map(({ name }, at) => `${name}=${values[at] ?? ""}`).join("/");

/**
 * Reads a partition as clients write it: `ds='20260101',region='east'`, with or without quotes, also with slashes.
 * Undefined when it does not name each partition column once.
 */
export function readPartition(
  { partitionColumns }: Pick<TableRecord, "partitionColumns">,
  text: string,
): readonly string[] | undefined {
  const given = new Map<string, string>();
  const form = /\s*([A-Za-z_]\w*)\s*=\s*(?:'([^']*)'|"([^"]*)"|([^,/'"]*))\s*(?:[,/]|$)/y;
  for (form.lastIndex = 0; form.lastIndex < text.length; ) {
    const found = form.exec(text);
    if (!found) return undefined;
    const [, name = "", single, double, bare] = found;
    const value = single ?? double ?? bare?.trim() ?? "";
    if (given.has(name.toLowerCase()) || value === "") return undefined;
    given.set(name.toLowerCase(), value);
  }
  if (given.size !== partitionColumns.length) return undefined;
  const values = partitionColumns.map(({ name }) => given.get(name));
  return values.some((value) => value === undefined) ? undefined : (values as string[]);
}

import type { Part } from "../../pipeline/document.ts";
import { type Column, typeText } from "../../sql/types.ts";
import {
  bytesIn,
  carriedBy,
  lastModifiedMs,
  type PartitionRecord,
  rowsIn,
  type TableRecord,
} from "./catalog.ts";

/** Kinds of tables in the clients' words. */
export const typeNames = {
  table: "MANAGED_TABLE",
  view: "VIRTUAL_VIEW",
  "materialized view": "MATERIALIZED_VIEW",
  external: "EXTERNAL_TABLE",
  "system view": "VIRTUAL_VIEW",
} as const;

const secondsOf = (timeMs: number): number => Math.floor(timeMs / 1000);

/** `Sat, 28 Nov 2026 01:00:00 GMT` */
export const rfc822 = (timeMs: number): string => new Date(timeMs).toUTCString();

const columnAnswer = ({ name, type, comment = "", nullable, ...rest }: Column) => ({
  name,
  // Clients know no type of a bare NULL, and of what a view is given.
  type: type.kind === "void" ? "string" : typeText(type),
  comment,
  label: "",
  isNullable: nullable,
  ...(rest.default !== undefined && { defaultValue: rest.default }),
});

/** Changes with the columns of a table. */
export const schemaVersion = ({ definedAtMs }: TableRecord): string => String(definedAtMs);

/** What clients read of a table: the JSON that stands inside the XML. */
function schemaJson(
  table: TableRecord,
  { partitions, outdated }: NonNullable<Parameters<typeof tableElement>[2]>,
): string {
  const { transactional, primaryKey } = table;
  const { rows, bytes } = carriedBy(partitions);
  const files = partitions.reduce((sum, partition) => sum + partition.files.length, 0);
  return JSON.stringify({
    columns: table.columns.map(columnAnswer),
    partitionKeys: table.partitionColumns.map(columnAnswer),
    comment: table.comment,
    owner: table.owner,
    createTime: secondsOf(table.createdAtMs),
    lastDDLTime: secondsOf(table.definedAtMs),
    lastModifiedTime: secondsOf(lastModifiedMs(table, partitions)),
    isVirtualView: table.kind === "view",
    isMaterializedView: table.kind === "materialized view",
    ...(outdated !== undefined && {
      isMaterializedViewOutdated: outdated,
      isMaterializedViewRewriteEnabled: false,
    }),
    isExternal: table.kind === "external",
    ...(table.view && { viewText: table.view.text, viewExpandedText: table.view.text }),
    lifecycle: table.lifecycleDays ?? -1,
    size: bytes,
    recordNum: rows,
    fileNum: files,
    IsArchived: false,
    PhysicalSize: bytes,
    FileNum: files,
    Reserved: JSON.stringify({
      schema_version: schemaVersion(table),
      Transactional: String(transactional),
      ...(primaryKey.length > 0 && { PrimaryKey: primaryKey }),
    }),
  });
}

/** The element of a table. Lists leave the schema out. */
export function tableElement(
  project: string,
  table: TableRecord,
  content?: {
    readonly partitions: readonly PartitionRecord[];
    /** Of a materialized view. */
    readonly outdated?: boolean;
  },
): Part {
  return {
    "@format": "json",
    Name: table.name,
    TableId: table.id,
    Project: project,
    SchemaName: table.schema,
    Owner: table.owner,
    Comment: table.comment,
    Type: typeNames[table.kind],
    CreationTime: rfc822(table.createdAtMs),
    LastModifiedTime: rfc822(table.definedAtMs),
    ...(content && {
      Schema: { "@format": "Json", "#": schemaJson(table, content) },
    }),
  };
}

/** The element of a partition in a list. */
export const partitionElement = (table: TableRecord, partition: PartitionRecord): Part => ({
  Column: table.partitionColumns.map(({ name }, at) => ({
    "@Name": name,
    "@Value": partition.values[at] ?? "",
  })),
  CreationTime: secondsOf(partition.createdAtMs),
  LastDDLTime: secondsOf(partition.createdAtMs),
  LastModifiedTime: secondsOf(partition.modifiedAtMs),
});

/** What clients read of one partition. */
export const partitionJson = (partition: PartitionRecord): string =>
  JSON.stringify({
    createTime: secondsOf(partition.createdAtMs),
    lastDDLTime: secondsOf(partition.createdAtMs),
    lastModifiedTime: secondsOf(partition.modifiedAtMs),
    partitionSize: bytesIn(partition),
    partitionRecordNum: rowsIn(partition),
  });

/** The schema of a tunnel session. */
export const tunnelSchema = (
  columns: readonly Column[],
  partitionColumns: readonly Column[] = [],
) => ({
  IsVirtualView: false,
  columns: columns.map(tunnelColumn),
  partitionKeys: partitionColumns.map(tunnelColumn),
});

const tunnelColumn = ({ name, type, comment = "", nullable }: Column, at: number) => ({
  name,
  type: typeText(type),
  nullable: String(nullable),
  comment,
  column_id: String(at),
});

import type { Position } from "../../../sql/tree.ts";
import type { ColumnDefinition } from "../../../sql/tree-definition.ts";
import type { Column, SqlType } from "../../../sql/types.ts";
import {
  type FileRecord,
  type PartitionRecord,
  type TableRecord,
  tableRows,
  versionRows,
} from "../catalog.ts";
import { purgeTable } from "../dropped-tables.ts";
import type { OdpsCall } from "../find-project.ts";
import { callerName } from "../projects.ts";
import { checkPartitions } from "../relations.ts";
import { type PlacedName, semantic } from "./names.ts";

/** MaxCompute's limits of a table. */
const columnsMax = 1200;
const partitionColumnsMax = 6;
const lifecycleMax = 37_231;

/** What a new table is, beside what its name and its maker say. */
export type NewTable = Pick<TableRecord, "kind" | "columns" | "partitionColumns"> &
  Partial<
    Pick<
      TableRecord,
      | "comment"
      | "lifecycleDays"
      | "transactional"
      | "primaryKey"
      | "properties"
      | "view"
      | "materialized"
      | "external"
    >
  >;

/** The columns of a definition, checked. */
export function columnsOf(definitions: readonly ColumnDefinition[]): readonly Column[] {
  return definitions.map(({ name, type, comment, nullable, primaryKey, ...rest }) => ({
    name: name.key,
    type,
    nullable: nullable && !primaryKey,
    ...(comment !== undefined && { comment }),
    ...(rest.default && { default: rest.default.text }),
  }));
}

/** Refuses columns that no table may have. */
export function checkColumns(
  columns: readonly Column[],
  partitionColumns: readonly Column[],
  at: Position,
): void {
  const names = new Set<string>();
  for (const { name } of [...columns, ...partitionColumns]) {
    if (!/^[a-z_][a-z0-9_]{0,127}$/.test(name))
      throw semantic(at, `${name} is not a column's name`);
    if (names.has(name)) throw semantic(at, `column ${name} is defined twice`);
    names.add(name);
  }
  if (columns.length === 0) throw semantic(at, "a table has at least one column");
  if (columns.length > columnsMax) throw semantic(at, `a table has at most ${columnsMax} columns`);
  if (partitionColumns.length > partitionColumnsMax) {
    throw semantic(at, `a table has at most ${partitionColumnsMax} partition columns`);
  }
  for (const { name, type, default: untold } of partitionColumns) {
    if (untold !== undefined) throw semantic(at, `partition column ${name} cannot have a default`);
    if (!partitionTypes.has(type.kind)) {
      throw semantic(at, `partition column ${name} cannot be of type ${type.kind}`);
    }
  }
}

const partitionTypes: ReadonlySet<SqlType["kind"]> = new Set([
  ...(["tinyint", "smallint", "int", "bigint", "string", "char", "varchar", "date"] as const),
]);

/** Refuses a lifecycle that is none. */
export function checkLifecycle(days: number | undefined, at: Position): void {
  if (days !== undefined && (days < 1 || days > lifecycleMax)) {
    throw semantic(at, `a lifecycle is 1 to ${lifecycleMax} days`);
  }
}

/** Content that a new table begins with. */
interface FirstContent {
  readonly operation: string;
  readonly partitions: readonly PartitionRecord[];
  readonly added: readonly FileRecord[];
}

/**
 * Writes a new table, inside a transaction. `replaces` is the one that may be in its place: another that has come
 * meanwhile is refused.
 */
export function putTable(
  { project, schema, name, at }: PlacedName,
  call: OdpsCall,
  made: NewTable,
  options: { readonly replaces?: TableRecord; readonly content?: FirstContent } = {},
): void {
  const { parts } = call;
  const store = parts.store.account(project.account);
  const key = [project.id, schema, name];
  const { replaces, content } = options;
  const there = tableRows(store).find(key);
  if (there && there.id !== replaces?.id) throw alreadyExists({ project, schema, name, at });
  if (there) purgeTable(store, project, there);
  const by = callerName(call);
  // A statement may have run long: its table is there from now on, not from its begin.
  const atMs = parts.clock.now();
  const version = content ? 1 : 0;
  const record: TableRecord = {
    ...{ id: parts.random.uuid(), schema, name, owner: by },
    ...{ createdAtMs: atMs, definedAtMs: atMs, version },
    ...{ comment: "", transactional: false, primaryKey: [], properties: {} },
    ...made,
  };
  tableRows(store).put(key, record);
  if (!content) return;
  const { operation, partitions, added } = content;
  checkPartitions(record, partitions);
  for (const { blob } of added) store.blobs.keep(blob);
  versionRows(store).put([record.id, version], {
    ...{ version, atMs, by, operation, partitions },
  });
}

export const alreadyExists = ({ project, schema, name, at }: PlacedName) =>
  semantic(
    at,
    `table ${project.name}.${schema === "default" ? "" : `${schema}.`}${name} already exists`,
  );

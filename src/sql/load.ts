import { type CatalogTable, fullName } from "./catalog.ts";
import type { Rows } from "./query.ts";
import { tableColumns } from "./relation.ts";
import { type Environment, freshName, type OpenRead } from "./scope.ts";
import { refuse } from "./semantic-error.ts";
import type { Load, PartitionItem, Position } from "./tree.ts";
import type { Column } from "./types.ts";

/** LOAD that names no partition: the folders below the location tell the values of all partition columns. */
export const foldersOf = (
  { partitionColumns }: Pick<CatalogTable, "partitionColumns">,
  at: Position,
): readonly PartitionItem[] =>
  partitionColumns
    .filter(({ generated }) => !generated)
    .map(({ name }) => ({ column: { text: name, key: name, at } }));

/**
 * The rows that LOAD puts into a table: those of an external table of its columns, parted by the columns that have no
 * value. Objects are no table of a project: who may read them S3 is asked, where each is read.
 */
export function loadedRows(
  load: Load,
  into: CatalogTable,
  dynamic: readonly Column[],
  { world }: Environment,
): Rows {
  const { at } = load;
  // What is put outside is judged by the tables that it is of; objects are none.
  if (into.kind !== "table") {
    return refuse(load.table.at, `${fullName(into)} is ${into.kind}: LOAD is for tables alone`);
  }
  const parted = dynamic.filter(({ generated }) => !generated);
  const table = world.catalog.findLocation(load, into, parted);
  const read: OpenRead = {
    ...{ table, at, columns: new Set<string>(), through: [], copied: [], tests: [] },
    ...{ metadataOnly: false, chosen: false },
  };
  const base = freshName(world, "t", at);
  world.relations.push({ name: base, read });
  const own = freshName(world, "r", at);
  const columns = tableColumns({ table, read }, own);
  for (const { touch } of columns) touch?.();
  const list = columns.map(({ sql }, index) => `${sql} AS "c${index}"`);
  return {
    sql: `SELECT ${list.join(", ")} FROM "${base}" AS "${own}"`,
    columns: columns.map(({ name, type }) => ({ name, type, origins: [] })),
    outerUses: [],
  };
}

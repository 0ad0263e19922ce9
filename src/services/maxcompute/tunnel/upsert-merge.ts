import { outOfFile } from "../../../engines/duckdb/duckdb-types.ts";
import { fileText } from "../../../engines/duckdb/files.ts";
import { EngineRefusal } from "../../../engines/kept/ask.ts";
import { quoteName } from "../../../sql/quote.ts";
import type { Column } from "../../../sql/types.ts";
import { contentAt, type FileRecord, storedName, type TableRecord, tableRows } from "../catalog.ts";
import type { OdpsCall, TableTarget } from "../find-project.ts";
import { type PlacedFile, placedFiles, relationSql } from "../relations.ts";
import { sameValues } from "../versions.ts";
import { blocksOf } from "./blocks.ts";
import { invalid } from "./tunnel.ts";

const bigint = { kind: "bigint" } as const;
const numbers = { kind: "array", element: bigint } as const;
/** What clients write after the columns of a table: what they tell of a row is the operation, `U` or `D`. */
const metaColumns = [
  { name: "m0", type: bigint, nullable: true },
  { name: "m1", type: bigint, nullable: true },
  { name: "operation", type: { kind: "tinyint" }, nullable: false },
  { name: "m3", type: numbers, nullable: true },
  { name: "m4", type: numbers, nullable: true },
] as const;
const deletes = "D".charCodeAt(0);

/** Columns of changes as a block keeps them: by place, so that no name of a table's is in the way. */
export const changeColumns = ({ columns }: TableRecord): readonly Column[] => [
  ...columns.map(({ type, nullable }, at) => ({ name: `c${at}`, type, nullable })),
  ...metaColumns,
];

/** What changes have become with the rows that were there. */
export interface Merged {
  /** Files of the partition as it was. */
  readonly before: readonly FileRecord[];
  /** The rows as they are to be. It belongs to nobody yet. */
  readonly file: FileRecord;
  /** How many blocks are in it. */
  readonly blocks: number;
}

/** Merges the changes of a session into the rows that its partition has now. */
export async function mergeChanges(
  { project, store, table }: TableTarget,
  upsert: { readonly id: string; readonly partition: readonly string[] },
  call: OdpsCall,
): Promise<Merged> {
  const now = tableRows(store).find([project.id, table.schema, table.name]) ?? table;
  const content = contentAt(store, table, now.version)?.partitions ?? [];
  const partitions = content.filter(({ values }) => sameValues(values, upsert.partition));
  const there = placedFiles(table, partitions);
  const blocks = blocksOf(store, upsert.id).map(({ file }) => file);
  const changes: readonly PlacedFile[] = blocks.map((record) => ({
    name: `u/${upsert.id}/${record.id}.parquet`,
    record,
  }));
  const name = `k/${call.parts.random.bytes(8).toString("hex")}`;
  const file = await call.own.engines.use(project, async (cell) => {
    const { engine } = cell;
    await cell.place([...there, ...changes]);
    const kept = await engine
      .keep({
        id: name,
        sql: mergedSql(table, there, changes),
        file: `${name}.parquet`,
        settings: { timezone: "UTC" },
      })
      .catch((error: unknown) => {
        if (!(error instanceof EngineRefusal)) throw error;
        throw invalid("The changes cannot be merged: more memory is needed, or a value is wrong.");
      });
    return cell.takeOut(`${name}.parquet`, kept.rows, project);
  });
  return { before: partitions.flatMap(({ files }) => files), file, blocks: blocks.length };
}

/** Rows that no change speaks of, and of each key that was not taken away the last. */
function mergedSql(
  table: TableRecord,
  there: readonly PlacedFile[],
  changes: readonly PlacedFile[],
): string {
  const { columns, primaryKey } = table;
  const stored = (name: string) => quoteName(storedName(table, name));
  const list = (read: (column: Column, at: number) => string) => columns.map(read).join(", ");
  const before = relationSql(
    table,
    there,
    columns.map(({ name }) => name),
  );
  const old = `SELECT ${list(({ name }) => `o.${quoteName(name)} AS ${stored(name)}`)} FROM ${before} AS o`;
  if (changes.length === 0) return old;
  const places = primaryKey.map((key) => columns.findIndex(({ name }) => name === key));
  const files = `[${changes.map(({ name }) => fileText(name)).join(", ")}]`;
  const options = "file_row_number = true, filename = true, hive_partitioning = false";
  const order = `list_position(${files}, filename) DESC, file_row_number DESC`;
  const keys = places.map((at) => `c${at}`).join(", ");
  const last = `SELECT * FROM read_parquet(${files}, ${options}) QUALIFY row_number() OVER (PARTITION BY ${keys} ORDER BY ${order}) = 1`;
  const same = places
    .map((at, index) => `c.c${at} = o.${quoteName(primaryKey[index] ?? "")}`)
    .join(" AND ");
  const made = list(({ name, type }, at) => `${outOfFile(`c${at}`, type)} AS ${stored(name)}`);
  return `SELECT * FROM (WITH changes AS MATERIALIZED (${last}) (${old} WHERE NOT EXISTS (SELECT 1 FROM changes AS c WHERE ${same})) UNION ALL (SELECT ${made} FROM changes WHERE operation <> ${deletes}))`;
}

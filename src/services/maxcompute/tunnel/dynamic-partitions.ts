import { quoteName } from "../../../sql/quote.ts";
import { type FileRecord, type PartitionRecord, storedName, type TableRecord } from "../catalog.ts";
import type { OdpsCall, TableTarget } from "../find-project.ts";
import { placedFiles, relationSql } from "../relations.ts";
import { toldValues } from "../statements/query.ts";
import { keptInCell } from "./kept-in-cell.ts";
import { StatementCatalog, timezoneOf } from "./session.ts";
import { invalid } from "./tunnel.ts";

/** Most partitions that one commit writes into, where the client does not say fewer. */
export const partitionsMax = 512;

/** A table as blocks have it whose rows tell their partitions: all columns stand in the rows. */
export const withPartitionsInRows = (table: TableRecord): TableRecord => ({
  ...table,
  columns: [...table.columns, ...table.partitionColumns],
  partitionColumns: [],
});

/** Divides rows of blocks by the partitions that they tell. The files belong to nobody until they are kept. */
export async function dividedRows(
  { project, table, store }: TableTarget,
  blocks: readonly FileRecord[],
  most: number,
  call: OdpsCall,
): Promise<readonly PartitionRecord[]> {
  if (blocks.length === 0) return [];
  const whole = withPartitionsInRows(table);
  const times = { createdAtMs: call.timeMs, modifiedAtMs: call.timeMs };
  const placed = placedFiles(whole, [{ values: [], files: blocks, ...times }]);
  const names = whole.columns.map(({ name }) => name);
  const stored = names.map((name) => quoteName(storedName(table, name))).join(", ");
  const asked = names.map(quoteName).join(", ");
  const catalog = new StatementCatalog(project, new Map(Object.entries(project.properties)), call);
  const partitionBy = table.partitionColumns.map(({ name }) => storedName(table, name));
  const question = {
    sql: `SELECT * FROM (SELECT ${asked} FROM ${relationSql(whole, placed, names)}) AS kept(${stored})`,
    file: `k/${call.parts.random.bytes(8).toString("hex")}`,
    settings: { timezone: timezoneOf(catalog) },
    partitionBy,
  };
  return keptInCell(project, question, placed, call, async (cell, { files }) => {
    const made: PartitionRecord[] = [];
    try {
      for (const { file, rows, values } of files) {
        const told = toldValues({ values }, partitionBy);
        if (told.includes("")) throw invalid("A partition's value is not empty.");
        made.push({ values: told, files: [await cell.seal(file, rows, project)], ...times });
        await cell.engine.remove(file);
        const different = new Set(made.map((one) => JSON.stringify(one.values))).size;
        if (different > most) throw invalid(`The rows are of more than ${most} partitions.`);
      }
      // A value that is too long to be called so in a cell is refused here, not by who reads it.
      placedFiles(table, made);
      return made;
    } catch (error) {
      for (const { files } of made) for (const { blob } of files) store.blobs.discard(blob);
      throw error;
    }
  });
}

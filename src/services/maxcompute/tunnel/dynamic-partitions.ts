import type { KeptFile } from "../../../engines/duckdb/questions.ts";
import { quoteName } from "../../../sql/quote.ts";
import { type FileRecord, type PartitionRecord, storedName, type TableRecord } from "../catalog.ts";
import type { OdpsCall, TableTarget } from "../find-project.ts";
import { partitionPath, placedFiles, relationSql } from "../relations.ts";
import { sealLeft, toldValues } from "../statements/query.ts";
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
    checkValues(files, table, partitionBy, most);
    const left = await sealLeft(cell, files, partitionBy, { project, store });
    return left.map(({ values, file }) => ({ values, files: [file], ...times }));
  });
}

/** Refuses rows of too many partitions, or of one that cannot be. */
function checkValues(
  files: readonly KeptFile[],
  table: TableRecord,
  partitionBy: readonly string[],
  most: number,
): void {
  const different = new Set<string>();
  for (const one of files) {
    // A value that is too long to be called so in a cell is refused here, not by who reads it.
    different.add(partitionPath(table, toldValues(one, partitionBy)));
  }
  if (different.size > most) throw invalid(`The rows are of more than ${most} partitions.`);
}

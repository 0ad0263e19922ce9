import { ServiceError } from "../../../pipeline/operation.ts";
import type { ResourceTable } from "../../../sql/catalog.ts";
import { itemText } from "../../../sql/code-values.ts";
import { quoteName } from "../../../sql/quote.ts";
import { type Column, typeText } from "../../../sql/types.ts";
import { rowsIn } from "../catalog.ts";
import type { LentCall } from "../functions/code.ts";
import type { ProjectEngine } from "../project-engine.ts";
import { type PlacedFile, placedFiles, relationSql } from "../relations.ts";
import { timezoneOf } from "../tunnel/session.ts";
import type { Running } from "./in-cell.ts";

/** Of all tables that the functions of a statement read: rows, bytes of their files, and bytes as lines. */
const rowsMax = 1_000_000;
const bytesMax = 64 * 1024 * 1024;

/** One table as a function gets it: at the version that the statement has found and that was judged. */
interface Wanted {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly files: readonly PlacedFile[];
  /** A query of one column: a JSON list for each row. */
  readonly sql: string;
  readonly rows: number;
}

function wantedOf({ name, table, partition }: ResourceTable, { target }: Running): Wanted {
  const { record, content } = target.catalog.found(table);
  const chosen = content.partitions.filter(
    ({ values }) => !partition || JSON.stringify(values) === JSON.stringify(partition),
  );
  // Values of the one partition that is named are known to who has named it.
  const columns = [...record.columns, ...(partition ? [] : record.partitionColumns)];
  const files = placedFiles(record, chosen);
  const relation = relationSql(
    record,
    files,
    columns.map((column) => column.name),
  );
  const items = columns.map(({ name, type }) => itemText(quoteName(name), type) ?? noType(type));
  return {
    ...{ name, columns, files, rows: chosen.reduce((sum, one) => sum + rowsIn(one), 0) },
    sql: `SELECT CAST(json_array(${items.join(", ")}) AS VARCHAR) AS line FROM ${relation} AS rows`,
  };
}

const refused = (why: string) =>
  new ServiceError("ODPS-0130071", `ODPS-0130071: Semantic analysis exception - ${why}`);

const noType = (type: Column["type"]): never => {
  throw refused(`${typeText(type).toUpperCase()} is no type for a function with code`);
};

const tooMuch = refused(
  `the tables that are resources of functions have more than ${rowsMax} rows or ${bytesMax} bytes`,
);

/** Works with calls that have the rows of the tables they read: files in the cell, gone with the query. */
export async function withTableRows<Result>(
  lent: readonly LentCall[],
  running: Running,
  cell: ProjectEngine,
  work: (lent: readonly LentCall[]) => Promise<Result>,
): Promise<Result> {
  const wanted = lent.map(({ call }) =>
    (call.function.tables ?? []).map((table) => wantedOf(table, running)),
  );
  const all = wanted.flat();
  if (all.length === 0) return work(lent);
  const bytes = all.flatMap(({ files }) => files).map(({ record }) => record.blob.size);
  if (sumOf(all.map(({ rows }) => rows)) > rowsMax || sumOf(bytes) > bytesMax) throw tooMuch;
  await cell.place(all.flatMap(({ files }) => files));
  const lines = new Map<Wanted, { readonly file: string; readonly size: number }>();
  try {
    let left = bytesMax;
    for (const one of all) {
      const kept = await linesOf(one, left, running, cell);
      lines.set(one, kept);
      left -= kept.size;
    }
    return await work(
      lent.map((one, at) => ({
        ...one,
        tables: (wanted[at] ?? []).map((table) => ({
          name: table.name,
          columns: table.columns.map(({ type }) => type),
          size: lines.get(table)?.size ?? 0,
          content: () => cell.engine.give(lines.get(table)?.file ?? ""),
        })),
      })),
    );
  } finally {
    for (const { file } of lines.values()) await cell.engine.remove(file).catch(() => {});
  }
}

const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, one) => sum + one, 0);

/** Leaves the rows of a table as lines in the cell. How long they are is counted first: files may be much smaller. */
async function linesOf(
  { sql }: Wanted,
  most: number,
  { input, target, call }: Running,
  { engine }: ProjectEngine,
): Promise<{ readonly file: string; readonly size: number }> {
  const file = `k/${call.parts.random.bytes(8).toString("hex")}`;
  const settings = { timezone: timezoneOf(target.catalog) };
  const text = { delimiter: "\t", null: "", gzip: false };
  const how = { id: input.job.record.id, file, settings, text };
  try {
    const size = "coalesce(sum(strlen(line) + 1), 0)";
    await engine.keep({ ...how, sql: `SELECT CAST(${size} AS VARCHAR) AS size FROM (${sql})` });
    let told = "";
    for await (const part of engine.give(file)) told += part.toString("latin1");
    if (!(Number(told) <= most)) throw tooMuch;
    const { bytes } = await engine.keep({ ...how, sql });
    return { file, size: bytes };
  } catch (error) {
    await engine.remove(file).catch(() => {});
    throw error;
  }
}

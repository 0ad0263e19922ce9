import type { KeptFile } from "../../../engines/duckdb/questions.ts";
import { assert } from "../../../lib/assert.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import type { ProjectRecord } from "../../../projects/project.ts";
import type { CatalogTable, FunctionUse } from "../../../sql/catalog.ts";
import { emitDuckDb } from "../../../sql/emit.ts";
import type { Plan, Read, Selection } from "../../../sql/plan.ts";
import { quoteName } from "../../../sql/quote.ts";
import { keepOrDiscard, makeOrDiscard } from "../../../storage/keep-or-discard.ts";
import { type FileRecord, type PartitionRecord, storedName, type TableRecord } from "../catalog.ts";
import type { ProjectTarget } from "../find-project.ts";
import type { MadeFile } from "../information/relation.ts";
import type { NamedRecord, ReadRecord, RowsRecord } from "../jobs/instance-record.ts";
import type { Outcome } from "../jobs/jobs.ts";
import { resultName } from "../jobs/results.ts";
import type { ProjectEngine } from "../project-engine.ts";
import { type PlacedFile, placedFiles, relationSql } from "../relations.ts";
import { type FoundTable, type StatementCatalog, timezoneOf } from "../tunnel/session.ts";
import { type CellQuery, keepInCell, type Running } from "./in-cell.ts";
import { asked, isMade, type MadeRelation, madeRelation } from "./made-relation.ts";
import { emittedForSpark } from "./on-spark.ts";

/** What a query reads, for the record of what leaves with its rows: of tables, and of what functions are made of. */
export const readRecords = (
  { reads, uses }: Pick<Plan, "reads" | "uses">,
  catalog: StatementCatalog,
): ReadRecord[] => [
  ...reads
    .filter(({ table }) => table.kind !== "view")
    .map(({ table, columns, through: [view] }) => ({
      ...namedRecord(table, columns, catalog),
      version: catalog.found(table).content.version,
      ...(table.kind === "system view" && { madeFor: catalog.caller }),
      ...(view && { through: namedRecord(view, columnsOf(view, reads), catalog) }),
    })),
  ...uses.flatMap((use) => resourceRecords(use, reads, catalog)),
];

/** The resources that a function is made of, as the function or a view lends them. */
function resourceRecords(
  { function: used, through: [view] }: FunctionUse,
  reads: readonly Read[],
  catalog: StatementCatalog,
): ReadRecord[] {
  const { project, record, resources, temporary } = catalog.foundFunction(used);
  const { id, schema, name } = record;
  const named = { project: project.name, columns: [] };
  const lent: NamedRecord = { ...named, type: "function", schema, table: name, tableId: id };
  const through = view ? namedRecord(view, columnsOf(view, reads), catalog) : lent;
  return resources.map(({ project: holder, record: { schema, name, id, version } }) => ({
    ...{ type: "resource", project: holder.name, columns: [], schema, table: name, tableId: id },
    version,
    ...(!(temporary && !view) && { through }),
  }));
}

const namedRecord = (
  table: CatalogTable,
  columns: readonly string[],
  catalog: StatementCatalog,
): NamedRecord => {
  const { project, record } = catalog.found(table);
  const { id: tableId, schema, name } = record;
  return { project: project.name, schema, table: name, tableId, columns };
};

/** All of a table, as a statement has found it. */
export const wholeTable = ({ project, record, content }: FoundTable): ReadRecord => ({
  ...{ project: project.name, schema: record.schema, table: record.name, tableId: record.id },
  columns: [...record.columns, ...record.partitionColumns].map(({ name }) => name),
  version: content.version,
});

/** What a statement looks at of a view that it names, in all places. */
const columnsOf = ({ id }: CatalogTable, reads: readonly Read[]): readonly string[] => [
  ...new Set(
    reads
      .filter(({ table, through }) => table.id === id && through.length === 0)
      .flatMap(({ columns }) => columns),
  ),
];

/** The text of a selection for the engine that runs it, and the files that must be in the cell for it. */
export const emitted = async (selection: Selection, running: Running): Promise<CellQuery> =>
  (await emittedForSpark(selection, running)) ??
  emittedForDuckDb(selection, running.target.catalog);

/** The same where DuckDB runs it, whatever the job says. */
export async function emittedForDuckDb(
  selection: Selection,
  catalog: StatementCatalog,
): Promise<CellQuery> {
  const files: PlacedFile[] = [];
  const made: MadeFile[] = [];
  const apart = new Map<string, MadeRelation>();
  for (const relation of selection.relations) {
    if (!("table" in relation)) continue;
    const found = catalog.found(relation.table);
    if (isMade(found.record)) {
      apart.set(relation.name, await madeRelation(found, relation, catalog));
    }
  }
  const sql = emitDuckDb(selection, (table, columns, relation) => {
    const one = apart.get(relation.name);
    if (one) {
      made.push(...one.made);
      return one.sql;
    }
    const found = catalog.found(table);
    const placed = placedFiles(found.record, asked(found, relation));
    files.push(...placed);
    return relationSql(found.record, placed, columns);
  });
  return { sql, files, made, calls: selection.calls };
}

/** A file that a query has left, sealed, by the values of the columns that part its rows. */
interface Left {
  readonly values: readonly string[];
  readonly file: FileRecord;
}

/** Runs a query in the cell. Its files are sealed for a project, and belong to nobody until they are kept. */
export async function leave(
  query: CellQuery,
  partitionBy: readonly string[],
  into: ProjectRecord,
  running: Running,
): Promise<readonly Left[]> {
  const name = `k/${running.call.parts.random.bytes(8).toString("hex")}`;
  const how = partitionBy.length > 0 ? { file: name, partitionBy } : { file: `${name}.parquet` };
  return keepInCell(query, how, running, (cell, { files }) =>
    sealLeft(cell, files, partitionBy, { project: into, store: running.target.store }),
  );
}

/** Seals what a query has left in a cell, which then has it no more. Where that fails, nothing of it is left. */
export async function sealLeft(
  cell: Pick<ProjectEngine, "takeOut">,
  files: readonly KeptFile[],
  partitionBy: readonly string[],
  { project, store }: Pick<ProjectTarget, "project" | "store">,
): Promise<readonly Left[]> {
  const told = files.map((one) => ({ ...one, values: toldValues(one, partitionBy) }));
  return makeOrDiscard(
    told,
    store,
    async ({ file, rows, values }) => ({ values, file: await cell.takeOut(file, rows, project) }),
    ({ file }) => [file],
  );
}

/** The values of the columns that part the rows. Refuses NULL, and what is empty. */
export function toldValues(
  { values }: Pick<KeptFile, "values">,
  partitionBy: readonly string[],
): readonly string[] {
  const told = values.filter((value) => value !== null);
  if (told.length < values.length)
    throw noPartition(`the column ${partitionBy[values.indexOf(null)] ?? ""} is NULL`);
  const empty = told.indexOf("");
  if (empty >= 0) throw noPartition(`the column ${partitionBy[empty] ?? ""} is empty`);
  return told;
}

const noPartition = (why: string) =>
  new ServiceError(
    "ODPS-0123031",
    `ODPS-0123031: Partition exception - invalid dynamic partition value: ${why}`,
  );

type StoredShape = Pick<TableRecord, "altered">;

/**
 * The rows of a query as partitions of a table: columns of files have the names by which the table's files are read.
 */
export async function keepFiles(
  selection: Selection,
  partitionBy: readonly string[],
  running: Running,
  { project, record = {} }: { readonly project: ProjectRecord; readonly record?: StoredShape },
): Promise<readonly PartitionRecord[]> {
  const { target, call } = running;
  const { sql, ...files } = await emitted(selection, running);
  const names = selection.columns.map(({ name }) => quoteName(storedName(record, name)));
  const named = `SELECT * FROM (\n${sql}\n) AS kept(${names.join(", ")})`;
  const left = await leave({ sql: named, ...files }, partitionBy, project, running);
  return left.map(({ values, file }) => {
    const times = { createdAtMs: call.timeMs, modifiedAtMs: call.timeMs };
    if (file.rows > 0) return { values, files: [file], ...times };
    target.store.blobs.discard(file.blob);
    return { values, files: [], ...times };
  });
}

/** Runs a query and keeps its rows with the job. */
export const keepRows = async (
  { selection }: Extract<Plan, { kind: "query" }>,
  running: Running,
): Promise<RowsRecord> =>
  keepSelected(await emitted(selection, running), selection.columns, running);

/** Keeps the rows of a query, in these columns, with the job. */
export async function keepSelected(
  query: CellQuery,
  columns: RowsRecord["columns"],
  running: Running,
): Promise<RowsRecord> {
  const { target, call, judgeAgain } = running;
  const id = call.parts.random.uuid();
  const name = resultName(id);
  const file = await keepInCell(query, { file: name }, running, async (cell, { files: [left] }) => {
    assert(left, "a query leaves one file");
    const sealed = await cell.seal(name, left.rows, target.project, id);
    // Its reader comes soon.
    cell.adopt(name, sealed);
    return sealed;
  });
  await keepOrDiscard(call.parts.store, target.store, [file], () => {
    judgeAgain();
    target.store.blobs.keep(file.blob);
  });
  return {
    columns,
    rows: file.rows,
    file,
    reads: target.reads,
    timezone: timezoneOf(target.catalog),
  };
}

/** Asks the cell whether a condition is true: NULL is not. */
export async function whetherItHolds(
  { selection }: Extract<Plan, { kind: "condition" }>,
  running: Running,
): Promise<Outcome> {
  const { target, call } = running;
  const { sql, ...files } = await emitted(selection, running);
  const file = `k/${call.parts.random.bytes(8).toString("hex")}`;
  // The value of a column that parts the rows comes back as text, without a file to read.
  const parted = `SELECT holds, true AS one FROM (\n${sql}\n) AS condition(holds)`;
  const how = { file, partitionBy: ["holds"] };
  return keepInCell({ sql: parted, ...files }, how, running, async ({ engine }, kept) => {
    for (const each of kept.files) await engine.remove(each.file);
    running.judgeAgain();
    return { holds: kept.files[0]?.values[0] === "true", reads: target.reads };
  });
}

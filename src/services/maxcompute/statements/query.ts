import { EngineLost, EngineRefusal } from "../../../engines/duckdb/ask.ts";
import { EngineDied } from "../../../engines/duckdb/cell-keeper.ts";
import { functionError } from "../../../engines/duckdb/lent-functions.ts";
import type { KeepQuestion } from "../../../engines/duckdb/questions.ts";
import { readFailure } from "../../../engines/functions/function-cell.ts";
import { assert } from "../../../lib/assert.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import type { CatalogTable, CodeCall, FunctionUse } from "../../../sql/catalog.ts";
import { emitDuckDb } from "../../../sql/emit.ts";
import type { Plan, Read, Selection } from "../../../sql/plan.ts";
import { quoteName } from "../../../sql/quote.ts";
import { type FileRecord, type PartitionRecord, storedName, type TableRecord } from "../catalog.ts";
import type { OdpsCall } from "../find-project.ts";
import type { LentCall } from "../functions/cells.ts";
import { failureOf } from "../functions/failure.ts";
import { type MadeFile, madeRelationSql } from "../information/relation.ts";
import type { NamedRecord, ReadRecord, RowsRecord } from "../instance-record.ts";
import { stopped } from "../jobs.ts";
import type { ProjectEngine } from "../project-engine.ts";
import { type PlacedFile, placedFiles, relationSql } from "../relations.ts";
import type { StatementInput, StatementTarget } from "../run-statement.ts";
import { type FoundTable, type StatementCatalog, timezoneDefault } from "../session.ts";

/** A statement that runs in the cell. */
export interface Running {
  readonly target: StatementTarget;
  readonly input: StatementInput;
  readonly call: OdpsCall;
  /** Throws what would be refused by now: in the transaction that ends a statement which reads rows. */
  readonly judgeAgain: () => void;
}

const timezoneOf = ({ settings }: Pick<StatementCatalog, "settings">): string =>
  settings.get("odps.sql.timezone") ?? timezoneDefault;

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
  return resources.map((one) => ({
    ...{ ...named, type: "resource", schema: one.schema, table: one.name, tableId: one.id },
    version: one.version,
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

/** The text of a selection for DuckDB, and the files that must be in the cell for it. */
export function emitted(selection: Selection, catalog: StatementCatalog): CellQuery {
  const files: PlacedFile[] = [];
  const made: MadeFile[] = [];
  const sql = emitDuckDb(selection, (table, columns) => {
    const found = catalog.found(table);
    const { record, content } = found;
    if (record.kind === "system view") {
      const file = catalog.made(found);
      made.push(file);
      return madeRelationSql(file, record.columns, columns);
    }
    const placed = placedFiles(record, content.partitions);
    files.push(...placed);
    return relationSql(record, placed, columns);
  });
  return { sql, files, made, calls: selection.calls };
}

/** Runs a selection in the project's cell and answers the files that it leaves there, to be sealed by `work`. */
export function inCell<Result>(
  { target, input, call }: Running,
  work: (cell: ProjectEngine) => Promise<Result>,
): Promise<Result> {
  const { job } = input;
  const { id } = job.record;
  const run = async (cell: ProjectEngine): Promise<Result> => {
    // Who waited for the cell may have been stopped meanwhile; and what a cell is told may come too early for it.
    const look = () => {
      if (job.signal.aborted) void cell.engine.cancel(id).catch(() => {});
      else job.percent = Math.floor(100 * cell.engine.progress(id));
    };
    const timer = setInterval(look, progressMs);
    job.signal.addEventListener("abort", look);
    try {
      if (job.signal.aborted) throw stopped;
      return await work(cell);
    } catch (error) {
      throw job.signal.aborted ? stopped : engineWords(error);
    } finally {
      clearInterval(timer);
      job.signal.removeEventListener("abort", look);
    }
  };
  return call.own.engines.use(target.project, run, job.signal);
}

const progressMs = 500;

/** Kinds of errors that DuckDB names, as far as they help who wrote the statement. */
const engineErrors = ["Conversion", "Out of Range", "Out of Memory", "Invalid Input"];

/**
 * A refusal of the engine, in words of ours alone: its own may hold values that it met, and a message must be no way
 * out of a project.
 */
function engineWords(error: unknown, calls: readonly LentCall[] = []): unknown {
  if (error instanceof EngineLost || error instanceof EngineDied) {
    return new ServiceError(
      "ODPS-0010000",
      "ODPS-0010000: System internal error - the engine of the project ended; the statement may need more memory than there is",
    );
  }
  if (!(error instanceof EngineRefusal)) return error;
  const [, told] = new RegExp(`${functionError}\\d+:(\\{.*\\})`, "s").exec(error.message) ?? [];
  if (told !== undefined && calls.length > 0) {
    return failureOf(
      readFailure(told),
      calls.flatMap(({ found }) => found.resources),
    );
  }
  const kind = engineErrors.find((one) => error.message.startsWith(`${one} Error:`)) ?? "Execution";
  const text = `ODPS-0123131: User function exception - ${kind} error while the statement ran`;
  return new ServiceError("ODPS-0123131", text);
}

/** The text of a query for DuckDB, and the files that must be in the cell for it. */
export interface CellQuery {
  readonly sql: string;
  readonly files: readonly PlacedFile[];
  /** Files that are written for this query alone. */
  readonly made?: readonly MadeFile[];
  /** Code that it may call. */
  readonly calls?: readonly CodeCall[];
}

/** A file that a query has left, sealed, by the values of the columns that part its rows. */
interface Left {
  readonly values: readonly string[];
  readonly file: FileRecord;
}

/** Runs a query in the cell. Its files belong to nobody until they are kept. */
export async function leave(
  { sql, files, made = [], calls = [] }: CellQuery,
  partitionBy: readonly string[],
  running: Running,
): Promise<readonly Left[]> {
  const { target, input, call } = running;
  const lent = calls
    .filter(({ name }) => sql.includes(`${name}(`))
    .map((one) => ({ call: one, found: target.catalog.foundFunction(one.function) }));
  const name = `k/${call.parts.random.bytes(8).toString("hex")}`;
  return inCell(running, async (cell) => {
    await cell.place(files);
    const question: KeepQuestion = {
      id: input.job.record.id,
      sql,
      file: partitionBy.length > 0 ? name : `${name}.parquet`,
      settings: { timezone: timezoneOf(target.catalog) },
      ...(partitionBy.length > 0 && { partitionBy }),
      ...(lent.length > 0 && {
        functions: {
          names: lent.map((one) => one.call.name),
          batchMs: batchMsOf(target.catalog),
        },
      }),
    };
    const kept = await call.own.functions.use(
      target.project.account,
      lent,
      (links) =>
        withMade(made, cell, () => cell.engine.keep(question, links)).catch((error: unknown) => {
          throw input.job.signal.aborted ? stopped : engineWords(error, lent);
        }),
      input.job.signal,
    );
    const left: Left[] = [];
    for (const { file, rows, values } of kept.files) {
      const told = values.filter((value) => value !== null);
      if (told.length < values.length) throw nullPartition(partitionBy[values.indexOf(null)] ?? "");
      left.push({ values: told, file: await cell.seal(file, rows) });
      await cell.engine.remove(file);
    }
    return left;
  });
}

/** Does something while some files are in the cell. */
async function withMade<Result>(
  made: readonly MadeFile[],
  { engine }: ProjectEngine,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    for (const { name, body } of made) await engine.put(name, body());
    return await work();
  } finally {
    for (const { name } of made) await engine.remove(name).catch(() => {});
  }
}

/** How long a batch may take in code (MaxCompute: `odps.sql.udf.timeout`, in seconds up to 3600). */
function batchMsOf({ settings }: StatementCatalog): number {
  const told = Number(
    settings.get("odps.sql.udf.timeout") ?? settings.get("odps.function.timeout"),
  );
  return 1000 * (told >= 1 && told <= 3600 ? told : 600);
}

const nullPartition = (column: string) =>
  new ServiceError(
    "ODPS-0123031",
    `ODPS-0123031: Partition exception - invalid dynamic partition value: the column ${column} is NULL`,
  );

/**
 * The rows of a query as partitions of a table: columns of files have the names by which the table's files are read.
 */
export async function keepFiles(
  selection: Selection,
  partitionBy: readonly string[],
  running: Running,
  table: Pick<TableRecord, "altered"> = {},
): Promise<readonly PartitionRecord[]> {
  const { target, call } = running;
  const { sql, ...files } = emitted(selection, target.catalog);
  const names = selection.columns.map(({ name }) => quoteName(storedName(table, name)));
  const named = `SELECT * FROM (\n${sql}\n) AS kept(${names.join(", ")})`;
  const left = await leave({ sql: named, ...files }, partitionBy, running);
  return left.map(({ values, file }) => {
    const times = { createdAtMs: call.timeMs, modifiedAtMs: call.timeMs };
    if (file.rows > 0) return { values, files: [file], ...times };
    target.store.blobs.discard(file.blob);
    return { values, files: [], ...times };
  });
}

/** Runs a query and keeps its rows with the job. */
export async function keepRows(
  plan: Extract<Plan, { kind: "query" }>,
  running: Running,
): Promise<RowsRecord> {
  const { target, call, judgeAgain } = running;
  const [left] = await leave(emitted(plan.selection, target.catalog), [], running);
  assert(left, "a query leaves one file");
  const { file } = left;
  await call.parts.store.transaction(() => {
    judgeAgain();
    target.store.blobs.keep(file.blob);
  });
  return {
    columns: plan.selection.columns,
    rows: file.rows,
    file,
    reads: readRecords(plan, target.catalog),
    timezone: timezoneOf(target.catalog),
  };
}

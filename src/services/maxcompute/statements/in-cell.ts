import { functionError } from "../../../engines/duckdb/lent-functions.ts";
import type { KeepQuestion, Kept } from "../../../engines/duckdb/questions.ts";
import { readFailure } from "../../../engines/functions/code-failure.ts";
import { EngineLost, EngineRefusal } from "../../../engines/kept/ask.ts";
import { EngineDied } from "../../../engines/kept/cell-keeper.ts";
import type { SparkQuestion } from "../../../engines/spark/sql/questions.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import type { CodeCall } from "../../../sql/catalog.ts";
import { readSaid } from "../../../sql/said-error.ts";
import type { OdpsCall } from "../find-project.ts";
import type { LentCall } from "../functions/code.ts";
import { failureOf } from "../functions/failure.ts";
import type { MadeFile } from "../information/relation.ts";
import { stopped } from "../jobs/jobs.ts";
import type { StatementInput, StatementTarget } from "../jobs/run-statement.ts";
import type { ProjectEngine } from "../project-engine.ts";
import type { PlacedFile } from "../relations.ts";
import { type StatementCatalog, timezoneOf } from "../tunnel/session.ts";
import { withMade } from "./made-relation.ts";
import { clusterFor, runOnCluster } from "./on-cluster.ts";
import { type SparkCopy, withCopies, withSealedCopies } from "./spark-copies.ts";
import { withTableRows } from "./table-rows.ts";

/** A statement that runs in the cell. */
export interface Running {
  readonly target: StatementTarget;
  readonly input: StatementInput;
  readonly call: OdpsCall;
  /** Throws what would be refused by now: in the transaction that ends a statement which reads rows. */
  readonly judgeAgain: () => void;
}

/** The text of a query for DuckDB, and the files that must be in the cell for it. */
export interface CellQuery {
  readonly sql: string;
  readonly files: readonly PlacedFile[];
  /** Files that are written for this query alone. */
  readonly made?: readonly MadeFile[];
  /** Code that it may call. */
  readonly calls?: readonly CodeCall[];
  /** What Spark answers first: the query reads it. */
  readonly spark?: Pick<SparkQuestion, "name" | "steps" | "sql" | "tables">;
  /** What Spark reads and no file of a table has. */
  readonly copies?: readonly SparkCopy[];
}

/**
 * Runs a query in the project's cell, with the files and the code that it needs, and hands what it leaves there to
 * `work`: as one file of Parquet or text, or parted.
 */
export async function keepInCell<Result>(
  { sql, files, made = [], calls = [], spark, copies = [] }: CellQuery,
  how: Pick<KeepQuestion, "file" | "partitionBy" | "leaves" | "text">,
  running: Running,
  work: (cell: ProjectEngine, kept: Kept) => Promise<Result>,
): Promise<Result> {
  const { target, input, call } = running;
  const lent = calls
    .filter(({ name }) => sql.includes(`${name}(`))
    .map((one) => ({ call: one, found: target.catalog.foundFunction(one.function) }));
  const cluster = spark && clusterFor(target.catalog, input.session, call);
  return inCell(running, async (cell) => {
    if (!cluster) await cell.place(files);
    const { id } = input.job.record;
    const timezone = timezoneOf(target.catalog);
    const question: KeepQuestion = {
      ...{ id, sql, settings: { timezone } },
      ...how,
      ...(lent.length > 0 && {
        functions: {
          names: lent.map((one) => one.call.name),
          batchMs: batchMsOf(target.catalog),
        },
      }),
    };
    const keep = (files: readonly MadeFile[]) =>
      withTableRows(lent, running, cell, (calls) =>
        call.own.functions.use(
          target.project.account,
          { calls, timezone },
          (links) =>
            withMade(files, cell, () => cell.engine.keep(question, links)).catch(
              (error: unknown) => {
                throw input.job.signal.aborted ? stopped : engineWords(error, lent, sql);
              },
            ),
          input.job.signal,
        ),
      );
    if (!spark) return orRemoved(cell, await keep(made), work);
    if (cluster) {
      return withSealedCopies(copies, running, cell, (sealed) =>
        runOnCluster({ spark, files: [...files, ...sealed] }, cluster, running, cell, async () =>
          orRemoved(cell, await keep([]), work),
        ),
      );
    }
    const { signal } = input.job;
    const kept = await withCopies(copies, running, cell, () =>
      cell.onSpark({ id, timezone, ...spark }, keep, signal),
    );
    return orRemoved(cell, kept, work);
  });
}

/** Does something with what a query left; where that fails, what is left of it goes. */
export async function orRemoved<Result>(
  cell: ProjectEngine,
  kept: Kept,
  work: (cell: ProjectEngine, kept: Kept) => Promise<Result>,
): Promise<Result> {
  try {
    return await work(cell, kept);
  } catch (error) {
    for (const { file } of kept.files) await cell.engine.remove(file).catch(() => {});
    throw error;
  }
}

/** Runs a selection in the project's cell and answers the files that it leaves there, to be sealed by `work`. */
function inCell<Result>(
  { target, input, call }: Running,
  work: (cell: ProjectEngine) => Promise<Result>,
): Promise<Result> {
  const { job } = input;
  const { id } = job.record;
  const run = async (cell: ProjectEngine): Promise<Result> => {
    // Who waited for the cell may have been stopped meanwhile; and what a cell is told may come too early for it.
    const look = () => {
      if (job.signal.aborted) void cell.cancel(id).catch(() => {});
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
export function engineWords(error: unknown, calls: readonly LentCall[] = [], sql = ""): unknown {
  if (error instanceof EngineLost || error instanceof EngineDied) {
    return new ServiceError(
      "ODPS-0010000",
      "ODPS-0010000: System internal error - the engine of the project ended; the statement may need more memory than there is",
    );
  }
  if (!(error instanceof EngineRefusal)) return error;
  const raised = new RegExp(`${functionError}(\\d+):(\\{.*\\})`, "s").exec(error.message);
  const [, at, told] = raised ?? [];
  const failed = at === undefined ? undefined : calls[Number(at)];
  if (told !== undefined && failed) return failureOf(readFailure(told), failed);
  const said = readSaid(error.message, sql);
  if (said) return new ServiceError(said.code, `${said.code}: ${said.words}`);
  const kind = engineErrors.find((one) => error.message.startsWith(`${one} Error:`)) ?? "Execution";
  const text = `ODPS-0123131: User function exception - ${kind} error while the statement ran`;
  return new ServiceError("ODPS-0123131", text);
}

/** How long a batch may take in code (MaxCompute: `odps.sql.udf.timeout`, in seconds up to 3600). */
function batchMsOf({ settings }: StatementCatalog): number {
  const told = Number(
    settings.get("odps.sql.udf.timeout") ?? settings.get("odps.function.timeout"),
  );
  return 1000 * (told >= 1 && told <= 3600 ? told : 600);
}

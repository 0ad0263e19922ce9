import { ServiceError } from "../../../pipeline/operation.ts";
import type { Statement } from "../../../sql/tree.ts";
import type { Outcome } from "../jobs/jobs.ts";
import { alterTable } from "./alter-table.ts";
import { alterView } from "./alter-view.ts";
import { cloneTable } from "./clone.ts";
import { costOf } from "./cost.ts";
import { createLike, createTable } from "./create-table.ts";
import { createView } from "./create-view.ts";
import { describe } from "./describe.ts";
import { drop } from "./drop.ts";
import { explain } from "./explain.ts";
import { createFunction } from "./functions.ts";
import type { Running } from "./in-cell.ts";
import { alterMaterializedView, createMaterializedView } from "./materialized-view.ts";
import { keepRows, whetherItHolds } from "./query.ts";
import { repairTable } from "./repair-table.ts";
import { purge, restore } from "./restore.ts";
import { createSchema } from "./schemas.ts";
import { show } from "./show.ts";
import { analyze, showStatistic } from "./statistics.ts";
import { truncate } from "./truncate.ts";
import { unload } from "./unload.ts";
import { writeTables } from "./write.ts";

/** A statement while it is done. */
export interface Doing<Kind extends Statement = Statement> extends Running {
  readonly statement: Kind;
}

type Executor<Kind extends Statement> = (doing: Doing<Kind>) => Outcome | Promise<Outcome>;

/** Who does a statement that is more than a query or a write, by its kind. Others are not built. */
const executors: {
  readonly [Kind in Statement["kind"]]?: Executor<Extract<Statement, { kind: Kind }>>;
} = {
  "create-table": createTable,
  "create-table-like": createLike,
  "create-view": createView,
  "create-materialized-view": createMaterializedView,
  "alter-materialized-view": alterMaterializedView,
  "alter-view": alterView,
  "create-schema": createSchema,
  "create-function": createFunction,
  "create-sql-function": createFunction,
  drop,
  "alter-table": alterTable,
  truncate,
  clone: cloneTable,
  restore,
  purge,
  repair: repairTable,
  unload,
  analyze,
  "show-statistic": showStatistic,
  show,
  describe,
};

/** Does what a plan says, to the tables that were found and judged. */
export async function execute(running: Running): Promise<Outcome> {
  const { plan } = running.target;
  // Its plan is that of the statement that it explains, which is not done.
  if (running.input.statement.kind === "explain") return explain(plan, running);
  if (running.input.job.submitted.taskType === "SQLCost") return costOf(plan, running);
  if (plan.kind === "query") return { rows: await keepRows(plan, running) };
  if (plan.kind === "condition") return whetherItHolds(plan, running);
  if (plan.kind === "write") return writeTables(plan, running);
  const { statement } = plan;
  const executor = executors[statement.kind] as Executor<Statement> | undefined;
  if (executor) return executor({ statement, ...running });
  throw notBuilt(statement.kind);
}

/** A kind of statement that is understood and cannot be run yet. */
export const notBuilt = (what: string): ServiceError =>
  new ServiceError(
    "ODPS-0130071",
    `ODPS-0130071: Semantic analysis exception - ${what.replaceAll("-", " ")} is not supported by this Bondstore yet`,
  );

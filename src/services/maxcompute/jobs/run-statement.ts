import type { AccessDemand } from "../../../access/authorize.ts";
import type { OdpsInput } from "../../../pipeline/document.ts";
import { operation, ServiceError } from "../../../pipeline/operation.ts";
import type { WantedFlow } from "../../../projects/projects.ts";
import type { Plan } from "../../../sql/plan.ts";
import { resolveStatement } from "../../../sql/resolve.ts";
import { SqlError } from "../../../sql/sql-error.ts";
import type { Statement } from "../../../sql/tree.ts";
import { type OdpsCall, type ProjectTarget, projectOf } from "../find-project.ts";
import { NotDescribed } from "../functions/find.ts";
import { demandsOf } from "../statements/demands.ts";
import { execute } from "../statements/execute.ts";
import { statementFlows } from "../statements/flows.ts";
import { leavingToCluster } from "../statements/on-cluster.ts";
import { readRecords } from "../statements/query.ts";
import { StatementCatalog } from "../tunnel/session.ts";
import type { ReadRecord } from "./instance-record.ts";
import type { Outcome, RunningJob } from "./jobs.ts";
import { asService, type Session, worded } from "./run-script.ts";

/** One statement of a job. */
export interface StatementInput extends OdpsInput {
  readonly statement: Statement;
  /** The whole text, in which its places are. */
  readonly text: string;
  /** The statement's own text. */
  readonly sql: string;
  readonly session: Session;
  readonly job: RunningJob;
}

/** A statement with its names found: what is judged, and then done. */
export interface StatementTarget extends ProjectTarget {
  readonly plan: Plan;
  readonly catalog: StatementCatalog;
  readonly demands: readonly AccessDemand[];
  readonly leaving: readonly WantedFlow[];
  /** What its rows are of, and what conditions looked at on which it hangs. */
  readonly reads: readonly ReadRecord[];
}

/** More functions in Java than a statement may call. */
const describedMax = 16;

function resolveOnce(input: StatementInput, call: OdpsCall): StatementTarget {
  const within = projectOf(input, call);
  const { flags, functions, variables, decided } = input.session;
  const catalog = new StatementCatalog(within.project, flags, call, functions);
  return worded(() => {
    const { plan, ...wrong } = planOf(input.statement, () =>
      resolveStatement(input.statement, catalog, variables),
    );
    const demands = demandsOf(plan, within, catalog, call);
    const reads = [...decided.values(), ...readRecords(plan, catalog)];
    const leaving = [
      ...statementFlows(plan, within, catalog, call, reads),
      ...leavingToCluster(plan, reads, within.project, { ...input, catalog }, call),
    ];
    return { ...within, ...wrong, plan, catalog, demands, leaving, reads };
  });
}

/**
 * A statement with its names found. What is wrong with the call of a view tells what the view takes: such a statement
 * is refused once it is judged whether the caller may select the view.
 */
function planOf(
  statement: Statement,
  resolve: () => Plan,
): Pick<StatementTarget, "plan" | "absent"> {
  try {
    return { plan: resolve() };
  } catch (error) {
    if (!(error instanceof SqlError) || !error.of) throw error;
    const read = { table: error.of, columns: [], through: [], metadataOnly: true } as const;
    const reads = [{ ...read, partitions: "chosen" } as const];
    return {
      plan: { kind: "definition", statement, tables: [], reads, functions: [], uses: [] },
      absent: { refusal: new ServiceError(error.code, error.message) },
    };
  }
}

/** Runs one statement of a job: a step that is judged by what it reads and writes, and recorded. */
export const runStatement = operation("RunStatement", {
  async resolve(input: StatementInput, call: OdpsCall): Promise<StatementTarget> {
    for (let asked = 0; ; asked += 1) {
      try {
        return resolveOnce(input, call);
      } catch (error) {
        if (!(error instanceof NotDescribed) || asked >= describedMax) throw error;
        const { project } = projectOf(input, call);
        await call.own.functions.describe(project.account, error.found, input.job.signal);
      }
    }
  },
  action: "CreateInstance",
  step: true,
  readOnly: false,
  also: (_input, { demands }) => demands,
  flows: (_input, { leaving }) => leaving,
  async handle(target, input, call, judgeAgain): Promise<Outcome> {
    const release = call.own.busy.hold(target.catalog.foundVersions);
    try {
      return await execute({ target, input, call, judgeAgain });
    } catch (error) {
      throw asService(error);
    } finally {
      release();
    }
  },
  carries: ({ carried = {} }) => carried,
  additional: (_target, input) => input && { instanceId: input.job.record.id },
});

import { ServiceError } from "../../../pipeline/operation.ts";
import { parseScript } from "../../../sql/parse.ts";
import { isRowStatement } from "../../../sql/parse-if.ts";
import { SqlError } from "../../../sql/sql-error.ts";
import type { AssignVariable, Range, ScriptStatement, Statement } from "../../../sql/tree.ts";
import type { FunctionRecord } from "../functions/records.ts";
import type { ReadRecord } from "./instance-record.ts";
import { type Outcome, type RunJob, type RunningJob, stopped } from "./jobs.ts";
import { notRun } from "./not-run.ts";
import type { StatementInput } from "./run-statement.ts";
import type { SqlJob } from "./submitted-job.ts";

const settingBytesMax = 4096;

/** What the statements of a job have in common. */
export interface Session {
  /** Flags, by name in lower case: the project's, the client's, and those of SET. */
  readonly flags: Map<string, string>;
  /** Names of the flags that the job itself sets. */
  readonly own: Set<string>;
  /** Variables of the script so far. */
  readonly variables: AssignVariable[];
  /** Functions that live as long as the job, by name. */
  readonly functions: Map<string, FunctionRecord>;
  /** What conditions have looked at so far: all that comes after them tells of it. */
  readonly decided: Map<string, ReadRecord>;
}

const variablesMax = 200;

/** What the statements of a script run in. */
interface Around {
  readonly job: RunningJob;
  readonly session: Session;
  /** Runs one statement, as a call of its own. */
  readonly step: (statement: Statement, range: Range) => Promise<Outcome>;
}

/**
 * Runs the statements of a job in their order; each is a call of its own that is judged and recorded. The first that
 * fails ends the job: those before it have happened.
 */
export const runScript =
  ({ query, settings, taskType }: SqlJob): RunJob =>
  (job, project, call) => {
    const flags = new Map([...Object.entries(project.properties), ...Object.entries(settings)]);
    const session: Session = {
      flags,
      own: new Set(Object.keys(settings)),
      variables: [],
      functions: new Map(),
      decided: new Map(),
    };
    const { statements, text } = worded(() => parseScript(query));
    const done = statements.filter(({ statement }) => statement.kind !== "set");
    if (taskType === "SQLCost" && done.length !== 1)
      throw notRun("an estimate is of one statement");
    const { principal, account, source } = call;
    const as = { principal, account, source };
    const step = (statement: Statement, { start, end }: Range) => {
      const input: StatementInput = {
        labels: { Project: project.name },
        ...{ parameters: {}, headers: {} },
        ...{ statement, text, session, job, sql: text.slice(start, end) },
      };
      return call.parts.invoke<Outcome>("maxcompute", "RunStatement", { ...input }, as);
    };
    return runAll(statements, { job, session, step });
  };

async function runAll(statements: readonly ScriptStatement[], around: Around): Promise<Outcome> {
  const { job, session, step } = around;
  let outcome: Outcome = {};
  for (const { statement, range } of statements) {
    if (job.signal.aborted) throw stopped;
    if (session.decided.size > 0 && statement.kind !== "set" && !isRowStatement(statement)) {
      throw decidedOn;
    }
    if (statement.kind === "set") {
      const name = statement.key.toLowerCase();
      session.own.add(name);
      session.flags.set(name, statement.value.slice(0, settingBytesMax));
    } else if (statement.kind === "assign") {
      if (session.variables.length >= variablesMax) throw tooMany;
      session.variables.push(statement);
    } else if (statement.kind === "if") {
      const { holds = false, reads = [] } = await step(statement, statement.head);
      for (const read of reads) session.decided.set(JSON.stringify(read), read);
      outcome = await runAll(holds ? statement.holds : statement.otherwise, around);
    } else {
      outcome = await step(statement, range);
    }
  }
  return outcome;
}

const decidedOn = new ServiceError(
  "ODPS-0130071",
  "ODPS-0130071: Semantic analysis exception - after IF on rows of tables a script reads and writes rows, and nothing else",
);

const tooMany = new ServiceError(
  "ODPS-0130071",
  `ODPS-0130071: Semantic analysis exception - a script has at most ${variablesMax} variables`,
);

/** A refusal of SQL becomes one that the caller may see. */
export function worded<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw asService(error);
  }
}

export const asService = (error: unknown): unknown =>
  error instanceof SqlError ? new ServiceError(error.code, error.message) : error;

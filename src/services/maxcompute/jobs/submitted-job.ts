import { type Document, type Part, partOf, partsOf, textOf } from "../../../pipeline/document.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import { readPlan, type SparkPlan } from "../spark/plan.ts";
import { notRun } from "./not-run.ts";

/** A job of one task, as a client submits it. */
export type SubmittedJob = SqlJob | SparkJob;

/**
 * Statements of SQL; a task of merging is done as the statement that it stands for, and of the one of an estimate it is
 * told what it would read.
 */
export interface SqlJob {
  readonly taskName: string;
  /** As clients call it. */
  readonly taskType: "SQL" | "Merge" | "SQLCost";
  readonly query: string;
  /** Flags of the session, from the client's settings. */
  readonly settings: Readonly<Record<string, string>>;
}

/** Code of a user for Spark. */
export interface SparkJob {
  readonly taskName: string;
  readonly taskType: "CUPID";
  /** The plan as it was sent. */
  readonly query: string;
  readonly plan: SparkPlan;
}

const queryBytesMax = 4 * 1024 * 1024;
const settingsMax = 500;

/** Jobs of other engines, as their tasks are called, and what each is. */
const otherTasks: ReadonlyMap<string, string> = new Map([
  ["lot", "a MapReduce job"],
  ["graph", "a Graph job"],
  ["xflow", "a PAI job"],
  ["ps", "a PAI job"],
  ["maxframe", "a MaxFrame job"],
]);

/** Clients of interactive sessions (MCQA) know this code: they then run the statement as a job. */
const noSessions = new ServiceError(
  "SQAUnsupportedFeature",
  "ODPS-185: Unsupported feature - there are no interactive sessions here: run the statement as a job",
);

/** Reads the body of `POST /instances`. Refuses what is not one task of SQL, of merging or of Spark. */
export function readJob(document: Document | undefined): SubmittedJob {
  // A PAI job comes in a form of its own.
  if (partOf(document?.["Instance"], "XflowInstance") !== undefined) throw notBuilt("a PAI job");
  const tasks = partOf(partOf(document?.["Instance"], "Job"), "Tasks");
  const kinds =
    typeof tasks === "object" && !Array.isArray(tasks)
      ? Object.entries(tasks as Document).filter(([name]) => !/^[@#]/.test(name))
      : [];
  const [[kind, task] = ["", undefined]] = kinds;
  if (kinds.length !== 1 || partsOf(task).length !== 1) {
    throw notRun(`it has ${kinds.length} kinds of tasks, and exactly one task is run`);
  }
  if (kind === "SQLRT") throw noSessions;
  if (kind !== "SQL" && kind !== "Merge" && kind !== "SQLCost" && kind !== "CUPID") {
    throw notBuilt(otherTasks.get(kind.toLowerCase()) ?? `a task of kind ${kind.slice(0, 64)}`);
  }
  const taskName = textOf(partOf(task, "Name")) ?? "AnonymousSQLTask";
  if (!/^[\w-]{1,128}$/.test(taskName)) throw notRun("the Name of its task is not a name");
  const given = readSettings(partOf(task, "Config"));
  if (kind === "CUPID") {
    const query = checkText(textOf(partOf(task, "Plan")), "Plan");
    return { taskName, taskType: kind, query, plan: readPlan(query, given) };
  }
  // Names of flags are the same in either case; those of Spark are not.
  const settings = Object.fromEntries(
    Object.entries(given).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const text = kind === "Merge" ? mergeText(task, settings) : textOf(partOf(task, "Query"));
  return { taskName, taskType: kind, query: checkText(text, "Query"), settings };
}

function checkText(text: string | undefined, name: string): string {
  if (text === undefined || text.trim() === "") throw notRun(`its task has no ${name}`);
  if (Buffer.byteLength(text) > queryBytesMax) throw notRun(`its ${name} is too long`);
  return text;
}

const mergedForm = /^([\w.`]+)(?:\s+(partition\s*\([^()]*\)))?$/i;
const compactions: Readonly<Record<string, string>> = {
  major_compact: "COMPACT MAJOR",
  minor_compact: "COMPACT MINOR",
};

/** MERGE SMALLFILES and COMPACT come as tasks of their own from clients that know the statement. */
function mergeText(task: Part, settings: SqlJob["settings"]): string {
  const [, table, partition = ""] = mergedForm.exec(textOf(partOf(task, "TableName")) ?? "") ?? [];
  if (table === undefined) throw notRun("its TableName is not a table and a partition");
  const properties = partsOf((partOf(task, "Config") as Document | undefined)?.["Property"]);
  const archives = properties.some((one) => textOf(partOf(one, "Name")) === "archiveSettings");
  if (archives || settings["odps.merge.cold.storage.mode"] !== undefined) {
    throw notRun("tables are not archived or frozen here");
  }
  const kind = settings["odps.merge.txn.table.compact"];
  const verb = kind === undefined ? "MERGE SMALLFILES" : compactions[kind];
  if (verb === undefined) throw notRun("no such compaction is built");
  return `ALTER TABLE ${table} ${partition} ${verb}`;
}

function readSettings(config: Part): Record<string, string> {
  const settings: Record<string, string> = {};
  const inside = config as Document | undefined;
  for (const property of partsOf(inside?.["Property"])) {
    if (textOf(partOf(property, "Name")) !== "settings") continue;
    let given: unknown;
    try {
      given = JSON.parse(textOf(partOf(property, "Value")) ?? "{}");
    } catch {
      throw notRun("its settings are not JSON");
    }
    for (const [name, value] of Object.entries(given ?? {})) {
      if (typeof value === "object") continue;
      settings[name] = String(value);
    }
  }
  if (Object.keys(settings).length > settingsMax) throw notRun("it has too many settings");
  return settings;
}

const notBuilt = (what: string) => notRun(`it is ${what}, which is not built in this Bondstore`);

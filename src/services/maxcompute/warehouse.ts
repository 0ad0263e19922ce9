import { describeFault } from "../../lib/describe-fault.ts";
import type { Parts } from "../../pipeline/call.ts";
import { BusyTables } from "./busy-tables.ts";
import { ProjectEraser } from "./erase-projects.ts";
import { ExpiredSessions } from "./expired-sessions.ts";
import { FunctionCells } from "./functions/cells.ts";
import { endInterrupted, Jobs } from "./jobs/jobs.ts";
import { runScript } from "./jobs/run-script.ts";
import { Lifecycles } from "./lifecycles.ts";
import { type CellsOutside, ProjectEngines } from "./project-engines.ts";
import { ProjectSealing } from "./project-sealing.ts";
import { Refreshes } from "./refreshes.ts";
import { SparkCells } from "./spark/cells.ts";
import { ClusterJobs } from "./spark/cluster-jobs.ts";
import { runSpark } from "./spark/run-job.ts";

/** What the warehouse keeps in memory while it runs. */
export interface Warehouse {
  readonly jobs: Jobs;
  readonly engines: ProjectEngines;
  readonly functions: FunctionCells;
  readonly spark: SparkCells;
  readonly clusterJobs: ClusterJobs;
  readonly sealing: ProjectSealing;
  readonly busy: BusyTables;
  readonly lifecycles: Lifecycles;
  readonly eraser: ProjectEraser;
  readonly expiredSessions: ExpiredSessions;
  readonly refreshes: Refreshes;
  /** Learns of what went wrong on our side. */
  readonly onFault: (id: string, cause: unknown) => void;
}

/** Starts what runs beside requests; jobs that were interrupted have failed. */
export async function startWarehouse(parts: Parts, outside: CellsOutside): Promise<Warehouse> {
  await endInterrupted(parts);
  const onFault = (what: string, cause: unknown) =>
    outside.log(`${what} failed: ${describeFault(cause)}`);
  const busy = new BusyTables();
  const sealing = new ProjectSealing(parts);
  const lifecycles = new Lifecycles(parts, busy, onFault);
  await lifecycles.start();
  const jobs = new Jobs(parts, (job, project, call) => {
    const { submitted } = job;
    const run = submitted.taskType === "CUPID" ? runSpark(submitted) : runScript(submitted);
    return run(job, project, call);
  });
  const engines = new ProjectEngines(parts, outside, sealing);
  const eraser = new ProjectEraser(parts, { jobs, engines }, onFault);
  await eraser.start();
  const expiredSessions = new ExpiredSessions(parts, onFault);
  await expiredSessions.start();
  const refreshes = new Refreshes(parts, jobs, onFault);
  refreshes.start();
  return {
    ...{ jobs, engines, eraser, expiredSessions, refreshes },
    spark: new SparkCells(parts, outside, sealing),
    clusterJobs: new ClusterJobs(),
    functions: new FunctionCells(outside, parts.random, sealing),
    ...{ sealing, busy, lifecycles },
    onFault: (id, cause) => onFault(`job ${id}`, cause),
  };
}

const graceMs = 3_000;

/** Ends all that runs, jobs first. */
export async function stopWarehouse({ jobs, engines, spark, ...rest }: Warehouse): Promise<void> {
  await rest.lifecycles.stop();
  await rest.eraser.stop();
  await rest.expiredSessions.stop();
  await rest.refreshes.stop();
  await jobs.stop(graceMs);
  await engines.stop();
  await spark.stop();
  // What did not end when it was told ends with its cell.
  await jobs.stop(graceMs);
}

import { describeFault } from "../../lib/describe-fault.ts";
import type { Parts } from "../../pipeline/call.ts";
import { endInterrupted, Jobs } from "./jobs.ts";
import { type CellsOutside, ProjectEngines } from "./project-engines.ts";
import { runScript } from "./run-script.ts";

/** What the warehouse keeps in memory while it runs. */
export interface Warehouse {
  readonly jobs: Jobs;
  readonly engines: ProjectEngines;
  /** Learns of what went wrong on our side. */
  readonly onFault: (id: string, cause: unknown) => void;
}

export async function startWarehouse(parts: Parts, outside: CellsOutside): Promise<Warehouse> {
  await endInterrupted(parts);
  return {
    jobs: new Jobs(parts, runScript),
    engines: new ProjectEngines(parts, outside),
    onFault: (id, cause) => outside.log(`job ${id} failed: ${describeFault(cause)}`),
  };
}

const graceMs = 3_000;

export async function stopWarehouse({ jobs, engines }: Warehouse): Promise<void> {
  await jobs.stop(graceMs);
  await engines.stop();
  // What did not end when it was told ends with its cell.
  await jobs.stop(graceMs);
}

import { ServiceError } from "../../pipeline/operation.ts";
import type { ProjectRecord } from "../../projects/project.ts";
import type { WantedFlow } from "../../projects/projects.ts";
import type { OdpsCall, TableTarget } from "./find-project.ts";
import type { ReadRecord } from "./instance-record.ts";
import { callerName } from "./projects.ts";

/** The flows of rows that were read from some tables to one destination. */
export const flowsTo = (
  reads: readonly ReadRecord[],
  destination: WantedFlow["destination"],
  how: Pick<WantedFlow, "taskType" | "action"> & { readonly current: ProjectRecord },
  call: OdpsCall,
): readonly WantedFlow[] =>
  reads.map(({ project: name, schema, table, tableId, version, columns, creator, lent }) => {
    const project = call.parts.projects.find(call.account, name);
    if (!project) {
      throw new ServiceError("NoSuchProject", `ODPS-0420111: Project not found - '${name}'.`);
    }
    return {
      ...{ project, columns, creator, lent, destination },
      source: { schema, table, id: tableId, version: String(version) },
      ...how,
    };
  });

/** The flow of a table's rows, as they are now. */
export const tableFlow = (
  { project, table }: TableTarget,
  destination: WantedFlow["destination"],
  action: string,
  version = table.version,
): WantedFlow => ({
  ...{ project, destination, action, taskType: "DT", creator: table.owner },
  source: { schema: table.schema, table: table.name, id: table.id, version: String(version) },
});

/** Most rows that may be shown, of all the tables that they are from; these were judged already. */
export function rowsToShow(flows: readonly WantedFlow[], call: OdpsCall): number {
  const { timeMs, source } = call;
  const asker = { name: callerName(call), timeMs, ip: source.ip, secure: source.secure };
  return flows.reduce((least, flow) => {
    const { allowed, displayRows = Number.POSITIVE_INFINITY } = call.parts.projects.judge(
      flow,
      asker,
    );
    return Math.min(least, allowed ? displayRows : 0);
  }, Number.POSITIVE_INFINITY);
}

/** Counts what was shown to the caller, in each project that it came from. */
export function countShown(
  flows: readonly WantedFlow[],
  rows: number,
  call: OdpsCall,
): Promise<void> {
  const { projects, store } = call.parts;
  const from = new Map(flows.map(({ project }) => [project.id, project]));
  if (rows === 0 || from.size === 0) return Promise.resolve();
  return store.transaction(() => {
    for (const project of from.values()) {
      projects.countShown(project, callerName(call), rows, call.timeMs);
    }
  });
}

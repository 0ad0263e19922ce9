import { ServiceError } from "../../pipeline/operation.ts";
import type { ProjectRecord } from "../../projects/project.ts";
import type { LentTable, WantedFlow } from "../../projects/projects.ts";
import type { OdpsCall, TableTarget } from "./find-project.ts";
import { findTable } from "./find-table.ts";
import { functionRows } from "./functions/records.ts";
import type { NamedRecord, ReadRecord } from "./jobs/instance-record.ts";
import { callerName } from "./projects.ts";
import { resourceRows } from "./resources/records.ts";
import { volumeRows } from "./volumes/records.ts";

/** The flows of rows that were read from some tables to one destination. */
export const flowsTo = (
  reads: readonly ReadRecord[],
  destination: WantedFlow["destination"],
  how: Pick<WantedFlow, "taskType" | "action"> & { readonly current: ProjectRecord },
  call: OdpsCall,
): readonly WantedFlow[] =>
  reads
    .filter((read) => read.type === undefined || isControlled(read, call))
    .map(({ version, through, madeFor = callerName(call), ...read }) => {
      if (madeFor !== callerName(call)) throw notTheirs(read);
      const { type, schema, table, tableId: id } = read;
      return {
        ...stillThere(read, call),
        source: { ...(type && { type }), schema, table, id, version: String(version) },
        ...(through && { through: stillThere(through, call) }),
        ...{ destination, ...how },
        ...(type && { action: "Read" }),
      };
    });

/**
 * What functions are made of is data of a project that keeps its data in. Elsewhere it is code that was run, and may be
 * gone by now.
 */
function isControlled({ project: name }: NamedRecord, { account, parts }: OdpsCall): boolean {
  const project = parts.projects.find(account, name);
  if (!project) return true;
  const { protection, settings } = parts.projects.permissionsOf(project);
  return protection || settings.enableDownloadPrivilege;
}

/** Where things of each type are kept. */
const rowsOf = { resource: resourceRows, function: functionRows, volume: volumeRows } as const;

/** Rows of a catalog are those that one caller may see: with a job that read them nobody else is lent these eyes. */
const notTheirs = ({ project, table }: NamedRecord) =>
  new ServiceError(
    "ODPS-0130013",
    `ODPS-0130013:Authorization exception - rows of the information schema of ${project} (${table}) are shown to who has asked for them alone`,
  );

/**
 * What was read, as it is now. What is gone can be read by nobody any more: another thing of its name must not open
 * what was read of it.
 */
function stillThere(
  { type, project: name, schema, table, tableId, columns }: NamedRecord,
  call: OdpsCall,
): LentTable {
  const project = call.parts.projects.find(call.account, name);
  const store = project && call.parts.store.account(project.account);
  const key = [project?.id ?? "", schema, table.toLowerCase()];
  const now =
    project &&
    store &&
    (type ? rowsOf[type](store).find(key) : findTable(project, store, schema, table));
  if (!project || now?.id !== tableId) {
    throw new ServiceError(
      "ODPS-0130131",
      `ODPS-0130131: Table not found - ${name}.${table}, which these rows are from, is not there any more`,
    );
  }
  const lent = { project, schema, table, id: tableId, columns, creator: now.owner };
  return { ...(type && { type }), ...lent };
}

/** The flow of a table's rows, as they are now. */
export const tableFlow = (
  { project, table, current }: TableTarget,
  destination: WantedFlow["destination"],
  action: string,
  version = table.version,
): WantedFlow => ({
  ...{ project, destination, action, taskType: "DT", creator: table.owner },
  ...(current && { current }),
  source: { schema: table.schema, table: table.name, id: table.id, version: String(version) },
});

/**
 * Values of partition columns are data, also as names: in a protected project they are shown as rows are. Elsewhere who
 * may describe a table may list them.
 */
export const namesFlow = (target: TableTarget, call: OdpsCall): readonly WantedFlow[] =>
  call.parts.projects.permissionsOf(target.project).protection
    ? [tableFlow(target, { kind: "display" }, "Select")]
    : [];

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

/**
 * Takes rows out of what may be shown to the caller, before they are, so that reads at the same time share what is
 * left. Answers how many of them may be shown; where `fewer` makes an error, all or none.
 */
export function showRows(
  flows: readonly WantedFlow[],
  wanted: number,
  call: OdpsCall,
  fewer?: () => Error,
): Promise<number> {
  const { projects, store } = call.parts;
  const from = new Map(flows.map(({ project }) => [project.id, project]));
  if (wanted === 0 || from.size === 0) return Promise.resolve(wanted);
  return store.transaction(() => {
    const rows = Math.min(wanted, rowsToShow(flows, call));
    if (rows < wanted && fewer) throw fewer();
    for (const project of from.values()) {
      projects.countShown(project, callerName(call), rows, call.timeMs);
    }
    return rows;
  });
}

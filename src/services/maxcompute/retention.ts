import { ServiceError } from "../../pipeline/operation.ts";
import type { ProjectRecord } from "../../projects/project.ts";
import type { TableRecord } from "./catalog.ts";

type Properties = Readonly<Record<string, string>>;

/** MaxCompute's properties that say how long what is past can be read and restored, and their bounds. */
const retentions = {
  table: { name: "acid.data.retain.hours", max: 168, ms: 60 * 60 * 1000 },
  project: { name: "odps.timemachine.retention.days", max: 30, ms: 24 * 60 * 60 * 1000 },
} as const;
const usualMs = 24 * 60 * 60 * 1000;

/** The property of a table by which its past may be cut short. */
export const retentionOfTable = retentions.table.name;
/** That of a project, for all of its tables that say nothing else. */
export const retentionOfProject = retentions.project.name;

function toldMs(properties: Properties, of: keyof typeof retentions): number | undefined {
  const { name, max, ms } = retentions[of];
  const count = /^\d{1,3}$/.test(properties[name] ?? "") ? Number(properties[name]) : max + 1;
  return count <= max ? count * ms : undefined;
}

/** Since when the past of a table is kept: as the table says, or its project, or a day. */
export const keptSince = (
  table: Pick<TableRecord, "properties">,
  project: Pick<ProjectRecord, "properties">,
  nowMs: number,
): number =>
  nowMs - (toldMs(table.properties, "table") ?? toldMs(project.properties, "project") ?? usualMs);

/** Refuses a time that is none. */
export function checkRetention(properties: Properties, of: keyof typeof retentions): void {
  const { name, max } = retentions[of];
  if (properties[name] === undefined || toldMs(properties, of) !== undefined) return;
  throw new ServiceError(
    "ODPS-0130071",
    `ODPS-0130071: Semantic analysis exception - ${name} is 0 to ${max}`,
  );
}

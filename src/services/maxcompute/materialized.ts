import { readSchedule, type Schedule } from "../../lib/cron.ts";
import type { Parts } from "../../pipeline/call.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import type { ProjectRecord } from "../../projects/project.ts";
import type { AccountStore, Table } from "../../storage/store.ts";
import type { TableRecord } from "./catalog.ts";
import { findTable } from "./find-table.ts";

/**
 * Whether what a materialized view was made of has changed since: a table has another version, a view is another, or
 * one is gone. What reads a project's own catalog, or objects outside, is always out of date, and so is what was never
 * built.
 */
export function isOutdated(
  { materialized }: TableRecord,
  { account }: ProjectRecord,
  { projects, store }: Pick<Parts, "projects" | "store">,
): boolean {
  if (!materialized?.built) return true;
  return materialized.built.reads.some(({ project: name, schema, table, tableId, version }) => {
    const project = projects.find(account, name);
    const now = project && findTable(project, store.account(account), schema, table);
    if (now?.id !== tableId || now.version !== version) return true;
    return now.kind === "system view" || now.kind === "external";
  });
}

/** MaxCompute's names of the properties that say how often a materialized view is made anew. */
export const refreshProperties = {
  enabled: "enable_auto_refresh",
  minutes: "refresh_interval_minutes",
  cron: "refresh_cron",
} as const;

const minutesMax = 366 * 24 * 60;

/** When a materialized view is made anew: so long after the last time, or when a schedule says so. */
type Refresh = { readonly minutes: number } | { readonly schedule: Schedule };

/** When the clock makes a view anew; undefined: never. Where there is a schedule, it counts, and an empty one is none. */
export function refreshOf({ properties }: Pick<TableRecord, "properties">): Refresh | undefined {
  if (properties[refreshProperties.enabled]?.toLowerCase() !== "true") return undefined;
  const { [refreshProperties.cron]: cron = "", [refreshProperties.minutes]: minutes } = properties;
  const schedule = readSchedule(cron);
  if (schedule) return { schedule };
  return minutes === undefined ? undefined : { minutes: Number(minutes) };
}

/** Refuses properties of a view that ask for what no clock does. */
export function checkRefresh(properties: TableRecord["properties"]): void {
  const { [refreshProperties.cron]: cron = "" } = properties;
  if (cron !== "" && !readSchedule(cron)) {
    throw refused("refresh_cron is a schedule of Quartz, such as 0 30 2 * * ?, without W");
  }
  const minutes = properties[refreshProperties.minutes];
  if (minutes === undefined) return;
  if (!/^[1-9]\d{0,5}$/.test(minutes) || Number(minutes) > minutesMax) {
    throw refused(`refresh_interval_minutes is 1 to ${minutesMax}`);
  }
}

const refused = (why: string) =>
  new ServiceError("ODPS-0130071", `ODPS-0130071: Semantic analysis exception - ${why}`);

/** Views that the clock looks at, by project, schema and name: what is none any more is taken out when it does. */
export const refreshRows = (store: AccountStore): Table<true> => store.table("odps-refreshes");

/** Has the clock look at a view, inside a transaction. */
export function noteRefresh(
  store: AccountStore,
  projectId: string,
  view: Pick<TableRecord, "schema" | "name" | "properties">,
): void {
  if (!refreshOf(view)) return;
  refreshRows(store).put([projectId, view.schema, view.name], true);
}

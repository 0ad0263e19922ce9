import type { Parts } from "../../pipeline/call.ts";
import type { ProjectRecord } from "../../projects/project.ts";
import type { TableRecord } from "./catalog.ts";
import { findTable } from "./find-table.ts";

/**
 * Whether what a materialized view was made of has changed since: a table has another version, a view is another, or
 * one is gone. What reads a project's own catalog is always out of date, and so is what was never built.
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
    return now?.id !== tableId || now.version !== version || now.kind === "system view";
  });
}

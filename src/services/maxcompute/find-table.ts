import type { ProjectRecord } from "../../projects/project.ts";
import { informationSchema } from "../../sql/catalog.ts";
import type { AccountStore } from "../../storage/store.ts";
import { type TableRecord, tableRows } from "./catalog.ts";
import { informationViews } from "./information/views.ts";

/** A table of a project as it is now: one that is stored, or a view of the project's own catalog. */
export function findTable(
  project: ProjectRecord,
  store: AccountStore,
  schema: string,
  name: string,
): TableRecord | undefined {
  if (schema !== informationSchema) return tableRows(store).find([project.id, schema, name]);
  const view = informationViews.get(name);
  return (
    view && {
      ...{ id: `${project.id}.${name}`, schema, name, kind: "system view" },
      ...{ columns: view.columns, partitionColumns: [], comment: "", owner: project.owner },
      ...{ createdAtMs: project.createdAtMs, definedAtMs: project.createdAtMs, version: 0 },
      ...{ transactional: false, primaryKey: [], properties: {} },
    }
  );
}

import {
  type Catalog,
  type CatalogFunction,
  type CatalogName,
  defaultSchema,
  type ResourceTable,
} from "../../../sql/catalog.ts";
import { readPartition } from "../catalog.ts";
import type { PresentResource } from "../resources/find.ts";

/** Where the tables of resources are found. */
export type TableFinder = Pick<Catalog, "findTable">;

/** What a function means, with the tables of its resources: these hold names, of what is there at this moment. */
export function withTables(
  meaning: Pick<CatalogFunction, "definition" | "code" | "why">,
  resources: readonly PresentResource[],
  catalog: TableFinder,
): Pick<CatalogFunction, "definition" | "code" | "why" | "tables"> {
  if (!meaning.code) return meaning;
  const tables: ResourceTable[] = [];
  for (const resource of resources) {
    if (resource.record.table === undefined) continue;
    const found = tableOf(resource, catalog);
    if (typeof found === "string") return { why: found };
    tables.push(found);
  }
  return { ...meaning, tables };
}

/** The table, or why there is none. */
function tableOf(
  { record, project }: PresentResource,
  catalog: TableFinder,
): ResourceTable | string {
  const { name, table: text = "" } = record;
  const [written = "", spec] = text.split(/ partition\((.*)\)$/);
  const table = catalog.findTable(nameIn(written, project.name));
  const what = `its resource ${name} is of ${written.slice(0, 256)},`;
  if (!table) return `${what} which is not there`;
  if (table.kind !== "table") return `${what} which is a ${table.kind}: code reads tables alone`;
  if (spec === undefined) return { name, table };
  // Which partitions there are is data: one that is not there has no rows, for who may select them.
  const partition = readPartition(table, spec);
  return partition
    ? { name, table, partition }
    : `${what} whose partitions are not written so: ${spec.slice(0, 256)}`;
}

/** Clients write the project and, where there are any, the schema before a table. */
function nameIn(written: string, project: string): CatalogName {
  const parts = written.toLowerCase().replaceAll("`", "").split(".");
  const [name = "", second, third] = parts.reverse();
  return third === undefined
    ? { project: second ?? project, schema: defaultSchema, name }
    : { project: third, schema: second ?? defaultSchema, name };
}

import type { CatalogTable } from "./catalog.ts";
import type { PlannedRelation, Selection } from "./plan.ts";
import { quoteName } from "./quote.ts";

/** Rows of a table that a selection names. */
export type PlannedTable = Extract<PlannedRelation, { readonly table: CatalogTable }>;

/**
 * The DuckDB text of a selection. `relationOf` tells from what a table's columns are read, as DuckDB has it behind FROM;
 * it answers with text of its own making.
 */
export function emitDuckDb(
  { relations, sql, columns }: Selection,
  relationOf: (table: CatalogTable, columns: readonly string[], relation: PlannedTable) => string,
): string {
  const parts = relations.map((relation) => {
    const name = quoteName(relation.name);
    if ("sql" in relation)
      return `${name} AS ${relation.once ? "MATERIALIZED " : ""}(${relation.sql})`;
    const list = relation.columns.map(quoteName).join(", ") || 'true AS "_"';
    const from = relationOf(relation.table, relation.columns, relation);
    // Not materialized, so that conditions reach the scan of the files.
    return `${name} AS NOT MATERIALIZED (SELECT ${list} FROM ${from})`;
  });
  const names = columns.map(({ name }, index) => `"c${index}" AS ${quoteName(name)}`);
  const isRecursive = relations.some((relation) => "sql" in relation && relation.recursive);
  const words = isRecursive ? "WITH RECURSIVE" : "WITH";
  const head = parts.length > 0 ? `${words} ${parts.join(", ")} ` : "";
  return `${head}SELECT ${names.join(", ")} FROM (${sql}) AS "result"`;
}

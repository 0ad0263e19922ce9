import type { Drop } from "../../../sql/tree-definition.ts";
import { type TableKind, tableRows } from "../catalog.ts";
import { dropTable, purgeTable } from "../dropped-tables.ts";
import type { Outcome } from "../jobs/jobs.ts";
import type { Doing } from "./execute.ts";
import { dropFunctionNamed } from "./functions.ts";
import { notFound, placed, semantic, tableAt } from "./names.ts";
import { dropSchema } from "./schemas.ts";

const kinds: Readonly<Record<string, readonly TableKind[]>> = {
  table: ["table", "external"],
  view: ["view"],
  "materialized-view": ["materialized view"],
};

/** DROP of a table, view or schema. */
export async function drop(doing: Doing<Drop>): Promise<Outcome> {
  const { statement, target, call } = doing;
  if (statement.type === "schema") return dropSchema(doing);
  if (statement.type === "function") return dropFunctionNamed(doing);
  const where = placed(statement.name, target.catalog, call);
  const there = tableAt(where, target.catalog);
  if (!there) {
    if (statement.ifExists) return { text: "OK" };
    throw notFound(where);
  }
  if (!kinds[statement.type]?.includes(there.record.kind)) {
    throw semantic(
      statement.at,
      `${where.name} is a ${there.record.kind}, not a ${statement.type}`,
    );
  }
  const { store, record, project } = there;
  await call.parts.store.transaction(() => {
    if (!tableRows(store).find([project.id, record.schema, record.name])) return;
    if (record.kind === "table" && !statement.purge) {
      dropTable(store, project, record, call.parts.clock.now());
    } else purgeTable(store, project, record);
  });
  return { text: "OK" };
}

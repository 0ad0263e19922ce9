import type { AlterView } from "../../../sql/tree-alter.ts";
import { tableRows } from "../catalog.ts";
import type { Outcome } from "../jobs/jobs.ts";
import { changedMeanwhile } from "../versions.ts";
import { renameTo } from "./alter-table.ts";
import type { Doing } from "./execute.ts";
import { notFound, placed, semantic, tableAt } from "./names.ts";
import { newOwner } from "./new-owner.ts";

/** ALTER VIEW: its name, its comment, or whose it is. */
export async function alterView(doing: Doing<AlterView>): Promise<Outcome> {
  const { statement, target, call } = doing;
  const { action, at } = statement;
  const where = placed(statement.view, target.catalog, call);
  const there = tableAt(where, target.catalog);
  if (!there) throw notFound(where);
  const { record, store, project } = there;
  if (record.kind !== "view") throw semantic(at, `${record.name} is a ${record.kind}, not a view`);
  const rows = tableRows(store);
  await call.parts.store.transaction(() => {
    if (action.kind === "rename") return renameTo(action.to, there, call);
    const key = [project.id, record.schema, record.name];
    const now = rows.find(key);
    if (now?.id !== record.id) throw changedMeanwhile(record.name);
    const changed =
      action.kind === "set-comment"
        ? { comment: action.comment }
        : { owner: newOwner(action.owner, project, call, at) };
    rows.put(key, { ...now, ...changed, definedAtMs: call.timeMs });
  });
  return { text: "OK" };
}

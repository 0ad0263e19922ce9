import type { Range } from "../../../sql/tree.ts";
import type { CreateView } from "../../../sql/tree-view.ts";
import type { Outcome } from "../jobs/jobs.ts";
import { type Doing, notBuilt } from "./execute.ts";
import { placedNew, semantic, tableAt } from "./names.ts";
import { alreadyExists, checkColumns, putTable } from "./put-table.ts";

/** CREATE VIEW: keeps the query's text; what it reads is found anew at each use. */
export async function createView({
  statement,
  target,
  input,
  call,
}: Doing<CreateView>): Promise<Outcome> {
  const { plan, catalog } = target;
  if (plan.kind !== "made-of-query") throw notBuilt("this view");
  const where = placedNew(statement.view, catalog, call);
  const there = tableAt(where, catalog);
  if (there && statement.ifNotExists) return { text: "OK" };
  if (there && (!statement.orReplace || there.record.kind !== "view")) throw alreadyExists(where);
  const named = statement.columns;
  if (named.length > 0 && named.length !== plan.selection.columns.length) {
    throw semantic(statement.at, `the view names ${named.length} columns and its query has others`);
  }
  const columns = plan.selection.columns.map((column, at) => ({
    ...column,
    name: named[at]?.name.key ?? column.name,
    ...(named[at]?.comment !== undefined && { comment: named[at].comment }),
  }));
  checkColumns(columns, [], statement.at);
  const textOf = ({ start, end }: Range) => input.text.slice(start, end);
  const { queryRange, signatureRange } = statement;
  await call.parts.store.transaction(() =>
    putTable(
      where,
      call,
      {
        ...{ kind: "view", columns, partitionColumns: [], comment: statement.comment ?? "" },
        view: {
          text: textOf(queryRange),
          ...(signatureRange && { parameters: textOf(signatureRange) }),
          ...catalog.place,
        },
      },
      there && { replaces: there.record },
    ),
  );
  return { text: "OK" };
}

import { mayPass, partitionFilter } from "../../../sql/partition-tests.ts";
import type { Selection } from "../../../sql/plan.ts";
import type { AlterMaterializedView } from "../../../sql/tree-alter.ts";
import type { CreateMaterializedView } from "../../../sql/tree-view.ts";
import type { Column } from "../../../sql/types.ts";
import { keepOrDiscard } from "../../../storage/keep-or-discard.ts";
import { carriedBy, type PartitionRecord, type TableRecord } from "../catalog.ts";
import type { Outcome } from "../jobs/jobs.ts";
import { checkRefresh, noteRefresh, refreshProperties } from "../materialized.ts";
import { callerName } from "../projects.ts";
import type { FoundTable } from "../tunnel/session.ts";
import { putVersion } from "../versions.ts";
import { changePartitions } from "./alter-partitions.ts";
import { redefinition } from "./alter-table.ts";
import { type Doing, notBuilt } from "./execute.ts";
import { notFound, placed, placedNew, semantic, tableAt } from "./names.ts";
import { alreadyExists, checkColumns, checkLifecycle, putTable } from "./put-table.ts";
import { keepFiles } from "./query.ts";

/** CREATE MATERIALIZED VIEW: the rows of its query as they are now, and its text to make them anew. */
export async function createMaterializedView(
  doing: Doing<CreateMaterializedView>,
): Promise<Outcome> {
  const { statement, target, input, call } = doing;
  const { plan, catalog } = target;
  const { at } = statement;
  if (plan.kind !== "made-of-query") throw notBuilt("this materialized view");
  const properties = propertiesOf(statement);
  checkRefresh(properties);
  const where = placedNew(statement.view, catalog, call);
  const there = tableAt(where, catalog);
  if (there && statement.ifNotExists) return { text: "OK" };
  if (there && (!statement.orReplace || there.record.kind !== "materialized view")) {
    throw alreadyExists(where);
  }
  if (plan.reads.some(({ table }) => table.id === there?.record.id)) {
    throw semantic(at, `${where.name} would read itself`);
  }
  checkLifecycle(statement.lifecycle, at);
  const selection = named(plan.selection, statement);
  const shape = shapeOf(selection.columns, statement);
  checkColumns(shape.columns, shape.partitionColumns, at);
  const partitions = statement.buildDeferred
    ? []
    : await keepFiles(selection, names(shape.partitionColumns), doing, { project: where.project });
  const added = partitions.flatMap(({ files }) => files);
  const { start, end } = statement.queryRange;
  await keepOrDiscard(call.parts.store, target.store, added, () => {
    doing.judgeAgain();
    putTable(
      where,
      call,
      {
        ...{ kind: "materialized view", ...shape, comment: statement.comment ?? "" },
        ...(statement.lifecycle !== undefined && { lifecycleDays: statement.lifecycle }),
        view: { text: input.text.slice(start, end), ...catalog.place },
        properties,
        materialized: statement.buildDeferred ? {} : built(doing),
      },
      {
        content: {
          operation: "CREATE MATERIALIZED VIEW",
          ...{ partitions, added },
        },
        ...(there && { replaces: there.record }),
      },
    );
    noteRefresh(call.parts.store.account(where.project.account), where.project.id, {
      ...where,
      properties,
    });
  });
  return { text: "OK", carried: carriedBy(partitions) };
}

/** What is told of the view; how often it is made anew is told by properties as well. */
const propertiesOf = ({ properties, refreshMinutes }: CreateMaterializedView) => ({
  ...Object.fromEntries(properties.map(({ key, value }) => [key.toLowerCase(), value])),
  ...(refreshMinutes !== undefined && { [refreshProperties.minutes]: String(refreshMinutes) }),
});

const names = (columns: readonly Column[]): readonly string[] => columns.map(({ name }) => name);

/** What a build was made of: what the view is compared with, to tell whether it is out of date. */
const built = ({
  target: { plan, catalog },
  call,
}: Doing<CreateMaterializedView | AlterMaterializedView>): NonNullable<
  TableRecord["materialized"]
> => ({
  built: {
    atMs: call.timeMs,
    reads: plan.reads.map(({ table }) => {
      const { project, record, content } = catalog.found(table);
      const { id: tableId, schema, name } = record;
      return { project: project.name, schema, table: name, tableId, version: content.version };
    }),
  },
});

/** The query's rows under the names that the view gives them. */
function named(selection: Selection, { columns, at }: CreateMaterializedView): Selection {
  if (columns.length === 0) return selection;
  if (columns.length !== selection.columns.length) {
    throw semantic(at, `the view names ${columns.length} columns and its query has others`);
  }
  return {
    ...selection,
    columns: selection.columns.map((column, place) => ({
      ...column,
      name: columns[place]?.name.key ?? column.name,
      ...(columns[place]?.comment !== undefined && { comment: columns[place].comment }),
    })),
  };
}

/** Columns by which the rows are parted come last, in the order in which they are named. */
function shapeOf(all: readonly Column[], { partitionedOn, at }: CreateMaterializedView) {
  const count = all.length - partitionedOn.length;
  if (partitionedOn.some(({ key }, place) => all[count + place]?.name !== key)) {
    throw semantic(at, "the last columns of the query are those of PARTITIONED ON, in its order");
  }
  return { columns: all.slice(0, count), partitionColumns: all.slice(count) };
}

/** ALTER MATERIALIZED VIEW. */
export async function alterMaterializedView(doing: Doing<AlterMaterializedView>): Promise<Outcome> {
  const { statement, target, call } = doing;
  const where = placed(statement.view, target.catalog, call);
  const there = tableAt(where, target.catalog);
  if (!there) throw notFound(where);
  const { action, at } = statement;
  const { record, store, project } = there;
  if (record.kind !== "materialized view") {
    throw semantic(at, `${record.name} is a ${record.kind}`);
  }
  if (action.kind === "rebuild") return rebuild(there, doing);
  if (action.kind === "enable-rewrite") throw notBuilt("rewriting of queries");
  // No query is rewritten anyway.
  if (action.kind === "disable-rewrite") return { text: "OK" };
  const content = changePartitions(action, there, doing);
  await call.parts.store.transaction(() => {
    if (content) return content();
    const redefine = redefinition(action, at);
    const now = putVersion(store, {
      ...{ projectId: project.id, table: record, clock: call.parts.clock, by: callerName(call) },
      ...{ operation: "ALTER", added: [], change: (partitions) => partitions },
      redefine: (now) => ({ ...redefine(now), definedAtMs: call.timeMs }),
    });
    checkRefresh(now.properties);
    noteRefresh(store, project.id, now);
  });
  return { text: "OK" };
}

/**
 * REBUILD: all rows anew, or those of some partitions, by the text of the view. It was judged like the query itself: who rebuilds reads the tables
 * below with their own right, the view's owner must have it still, and protection of those tables says whether their
 * rows may come here.
 */
async function rebuild(
  { project, store, record }: FoundTable,
  doing: Doing<AlterMaterializedView>,
): Promise<Outcome> {
  const { statement, target, call } = doing;
  const { action } = statement;
  const { partitionColumns } = record;
  const wanted = (action.kind === "rebuild" ? action.partitions : []).map((conditions) =>
    partitionFilter(conditions, partitionColumns),
  );
  const isWanted = ({ values }: PartitionRecord) =>
    wanted.length === 0 || wanted.some((tests) => mayPass(tests, partitionColumns, values));
  if (target.plan.kind !== "made-of-query") throw notBuilt("REBUILD of this view");
  const partitions = await keepFiles(target.plan.selection, names(record.partitionColumns), doing, {
    project,
    record,
  });
  const added = partitions.flatMap(({ files }) => files);
  await keepOrDiscard(call.parts.store, store, added, () => {
    doing.judgeAgain();
    putVersion(store, {
      ...{ projectId: project.id, table: record, clock: call.parts.clock, by: callerName(call) },
      ...{ operation: "REBUILD", added },
      change: (before) => [...before.filter((one) => !isWanted(one)), ...partitions],
      // Some partitions are as new as the tables below, others are not: the view is not.
      ...(wanted.length === 0 && { redefine: (now) => ({ ...now, materialized: built(doing) }) }),
    });
  });
  return { text: "OK", carried: carriedBy(partitions) };
}

import { renameColumn, renameTable } from "../../../projects/permissions/renamed.ts";
import type { ProjectRecord } from "../../../projects/project.ts";
import type { Name, Position } from "../../../sql/tree.ts";
import type { AlterTable, AlterTableAction } from "../../../sql/tree-alter.ts";
import type { TableRecord } from "../catalog.ts";
import { tableRows } from "../catalog.ts";
import { ExternalObjects } from "../external/objects.ts";
import { locationSet } from "../external/set-location.ts";
import type { OdpsCall } from "../find-project.ts";
import type { Outcome } from "../jobs/jobs.ts";
import { callerName } from "../projects.ts";
import { checkRetention } from "../retention.ts";
import { putPermissions } from "../security/change.ts";
import type { FoundTable } from "../tunnel/session.ts";
import { changedMeanwhile, putVersion } from "../versions.ts";
import { changeColumns } from "./alter-columns.ts";
import { changePartitions } from "./alter-partitions.ts";
import { compact } from "./compact.ts";
import { exchangePartition } from "./exchange-partition.ts";
import { type Doing, notBuilt } from "./execute.ts";
import { notFound, placed, semantic, tableAt } from "./names.ts";
import { newOwner } from "./new-owner.ts";
import { alreadyExists, checkLifecycle } from "./put-table.ts";

type Action<Kind extends AlterTableAction["kind"]> = Extract<AlterTableAction, { kind: Kind }>;

/** What is done to an external table as well. */
const outside: ReadonlySet<AlterTableAction["kind"]> = new Set([
  ...(["add-partitions", "drop-partitions", "set-location"] as const),
]);

/** What is to be said of what is no table. */
const hints: Readonly<Partial<Record<TableRecord["kind"], string>>> = {
  view: "say ALTER VIEW",
  "materialized view": "say ALTER MATERIALIZED VIEW",
  external: "ALTER TABLE adds and drops partitions of it and sets locations, and no more",
};

/** ALTER TABLE. */
export async function alterTable(doing: Doing<AlterTable>): Promise<Outcome> {
  const { statement, target, call } = doing;
  const where = placed(statement.table, target.catalog, call);
  const there = tableAt(where, target.catalog);
  if (!there) throw notFound(where);
  const { action } = statement;
  const { record, store, project } = there;
  const isOutside = record.kind === "external" && outside.has(action.kind);
  if (record.kind !== "table" && !isOutside) {
    const how = hints[record.kind] ?? "ALTER TABLE is for tables";
    throw semantic(statement.at, `${record.name} is a ${record.kind}: ${how}`);
  }
  if (action.kind === "set-location" && !isOutside) {
    throw semantic(statement.at, `${record.name} is no external table: it has no location`);
  }
  if (action.kind === "exchange-partition") return exchangePartition(action, there, doing);
  if (action.kind === "merge-small-files" || action.kind === "compact") {
    return compact(action, there, doing);
  }
  const content = changePartitions(action, there, doing);
  const warning = await warningOf(locationsIn(action), project, call);
  await call.parts.store.transaction(() => {
    doing.judgeAgain();
    if (content) {
      content();
      return;
    }
    if (action.kind === "rename") {
      renameTo(action.to, there, call);
      return;
    }
    const redefine = redefinitionOf(action, project, call, statement.at);
    // A change of shape is a new version too: what was approved was another table.
    putVersion(store, {
      ...{ projectId: project.id, table: record, clock: call.parts.clock, by: callerName(call) },
      ...{ operation: "ALTER", added: [], change: (partitions) => partitions },
      redefine: (now) => ({ ...redefine(now), definedAtMs: call.timeMs }),
    });
    if (action.kind === "change-column") {
      const { column, name } = action;
      const table = { schema: record.schema, table: record.name };
      putPermissions(store, project, (state) => renameColumn(state, table, column.key, name.key));
    }
  });
  return { text: `OK${warning}` };
}

/** The locations that an action sets. */
function locationsIn(action: AlterTableAction): readonly string[] {
  if (action.kind === "set-location") return [action.location];
  if (action.kind !== "add-partitions") return [];
  return action.partitions.flatMap(({ location }) => (location === undefined ? [] : [location]));
}

/** Refuses locations in buckets that are not there, and warns of those that the caller may not list. */
async function warningOf(
  told: readonly string[],
  project: ProjectRecord,
  call: OdpsCall,
): Promise<string> {
  if (told.length === 0) return "";
  const places = told.map((location) => locationSet(location, call));
  return new ExternalObjects(project, call).checkBuckets(places);
}

/** How an action changes what a table is, where it is said by whom as well. */
function redefinitionOf(
  action: AlterTableAction,
  project: ProjectRecord,
  call: OdpsCall,
  at: Position,
): (table: TableRecord) => TableRecord {
  if (action.kind === "change-owner") return handedTo(newOwner(action.owner, project, call, at));
  if (action.kind !== "set-location") return redefinition(action, at);
  const location = locationSet(action.location, call);
  return ({ external, ...table }) => ({
    ...table,
    ...(external && { external: { ...external, location } }),
  });
}

const handedTo =
  (owner: string) =>
  (table: TableRecord): TableRecord => ({ ...table, owner });

/** How an action changes what a table is. */
export function redefinition(
  action: AlterTableAction,
  at: Position,
): (table: TableRecord) => TableRecord {
  switch (action.kind) {
    case "add-columns":
    case "drop-columns":
    case "change-column":
      return (table) => changeColumns(action, table, at);
    case "set-comment":
      return (table) => ({ ...table, comment: action.comment });
    case "set-lifecycle": {
      if (action.partition) {
        throw semantic(at, "a lifecycle is that of a table, not of one partition");
      }
      checkLifecycle(action.days, at);
      return (table) => ({ ...table, lifecycleDays: action.days });
    }
    case "enable-lifecycle":
      return ({ lifecycleDisabled: _, ...table }) => table;
    case "disable-lifecycle":
      return (table) => ({ ...table, lifecycleDisabled: true });
    case "set-properties":
      checkRetention(told(action), "table");
      return (table) => ({ ...table, properties: { ...table.properties, ...told(action) } });
    case "touch":
      return (table) => table;
    default:
      throw notBuilt(`ALTER TABLE … ${action.kind}`);
  }
}

const told = ({ properties }: Action<"set-properties">): Record<string, string> =>
  Object.fromEntries(
    properties
      .map(({ key, value }) => [key.toLowerCase(), value] as const)
      .filter(([key]) => !key.startsWith("bondstore.") && key !== "transactional"),
  );

/** RENAME TO: within the schema; the table or view stays the one that it was. Inside a transaction. */
export function renameTo(
  to: Name,
  { project, store, record }: FoundTable,
  { timeMs }: Pick<OdpsCall, "timeMs">,
): void {
  const { schema } = record;
  const rows = tableRows(store);
  const now = rows.find([project.id, schema, record.name]);
  if (now?.id !== record.id) throw changedMeanwhile(record.name);
  if (!/^[a-z_][a-z0-9_]{0,127}$/.test(to.key))
    throw semantic(to.at, `${to.text} is no table's name`);
  if (rows.find([project.id, schema, to.key])) {
    throw alreadyExists({ project, schema, name: to.key, at: to.at });
  }
  rows.remove([project.id, schema, record.name]);
  rows.put([project.id, schema, to.key], { ...now, name: to.key, definedAtMs: timeMs });
  putPermissions(store, project, (state) =>
    renameTable(state, { schema, table: record.name }, to.key),
  );
}

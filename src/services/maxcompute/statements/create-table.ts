import { autoPartitionColumn } from "../../../sql/auto-partition.ts";
import type { CreateTable, CreateTableLike } from "../../../sql/tree-definition.ts";
import { keepOrDiscard } from "../../../storage/keep-or-discard.ts";
import { carriedBy } from "../catalog.ts";
import { tablePlace } from "../external/folders.ts";
import { checkReadable, readFormat } from "../external/format.ts";
import { ExternalObjects } from "../external/objects.ts";
import { locationSet } from "../external/set-location.ts";
import type { OdpsCall } from "../find-project.ts";
import type { Outcome } from "../jobs/jobs.ts";
import { callerName } from "../projects.ts";
import { checkRetention } from "../retention.ts";
import { type Doing, notBuilt } from "./execute.ts";
import { notFound, type PlacedName, placed, placedNew, semantic, tableAt } from "./names.ts";
import {
  alreadyExists,
  checkColumns,
  checkLifecycle,
  columnsOf,
  type NewTable,
  putTable,
} from "./put-table.ts";
import { keepFiles } from "./query.ts";

/** Properties that a table keeps as they are told. */
const ownProperties = ["comment", "columnar.nested.type"];

function refuseUnbuilt(statement: CreateTable): void {
  if (statement.external) refuseUnbuiltOutside(statement);
  else if (statement.location !== undefined) throw notBuilt("a location of a table's own");
  const { autoPartition, partitionColumns, at } = statement;
  if (autoPartition && partitionColumns.length > 0) {
    throw semantic(at, "a table is partitioned by columns, or by a moment");
  }
  if (hasProperty(statement, "ingestion_time_partition")) {
    throw notBuilt("partitions by the time at which rows are written");
  }
  const made = statement.external || statement.query !== undefined || isTransactional(statement);
  if (autoPartition && made) {
    throw notBuilt("AUTO PARTITIONED BY of external and transactional tables, or of a query's");
  }
  const special = statement.columns.find((column) => column.generated);
  if (special) throw notBuilt(`a generated value (column ${special.name.text})`);
}

function refuseUnbuiltOutside({ at, columns, location, query, ...rest }: CreateTable) {
  const { resources } = rest;
  if (location === undefined) throw semantic(at, "an external table needs a LOCATION");
  if (columns.some((column) => column.default)) {
    throw semantic(at, "columns of an external table have no default");
  }
  if (query) throw semantic(at, "an external table is not made of a query");
  if (resources.length > 0) throw notBuilt("a storage handler of one's own");
}

/** CREATE TABLE, empty or with the rows of a query. */
export async function createTable(doing: Doing<CreateTable>): Promise<Outcome> {
  const { statement, target, call } = doing;
  refuseUnbuilt(statement);
  const where = placedNew(statement.table, target.catalog, call);
  const there = tableAt(where, target.catalog);
  if (there && statement.ifNotExists) return { text: "OK" };
  if (there && !statement.orReplace) throw alreadyExists(where);
  checkLifecycle(statement.lifecycle, statement.at);
  const properties = Object.fromEntries(
    statement.properties.map(({ key, value }) => [key.toLowerCase(), value]),
  );
  checkRetention(properties, "table");
  const transactional = isTransactional(statement);
  const primaryKey = [
    ...statement.columns.filter((column) => column.primaryKey).map(({ name }) => name.key),
    ...statement.primaryKey.map(({ key }) => key),
  ];
  if (primaryKey.length > 0 && !transactional) {
    throw semantic(statement.at, 'PRIMARY KEY needs TBLPROPERTIES ("transactional"="true")');
  }
  const made: NewTable = {
    ...shapeOf(doing),
    ...{ transactional, primaryKey, comment: statement.comment ?? "" },
    ...(statement.lifecycle !== undefined && { lifecycleDays: statement.lifecycle }),
    properties: Object.fromEntries(
      Object.entries(properties).filter(
        ([key]) => ownProperties.includes(key) || !key.startsWith("bondstore."),
      ),
    ),
  };
  checkColumns(made.columns, made.partitionColumns, statement.at);
  const warning = await checkPlace(made, where, call);
  const content = await firstContent(doing, made, where);
  await keepOrDiscard(call.parts.store, target.store, content?.added ?? [], () => {
    doing.judgeAgain();
    putTable(where, call, made, {
      ...(there && { replaces: there.record }),
      ...(content && { content }),
    });
  });
  return { text: `OK${warning}`, ...(content && { carried: carriedBy(content.partitions) }) };
}

/** Refuses an external table in a bucket that is not there; answers a warning where its maker may not look. */
async function checkPlace(
  { external }: NewTable,
  { project }: PlacedName,
  call: OdpsCall,
): Promise<string> {
  if (!external) return "";
  const place = tablePlace({ external, owner: callerName(call) });
  return new ExternalObjects(project, call).checkBuckets([place]);
}

const hasProperty = ({ properties }: CreateTable, name: string): boolean =>
  properties.some(({ key, value }) => key.toLowerCase() === name && value.toLowerCase() === "true");

const isTransactional = (statement: CreateTable): boolean =>
  hasProperty(statement, "transactional");

/** The columns that a definition tells, or those of its query. */
function shapeOf({ statement, target: { plan }, call }: Doing<CreateTable>): NewTable {
  const partitionColumns = columnsOf(statement.partitionColumns);
  if (statement.external) {
    const external = {
      location: locationSet(statement.location ?? "", call),
      format: readFormat(statement),
    };
    const columns = columnsOf(statement.columns);
    checkReadable(external.format, columns);
    return { kind: "external", columns, partitionColumns, external };
  }
  const told = columnsOf(statement.columns);
  if (statement.autoPartition) {
    const made = autoPartitionColumn(statement.autoPartition, told);
    return { kind: "table", columns: told, partitionColumns: [made] };
  }
  if (plan.kind !== "made-of-query") return { kind: "table", columns: told, partitionColumns };
  const parted = new Set(partitionColumns.map(({ name }) => name));
  const columns = plan.selection.columns.filter(({ name }) => !parted.has(name));
  return { kind: "table", columns: told.length > 0 ? told : columns, partitionColumns };
}

async function firstContent(doing: Doing<CreateTable>, made: NewTable, { project }: PlacedName) {
  const { plan } = doing.target;
  if (plan.kind !== "made-of-query") return undefined;
  const partitionBy = made.partitionColumns.map(({ name }) => name);
  const partitions = await keepFiles(plan.selection, partitionBy, doing, { project });
  const added = partitions.flatMap(({ files }) => files);
  return { operation: "CREATE TABLE AS", partitions, added };
}

/** CREATE TABLE a LIKE b: the shape, without rows and rights. */
export async function createLike({
  statement,
  target,
  call,
}: Doing<CreateTableLike>): Promise<Outcome> {
  if (statement.external || statement.location !== undefined) throw notBuilt("an external table");
  const where = placedNew(statement.table, target.catalog, call);
  const source = placed(statement.like, target.catalog, call);
  const like = tableAt(source, target.catalog)?.record;
  if (!like) throw notFound(source);
  const there = tableAt(where, target.catalog);
  if (there && statement.ifNotExists) return { text: "OK" };
  if (there) throw alreadyExists(where);
  checkLifecycle(statement.lifecycle, statement.at);
  const { columns, partitionColumns, comment, transactional, primaryKey } = like;
  const lifecycleDays = statement.lifecycle;
  await call.parts.store.transaction(() =>
    putTable(where, call, {
      ...{ kind: "table", columns, partitionColumns, comment, transactional, primaryKey },
      ...(lifecycleDays !== undefined && { lifecycleDays }),
    }),
  );
  return { text: "OK" };
}

import { shownIn } from "../../../lib/zoned-time.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import type { Describe, Show } from "../../../sql/tree-definition.ts";
import { type Column, typeText } from "../../../sql/types.ts";
import {
  bytesIn,
  carriedBy,
  partitionName,
  rowsIn,
  schemaRows,
  type TableRecord,
  tableRows,
  versionRows,
} from "../catalog.ts";
import { droppedTables } from "../dropped-tables.ts";
import type { Outcome } from "../jobs/jobs.ts";
import { isOutdated } from "../materialized.ts";
import { type FoundTable, type StatementCatalog, timezoneOf } from "../tunnel/session.ts";
import { sameValues } from "../versions.ts";
import { type Doing, notBuilt } from "./execute.ts";
import { describeFunction, functionList } from "./functions.ts";
import { notFound, partitionValues, placed, semantic, tableAt } from "./names.ts";
import { wholeTable } from "./query.ts";

/** SHOW: lists, as text. */
export function show(doing: Doing<Show>): Outcome {
  const { statement, target } = doing;
  switch (statement.what) {
    case "tables":
    case "views":
    case "materialized-views":
      return { text: tableList(doing) };
    case "schemas":
      return {
        text: [
          "default",
          ...[...schemaRows(target.store).range({ prefix: [target.project.id] })].map(
            ({ value }) => value.name,
          ),
        ].join("\n"),
      };
    case "partitions": {
      const found = named(doing);
      const { record, content } = found;
      if (record.partitionColumns.length === 0) {
        throw semantic(statement.at, `${record.name} is not a partitioned table`);
      }
      const names = content.partitions.map(({ values }) => partitionName(record, values));
      // Values of partition columns are data: who reads the text reads the table.
      return { text: names.sort().join("\n"), reads: [wholeTable(found)] };
    }
    case "create-table":
      return { text: definitionText(named(doing)) };
    case "history":
      return {
        text: statement.table ? historyText(named(doing), target.catalog) : historyOfTables(doing),
      };
    case "functions":
      return { text: functionList(doing) };
    default:
      throw notBuilt(`SHOW ${statement.what}`);
  }
}

function named({ statement, target, call }: Doing<Show>): FoundTable {
  if (!statement.table) throw semantic(statement.at, "a table is expected");
  const where = placed(statement.table, target.catalog, call);
  const found = tableAt(where, target.catalog);
  if (!found) throw notFound(where);
  return found;
}

/** Which kind of tables a list has; others have all. */
const listed: Readonly<Partial<Record<Show["what"], TableRecord["kind"]>>> = {
  views: "view",
  "materialized-views": "materialized view",
};

function tableList({ statement, target, call }: Doing<Show>): string {
  const { project, store, catalog } = target;
  if (statement.in && placed(statement.in, catalog, call).project.id !== project.id) {
    throw notBuilt("SHOW TABLES IN another project");
  }
  const fits = fitsPattern(statement.like);
  return [...tableRows(store).range({ prefix: [project.id, catalog.schema] })]
    .map(({ value }) => value)
    .filter(({ kind }) => (listed[statement.what] ?? kind) === kind)
    .filter(({ name }) => fits(name))
    .map(({ owner, name }) => `${owner}:${name}`)
    .join("\n");
}

/** Tables, and those that were dropped and can be restored: they have a time of that. */
function historyOfTables({ statement, target, call }: Doing<Show>): string {
  const { project, store, catalog } = target;
  if (statement.in && placed(statement.in, catalog, call).project.id !== project.id) {
    throw notBuilt("SHOW HISTORY FOR TABLES IN another project");
  }
  const fits = fitsPattern(statement.like);
  const rows = [
    ...[...tableRows(store).range({ prefix: [project.id, catalog.schema] })]
      .filter(({ value }) => value.kind === "table")
      .map(({ value }) => ({ table: value, droppedAt: "" })),
    ...droppedTables(store, project, call.timeMs, [catalog.schema]).map(({ table, atMs }) => ({
      ...{ table, droppedAt: timeText(atMs, catalog) },
    })),
  ].filter(({ table }) => fits(table.name));
  const lines = rows.map(({ table: { name, id, partitionColumns, createdAtMs }, droppedAt }) =>
    [
      name,
      id,
      "MANAGED_TABLE",
      partitionColumns.length > 0,
      timeText(createdAtMs, catalog),
      droppedAt,
    ].join("\t"),
  );
  return ["Name\tId\tType\tIsPartitioned\tCreateTime\tDropTime", ...lines].join("\n");
}

/** Whether a name is like a pattern with stars; without one all are. */
function fitsPattern(pattern: string | undefined): (name: string) => boolean {
  const like = pattern?.toLowerCase().split(/[*%]/);
  if (!like) return () => true;
  const form = new RegExp(`^${like.map((part) => part.replaceAll(/[^\w]/g, "\\$&")).join(".*")}$`);
  return (name) => form.test(name);
}

const columnText = ({ name, type, comment, nullable, ...rest }: Column): string =>
  `  \`${name}\` ${typeText(type).toUpperCase()}${nullable ? "" : " NOT NULL"}` +
  (rest.default === undefined ? "" : ` DEFAULT ${rest.default}`) +
  (comment === undefined || comment === "" ? "" : ` COMMENT ${literal(comment)}`);

const literal = (text: string): string =>
  `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

/** A statement that makes the same. */
function definitionText({ record, project }: FoundTable): string {
  const name = `\`${project.name}\`.\`${record.name}\``;
  const kind = record.kind === "view" ? "VIEW" : "MATERIALIZED VIEW";
  if (record.view) return `CREATE ${kind} ${name} AS ${record.view.text}`;
  const { columns, partitionColumns, comment, lifecycleDays, transactional } = record;
  const lines = [`CREATE TABLE ${name} (\n${columns.map(columnText).join(",\n")}\n)`];
  if (comment !== "") lines.push(`COMMENT ${literal(comment)}`);
  const [first] = partitionColumns;
  if (first?.generated) {
    const { from, unit } = first.generated;
    lines.push(`AUTO PARTITIONED BY (TRUNC_TIME(\`${from}\`, '${unit}') AS \`${first.name}\`)`);
  } else if (partitionColumns.length > 0) {
    lines.push(`PARTITIONED BY (\n${partitionColumns.map(columnText).join(",\n")}\n)`);
  }
  if (transactional) lines.push('TBLPROPERTIES ("transactional"="true")');
  if (lifecycleDays !== undefined) lines.push(`LIFECYCLE ${lifecycleDays}`);
  return `${lines.join("\n")};`;
}

function historyText({ record, store }: FoundTable, catalog: StatementCatalog): string {
  const lines = [
    ...versionRows(store).range({ prefix: [record.id], reverse: true, limit: 1000 }),
  ].map(({ value }) => {
    const rows = value.partitions.reduce((sum, partition) => sum + rowsIn(partition), 0);
    return [value.version, value.operation, timeText(value.atMs, catalog), value.by, rows].join(
      "\t",
    );
  });
  return [
    "ObjectId\tVersion\tOperation\tTime\tBy\tRows",
    ...lines.map((line) => `${record.id}\t${line}`),
  ].join("\n");
}

/** A time as it can be written in the statement's own zone, as `TIMESTAMP AS OF` reads it. */
const timeText = (timeMs: number, catalog: StatementCatalog): string =>
  shownIn(timezoneOf(catalog), timeMs);

/** Where a line goes across the box. */
const rule = Symbol("rule");
type Row = string | typeof rule;
const widthMin = 82;

/** A box that is as wide as its longest line. */
function boxOf(rows: readonly Row[]): string {
  const width = rows.reduce<number>(
    (most, row) => (row === rule ? most : Math.max(most, row.length)),
    widthMin,
  );
  const line = `+${"-".repeat(width + 2)}+`;
  return rows.map((row) => (row === rule ? line : `| ${row.padEnd(width)} |`)).join("\n");
}

/** How wide a column of texts is. */
const widthOf = (texts: readonly string[], least: number): number =>
  texts.reduce((most, { length }) => Math.max(most, length), least);

/** DESC: a box of text, as MaxCompute draws it. */
export function describe(doing: Doing<Describe>): Outcome {
  const { statement, target, call } = doing;
  if (statement.type === "function") return describeFunction(doing);
  if (statement.type !== "table") throw notBuilt(`DESC ${statement.type}`);
  const where = placed(statement.name, target.catalog, call);
  const found = tableAt(where, target.catalog);
  if (!found) throw notFound(where);
  const { record } = found;
  if (statement.partition) {
    return { text: partitionBox(found, doing), reads: [wholeTable(found)] };
  }
  const facts = (pairs: readonly (readonly [string, string])[]) =>
    pairs.map(([name, value]) => `${`${name}:`.padEnd(25)} ${value}`);
  const all = [...record.columns, ...record.partitionColumns];
  const nameWidth = widthOf(
    all.map(({ name }) => name),
    15,
  );
  const typeWidth = widthOf(
    all.map(({ type }) => typeText(type)),
    10,
  );
  const columns = (title: string, list: readonly Column[]): readonly Row[] => [
    rule,
    `${title}:`,
    rule,
    `${"Field".padEnd(nameWidth)} | ${"Type".padEnd(typeWidth)} | Label | Comment`,
    rule,
    ...list.map(
      ({ name, type, comment = "" }) =>
        `${name.padEnd(nameWidth)} | ${typeText(type).padEnd(typeWidth)} |       | ${comment}`,
    ),
  ];
  const size = carriedBy(found.content.partitions).bytes;
  const text: readonly Row[] = [
    rule,
    ...facts([
      ["Owner", record.owner],
      ["Project", where.project.name],
      ["Schema", record.schema],
      ["TableComment", record.comment],
    ]),
    rule,
    ...facts([
      ["CreateTime", timeText(record.createdAtMs, target.catalog)],
      ["LastDDLTime", timeText(record.definedAtMs, target.catalog)],
      ["LastModifiedTime", timeText(found.content.atMs, target.catalog)],
      ...(record.lifecycleDays === undefined
        ? []
        : [["Lifecycle", lifecycleText(record)] as const]),
    ]),
    rule,
    kindText(record, size),
    ...(record.kind === "materialized view" ? [buildText(found, doing)] : []),
    ...columns("Native Columns", record.columns),
    ...(record.partitionColumns.length > 0
      ? columns("Partition Columns", record.partitionColumns)
      : []),
    rule,
  ];
  return { text: boxOf(text) };
}

const lifecycleText = ({ lifecycleDays, lifecycleDisabled }: TableRecord): string =>
  `${lifecycleDays}${lifecycleDisabled ? " (disabled)" : ""}`;

/** When a materialized view was built, and whether what it is of has changed since. */
const buildText = ({ record, project }: FoundTable, { call, target }: Doing<Describe>): string => {
  const { built } = record.materialized ?? {};
  const last = built ? timeText(built.atMs, target.catalog) : "never";
  return `IsOutdated: ${isOutdated(record, project, call.parts)} | LastBuild: ${last}`;
};

const kindText = (record: TableRecord, size: number): string =>
  record.kind === "system view"
    ? "VirtualView  : YES"
    : record.view
      ? `VirtualView  : YES  | ViewText: ${record.view.text}`
      : `InternalTable: YES      | Size: ${size}`;

function partitionBox(
  { record, content }: FoundTable,
  { statement: { partition = [], at }, target: { catalog } }: Doing<Describe>,
): string {
  const values = partitionValues(partition, record, at);
  const found = content.partitions.find((one) => sameValues(one.values, values));
  if (!found) {
    throw new ServiceError(
      "NoSuchPartition",
      `ODPS-0130131: Partition not found - partition ${partitionName(record, values)} does not exist`,
    );
  }
  return boxOf([
    rule,
    `PartitionSize: ${bytesIn(found)}`,
    rule,
    `CreateTime:               ${timeText(found.createdAtMs, catalog)}`,
    `LastModifiedTime:         ${timeText(found.modifiedAtMs, catalog)}`,
    rule,
  ]);
}

import type { Describe } from "../../../sql/tree-definition.ts";
import { type Column, typeText } from "../../../sql/types.ts";
import { bytesIn, carriedBy, type TableRecord } from "../catalog.ts";
import type { Outcome } from "../jobs/jobs.ts";
import { isOutdated } from "../materialized.ts";
import type { FoundTable } from "../tunnel/session.ts";
import { type Doing, notBuilt } from "./execute.ts";
import { describeFunction } from "./functions.ts";
import { foundPartition, notFound, placed, tableAt } from "./names.ts";
import { wholeTable } from "./query.ts";
import { timeText } from "./show.ts";

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
    ...columnRows(record),
    rule,
  ];
  return { text: boxOf(text) };
}

const facts = (pairs: readonly (readonly [string, string])[]) =>
  pairs.map(([name, value]) => `${`${name}:`.padEnd(25)} ${value}`);

/** The columns of a table below each other, those that part it after the others. */
function columnRows({ columns, partitionColumns }: TableRecord): readonly Row[] {
  const all = [...columns, ...partitionColumns];
  const nameWidth = widthOf(
    all.map(({ name }) => name),
    15,
  );
  const typeWidth = widthOf(
    all.map(({ type }) => typeText(type)),
    10,
  );
  const rows = (title: string, list: readonly Column[]): readonly Row[] => [
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
  return [
    ...rows("Native Columns", columns),
    ...(partitionColumns.length > 0 ? rows("Partition Columns", partitionColumns) : []),
  ];
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
  const found = foundPartition(partition, record, content, at);
  return boxOf([
    rule,
    `PartitionSize: ${bytesIn(found)}`,
    rule,
    `CreateTime:               ${timeText(found.createdAtMs, catalog)}`,
    `LastModifiedTime:         ${timeText(found.modifiedAtMs, catalog)}`,
    rule,
  ]);
}

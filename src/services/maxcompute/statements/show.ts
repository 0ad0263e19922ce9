import { shownIn } from "../../../lib/zoned-time.ts";
import type { Show } from "../../../sql/tree-definition.ts";
import { type Column, typeText } from "../../../sql/types.ts";
import {
  partitionName,
  rowsIn,
  schemaRows,
  type TableRecord,
  tableRows,
  versionRows,
} from "../catalog.ts";
import { droppedTables } from "../dropped-tables.ts";
import { formatWords } from "../external/format.ts";
import { locationText } from "../external/location.ts";
import type { External } from "../external/outside.ts";
import type { Outcome } from "../jobs/jobs.ts";
import { type FoundTable, type StatementCatalog, timezoneOf } from "../tunnel/session.ts";
import { type Doing, notBuilt } from "./execute.ts";
import { functionList } from "./functions.ts";
import { notFound, placed, semantic, tableAt } from "./names.ts";
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

const literal = (text: string): string => `'${[...text].map(escaped).join("")}'`;

/** A character as it stands in quotes: one that is not seen by its number. */
function escaped(one: string): string {
  if (one < " ") return `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return one === "\\" || one === "'" ? `\\${one}` : one;
}

/** A statement that makes the same. */
function definitionText({ record, project }: FoundTable): string {
  const name = `\`${project.name}\`.\`${record.name}\``;
  const kind = record.kind === "view" ? "VIEW" : "MATERIALIZED VIEW";
  if (record.view) {
    const { text, parameters } = record.view;
    return `CREATE ${kind} ${name}${parameters === undefined ? "" : ` ${parameters}`} AS ${text}`;
  }
  const { columns, partitionColumns, comment, lifecycleDays, external } = record;
  const inside = [...columns.map(columnText), ...keyText(record)].join(",\n");
  const lines = [`CREATE ${external ? "EXTERNAL " : ""}TABLE ${name} (\n${inside}\n)`];
  if (comment !== "") lines.push(`COMMENT ${literal(comment)}`);
  const [first] = partitionColumns;
  if (first?.generated) {
    const { from, unit } = first.generated;
    lines.push(`AUTO PARTITIONED BY (TRUNC_TIME(\`${from}\`, '${unit}') AS \`${first.name}\`)`);
  } else if (partitionColumns.length > 0) {
    lines.push(`PARTITIONED BY (\n${partitionColumns.map(columnText).join(",\n")}\n)`);
  }
  if (external) lines.push(...outsideLines(external));
  lines.push(...propertiesText(record));
  if (lifecycleDays !== undefined) lines.push(`LIFECYCLE ${lifecycleDays}`);
  return `${lines.join("\n")};`;
}

const keyText = ({ primaryKey }: TableRecord): readonly string[] =>
  primaryKey.length > 0
    ? [`  PRIMARY KEY (${primaryKey.map((key) => `\`${key}\``).join(", ")})`]
    : [];

function propertiesText({ transactional, properties }: TableRecord): readonly string[] {
  const { transactional: _, ...others } = properties;
  const all = Object.entries({ ...(transactional && { transactional: "true" }), ...others });
  const pairs = all.map((pair) => pair.map(quoted).join("="));
  return pairs.length > 0 ? [`TBLPROPERTIES (${pairs.join(", ")})`] : [];
}

const quoted = (text: string): string =>
  `"${[...text].map(escaped).join("").replaceAll('"', '\\"')}"`;

/** Where an external table lies, and the form of what lies there. */
function outsideLines({ location, format }: External): readonly string[] {
  const { words, options } = formatWords(format);
  const said = options.map(([key, value]) => `${literal(key)}=${literal(value)}`);
  return [
    words,
    ...(said.length > 0 ? [`WITH SERDEPROPERTIES (${said.join(", ")})`] : []),
    `LOCATION ${literal(locationText(location))}`,
  ];
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
export const timeText = (timeMs: number, catalog: StatementCatalog): string =>
  shownIn(timezoneOf(catalog), timeMs);

import { fileText } from "../../../engines/duckdb/files.ts";
import { assert } from "../../../lib/assert.ts";
import { quoteText } from "../../../sql/quote.ts";
import type { AnalyzeTable, ShowStatistic } from "../../../sql/tree-definition.ts";
import { keepOrDiscard, makeOrDiscard } from "../../../storage/keep-or-discard.ts";
import { contentAt, type PartitionRecord, tableRows } from "../catalog.ts";
import type { Outcome } from "../jobs/jobs.ts";
import { callerName } from "../projects.ts";
import { forgetStatistics, putStatistics, statisticsOf } from "../statistics.ts";
import type { FoundTable } from "../tunnel/session.ts";
import { changedMeanwhile, sameFiles, sameValues } from "../versions.ts";
import { statisticsSql } from "./column-statistics.ts";
import { type Doing, notBuilt } from "./execute.ts";
import { foundPartition, notFound, partitionValues, placed, semantic, tableAt } from "./names.ts";
import { emittedForDuckDb, keepSelected, leave } from "./query.ts";

type OfStatistics = AnalyzeTable | ShowStatistic;

/** ANALYZE: what is in each column, kept with the table until the rows that it is of are others. */
export async function analyze(doing: Doing<AnalyzeTable>): Promise<Outcome> {
  const { statement, call } = doing;
  const there = tableOf(doing);
  const { project, store, record } = there;
  if (statement.action === "delete") return deleteStatistics(there, doing);
  const partition = partitionOf(there, doing);
  const made = await countColumns(there, doing);
  const files = made.map(({ file }) => file);
  await keepOrDiscard(call.parts.store, store, files, () => {
    doing.judgeAgain();
    const now = tableRows(store).find([project.id, record.schema, record.name]);
    const content = now && contentAt(store, now, now.version);
    const found = content?.partitions.find(({ values }) => sameValues(values, partition.values));
    const isSame =
      now?.id === record.id &&
      JSON.stringify(now.columns) === JSON.stringify(record.columns) &&
      sameFiles(found ?? { files: [] }, partition);
    if (!isSame) throw changedMeanwhile(record.name);
    for (const { column, file } of made) {
      const of = { values: partition.values, column };
      putStatistics(store, record, of, { atMs: call.timeMs, by: callerName(call), file });
    }
  });
  return { text: "OK" };
}

/** Runs a query for each column: it then reads no other. */
async function countColumns(there: FoundTable, doing: Doing<AnalyzeTable>) {
  const { project, store } = there;
  const selection = selectionOf(doing);
  const { columns } = selection;
  const { sql, ...files } = await emittedForDuckDb(selection, doing.target.catalog);
  const own = [...columns.entries()].filter(([, { name }]) => isOwn(name, there));
  return makeOrDiscard(
    own,
    store,
    async ([at, { name, type }]) => {
      const asked = { sql: statisticsSql(sql, columns.length, at, type), ...files };
      const [left] = await leave(asked, [], project, doing);
      assert(left, "statistics are one file");
      return { column: name, file: left.file };
    },
    ({ file }) => [file],
  );
}

async function deleteStatistics(
  { store, record }: FoundTable,
  { statement: { columns, partition, at }, call }: Doing<AnalyzeTable>,
): Promise<Outcome> {
  const wanted = partition && JSON.stringify(partitionValues(partition, record, at));
  const keys = columns.map(({ key }) => key);
  await call.parts.store.transaction(() =>
    forgetStatistics(store, record, (values, column) => {
      const isWanted = wanted === undefined || values === wanted;
      return !(isWanted && (keys.length === 0 || keys.includes(column)));
    }),
  );
  return { text: "OK" };
}

/** SHOW STATISTIC: lines of text that hold values, so they are kept, judged and counted as the rows of a query are. */
export async function showStatistic(doing: Doing<ShowStatistic>): Promise<Outcome> {
  const there = tableOf(doing);
  const { store, record } = there;
  const { values } = partitionOf(there, doing);
  const found = selectionOf(doing)
    .columns.filter(({ name }) => isOwn(name, there))
    .flatMap(({ name: column }) => {
      const file = statisticsOf(store, record, values, column)?.file;
      return file ? [{ column, record: file, name: `t/${record.id}/s/${file.id}.parquet` }] : [];
    });
  const texts = found.map(
    ({ column, name }, at) =>
      `SELECT ${at} AS place, line, ${quoteText(`${column}:`)} || ${oneLine} AS text FROM read_parquet(${fileText(name)})`,
  );
  const all = texts.join(" UNION ALL ") || "SELECT 0 AS place, 0 AS line, '' AS text WHERE false";
  const sql = `SELECT text FROM (${all}) ORDER BY place, line`;
  const columns = [{ name: "text", type: { kind: "string" }, nullable: true }] as const;
  const rows = await keepSelected({ sql, files: found }, columns, doing);
  return { rows: { ...rows, isText: true } };
}

/** What is told of a column stays one line: a value forges no other. */
const oneLine = [
  ["\\", "\\\\"],
  ["\n", "\\n"],
  ["\r", "\\r"],
].reduce(
  (sql, [of = "", as = ""]) => `replace(${sql}, ${quoteText(of)}, ${quoteText(as)})`,
  "text",
);

function tableOf({ statement, target, call }: Doing<OfStatistics>): FoundTable {
  const where = placed(statement.table, target.catalog, call);
  const there = tableAt(where, target.catalog);
  if (!there) throw notFound(where);
  const { kind, name } = there.record;
  if (kind === "table" || kind === "materialized view") return there;
  throw semantic(statement.at, `${name} is a ${kind}: it has no statistics`);
}

function partitionOf(
  { record, content }: FoundTable,
  { statement }: Doing<OfStatistics>,
): Pick<PartitionRecord, "values" | "files"> {
  if (record.partitionColumns.length > 0) {
    return foundPartition(statement.partition ?? [], record, content, statement.at);
  }
  return content.partitions[0] ?? { values: [], files: [] };
}

function selectionOf({ target: { plan } }: Doing<OfStatistics>) {
  if (plan.kind !== "made-of-query") throw notBuilt("this statistic");
  return plan.selection;
}

/** Whether a column is in files: what is in those of partitions their names tell. */
const isOwn = (column: string, { record }: FoundTable): boolean =>
  record.columns.some(({ name }) => name === column);

import { assert } from "../../../lib/assert.ts";
import { emitDuckDb } from "../../../sql/emit.ts";
import { filterQuery } from "../../../sql/filter-query.ts";
import { mayPass } from "../../../sql/partition-tests.ts";
import { resolveStatement } from "../../../sql/resolve.ts";
import type { Column } from "../../../sql/types.ts";
import type { FileRecord, PartitionRecord } from "../catalog.ts";
import type { OdpsCall, TableTarget } from "../find-project.ts";
import { resultName } from "../jobs/results.ts";
import { worded } from "../jobs/run-script.ts";
import { type PlacedFile, placedFiles, relationSql } from "../relations.ts";
import { changedMeanwhile } from "../versions.ts";
import { keptInCell } from "./kept-in-cell.ts";
import { StatementCatalog, timezoneOf } from "./session.ts";
import { invalid } from "./tunnel.ts";

/** Rows of a table for which a condition held: a file of a session's own. */
export interface FilteredRows {
  readonly file: FileRecord;
  readonly columns: readonly Column[];
}

/** Of which rows, and which columns. */
interface Wanted {
  readonly filter: string;
  readonly columns: readonly string[];
  readonly partitions: readonly PartitionRecord[];
}

/**
 * Reads the rows of the version that was judged for which a client's condition holds. It may speak of the table's own
 * columns alone, and call no code: whoever reads by it may read all of the table. The file belongs to nobody until it
 * is kept.
 */
export async function filteredRows(
  { project, table }: TableTarget,
  { filter, columns, partitions }: Wanted,
  call: OdpsCall,
): Promise<FilteredRows> {
  const flags = [
    ...Object.entries(project.properties),
    ["odps.sql.allow.fullscan", "true"] as const,
  ];
  const catalog = new StatementCatalog(project, new Map(flags), call);
  const named = { project: project.name, schema: table.schema, name: table.name };
  const plan = worded(() => resolveStatement(filterQuery(filter, named, columns), catalog));
  assert(plan.kind === "query", "a filter is a query");
  const own = plan.reads.every((read) => read.table.id === table.id);
  if (!own || plan.uses.length > 0) {
    throw invalid(
      "FilterPredicate speaks of the columns of its table alone, and calls no code of users.",
    );
  }
  const { content } = catalog.found({ id: table.id });
  if (content.version !== table.version) throw changedMeanwhile(table.name);
  const files: PlacedFile[] = [];
  const sql = emitDuckDb(plan.selection, (_table, wanted, { tests }) => {
    const may = ({ values }: PartitionRecord) => mayPass(tests, table.partitionColumns, values);
    const placed = placedFiles(table, partitions.filter(may));
    files.push(...placed);
    return relationSql(table, placed, wanted);
  });
  const id = call.parts.random.uuid();
  const file = resultName(id);
  const release = call.own.busy.hold(catalog.foundVersions);
  try {
    const question = { sql, file, settings: { timezone: timezoneOf(catalog) } };
    return await keptInCell(project, question, files, call, async (cell, { files: [left] }) => {
      assert(left, "a query leaves one file");
      const sealed = await cell.seal(file, left.rows, project, id);
      cell.adopt(file, sealed);
      return { file: sealed, columns: plan.selection.columns };
    });
  } finally {
    release();
  }
}

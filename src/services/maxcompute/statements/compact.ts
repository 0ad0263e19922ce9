import { quoteName } from "../../../sql/quote.ts";
import type { AlterTable, AlterTableAction } from "../../../sql/tree-alter.ts";
import { keepOrDiscard, makeOrDiscard } from "../../../storage/keep-or-discard.ts";
import { storedName } from "../catalog.ts";
import type { Outcome } from "../jobs/jobs.ts";
import { callerName } from "../projects.ts";
import { placedFiles, relationSql } from "../relations.ts";
import type { FoundTable } from "../tunnel/session.ts";
import { changedMeanwhile, putVersion, sameFiles, sameValues } from "../versions.ts";
import type { Doing } from "./execute.ts";
import { partitionValues, semantic } from "./names.ts";
import { leave } from "./query.ts";

type Compact = Extract<AlterTableAction, { kind: "merge-small-files" | "compact" }>;

/**
 * MERGE SMALLFILES and COMPACT: the files of each partition become one, with the same rows. It is a new version, and no
 * change of the rows: a lifecycle goes on.
 */
export async function compact(
  action: Compact,
  { project, store, record, content }: FoundTable,
  doing: Doing<AlterTable>,
): Promise<Outcome> {
  const { statement, call } = doing;
  if (action.kind === "compact" && !record.transactional) {
    throw semantic(statement.at, `${record.name} is not a transactional table`);
  }
  const wanted = action.partition && partitionValues(action.partition, record, statement.at);
  const scattered = content.partitions.filter(
    ({ values, files }) => files.length > 1 && (!wanted || sameValues(values, wanted)),
  );
  if (scattered.length === 0) return { text: "OK" };
  const names = record.columns.map(({ name }) => name);
  const stored = names.map((name) => quoteName(storedName(record, name))).join(", ");
  const done = await makeOrDiscard(
    scattered,
    store,
    async (before) => {
      const placed = placedFiles(record, [before]);
      const sql = `SELECT * FROM ${relationSql(record, placed, names)} AS whole(${stored})`;
      const left = await leave({ sql, files: placed }, [], project, doing);
      return { before, files: left.map(({ file }) => file) };
    },
    ({ files }) => files,
  );
  const added = done.flatMap(({ files }) => files);
  await keepOrDiscard(call.parts.store, store, added, () => {
    doing.judgeAgain();
    putVersion(store, {
      ...{ projectId: project.id, table: record, clock: call.parts.clock, by: callerName(call) },
      ...{ operation: "COMPACT", added },
      change: (partitions) =>
        partitions.map((now) => {
          const one = done.find(({ before }) => sameValues(before.values, now.values));
          if (!one) return now;
          if (!sameFiles(now, one.before)) throw changedMeanwhile(record.name);
          return { ...now, files: one.files };
        }),
    });
  });
  return { text: "OK" };
}

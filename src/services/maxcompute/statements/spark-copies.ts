import { assert } from "../../../lib/assert.ts";
import type { ProjectRecord } from "../../../projects/project.ts";
import type { PlannedTable } from "../../../sql/emit.ts";
import type { ProjectEngine } from "../project-engine.ts";
import type { PlacedFile } from "../relations.ts";
import { type FoundTable, type StatementCatalog, timezoneOf } from "../tunnel/session.ts";
import type { Running } from "./in-cell.ts";
import { type MadeRelation, madeRelation, withMade } from "./made-relation.ts";

/** A relation whose rows Spark reads from a file that DuckDB leaves for it. */
export interface WantedCopy {
  /** The file, as it is called in the cell. */
  readonly name: string;
  readonly found: FoundTable;
  readonly relation: PlannedTable;
}

/** The same, once it is known what it is read from. */
export interface SparkCopy extends MadeRelation, Pick<WantedCopy, "name"> {
  /** Whose rows these are. */
  readonly project: ProjectRecord;
}

/** Finds what a copy is made of. */
export const sparkCopy = async (
  { name, found, relation }: WantedCopy,
  catalog: StatementCatalog,
): Promise<SparkCopy> => ({
  ...(await madeRelation(found, relation, catalog)),
  ...{ name, project: found.project },
});

/**
 * Does something while copies are in the cell. DuckDB makes them, so that there is one reader of what comes from
 * outside, and what it is read from is gone before Spark runs.
 */
export async function withCopies<Result>(
  copies: readonly SparkCopy[],
  running: Running,
  cell: ProjectEngine,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    for (const copy of copies) await copied(copy, running, cell);
    return await work();
  } finally {
    for (const { name } of copies) await cell.engine.remove(name).catch(() => {});
  }
}

/** Does something while copies are sealed files, as a cluster takes them. They are nobody's, and gone with it. */
export async function withSealedCopies<Result>(
  copies: readonly SparkCopy[],
  running: Running,
  cell: ProjectEngine,
  work: (sealed: readonly PlacedFile[]) => Promise<Result>,
): Promise<Result> {
  const sealed: PlacedFile[] = [];
  try {
    for (const copy of copies) {
      const rows = await copied(copy, running, cell);
      sealed.push({ name: copy.name, record: await cell.takeOut(copy.name, rows, copy.project) });
    }
    return await work(sealed);
  } finally {
    for (const { record } of sealed) running.target.store.blobs.discard(record.blob);
  }
}

/** Leaves one copy in the cell, and answers how many rows it has. */
async function copied(
  { name, sql, made }: SparkCopy,
  { target, input }: Running,
  cell: ProjectEngine,
): Promise<number> {
  const { files } = await withMade(made, cell, () =>
    cell.engine.keep({
      ...{ id: input.job.record.id, file: name },
      ...{ sql: `SELECT * FROM ${sql} AS outside`, leaves: true },
      settings: { timezone: timezoneOf(target.catalog) },
    }),
  );
  const [left] = files;
  assert(left, "a query leaves one file");
  return left.rows;
}

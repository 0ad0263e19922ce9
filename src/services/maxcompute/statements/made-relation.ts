import type { PlannedTable } from "../../../sql/emit.ts";
import { mayPass } from "../../../sql/partition-tests.ts";
import type { TableRecord } from "../catalog.ts";
import { externalRelationSql } from "../external/relation.ts";
import { type MadeFile, madeRelationSql } from "../information/relation.ts";
import type { ProjectEngine } from "../project-engine.ts";
import type { FoundTable, StatementCatalog } from "../tunnel/session.ts";

/** Rows that DuckDB reads from files which are made for one query: objects outside, or a project's own catalog. */
export interface MadeRelation {
  /** What stands behind FROM. */
  readonly sql: string;
  readonly made: readonly MadeFile[];
}

/** Whether rows of a table are read so. */
export const isMade = ({ kind, external }: Pick<TableRecord, "kind" | "external">): boolean =>
  kind === "system view" || external !== undefined;

/** Makes one. Of objects outside it is decided here which there are: as the caller may list them. */
export async function madeRelation(
  found: FoundTable,
  relation: PlannedTable,
  catalog: StatementCatalog,
): Promise<MadeRelation> {
  const { record } = found;
  const { columns } = relation;
  if (!record.external) {
    const file = catalog.made(found);
    return { sql: madeRelationSql(file, record.columns, columns), made: [file] };
  }
  const made = await catalog.filesOf(found, asked(found, relation));
  const names = made.map(({ name }) => name);
  return { sql: externalRelationSql(names, record.external.format, record, columns), made };
}

/** The partitions of a table that may have rows which are asked for: others do not come into the cell. */
export const asked = ({ record, content }: FoundTable, { tests }: PlannedTable) =>
  content.partitions.filter(({ values }) => mayPass(tests, record.partitionColumns, values));

/** Does something while some files are in the cell. */
export async function withMade<Result>(
  made: readonly MadeFile[],
  { engine }: ProjectEngine,
  work: () => Promise<Result>,
): Promise<Result> {
  try {
    for (const { name, body } of made) await engine.put(name, body());
    return await work();
  } finally {
    for (const { name } of made) await engine.remove(name).catch(() => {});
  }
}

import type { CodeJob } from "../../../projects/code-jobs.ts";
import { informationSchema } from "../../../sql/catalog.ts";
import type { NamedRecord, ReadRecord } from "../jobs/instance-record.ts";

/** A line counts as a row where rows are counted: so it holds about as much. */
const lineCharsMax = 500;
const charsMax = 512 * 1024;

/** What a job printed, as it is kept: the end of it, in lines that are not long. */
export function logText(lines: readonly string[]): string {
  const short = lines.flatMap((line) => {
    const parts = Math.max(1, Math.ceil(line.length / lineCharsMax));
    return Array.from({ length: parts }, (_, at) =>
      line.slice(at * lineCharsMax, (at + 1) * lineCharsMax),
    );
  });
  let chars = 0;
  let from = short.length;
  while (from > 0 && chars + (short[from - 1]?.length ?? 0) < charsMax) {
    from -= 1;
    chars += (short[from]?.length ?? 0) + 1;
  }
  return short.slice(from).join("\n");
}

/** What a job's code has read, to be kept with what it printed: that is shown to who may be shown these. */
export const readsOf = (code: CodeJob, owner: string): readonly ReadRecord[] =>
  code.reads.map(({ project, source, columns = [], through }): ReadRecord => {
    const { type, schema = "", table, id: tableId, version } = source;
    const lender: NamedRecord | undefined = through && {
      ...(through.type && { type: through.type }),
      ...{ project: through.project.name, schema: through.schema, table: through.table },
      ...{ tableId: through.id, columns: through.columns },
    };
    return {
      ...(type && { type }),
      ...{ project: project.name, schema, table, tableId, columns, version: Number(version) },
      ...(lender && { through: lender }),
      ...(schema === informationSchema && { madeFor: owner }),
    };
  });

import type { KeepQuestion, Kept } from "../../../engines/duckdb/questions.ts";
import type { ProjectRecord } from "../../../projects/project.ts";
import type { OdpsCall } from "../find-project.ts";
import type { ProjectEngine } from "../project-engine.ts";
import type { PlacedFile } from "../relations.ts";
import { engineWords, orRemoved } from "../statements/in-cell.ts";

/** A request waits no longer for its rows: what takes more is a job. */
const waitMs = 10 * 60 * 1000;

/**
 * Runs a query for a request that is no job, with the files that it reads, and hands what it leaves in the cell to
 * `work`. Errors of the engine are told without the values that it met.
 */
export async function keptInCell<Result>(
  project: ProjectRecord,
  question: Omit<KeepQuestion, "id">,
  files: readonly PlacedFile[],
  call: OdpsCall,
  work: (cell: ProjectEngine, kept: Kept) => Promise<Result>,
): Promise<Result> {
  const id = call.parts.random.uuid();
  const late = AbortSignal.timeout(waitMs);
  return call.own.engines.use(
    project,
    async (cell) => {
      const cancel = () => void cell.cancel(id).catch(() => {});
      late.addEventListener("abort", cancel);
      try {
        await cell.place(files);
        return await orRemoved(cell, await cell.engine.keep({ id, ...question }), work);
      } catch (error) {
        throw engineWords(error, [], question.sql);
      } finally {
        late.removeEventListener("abort", cancel);
      }
    },
    late,
  );
}

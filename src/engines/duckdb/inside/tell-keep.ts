import type { Database } from "@duckdb/node-bindings";
import { type KeepQuestion, writtenColumns } from "../questions.ts";
import { keep, type Running } from "./keep.ts";
import type { Store } from "./store.ts";

const progressMs = 250;
const messageMax = 2_000;

/** Takes what is told of a query: an object for each line. */
export type Line = (told: object) => void;

/** Keeps what a query gives, and tells how far it is, again and again, and at last what came out. */
export async function tellKeep(
  database: Database,
  store: Store,
  question: KeepQuestion,
  { line, started }: { readonly line: Line; readonly started?: (job: Running) => void },
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  try {
    const kept = await keep(database, store, question, (job) => {
      started?.(job);
      timer = setInterval(() => line({ progress: job.progress() }), progressMs);
    });
    line({ kept: { ...kept, columns: writtenColumns(kept.columns) } });
  } finally {
    clearInterval(timer);
  }
}

/** Why something failed, as it is told outside of the cell. */
export const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, messageMax);

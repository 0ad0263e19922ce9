import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Limits } from "../../../cells/limits.ts";
import { memberOf } from "../../../lib/record.ts";
import { answerOf, ask, EngineRefusal, enginePort, fileOf } from "../../kept/ask.ts";
import { createCellKeeper, type KeptCell } from "../../kept/cell-keeper.ts";
import { createJobQueue } from "../../kept/job-queue.ts";
import { sparkCell, sparkFiles } from "../spark-cell.ts";
import type { SparkInstallation } from "../spark-home.ts";
import { sparkProgram } from "./program.ts";
import type { SparkQuestion } from "./questions.ts";
import { sparkSqlSettings } from "./settings.ts";

/** Spark SQL in a cell of its own, with a view of the files that the engine beside it has. */
export interface SparkSql<Question = SparkQuestion> {
  /**
   * Runs a query; its rows stay in the cell as files until they are dropped. Answers how many files. What `ready` throws
   * when its turn has come ends it.
   */
  run(question: Question, ready?: () => void): Promise<number>;
  /** Sends a file that a query has left out of the cell, as it is. */
  give(name: string, at: number): AsyncIterable<Buffer>;
  drop(name: string): Promise<void>;
  /** Ends a job, whether it runs or waits. Its `run` rejects. */
  cancel(jobId: string): Promise<void>;
  stop(): Promise<void>;
}

/** What Spark for a project is made of. */
export interface SparkOptions extends SparkInstallation {
  readonly cell: Pick<
    KeptCell["options"],
    "id" | "runDirectory" | "onLog" | "unconfined" | "volume"
  >;
  /** Directory of the host whose files queries read. */
  readonly data: string;
  readonly limits: Limits;
}

const startMs = 180_000;
const jobsAtOnce = 2;
const cancelGraceMs = 5_000;
const waitingMax = 1_000;
const filesMax = 10_000;
const dataInCell = "/data";

/** Makes an engine; its cell starts with the first query. */
export const createSparkSql = (options: SparkOptions): SparkSql => askSpark(cellOptions(options));

/** An engine by the program in a cell that is laid out so. */
export function askSpark<Question extends Pick<SparkQuestion, "id"> = SparkQuestion>(
  options: KeptCell["options"],
): SparkSql<Question> {
  const keeper = createCellKeeper({ options, startMs });
  const jobs = createJobQueue({ running: jobsAtOnce, waiting: waitingMax });
  const running = new Set<string>();
  const told = (path: string, question: object) =>
    keeper.during(async (cell) => answerOf(await ask(cell, path, JSON.stringify(question))));

  return {
    async run(question, ready) {
      running.add(question.id);
      try {
        const answer = await jobs.run(question.id, async () => {
          ready?.();
          return told("/run", question);
        });
        const files = memberOf(answer, "files");
        if (Array.isArray(files) && files.length <= filesMax) return files.length;
        throw new EngineRefusal("the engine's answer is not understood");
      } finally {
        running.delete(question.id);
      }
    },
    give: (name, file) =>
      keeper.throughout(async (cell) =>
        fileOf(await ask(cell, "/give", JSON.stringify({ name, at: file }))),
      ),
    async drop(name) {
      await told("/drop", { name });
    },
    async cancel(id) {
      if (!running.has(id) || jobs.remove(id)) return;
      const cell = keeper.running();
      if (!cell) return;
      told("/cancel", { id }).catch(() => {});
      // Spark ends a task where it looks whether it shall: some loops never do, and a cluster need not answer.
      await new Promise((resolve) => setTimeout(resolve, cancelGraceMs));
      if (running.has(id) && keeper.running() === cell) await cell.stop(0);
    },
    stop: keeper.stop,
  };
}

function cellOptions({ cell, data, limits, ...there }: SparkOptions): KeptCell["options"] {
  const folder = join(cell.volume.path, "spark");
  const files = join(folder, "own");
  const spark = sparkCell({
    ...{ ...there, limits, files, log: "off", settings: sparkSqlSettings },
    words(inside) {
      const { work } = inside;
      const told = { work, data: inside.path(dataInCell), port: inside.port(enginePort) };
      return [`${inside.path(sparkFiles)}/program.py`, JSON.stringify(told)];
    },
  });
  writeFileSync(join(files, "program.py"), sparkProgram);
  return {
    ...{ ...cell, ...spark, id: `${cell.id}-spark` },
    volume: { path: folder, failed: cell.volume.failed },
    // To read: what other queries count on is not this engine's to change.
    binds: [...spark.binds, { source: data, target: dataInCell }],
  };
}

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { CellOptions } from "../../cells/layout.ts";
import type { Limits } from "../../cells/limits.ts";
import { assert } from "../../lib/assert.ts";
import { memberOf } from "../../lib/record.ts";
import type { Column } from "../../sql/types.ts";
import { answerOf, ask, EngineLost, EngineRefusal, linesOf, parsed } from "../kept/ask.ts";
import { createCellKeeper, type KeptCell } from "../kept/cell-keeper.ts";
import { createJobQueue } from "../kept/job-queue.ts";
import { columnsOf, keptOf, rowsOf } from "./answers.ts";
import { programBinds, programIn } from "./cell-program.ts";
import { checkFile } from "./files.ts";
import { lend } from "./lend.ts";
import {
  type KeepQuestion,
  type Kept,
  type ReadQuestion,
  type Taken,
  type TakeQuestion,
  writtenColumns,
} from "./questions.ts";
import { streamOf } from "./stream.ts";
import { streamRows } from "./stream-error.ts";

/** DuckDB for one project, in a cell of its own that is started anew when it has died. */
export interface WarehouseEngine {
  /** Runs a query and leaves its rows as files below the volume. `links` lead to the functions that it names. */
  keep(job: KeepQuestion, links?: readonly Duplex[]): Promise<Kept>;
  /** Says what columns a query has, without running it. */
  describe(sql: string): Promise<readonly Column[]>;
  /** Reads files as a stream of the tunnel, or as CSV. */
  read(what: ReadQuestion): AsyncIterable<Buffer>;
  /**
   * Makes one file of a stream of the tunnel, which `keep` takes as it comes: nothing of it stays in the cell. Where the
   * stream or the cell breaks, so does what `keep` reads.
   */
  take<Result>(
    what: TakeQuestion,
    body: AsyncIterable<Buffer>,
    keep: (file: AsyncIterable<Buffer>) => Promise<Result>,
  ): Promise<Taken<Result>>;
  /** Sends a file out of the cell as it is. */
  give(file: string): AsyncIterable<Buffer>;
  /** Takes a file into the cell as it is. */
  put(file: string, body: AsyncIterable<Buffer>): Promise<void>;
  /** Removes a file; one that is not there is not missed. */
  remove(file: string): Promise<void>;
  /** Ends a job, whether it runs or waits. Its `keep` rejects. */
  cancel(jobId: string): Promise<void>;
  /** How far a job is, from 0 to 1, where DuckDB knows. */
  progress(jobId: string): number;
  /** Ends the cell and with it all that runs. */
  stop(): Promise<void>;
}

/** What an engine is made of. */
export interface EngineOptions {
  readonly cell: Pick<CellOptions, "id" | "runDirectory" | "onLog" | "unconfined"> & {
    readonly volume: NonNullable<CellOptions["volume"]>;
  };
  readonly limits: Limits & {
    /** What DuckDB may put on the volume beside the data when memory does not suffice. */
    readonly spillBytes: number;
  };
  /** Queries that run at a time. */
  readonly jobs: number;
  /** Streams that are read or taken at a time. */
  readonly streams: number;
}

const waitingMax = 1_000;
const startMs = 30_000;
const mebi = 1024 * 1024;
/**
 * What DuckDB does not count: the program's heap, batches of rows, and memory of DuckDB's own beside its buffers. An
 * upload larger than all of the cell's memory ended the cell with 0.3, and goes through with this.
 */
const ownShare = 0.55;
const ownBytesMin = 160 * mebi;
/** What parts of files may take that are on their way out. One of a few long rows can be as large as a whole batch. */
const partsShare = 0.25;

function cellOptions({ cell, limits }: EngineOptions): KeptCell["options"] {
  const own = Math.max(ownBytesMin, Math.floor(limits.memoryBytes * ownShare));
  const inside = {
    memoryBytes: Math.max(32 * mebi, limits.memoryBytes - own),
    spillBytes: limits.spillBytes,
    threads: Math.max(1, Math.round(limits.cpus)),
  };
  const heapMb = Math.floor((own * 0.5) / mebi);
  return {
    ...cell,
    binds: programBinds(),
    callsItself: true,
    limits: { ...limits, memoryFolderBytes: Math.floor(limits.memoryBytes * partsShare) },
    program: (where) => programIn(where, inside, heapMb),
  };
}

/** Starts DuckDB for a project. Rejects when its cell does not come up. */
export async function startEngine(options: EngineOptions): Promise<WarehouseEngine> {
  const keeper = createCellKeeper({ options: cellOptions(options), startMs });
  const jobs = createJobQueue({ running: options.jobs, waiting: waitingMax });
  const streams = createJobQueue({ running: options.streams, waiting: waitingMax });
  const progress = new Map<string, number>();
  await keeper.cell();

  async function keep(job: KeepQuestion, links: readonly Duplex[] = []): Promise<Kept> {
    assert(!progress.has(job.id), `a job \`${job.id}\` runs already`);
    checkFile(job.file);
    progress.set(job.id, 0);
    try {
      return await jobs.run(job.id, () =>
        keeper.during(async (cell) => {
          for (const [at, name] of (job.functions?.names ?? []).entries()) {
            const link = links[at];
            if (link) await lend(cell, `${job.id}/${name}`, link);
          }
          const response = await ask(cell, "/keep", JSON.stringify(job));
          for await (const line of linesOf(response)) {
            const told = parsed(line);
            const error = memberOf(told, "error");
            if (error !== undefined) throw new EngineRefusal(String(error));
            const kept = memberOf(told, "kept");
            if (kept) return keptOf(kept, job.file, job.partitionBy?.length ?? 0);
            const share = Number(memberOf(told, "progress"));
            if (share >= 0 && share <= 1) progress.set(job.id, share);
          }
          throw new EngineLost("the engine's answer ended early");
        }),
      );
    } finally {
      progress.delete(job.id);
    }
  }

  async function* read(what: ReadQuestion): AsyncGenerator<Buffer> {
    for (const file of what.files) checkFile(file);
    yield* stream("/read", JSON.stringify({ ...what, columns: writtenColumns(what.columns) }));
  }

  async function* stream(path: string, question: string): AsyncGenerator<Buffer> {
    const place = await streams.enter("read");
    try {
      yield* keeper.throughout(async (cell) => streamOf(await ask(cell, path, question)));
    } finally {
      place.leave();
    }
  }

  function take<Result>(
    what: TakeQuestion,
    body: AsyncIterable<Buffer>,
    keepFile: (file: AsyncIterable<Buffer>) => Promise<Result>,
  ): Promise<Taken<Result>> {
    const head = Buffer.from(JSON.stringify({ ...what, columns: writtenColumns(what.columns) }));
    let broken: unknown;
    const asked = withHead(head, body, (error) => {
      broken = error;
    });
    return streams.run("take", () =>
      keeper.during(async (cell) => {
        try {
          const response = await ask(cell, "/take", asked, { meanwhile: true });
          const file = takenFile(response);
          const kept = await keepFile(file.bytes);
          return { rows: file.rows(), kept };
        } catch (error) {
          // Who sends has gone: that the connection broke then is no more than what came of it.
          throw broken ?? error;
        }
      }),
    );
  }

  return {
    keep,
    read,
    take,
    give: (file) => stream("/give", JSON.stringify({ file: checkFile(file) })),
    async put(file, body) {
      const headers = { "x-file": checkFile(file) };
      await keeper.during(async (cell) => answerOf(await ask(cell, "/put", body, { headers })));
    },
    async remove(file) {
      const question = JSON.stringify({ file: checkFile(file) });
      await keeper.during(async (cell) => answerOf(await ask(cell, "/remove", question)));
    },
    describe: (sql) =>
      jobs.run("describe", () =>
        keeper.during(async (cell) =>
          columnsOf(await answerOf(await ask(cell, "/describe", JSON.stringify({ sql })))),
        ),
      ),
    async cancel(id) {
      if (!progress.has(id) || jobs.remove(id)) return;
      const cell = keeper.running();
      if (cell) await answerOf(await ask(cell, "/cancel", JSON.stringify({ id })));
    },
    progress: (id) => progress.get(id) ?? 0,
    stop: keeper.stop,
  };
}

/** A file of rows, which ends with their number. */
function takenFile(response: IncomingMessage): { bytes: AsyncIterable<Buffer>; rows(): number } {
  let rows = 0;
  async function* bytes(): AsyncGenerator<Buffer> {
    yield* streamOf(response);
    rows = rowsOf(response.trailers[streamRows]);
  }
  return { bytes: bytes(), rows: () => rows };
}

/** A stream with a question before it: its length in four bytes, and itself. `onBreak` learns why the stream broke. */
async function* withHead(
  head: Buffer,
  body: AsyncIterable<Buffer>,
  onBreak: (error: unknown) => void,
): AsyncGenerator<Buffer> {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  yield Buffer.concat([length, head]);
  let held: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of body) {
      held.push(part);
      size += part.length;
      if (size < gatheredBytes) continue;
      yield Buffer.concat(held);
      [held, size] = [[], 0];
    }
  } catch (error) {
    onBreak(error);
    throw error;
  }
  if (size > 0) yield Buffer.concat(held);
}

/** What clients send comes in small pieces: each that goes into the cell costs a call of the system. */
const gatheredBytes = 128 * 1024;

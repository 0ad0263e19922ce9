import { type Cell, type CellEnd, startCell } from "../../cells/cell.ts";
import { EngineLost } from "./ask.ts";
import { programBinds, programIn } from "./cell-program.ts";
import type { EngineOptions } from "./engine.ts";

/** Keeps one cell running, and says of work that a dying cell has taken along why it failed. */
export interface CellKeeper {
  /** The cell: the one that runs, or a new one. */
  cell(): Promise<Cell>;
  running(): Cell | undefined;
  /** Does a piece of work with the cell. */
  during<Result>(work: (cell: Cell) => Promise<Result>): Promise<Result>;
  /** Hands on a stream from the cell. */
  throughout(
    work: (cell: Cell) => Promise<AsyncIterable<Buffer>>,
  ): AsyncGenerator<Buffer, void, undefined>;
  stop(): Promise<void>;
}

/** The engine has died under the work. */
export class EngineDied extends Error {
  override readonly name = "EngineDied";
}

const mebi = 1024 * 1024;
/**
 * What DuckDB does not count: the program's heap, batches of rows, and memory of DuckDB's own beside its buffers. An
 * upload larger than all of the cell's memory ended the cell with 0.3, and goes through with this.
 */
const ownShare = 0.55;
const ownBytesMin = 160 * mebi;
const stopGraceMs = 200;
const reachTries = 100;
const reachPauseMs = 50;
const endWaitMs = 2_000;

/** Makes a keeper; nothing runs yet. */
export function createCellKeeper(options: EngineOptions): CellKeeper {
  let starting: Promise<Cell> | undefined;
  let current: Cell | undefined;
  let starts = 0;
  let stopped = false;
  let volumeFailure: string | undefined;
  void options.cell.volume.failed.then((why) => {
    volumeFailure = why;
  });

  function cell(): Promise<Cell> {
    if (stopped) return Promise.reject(new EngineDied("the engine was stopped"));
    if (volumeFailure !== undefined) return Promise.reject(new EngineDied(volumeFailure));
    starting ??= begin().catch((error: unknown) => {
      starting = undefined;
      throw error;
    });
    return starting;
  }

  async function begin(): Promise<Cell> {
    starts += 1;
    const started = await startCell(cellOptions(options, starts));
    void started.exited.then(() => {
      if (current === started) current = undefined;
      starting = undefined;
    });
    await reached(started);
    current = started;
    return started;
  }

  /** An error of the connection is told as the end of the cell, where it has ended. */
  async function explained(cell: Cell, error: unknown): Promise<unknown> {
    if (!(error instanceof EngineLost)) return error;
    const end = await Promise.race([cell.exited, pause(endWaitMs)]);
    return end ? new EngineDied(whyOf(end), { cause: error }) : error;
  }

  return {
    cell,
    running: () => current,
    async during(work) {
      const own = await cell();
      try {
        return await work(own);
      } catch (error) {
        throw await explained(own, error);
      }
    },
    async *throughout(work) {
      const own = await cell();
      try {
        yield* await work(own);
      } catch (error) {
        throw await explained(own, error);
      }
    },
    async stop() {
      stopped = true;
      const last = await starting?.catch(() => undefined);
      await last?.stop(stopGraceMs);
    },
  };
}

function whyOf(end: CellEnd): string {
  if (end.volumeFailure !== undefined) return end.volumeFailure;
  if (end.outOfMemory) return "the engine ran out of memory";
  return end.stopped ? "the engine was stopped" : `the engine ended with ${end.code}`;
}

function cellOptions({ cell, limits }: EngineOptions, start: number) {
  const own = Math.max(ownBytesMin, Math.floor(limits.memoryBytes * ownShare));
  const inside = {
    memoryBytes: Math.max(32 * mebi, limits.memoryBytes - own),
    spillBytes: limits.spillBytes,
    threads: Math.max(1, Math.round(limits.cpus)),
  };
  const heapMb = Math.floor((own * 0.5) / mebi);
  return {
    ...cell,
    id: `${cell.id}-${start}`,
    binds: programBinds(),
    ports: ["engine"],
    limits,
    program: (where: Parameters<typeof programIn>[0]) => programIn(where, inside, heapMb),
  };
}

/** A cell is up before the program in it is. */
async function reached(cell: Cell): Promise<void> {
  let ended = false;
  void cell.exited.then(() => {
    ended = true;
  });
  for (let tries = 0; tries < reachTries && !ended; tries += 1) {
    if (await listens(cell)) return;
    await pause(reachPauseMs);
  }
  if (!ended) await cell.stop(0);
  throw new EngineDied(["the engine does not start", ...cell.log.slice(-5)].join("\n"));
}

/** Whether something answers on the engine's port: what answers first is HTTP's own refusal. */
async function listens(cell: Cell): Promise<boolean> {
  const connection = await cell.connect("engine").catch(() => undefined);
  if (!connection) return false;
  return new Promise((resolve) => {
    connection.once("data", () => resolve(true));
    connection.once("close", () => resolve(false));
    connection.once("error", () => resolve(false));
    connection.end("GET / HTTP/1.0\r\n\r\n");
  }).then((found) => {
    connection.destroy();
    return found === true;
  });
}

const pause = (ms: number) =>
  new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), ms));

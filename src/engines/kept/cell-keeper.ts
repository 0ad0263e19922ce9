import { type Cell, type CellEnd, startCell } from "../../cells/cell.ts";
import type { CellOptions } from "../../cells/layout.ts";
import { EngineLost, enginePort } from "./ask.ts";

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

const stopGraceMs = 200;
const reachPauseMs = 50;
const endWaitMs = 2_000;

/** A cell that is kept: how it is laid out, and how long its program may take until it answers. */
export interface KeptCell {
  readonly options: Omit<CellOptions, "ports" | "volume"> & {
    readonly volume: NonNullable<CellOptions["volume"]>;
  };
  readonly startMs: number;
}

/** Makes a keeper; nothing runs yet. */
export function createCellKeeper({ options, startMs }: KeptCell): CellKeeper {
  let starting: Promise<Cell> | undefined;
  let current: Cell | undefined;
  let starts = 0;
  let stopped = false;
  let volumeFailure: string | undefined;
  void options.volume.failed.then((why) => {
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
    const id = `${options.id}-${starts}`;
    const started = await startCell({ ...options, id, ports: [enginePort] });
    void started.exited.then(() => {
      if (current === started) current = undefined;
      starting = undefined;
    });
    await reached(started, startMs);
    current = started;
    return started;
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

/** An error of the connection is told as the end of the cell, where it has ended. */
async function explained(cell: Cell, error: unknown): Promise<unknown> {
  if (!(error instanceof EngineLost)) return error;
  const end = await Promise.race([cell.exited, pause(endWaitMs)]);
  return end ? new EngineDied(whyOf(end), { cause: error }) : error;
}

function whyOf(end: CellEnd): string {
  if (end.volumeFailure !== undefined) return end.volumeFailure;
  if (end.outOfMemory) return "the engine ran out of memory";
  return end.stopped ? "the engine was stopped" : `the engine ended with ${end.code}`;
}

/** A cell is up before the program in it is. */
async function reached(cell: Cell, startMs: number): Promise<void> {
  let ended = false;
  void cell.exited.then(() => {
    ended = true;
  });
  for (let waitedMs = 0; waitedMs < startMs && !ended; waitedMs += reachPauseMs) {
    if (await listens(cell)) return;
    await pause(reachPauseMs);
  }
  if (!ended) await cell.stop(0);
  throw new EngineDied(["the engine does not start", ...cell.log.slice(-5)].join("\n"));
}

/** Whether something answers on the engine's port: what answers first is HTTP's own refusal. */
async function listens(cell: Cell): Promise<boolean> {
  const connection = await cell.connect(enginePort).catch(() => undefined);
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

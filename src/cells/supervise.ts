import type { Cell, CellEnd } from "./cell.ts";

export interface Supervision {
  /** Starts the cell anew; called for the first start too. */
  start(attempt: number): Promise<Cell>;
  /** Whether an end calls for another start; an engine that was stopped or has finished does not. */
  restarts(end: CellEnd): boolean;
  /** Told before each wait. */
  onRestart?(end: CellEnd | Error, waitMs: number): void;
  readonly firstWaitMs: number;
  readonly waitMsMax: number;
  /** A cell that lived this long has proven itself: the next wait is the first one again. */
  readonly provenMs: number;
  /** Attempts in a row that fail before it is given up. */
  readonly attemptsMax: number;
  readonly now: () => number;
}

export interface Supervised {
  /** The cell that runs now. */
  current(): Cell | undefined;
  /** Resolves when no further start follows. */
  readonly ended: Promise<CellEnd | Error>;
  stop(graceMs: number): Promise<void>;
}

/** Keeps a cell running: starts it again with a wait that doubles while it keeps failing. */
export function supervise(supervision: Supervision): Supervised {
  const { start, restarts, onRestart, firstWaitMs, waitMsMax, provenMs, attemptsMax, now } =
    supervision;
  let cell: Cell | undefined;
  let stopped = false;
  let wake: () => void = () => {};

  const pause = (waitMs: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  async function runOnce(attempt: number): Promise<CellEnd | Error> {
    try {
      cell = await start(attempt);
      if (stopped) await cell.stop(0);
      return await cell.exited;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      cell = undefined;
    }
  }

  async function run(): Promise<CellEnd | Error> {
    for (let failures = 0, attempt = 0; ; attempt += 1) {
      const startedMs = now();
      const end = await runOnce(attempt);
      if (stopped || (!(end instanceof Error) && !restarts(end))) return end;
      failures = now() - startedMs >= provenMs ? 1 : failures + 1;
      if (failures >= attemptsMax) return end;
      const waitMs = Math.min(waitMsMax, firstWaitMs * 2 ** (failures - 1));
      onRestart?.(end, waitMs);
      await pause(waitMs);
      if (stopped) return end;
    }
  }

  const ended = run();
  return {
    current: () => cell,
    ended,
    async stop(graceMs) {
      stopped = true;
      wake();
      await cell?.stop(graceMs);
      await ended;
    },
  };
}

import type { Duplex } from "node:stream";
import { FunctionRefusal } from "../../../engines/functions/code-failure.ts";
import {
  describeCode,
  type FunctionCell,
  type FunctionHost,
  NoRuntime,
  startFunctionCell,
} from "../../../engines/functions/function-cell.ts";
import type { Random } from "../../../lib/random.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import { stopped } from "../jobs/jobs.ts";
import type { CellsOutside } from "../project-engines.ts";
import type { ProjectSealing } from "../project-sealing.ts";
import { codeOf, type LentCall, sourceOf } from "./code.ts";
import { failureOf } from "./failure.ts";
import type { CodeMeaning, FoundFunction } from "./find.ts";
import { Meanings } from "./meanings.ts";

/** Cells of functions at once, of all accounts and of one. */
const cellsMax = 8;
const cellsPerAccountMax = 6;
/** The cells in which users' code runs: made for one query, and ended with it. */
export class FunctionCells {
  readonly #outside: CellsOutside;
  readonly #random: Random;
  readonly #sealing: ProjectSealing;
  readonly #running = new Map<string, number>();
  readonly #meanings = new Meanings();
  #waiting: (() => void)[] = [];

  constructor(outside: CellsOutside, random: Random, sealing: ProjectSealing) {
    this.#outside = outside;
    this.#random = random;
    this.#sealing = sealing;
  }

  /** Works with connections to functions, one for each call and in their order. Waits for room; `signal` ends that. */
  async use<Result>(
    account: string,
    { calls, timezone }: { readonly calls: readonly LentCall[]; readonly timezone: string },
    work: (links: readonly Duplex[]) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    if (calls.length === 0) return work([]);
    const codes = calls.map((call) => codeOf(call, timezone, this.#sealing));
    await this.#enter(account, calls.length, signal);
    const begun: Promise<FunctionCell>[] = [];
    const ending = new AbortController();
    const ends = AbortSignal.any([signal, ending.signal]);
    try {
      for (const [at, code] of codes.entries()) {
        const start = startFunctionCell(code, this.#host(), ends);
        begun.push(start.catch((error: unknown) => Promise.reject(worded(error, calls[at]))));
      }
      const started = await Promise.all(begun).catch((error: unknown) => {
        throw signal.aborted ? stopped : error;
      });
      if (signal.aborted) throw stopped;
      return await work(started.map(({ link }) => link));
    } finally {
      ending.abort();
      const cells = await Promise.allSettled(begun);
      await Promise.all(
        cells.map((cell) => (cell.status === "fulfilled" ? cell.value.stop() : undefined)),
      );
      this.#leave(account, calls.length);
    }
  }

  /** What the class of a function in Java is, if it was asked already. */
  described(found: FoundFunction): CodeMeaning | undefined {
    return this.#meanings.of(found);
  }

  /** Asks a cell what the class of a function in Java is: none of its code runs for that. */
  async describe(account: string, found: FoundFunction, signal: AbortSignal): Promise<void> {
    await this.#enter(account, 1, signal);
    try {
      const source = sourceOf(found, "Java", this.#sealing);
      await this.#meanings.ask(found, () => describeCode(source, this.#host()));
    } catch (error) {
      throw worded(error, { found });
    } finally {
      this.#leave(account, 1);
    }
  }

  #host(): FunctionHost {
    const { runDirectory, unconfined, javaFunctions } = this.#outside;
    return {
      ...{ id: `code-${this.#random.bytes(6).toString("hex")}`, runDirectory },
      java: javaFunctions(),
      ...(unconfined === "accept" && { unconfined: "accepted" as const }),
    };
  }

  async #enter(account: string, count: number, signal: AbortSignal): Promise<void> {
    const own = () => this.#running.get(account) ?? 0;
    const all = () => [...this.#running.values()].reduce((sum, each) => sum + each, 0);
    const wake = () => this.#wake();
    signal.addEventListener("abort", wake);
    try {
      while (all() + count > cellsMax || own() + count > cellsPerAccountMax) {
        if (signal.aborted) throw stopped;
        await new Promise<void>((resolve) => this.#waiting.push(resolve));
      }
    } finally {
      signal.removeEventListener("abort", wake);
    }
    this.#running.set(account, own() + count);
  }

  /** All who wait look again. */
  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  #leave(account: string, count: number): void {
    const left = (this.#running.get(account) ?? 0) - count;
    if (left > 0) this.#running.set(account, left);
    else this.#running.delete(account);
    this.#wake();
  }
}

/** Why a cell did not start or load its code, as its caller is told. */
function worded(error: unknown, failed: Parameters<typeof failureOf>[1] | undefined): unknown {
  if (failed && error instanceof FunctionRefusal) return failureOf(error.failure, failed);
  if (!(error instanceof NoRuntime)) return error;
  const text = `ODPS-0130071: Semantic analysis exception - ${error.message}`;
  return new ServiceError("ODPS-0130071", text);
}

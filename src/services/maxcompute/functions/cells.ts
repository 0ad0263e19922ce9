import type { Duplex } from "node:stream";
import {
  type FunctionCell,
  type FunctionCode,
  FunctionRefusal,
  NoPython,
  startFunctionCell,
} from "../../../engines/functions/function-cell.ts";
import type { Random } from "../../../lib/random.ts";
import { ServiceError } from "../../../pipeline/operation.ts";
import type { CodeCall } from "../../../sql/catalog.ts";
import { stopped } from "../jobs/jobs.ts";
import type { CellsOutside } from "../project-engines.ts";
import type { ProjectSealing } from "../project-sealing.ts";
import { readResourceContent } from "../resources/content.ts";
import { failureOf } from "./failure.ts";
import type { FoundFunction } from "./find.ts";

/** Cells of functions at once, of all accounts and of one. */
const cellsMax = 8;
const cellsPerAccountMax = 6;
/** All that one function is made of, in memory while it runs. */
const resourceBytesMax = 256 * 1024 * 1024;

/** A call, and what was found of its function. */
export interface LentCall {
  readonly call: CodeCall;
  readonly found: FoundFunction;
}

/** The cells in which users' code runs: made for one query, and ended with it. */
export class FunctionCells {
  readonly #outside: CellsOutside;
  readonly #random: Random;
  readonly #sealing: ProjectSealing;
  readonly #running = new Map<string, number>();
  #waiting: (() => void)[] = [];

  constructor(outside: CellsOutside, random: Random, sealing: ProjectSealing) {
    this.#outside = outside;
    this.#random = random;
    this.#sealing = sealing;
  }

  /** Works with connections to functions, one for each call and in their order. Waits for room; `signal` ends that. */
  async use<Result>(
    account: string,
    calls: readonly LentCall[],
    work: (links: readonly Duplex[]) => Promise<Result>,
    signal: AbortSignal,
  ): Promise<Result> {
    if (calls.length === 0) return work([]);
    const codes = calls.map((call) => codeOf(call, this.#sealing));
    await this.#enter(account, calls.length, signal);
    const begun: Promise<FunctionCell>[] = [];
    try {
      for (const code of codes) begun.push(this.#start(code));
      const started = await Promise.all(begun);
      if (signal.aborted) throw stopped;
      return await work(started.map(({ link }) => link));
    } catch (error) {
      if (error instanceof FunctionRefusal) throw failureOf(error.failure, calls);
      if (error instanceof NoPython) {
        throw new ServiceError(
          "ODPS-0130071",
          "ODPS-0130071: Semantic analysis exception - functions in Python need an interpreter that this Bondstore does not have",
        );
      }
      throw error;
    } finally {
      const ends = await Promise.allSettled(begun);
      await Promise.all(
        ends.map((end) => (end.status === "fulfilled" ? end.value.stop() : undefined)),
      );
      this.#leave(account, calls.length);
    }
  }

  #start(code: FunctionCode): Promise<FunctionCell> {
    const { runDirectory, unconfined } = this.#outside;
    return startFunctionCell(code, {
      ...{ id: `code-${this.#random.bytes(6).toString("hex")}`, runDirectory },
      ...(unconfined === "accept" && { unconfined: "accepted" as const }),
    });
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

function codeOf({ call, found }: LentCall, sealing: ProjectSealing): FunctionCode {
  const { record, resources } = found;
  const { code } = call.function;
  if (!code) throw new Error(`the function ${record.name} has no code`);
  const files = resources.filter(({ blob }) => blob);
  if (files.reduce((sum, { size }) => sum + size, 0) > resourceBytesMax) {
    throw new ServiceError(
      "ODPS-0130071",
      `ODPS-0130071: Semantic analysis exception - the resources of ${record.name} have more than ${resourceBytesMax} bytes`,
    );
  }
  return {
    ...{ className: record.className, signature: code.signature, kind: code.kind },
    ...{ parameters: call.parameters, results: call.results },
    resources: files.map((file) => ({
      ...{ name: file.name, size: file.size },
      content: () => readResourceContent(found, file, sealing),
    })),
  };
}

import type { ChildProcess } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { assert } from "../lib/assert.ts";
import { createEngineLog } from "./engine-log.ts";
import { type CellOptions, confinedLayout, unconfinedLayout } from "./layout.ts";
import { createGroup, type Enforced, type Group } from "./limits.ts";
import { probeSandbox, type Sandbox } from "./probe.ts";
import { openWayIn, type WayIn } from "./way-in.ts";

/** How a cell ended. */
export interface CellEnd {
  /** Exit status of the engine; 128 + signal where a signal ended it. */
  readonly code: number;
  /** The kernel ended a process of the cell because its memory limit was reached. */
  readonly outOfMemory: boolean;
  /** `stop` was called. */
  readonly stopped: boolean;
  /** Why its volume could be used no more, where that ended it. */
  readonly volumeFailure?: string;
}

/** One engine that runs for one owner. */
export interface Cell {
  readonly id: string;
  /** False only where `unconfined` was accepted and needed. */
  readonly confined: boolean;
  readonly enforced: Enforced;
  /** Process id of the sandbox on the host. */
  readonly pid: number;
  /** Resolves, never rejects, when nothing of the cell is left. */
  readonly exited: Promise<CellEnd>;
  /** The last lines of the engine's output. */
  readonly log: readonly string[];
  /** Connects to a named port inside; the connection closes at once when nothing listens. */
  connect(port: string): Promise<Socket>;
  /** Memory in use, where the host counts it. */
  memoryBytes(): number | undefined;
  /** Asks the engine to end (SIGTERM), and ends the cell when it has not after the grace. */
  stop(graceMs: number): Promise<CellEnd>;
}

/** This host permits no sandbox, and running without one was not accepted. */
export class SandboxRefused extends Error {
  override readonly name = "SandboxRefused";
}

const connectTimeoutMs = 5_000;
const startTimeoutMs = 20_000;
const socketPathMax = 103;
const removalAttempts = 100;
const removalWaitMs = 20;
/** How long the last output and the killing of an engine may take. */
const endingMs = 1_000;

let probed: Promise<Sandbox> | undefined;

/** Starts an engine in a sandbox of its own. Rejects when it does not come up. */
export async function startCell(options: CellOptions): Promise<Cell> {
  assert(/^[A-Za-z0-9-]{1,64}$/.test(options.id), "a cell's id is letters, digits and dashes");
  probed ??= probeSandbox();
  const sandbox = await probed;
  if (!sandbox.ok && options.unconfined !== "accepted") {
    throw new SandboxRefused(`no sandbox on this host: ${sandbox.why}`);
  }
  const directory = join(options.runDirectory, options.id);
  const wayInPath = join(directory, "in.sock");
  assert(wayInPath.length <= socketPathMax, `the path of a socket is too long: \`${wayInPath}\``);
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const wayIn = await openWayIn(wayInPath);
  const group = createGroup(options.id, options.limits);
  const held = { wayIn, group, directory, confined: sandbox.ok };
  const cell = await begin(options, held).catch(async (error: unknown) => {
    await clear(held);
    throw error;
  });
  await reached(cell, wayIn);
  return cell;
}

/** Lays the cell out and starts its first process. */
async function begin(options: CellOptions, held: Held): Promise<Cell> {
  const { group, directory, confined } = held;
  const layout = confined
    ? confinedLayout(options, directory)
    : await unconfinedLayout(options, directory);
  const child = layout.start(group);
  const lifeline = child.stdin;
  assert(lifeline, "the cell's standard input is a pipe");
  lifeline.on("error", () => {});
  lifeline.write(`${JSON.stringify(layout.plan)}\n`);
  return follow(options, child, held, layout.plan.ports);
}

/** The cell is up when it calls; an end before that is a failed start. */
async function reached(cell: Cell, wayIn: WayIn): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve("it does not answer"), startTimeoutMs);
  });
  const ended = cell.exited.then(({ code }) => `it ended with ${code}`);
  const failure = await Promise.race([wayIn.reached, late, ended]);
  clearTimeout(timer);
  if (failure === undefined) return;
  await cell.stop(0);
  throw new Error([`the cell does not start: ${failure}`, ...cell.log.slice(-5)].join("\n"));
}

interface Held {
  readonly wayIn: WayIn;
  readonly group: Group;
  readonly directory: string;
  readonly confined: boolean;
}

function follow(
  options: CellOptions,
  child: ChildProcess,
  held: Held,
  ports: readonly number[],
): Cell {
  const { wayIn, group, confined } = held;
  const log = createEngineLog(options.onLog ?? (() => {}));
  for (const stream of [child.stdout, child.stderr]) if (stream) log.follow(stream);
  let stopped = false;
  let over = false;
  let volumeFailure: string | undefined;
  const exited = endOf(child).then(async (code): Promise<CellEnd> => {
    over = true;
    const outOfMemory = group.outOfMemoryCount() > 0;
    await clear(held);
    return { code, outOfMemory, stopped, ...(volumeFailure !== undefined && { volumeFailure }) };
  });
  void options.volume?.failed.then((why) => {
    if (over || stopped) return;
    volumeFailure = why;
    void endIn(0);
  });

  async function stop(graceMs: number): Promise<CellEnd> {
    stopped = true;
    child.stdin?.write("stop\n");
    return endIn(graceMs);
  }

  async function endIn(graceMs: number): Promise<CellEnd> {
    const timers = [
      setTimeout(() => child.stdin?.end(), graceMs),
      setTimeout(() => child.kill("SIGKILL"), graceMs + endingMs),
    ];
    const end = await exited;
    for (const timer of timers) clearTimeout(timer);
    return end;
  }

  return {
    id: options.id,
    confined,
    enforced: group.enforced,
    pid: child.pid ?? 0,
    exited,
    log: log.lines,
    async connect(name) {
      const port = ports[options.ports.indexOf(name)];
      assert(port !== undefined, `the cell has no port \`${name}\``);
      return wayIn.connect(port, connectTimeoutMs);
    },
    memoryBytes: group.memoryBytes,
    stop,
  };
}

/** The exit status, once the output is read too: but output held open by a stray process may wait. */
function endOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once("error", () => resolve(127));
    child.once("close", (code) => resolve(code ?? 137));
    child.once("exit", (code) => setTimeout(resolve, endingMs, code ?? 137).unref());
  });
}

async function clear({ wayIn, group, directory }: Held): Promise<void> {
  wayIn.close();
  for (let tries = 0; !group.remove() && tries < removalAttempts; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, removalWaitMs));
  }
  rmSync(directory, { recursive: true, force: true });
}

import { existsSync, realpathSync } from "node:fs";
import type { Socket } from "node:net";
import { type Cell, startCell } from "../../cells/cell.ts";
import type { CellOptions } from "../../cells/layout.ts";
import type { SqlType } from "../../sql/types.ts";
import { frameBytesMax } from "../duckdb/lent-functions.ts";
import { pythonPath } from "../python.ts";
import { pythonProgram } from "./python-runner.ts";

/** What one function is, as its cell is told. */
export interface FunctionCode {
  /** `module.Class`. */
  readonly className: string;
  readonly signature: string;
  readonly kind: "scalar" | "table" | "aggregate";
  readonly parameters: readonly SqlType[];
  readonly results: readonly SqlType[];
  readonly resources: readonly FunctionResource[];
}

interface FunctionResource {
  readonly name: string;
  readonly size: number;
  readonly content: () => AsyncIterable<Buffer>;
}

/** Why a user's code did not do its work. Of what its cell says nothing is believed but the shape. */
export interface CodeFailure {
  readonly error: string;
  readonly type?: string;
  readonly frames: readonly { readonly file: string; readonly line: number }[];
}

/** A function's code refused, or could not be loaded. */
export class FunctionRefusal extends Error {
  override readonly name = "FunctionRefusal";
  readonly failure: CodeFailure;

  constructor(failure: CodeFailure) {
    super(failure.error);
    this.failure = failure;
  }
}

/** This host has no Python for functions. */
export class NoPython extends Error {
  override readonly name = "NoPython";
}

/** A cell in which the code of one function runs, for one query. */
export interface FunctionCell {
  /** Batches of rows go in here, and their results come out. */
  readonly link: Socket;
  stop(): Promise<void>;
}

const mebi = 1024 * 1024;
const ownBytes = 512 * mebi;
const limits = { cpus: 1, processes: 64, openFiles: 256 } as const;
const reachTries = 200;
const reachPauseMs = 25;
const loadMs = 60_000;
const answerBytesMax = 64 * 1024;

/** Starts a cell for a function and loads its code. Rejects where that is refused or takes too long. */
export async function startFunctionCell(
  code: FunctionCode,
  options: Pick<CellOptions, "id" | "runDirectory" | "unconfined">,
): Promise<FunctionCell> {
  if (!existsSync(pythonPath)) throw new NoPython(`${pythonPath} is not there`);
  const bytes = code.resources.reduce((sum, { size }) => sum + size, 0);
  const interpreter = realpathSync(pythonPath);
  const cell = await startCell({
    ...options,
    binds: [{ source: interpreter, target: "/function/python3" }],
    ports: ["function"],
    // What resources are unpacked to lies in memory as well.
    limits: { ...limits, memoryBytes: ownBytes + 3 * bytes, workBytes: 64 * mebi + 2 * bytes },
    program: (inside) => ({
      command: inside.path("/function/python3"),
      args: [
        ...["-I", "-S", "-B", "-c", pythonProgram],
        ...[String(inside.port("function")), String(frameBytesMax)],
      ],
      env: {},
    }),
  });
  try {
    const link = await within(loadMs, open(cell, code));
    return { link, stop: () => end(cell, link) };
  } catch (error) {
    await cell.stop(0);
    throw error;
  }
}

async function end(cell: Cell, link: Socket): Promise<void> {
  link.destroy();
  await cell.stop(0);
}

function within<Result>(waitMs: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new FunctionRefusal({ error: "time", frames: [] })), waitMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function open(cell: Cell, code: FunctionCode): Promise<Socket> {
  const link = await reach(cell);
  const { resources, ...told } = code;
  const setup = JSON.stringify({
    ...told,
    resources: resources.map(({ name, size }) => ({ name, size })),
  });
  await send(link, framed(Buffer.from(setup)));
  for (const { content } of resources) for await (const part of content()) await send(link, part);
  const answer = await frameFrom(link);
  if (answer[0] !== 0) throw new FunctionRefusal(readFailure(answer.toString("utf8", 1)));
  return link;
}

/** The program in a cell greets as soon as it is there; before that, connections close at once. */
async function reach(cell: Cell): Promise<Socket> {
  let over = false;
  void cell.exited.then(() => {
    over = true;
  });
  for (let tries = 0; tries < reachTries && !over; tries += 1) {
    const link = await cell.connect("function").catch(() => undefined);
    if (link && (await greets(link))) return link;
    link?.destroy();
    await new Promise((resolve) => setTimeout(resolve, reachPauseMs));
  }
  throw new FunctionRefusal({ error: "start", frames: [] });
}

function greets(link: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const closed = () => resolve(false);
    link.once("close", closed);
    link.once("end", closed);
    link.once("error", closed);
    link.once("data", (first: Buffer) => {
      link.pause();
      link.off("close", closed);
      link.off("end", closed);
      resolve(first.length === 1 && first.toString("latin1") === "+");
    });
  });
}

const framed = (payload: Buffer): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(payload.length);
  return Buffer.concat([head, payload]);
};

function send(link: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    link.write(bytes, (error) => (error ? reject(lost()) : resolve()));
  });
}

const lost = () => new FunctionRefusal({ error: "ended", frames: [] });

/** Reads one frame, and leaves the connection paused behind it. */
function frameFrom(link: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    const closed = () => reject(lost());
    const done = (work: () => void) => {
      link.pause();
      link.off("data", more);
      link.off("close", closed);
      link.off("end", closed);
      work();
    };
    const more = (part: Buffer) => {
      bytes = Buffer.concat([bytes, part]);
      if (bytes.length < 4) return;
      const count = bytes.readUInt32BE();
      if (count === 0 || count > answerBytesMax || bytes.length > count + 4) return done(closed);
      if (bytes.length === count + 4) done(() => resolve(bytes.subarray(4)));
    };
    link.on("data", more);
    link.once("close", closed);
    link.once("end", closed);
    link.resume();
  });
}

const framesMax = 3;

/** Reads what a cell says of an error. */
export function readFailure(text: string): CodeFailure {
  let told: unknown;
  try {
    told = JSON.parse(text);
  } catch {
    return { error: "ended", frames: [] };
  }
  const member = (name: string): unknown =>
    typeof told === "object" && told !== null ? Reflect.get(told, name) : undefined;
  const [error, type, frames] = [member("error"), member("type"), member("frames")];
  return {
    error: typeof error === "string" ? error : "ended",
    ...(typeof type === "string" && { type }),
    frames: (Array.isArray(frames) ? frames : []).slice(0, framesMax).flatMap((one: unknown) => {
      const [file, line]: readonly unknown[] = Array.isArray(one) ? one : [];
      return typeof file === "string" && typeof line === "number" && Number.isSafeInteger(line)
        ? [{ file, line }]
        : [];
    }),
  };
}

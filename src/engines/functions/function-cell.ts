import { existsSync, realpathSync } from "node:fs";
import type { Socket } from "node:net";
import { join } from "node:path";
import { type Cell, startCell } from "../../cells/cell.ts";
import type { CellOptions, Inside, Program } from "../../cells/layout.ts";
import type { Bind } from "../../cells/sandbox.ts";
import type { CodeClass, Command } from "../../sql/catalog.ts";
import type { SqlType } from "../../sql/types.ts";
import { frameBytesMax } from "../duckdb/lent-functions.ts";
import { javaBinds } from "../java.ts";
import { pythonPath } from "../python.ts";
import { FunctionRefusal, readFailure } from "./code-failure.ts";
import { framed, frameFrom, reach, send } from "./function-link.ts";
import { javaMain } from "./java-runner.ts";
import { classPathIn, type JavaFunctions } from "./java-set.ts";
import { pythonProgram } from "./python-runner.ts";

/** The class of a function, and all that it is made of. */
export interface CodeSource {
  readonly language: CodeClass["language"];
  /** In the place of a class: what is started. */
  readonly command?: Command;
  /** `module.Class`. */
  readonly className: string;
  readonly resources: readonly FunctionResource[];
  /** A class in Java that a statement holds, which is compiled in the cell. */
  readonly source?: string;
}

/** What one function is, as its cell is told. */
export interface FunctionCode extends CodeSource {
  readonly signature: string;
  readonly kind: "scalar" | "table" | "aggregate";
  readonly parameters: readonly SqlType[];
  readonly results: readonly SqlType[];
  /** A row that is null tells it that none follows; rows that it gives then count. */
  readonly closes: boolean;
  /** The zone in which moments are told. */
  readonly timezone: string;
  /** Which of its resources are rows of tables, a JSON list on each line, in the quotes of CSV where it needs them. */
  readonly tables: readonly { readonly name: string; readonly columns: readonly SqlType[] }[];
}

/** A file of a function. */
export interface FunctionResource {
  readonly name: string;
  readonly size: number;
  readonly content: () => AsyncIterable<Buffer>;
}

/** What cells of functions need of this host. */
export interface FunctionHost extends Pick<CellOptions, "id" | "runDirectory" | "unconfined"> {
  readonly java: JavaFunctions | undefined;
}

/** This host has nothing that runs functions in a language. */
export class NoRuntime extends Error {
  override readonly name = "NoRuntime";
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
const loadMs = 60_000;

/** Starts a cell for a function and loads its code. Rejects where that is refused, is ended or takes too long. */
export async function startFunctionCell(
  code: FunctionCode,
  host: FunctionHost,
  signal?: AbortSignal,
): Promise<FunctionCell> {
  const { cell, link } = await opened(code, host, signal);
  return { link, stop: () => end(cell, link) };
}

/** Asks a cell what a class in Java is, as JSON. None of its code runs for that. */
export async function describeCode(code: CodeSource, host: FunctionHost): Promise<string> {
  const { cell, link, told } = await opened({ ...code, timezone: "UTC" }, host);
  await end(cell, link);
  return told;
}

interface Opened {
  readonly cell: Cell;
  readonly link: Socket;
  readonly told: string;
}

async function opened(
  code: CodeSource & Partial<FunctionCode>,
  { java, ...host }: FunctionHost,
  signal?: AbortSignal,
): Promise<Opened> {
  const bytes = code.resources.reduce((sum, { size }) => sum + size, 0);
  const cell = await startCell({
    ...host,
    ...(code.language === "Java" ? javaIn(java) : pythonHere(code.language === "command")),
    ports: ["function"],
    // What resources are unpacked to lies in memory as well.
    limits: { ...limits, memoryBytes: ownBytes + 3 * bytes, workBytes: 64 * mebi + 2 * bytes },
  });
  const opening = open(cell, code);
  try {
    return { cell, ...(await within(loadMs, opening, signal)) };
  } catch (error) {
    void opening.then(
      ({ link }) => link.destroy(),
      () => {},
    );
    await cell.stop(0);
    throw error;
  }
}

interface Runtime {
  readonly binds: readonly Bind[];
  readonly program: (inside: Inside) => Program;
}

const wordsOf = (inside: Inside): readonly string[] => [
  String(inside.port("function")),
  String(frameBytesMax),
];

/** What a command may start, where the host has it. */
export const commandPrograms = [
  ...["awk", "bash", "cat", "cut", "env", "grep", "head", "paste", "perl", "python3", "sed", "sh"],
  ...["sort", "tac", "tail", "tee", "tr", "uniq", "wc"],
];

const programBinds: readonly Bind[] = ["/usr/bin", "/bin"].flatMap((folder) =>
  commandPrograms.map((name) => ({
    ...{ source: join("/usr/bin", name), target: join(folder, name), optional: true },
  })),
);

function pythonHere(withPrograms: boolean): Runtime {
  if (!existsSync(pythonPath)) {
    throw new NoRuntime(
      "functions in Python need an interpreter that this Bondstore does not have",
    );
  }
  return {
    binds: [
      { source: realpathSync(pythonPath), target: "/function/python3" },
      ...(withPrograms ? programBinds : []),
    ],
    program: (inside) => ({
      command: inside.path("/function/python3"),
      args: [...["-I", "-S", "-B", "-c", pythonProgram], ...wordsOf(inside)],
      env: {},
    }),
  };
}

/** A small JVM that nobody attaches to and that leaves no files. */
const javaArgs = [
  ...["-Xmx256m", "-Xss1m", "-XX:MaxMetaspaceSize=96m", "-XX:ReservedCodeCacheSize=48m"],
  ...["-XX:MaxDirectMemorySize=16m", "-XX:+UseSerialGC", "-XX:ActiveProcessorCount=1"],
  ...["-XX:+DisableAttachMechanism", "-XX:-UsePerfData", "-XX:-CreateCoredumpOnCrash"],
  ...["-XX:ErrorFile=/dev/null", "-Xshare:auto", "-Dfile.encoding=UTF-8"],
] as const;

function javaIn(java: JavaFunctions | undefined): Runtime {
  if (!java) {
    throw new NoRuntime(
      "functions in Java need Java 17 and MaxCompute's SDK, which `npm run setup` installs",
    );
  }
  return {
    binds: [...javaBinds(java.javaHome), { source: java.home, target: "/function/java" }],
    program: (inside) => ({
      command: join(java.javaHome, "bin/java"),
      args: [
        ...[...javaArgs, `-Djava.io.tmpdir=${inside.work}/tmp`],
        ...["-cp", classPathIn(inside.path("/function/java")), javaMain],
        ...wordsOf(inside),
      ],
      env: {},
    }),
  };
}

async function end(cell: Cell, link: Socket): Promise<void> {
  link.destroy();
  await cell.stop(0);
}

function within<Result>(
  waitMs: number,
  work: Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  let end = () => {};
  const late = new Promise<never>((_, reject) => {
    const refuse = (error: string) => reject(new FunctionRefusal({ error, frames: [] }));
    timer = setTimeout(refuse, waitMs, "time");
    end = () => refuse("ended");
    if (signal?.aborted) end();
    signal?.addEventListener("abort", end);
  });
  return Promise.race([work, late]).finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", end);
  });
}

async function open(cell: Cell, code: CodeSource): Promise<Pick<Opened, "link" | "told">> {
  const link = await reach(cell);
  try {
    return { link, told: await load(link, code) };
  } catch (error) {
    // Its other end may be closed by now: half of it would stay open here.
    link.destroy();
    throw error;
  }
}

/** Tells a cell what its code is made of, and answers what it says of it. */
async function load(link: Socket, code: CodeSource): Promise<string> {
  const { resources, ...told } = code;
  const setup = JSON.stringify({
    ...told,
    resources: resources.map(({ name, size }) => ({ name, size })),
  });
  await send(link, framed(Buffer.from(setup)));
  for (const { content } of resources) for await (const part of content()) await send(link, part);
  const answer = await frameFrom(link);
  const text = answer.toString("utf8", 1);
  if (answer[0] !== 0) throw new FunctionRefusal(readFailure(text));
  return text;
}

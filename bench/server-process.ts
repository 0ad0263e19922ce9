import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A server under measurement, in a process of its own. */
export interface ServerProcess {
  readonly name: string;
  readonly port: number;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** From the start of the process until it said that it serves. */
  readonly readyMs: number;
  /** Seconds of CPU that the process and its children have used so far. */
  cpuSeconds(): number;
  /** Bytes of memory that it holds. */
  residentBytes(): number;
  stop(): Promise<void>;
}

/** What to start. `ready` reads its lines until one tells that it serves. */
export interface Starting<Ready> {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  ready(line: string): Ready | undefined;
}

type Running = Pick<ServerProcess, "readyMs" | "cpuSeconds" | "residentBytes">;

const ticksPerSecond = 100;
const startMs = 30_000;

/** An empty directory for a server's data, on the disk of temporary files. */
export const dataDirectory = (): string => mkdtempSync(join(tmpdir(), "bondstore-bench-"));

/** Starts a server and waits until it serves. */
export async function startProcess<Ready>({
  command,
  args,
  env,
  ready,
}: Starting<Ready>): Promise<{ child: ChildProcess; told: Ready; running: Running }> {
  const started = performance.now();
  const child = spawn(command, args, {
    stdio: ["ignore", "pipe", "pipe"],
    ...(env && { env: { ...process.env, ...env } }),
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`cannot start ${command}`);
  let output = "";
  const told = await new Promise<Ready>((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`${command} is not ready: ${output}`)),
      startMs,
    );
    const look = (text: string) => {
      output = (output + text).slice(-10_000);
      for (const line of output.split("\n").slice(0, -1)) {
        const found = ready(line);
        if (found === undefined) continue;
        clearTimeout(timer);
        resolve(found);
      }
    };
    child.stdout?.setEncoding("utf8").on("data", look);
    child.stderr?.setEncoding("utf8").on("data", look);
    child.once("exit", () => reject(new Error(`${command} ended: ${output}`)));
  }).catch((error: unknown) => {
    child.kill("SIGKILL");
    throw error;
  });
  const running = {
    readyMs: performance.now() - started,
    cpuSeconds: () => cpuSecondsOf(pid),
    residentBytes: () => residentBytesOf(pid),
  };
  return { child, told, running };
}

/** Ends a server, and removes its data. */
export async function stopProcess(child: ChildProcess, directory: string): Promise<void> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  if (child.exitCode === null && child.signalCode === null) {
    child.kill("SIGTERM");
    await ended;
  }
  rmSync(directory, { recursive: true, force: true });
}

/** Memory that a process holds, or has held. */
export interface Held {
  readonly command: string;
  readonly bytes: number;
}

/** What a process and each of its children hold, `VmRSS`, or have held at most, `VmHWM`. */
export function heldBytesOf(pid: number, which: "VmRSS" | "VmHWM"): readonly Held[] {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const own = new RegExp(`${which}:\\s+(\\d+) kB`).exec(status);
  const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  return [
    { command, bytes: Number(own?.[1] ?? 0) * 1024 },
    ...childrenOf(pid).flatMap((child) => heldBytesOf(child, which)),
  ];
}

function childrenOf(pid: number): readonly number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  return text === "" ? [] : text.split(" ").map(Number);
}

/** CPU of a process with its threads, its live children, and the children that it has waited for. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const own = fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / ticksPerSecond;
  return childrenOf(pid).reduce((sum, child) => sum + cpuSecondsOf(child), own);
}

/** Resident memory of a process. */
function residentBytesOf(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(line?.[1]) * 1024;
}

/** A port that nobody listens on just now, for servers that cannot choose one themselves. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject).listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

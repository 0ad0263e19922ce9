import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { assert } from "../../lib/assert.ts";
import { DemoFailure, program } from "./stage.ts";

/** What `up --json` says once it is ready. */
export interface Ready {
  readonly endpoint: string;
  readonly ca: string;
  readonly region: string;
}

/** A Bondstore in a process of its own. */
export interface DemoServer extends Ready {
  /** Resident memory in MiB; undefined where the kernel does not tell. */
  memoryMib(): number | undefined;
  /** SIGTERM, and waits for a clean end. */
  stop(): Promise<void>;
}

/** Starts `bondstore up` and waits until it is ready. What it says goes to a file. */
export function startServer(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  logPath: string,
): Promise<DemoServer> {
  mkdirSync(dirname(logPath), { recursive: true, mode: 0o700 });
  const log = openSync(logPath, "w", 0o600);
  const child = spawn(process.execPath, [program, "up", ...args], {
    env,
    stdio: ["ignore", "pipe", log],
  });
  closeSync(log);
  const { stdout, pid } = child;
  assert(stdout, "the server's output is a pipe");
  return new Promise((resolve, reject) => {
    child.once("exit", () => {
      reject(new DemoFailure(`bondstore up ended: ${readFileSync(logPath, "utf8").slice(-2000)}`));
    });
    createInterface({ input: stdout }).once("line", (line) => {
      const ready = JSON.parse(line) as Ready;
      resolve({ ...ready, memoryMib: () => memoryOf(pid), stop: () => stop(child, logPath) });
    });
  });
}

function memoryOf(pid: number | undefined): number | undefined {
  try {
    const [, kibi] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return kibi === undefined ? undefined : Math.round(Number(kibi) / 1024);
  } catch {
    return undefined;
  }
}

function stop(child: ChildProcess, logPath: string): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve, reject) => {
    child.removeAllListeners("exit");
    child.once("exit", (code) => {
      if (code === 0) resolve();
      else reject(new DemoFailure(`bondstore up ended with ${code}: see ${logPath}`));
    });
    child.kill("SIGTERM");
  });
}

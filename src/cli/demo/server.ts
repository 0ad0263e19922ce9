import { type ChildProcess, spawn } from "node:child_process";
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
  /** Peak of resident memory so far; undefined where the kernel does not tell. */
  readonly pid: number;
  /** SIGTERM, and waits for a clean end. */
  stop(): Promise<void>;
}

/** Starts `bondstore up` and waits until it is ready. */
export function startServer(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<DemoServer> {
  const child = spawn(process.execPath, [program, "up", ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: string[] = [];
  createInterface({ input: child.stderr }).on("line", (line) => {
    said.push(line);
    if (said.length > 200) said.shift();
  });
  return new Promise((resolve, reject) => {
    child.once("exit", () => reject(new DemoFailure(`bondstore up ended: ${said.join("\n")}`)));
    createInterface({ input: child.stdout }).once("line", (line) => {
      const ready = JSON.parse(line) as Ready;
      assert(child.pid !== undefined, "a process that speaks has an id");
      resolve({ ...ready, pid: child.pid, stop: () => stop(child, said) });
    });
  });
}

function stop(child: ChildProcess, said: readonly string[]): Promise<void> {
  if (child.exitCode !== null) return Promise.resolve();
  return new Promise((resolve, reject) => {
    child.removeAllListeners("exit");
    child.once("exit", (code) => {
      if (code === 0) resolve();
      else reject(new DemoFailure(`bondstore up ended with ${code}: ${said.join("\n")}`));
    });
    child.kill("SIGTERM");
  });
}

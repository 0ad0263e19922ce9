import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

/** What `bin/bondstore.js` runs, of this very build. */
const program = fileURLToPath(new URL("../../src/main.js", import.meta.url));

export interface Ran {
  readonly status: number | null;
  readonly out: string;
  readonly said: string;
}

/** The command line in a home of its own: nothing of the user's is read or written. */
export interface CommandLine {
  readonly home: string;
  readonly data: string;
  run(...args: string[]): Promise<Ran>;
  /** The same, and the output read as JSON. */
  json<Value>(...args: string[]): Promise<Value>;
  up(...args: string[]): Promise<Up>;
}

export interface Up {
  readonly line: string;
  readonly ready: {
    readonly ready: boolean;
    readonly endpoint: string;
    readonly ca: string;
    readonly region: string;
    readonly account: string;
    readonly accessKeyId?: string;
    readonly secretAccessKey?: string;
  };
  /** SIGTERM; answers the exit status. */
  stop(): Promise<number | null>;
  kill(): Promise<void>;
}

/** Makes a home that is gone after the test. */
export function commandLine(t: TestContext, below = "data"): CommandLine {
  const home = mkdtempSync(join(tmpdir(), "bondstore-cli-"));
  const running = new Set<ChildProcess>();
  const env = { PATH: process.env["PATH"] ?? "", HOME: home, BONDSTORE_CACHE: cache() };
  const data = join(home, below);
  t.after(async () => {
    await Promise.all([...running].map((child) => ended(child, "SIGKILL")));
    rmSync(home, { recursive: true, force: true });
  });

  function run(...args: string[]): Promise<Ran> {
    const child = spawn(process.execPath, [program, ...args], {
      env,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [out, said] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      out += part;
    });
    child.stderr.setEncoding("utf8").on("data", (part: string) => {
      said += part;
    });
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (status) => resolve({ status, out, said }));
    });
  }

  function up(...args: string[]): Promise<Up> {
    const words = [program, "up", "--data", data, "--port", "0", "--json", ...args];
    const child = spawn(process.execPath, words, { env, stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    child.once("exit", () => running.delete(child));
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (part: string) => {
      said += part;
    });
    return new Promise((resolve, reject) => {
      child.once("exit", (code) => reject(new Error(`up ended with ${code}: ${said}`)));
      child.stdout.setEncoding("utf8").once("data", (line: string) =>
        resolve({
          line,
          ready: JSON.parse(line) as Up["ready"],
          stop: () => ended(child, "SIGTERM"),
          kill: async () => void (await ended(child, "SIGKILL")),
        }),
      );
    });
  }

  return {
    ...{ home, data, run, up },
    async json<Value>(...args: string[]): Promise<Value> {
      const { out, said } = await run(...args, "--json");
      if (out === "") throw new Error(said);
      return JSON.parse(out) as Value;
    },
  };
}

const cache = (): string =>
  process.env["BONDSTORE_CACHE"] ?? join(process.env["HOME"] ?? "", ".cache", "bondstore");

function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => {
    child.once("exit", resolve);
    child.kill(signal);
  });
}

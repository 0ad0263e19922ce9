import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Keys } from "./bondstore.ts";

/** The program as a user starts it: a process of its own. */
export interface ChildBondstore {
  readonly process: ChildProcess;
  readonly endpoint: string;
  /** Path of the CA certificate, over HTTPS. */
  readonly ca?: string;
  readonly region: string;
  readonly account: string;
  /** Of the first account, where the directory is new. */
  readonly root: Keys;
  /** What it printed after the line that shows the root's credentials once, and all that it logged. */
  readonly printed: string[];
  /** Ends it as a user does. */
  stop(): Promise<void>;
}

const main = fileURLToPath(new URL("../../src/main.js", import.meta.url));

/** Runs `bondstore up` on a directory. */
export async function startChild(
  t: TestContext,
  data: string,
  ...options: readonly string[]
): Promise<ChildBondstore> {
  const words = [main, "up", "--data", data, "--port", "0", "--json", ...options];
  const child = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  const printed: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (piece: string) => printed.push(piece));
  const lines = createInterface(child.stdout);
  const first = once(lines, "line") as Promise<[string]>;
  const [ready] = await Promise.race([first, once(child, "exit").then(() => [""])]);
  lines.on("line", (line) => printed.push(line));
  assert.ok(ready, printed.join(""));
  const said = JSON.parse(ready);
  return {
    process: child,
    endpoint: said.endpoint,
    ...(said.ca !== undefined && { ca: said.ca }),
    region: said.region,
    account: said.account,
    root: { accessKeyId: said.accessKeyId, secretAccessKey: said.secretAccessKey },
    printed,
    async stop() {
      if (child.exitCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { cache } from "../test/support/python.ts";
import { prelude, warehousePython } from "../test/support/warehouse.ts";
import { type BondstoreProcess, startBondstore } from "./bondstore.ts";

const main = fileURLToPath(new URL("../src/main.js", import.meta.url));
const printedBytesMax = 64 * 1024 * 1024;
const running = promisify(execFile);

/** A Bondstore with one project, whose client is PyODPS. */
export interface Warehouse {
  readonly server: BondstoreProcess;
  /** Runs a script of PyODPS: `o` is the entry, what it leaves in `out` is answered. */
  odps<Answer>(script: string): Promise<Answer>;
}

/** Starts a Bondstore with a project. */
export async function startWarehouse(more: readonly string[] = []): Promise<Warehouse> {
  const server = await startBondstore(more);
  const project = "bench";
  await running(process.execPath, [main, "project", "create", project, "--data", server.directory]);
  const env = {
    PATH: process.env["PATH"],
    HOME: server.directory,
    AWS_ENDPOINT_URL: server.endpoint,
    AWS_ACCESS_KEY_ID: server.root.accessKeyId,
    AWS_SECRET_ACCESS_KEY: server.root.secretAccessKey,
  };
  return {
    server,
    odps: (script) =>
      runPython(
        warehousePython,
        `${prelude}\no = entry("${project}")\n${script}\nprint(json.dumps(out, default=str))`,
        env,
      ),
  };
}

/** The interpreter that has PySpark. */
export const sparkPython = `${cache}/spark/bin/python3`;

/** Runs a script of Python; answers the JSON that it prints last. */
export async function runPython<Answer>(
  interpreter: string,
  script: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Answer> {
  const { stdout } = await running(interpreter, ["-c", script], {
    env,
    maxBuffer: printedBytesMax,
  });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "null") as Answer;
}

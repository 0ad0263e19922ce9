/** Starts one cell and waits to be killed: node cells-parent.js DIRECTORY MARKER confined|unconfined */
import { join } from "node:path";
import { startCell } from "../../src/cells/cell.ts";

const [directory = "", marker = "", mode] = process.argv.slice(2);

const mebi = 1024 * 1024;
const cell = await startCell({
  id: marker,
  // The grandchild ignores every polite signal.
  program: () => ({
    command: "/usr/bin/bash",
    args: [
      "-c",
      `trap '' TERM INT HUP; (trap '' TERM HUP; sleep 600; : ${marker}) & echo up; wait`,
    ],
    env: {},
  }),
  binds: [{ source: "/usr/bin" }],
  ports: [],
  runDirectory: join(directory, "run"),
  limits: { memoryBytes: 128 * mebi, cpus: 1, processes: 64, workBytes: mebi, openFiles: 256 },
  onLog: (line) => process.stdout.write(`${line}\n`),
  ...(mode === "unconfined" ? { unconfined: "accepted" as const } : {}),
});
await cell.exited;

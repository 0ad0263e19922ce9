// Compiles everything into dist, from nothing: a stale test must not run.
import { rmSync } from "node:fs";
import { run } from "./run.js";

rmSync("dist", { recursive: true, force: true });
run(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "."]);

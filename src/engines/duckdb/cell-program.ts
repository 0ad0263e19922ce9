import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Inside, Program } from "../../cells/layout.ts";
import type { Bind } from "../../cells/sandbox.ts";
import type { InsideOptions } from "./inside/main.ts";

const home = "/engine";
const here = fileURLToPath(new URL("./", import.meta.url));
const compiled = fileURLToPath(new URL("../../", import.meta.url));
/** What the program inside imports: nothing else of Bondstore is in the cell. */
const folders = ["engines/duckdb", "sql", "lib"];
const packages = [
  "@duckdb/node-bindings",
  `@duckdb/node-bindings-${process.platform}-${process.arch}`,
  `@duckdb/node-bindings-${process.platform}-${process.arch}-musl`,
  "detect-libc",
  "apache-arrow",
  "flatbuffers",
  "fzstd",
  "json-with-bigint",
  "tslib",
];

/** Files of the host that the program in the cell is made of. */
export function programBinds(): readonly Bind[] {
  const modules = modulesFolder();
  return [
    { source: process.execPath, target: `${home}/node` },
    ...folders.map((folder) => ({
      source: join(compiled, folder),
      target: `${home}/src/${folder}`,
    })),
    { source: packageFile(), target: `${home}/package.json` },
    ...packages.map((name) => ({
      source: join(modules, name),
      target: `${home}/node_modules/${name}`,
      optional: true,
    })),
  ];
}

/** Where npm has put the packages: beside each other, for us as for the program inside. */
function modulesFolder(): string {
  const entry = createRequire(import.meta.url).resolve("@duckdb/node-bindings");
  return join(dirname(entry), "../..");
}

/** The package's description says that its files are ES modules. */
function packageFile(): string {
  let at = here;
  while (!existsSync(join(at, "package.json"))) {
    const above = dirname(at);
    if (above === at) throw new Error("the package of Bondstore is not found");
    at = above;
  }
  return join(at, "package.json");
}

const heapFlags = [
  // Little new space: DuckDB's chunks hang on objects in it, and are freed when it is cleaned up.
  "--max-semi-space-size=2",
  // The heap is small: threads that help to mark it cost more than they save.
  "--single-threaded-gc",
];

/** How the program is started in a cell. */
export function programIn(
  inside: Inside,
  options: Omit<InsideOptions, "work" | "memory" | "wayIn">,
  heapMb: number,
): Program {
  const { work, memory, wayIn } = inside;
  const told: InsideOptions = { ...options, work, memory, wayIn };
  const main = `${inside.path(`${home}/src/engines/duckdb`)}/inside/main.js`;
  return {
    command: inside.path(`${home}/node`),
    args: [...heapFlags, `--max-old-space-size=${heapMb}`, main, JSON.stringify(told)],
    // Threads of DuckDB's take turns: an arena of memory for each would keep what it has freed.
    env: { MALLOC_ARENA_MAX: "2" },
  };
}

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { coveragePage } from "./coverage.ts";

const path = join("docs", "coverage.md");

mkdirSync("docs", { recursive: true });
writeFileSync(path, coveragePage());
process.stdout.write(`wrote ${path}\n`);

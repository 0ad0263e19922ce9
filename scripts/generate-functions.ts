import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { sqlFunctionsPage } from "./sql-functions.ts";

const path = join("docs", "sql-functions.md");

writeFileSync(path, sqlFunctionsPage());
process.stdout.write(`wrote ${path}\n`);

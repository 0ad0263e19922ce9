#!/usr/bin/env node
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const main = new URL("../dist/src/main.js", import.meta.url);
if (!existsSync(fileURLToPath(main))) {
  process.stderr.write("bondstore is not built yet: run `npm run setup && npm run build` first\n");
  process.exit(1);
}
await import(main.href);

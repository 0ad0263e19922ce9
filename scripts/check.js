// Format, lint, types, and the shape of the code.
import { run } from "./run.js";

run(process.execPath, ["scripts/setup.js", "--quiet", "--no-engines"]);
run(process.execPath, ["node_modules/@biomejs/biome/bin/biome", "ci", "--colors=off", "."]);
run(process.execPath, ["scripts/build.js"]);
run(process.execPath, ["--test", "dist/test/tidy.test.js"]);

// Sets up, builds, and measures: everything, or the subjects named. See docs/benchmarks.md.
import { run } from "./run.js";

run(process.execPath, ["scripts/setup.js", "--quiet", "--no-engines"]);
run(process.execPath, ["scripts/build.js"]);
run(process.execPath, ["dist/bench/main.js", ...process.argv.slice(2)]);

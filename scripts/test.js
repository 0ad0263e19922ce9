// Sets up, builds, and runs the tests: all of them, or those whose path contains one of the given words.
import { globSync } from "./files.js";
import { fail, run } from "./run.js";

const words = process.argv.slice(2);
run(process.execPath, ["scripts/setup.js", "--quiet", "--tests"]);
run(process.execPath, ["scripts/build.js"]);

const tests = globSync("dist", ".test.js").filter(
  (path) => words.length === 0 || words.some((word) => path.includes(word)),
);
if (tests.length === 0) fail("no test matches: an empty run must not pass");
// This reporter tells what failed once more at the end, where a log that was cut still has it.
run(process.execPath, ["--test", "--test-concurrency=2", "--test-reporter=spec", ...tests]);

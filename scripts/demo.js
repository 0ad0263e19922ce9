// Sets up, builds, and plays the story of the demo with real clients. Arguments go to `bondstore demo`.
import { run } from "./run.js";

run(process.execPath, ["scripts/setup.js", "--no-spark"]);
run(process.execPath, ["scripts/build.js"]);
run(process.execPath, ["bin/bondstore.js", "demo", ...process.argv.slice(2)]);

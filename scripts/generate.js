// Makes everything that is generated and committed: npm run generate [models|actions|coverage|functions]
import { run } from "./run.js";

const wanted = process.argv.slice(2);
const all = ["models", "actions", "coverage", "functions"];
const chosen = wanted.length === 0 ? all : all.filter((name) => wanted.includes(name));

run(process.execPath, ["scripts/setup.js", "--quiet", "--no-engines"]);
for (const name of chosen) {
  // What was generated before is part of what the next one reads.
  run(process.execPath, ["scripts/build.js"]);
  run(process.execPath, [`dist/scripts/generate-${name}.js`]);
}

// Fetches the Flink set into the cache: node scripts/fetch-flink.js (after a build)
// BONDSTORE_CACHE names the cache; FLINK_HOME names a Flink 1.20 that is there already.
import { homedir } from "node:os";
import { join } from "node:path";

const build = process.env.BONDSTORE_BUILD ?? "dist";
const path = new URL(`../${build}/src/engines/flink/install.js`, import.meta.url);
const { installFlink } = await import(path.href);

try {
  const home = await installFlink({
    cache: process.env.BONDSTORE_CACHE ?? join(homedir(), ".cache", "bondstore"),
    flinkHome: process.env.FLINK_HOME,
    say: (line) => console.error(line),
  });
  console.log(home);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}

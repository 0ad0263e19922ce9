// Fetches the Flink set into the cache: node scripts/fetch-flink.js (after a build)
// BONDSTORE_CACHE names the cache; FLINK_HOME names a Flink 1.20 that is there already.
import { mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";

const build = process.env.BONDSTORE_BUILD ?? "dist";
const engine = (name) => import(new URL(`../${build}/src/engines/${name}`, import.meta.url));
const { installFlink } = await engine("flink/install.js");
const { findJava } = await engine("java.js");
const { prepareClasses } = await engine("flink/classes.js");
const say = (line) => console.error(line);

/** Only makes applications start sooner: where it fails, they start without it. */
async function prepare(flinkHome) {
  const javaHome = findJava(process.env.JAVA_HOME);
  if (!javaHome)
    return say("no Java 17 or 11 is found; on Debian: apt install openjdk-17-jre-headless");
  const runDirectory = mkdtempSync(join(tmpdir(), "flink-"));
  try {
    say("preparing classes, so that applications start sooner");
    say(`  ${await prepareClasses({ flinkHome, javaHome, runDirectory })}`);
  } catch (error) {
    say(`  they start without: ${error.message}`);
  } finally {
    rmSync(runDirectory, { recursive: true, force: true });
  }
}

try {
  const home = await installFlink({
    cache: process.env.BONDSTORE_CACHE ?? join(homedir(), ".cache", "bondstore"),
    flinkHome: process.env.FLINK_HOME,
    say,
  });
  await prepare(home);
  console.log(home);
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}

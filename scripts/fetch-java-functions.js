// Fetches what functions in Java run with, and compiles the program of their cells: node scripts/fetch-java-functions.js
// (after a build). BONDSTORE_CACHE names the cache.
import { homedir } from "node:os";
import { join } from "node:path";

const build = process.env.BONDSTORE_BUILD ?? "dist";
const set = new URL(`../${build}/src/engines/functions/java-set.js`, import.meta.url);
const { installJavaFunctions } = await import(set);
const say = (line) => console.error(line);

try {
  const cache = process.env.BONDSTORE_CACHE ?? join(homedir(), ".cache", "bondstore");
  await installJavaFunctions({ cache, say });
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}

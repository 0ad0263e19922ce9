import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const directories = [
  ...(process.env["PATH"] ?? "").split(delimiter),
  "/usr/sbin",
  "/usr/local/bin",
  "/usr/bin",
];

/** The path of a program that `npm run setup` installs. It is there or the test fails: nothing is skipped. */
export function findProgram(name: string): string {
  const found = directories.map((directory) => join(directory, name)).find(existsSync);
  if (found === undefined) throw new Error(`${name} is missing: run \`npm run setup\``);
  return found;
}

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** Mounted encrypted volumes of this host, by where they are mounted. */
export const mountedVolumes = (): readonly string[] =>
  readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(" - fuse.gocryptfs "))
    .map((line) => line.split(" ")[4] ?? "");

/** Those of the Bondstore that has this data directory. */
export function volumesOf(data: string): readonly string[] {
  const run = readFileSync(join(data, "run"), "utf8");
  return mountedVolumes().filter((path) => path.startsWith(`${run}/`));
}

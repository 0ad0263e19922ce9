import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { until } from "./until.ts";

/** What stands in a file; nothing where it is gone, as a process may be between two looks. */
export const readIfThere = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};

/** Processes of this host whose command line, its words ended by \0, is so. */
export function processesWith(fits: (commandLine: string) => boolean): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && fits(readIfThere(`/proc/${name}/cmdline`)))
    .map(Number);
}

const parentOf = (pid: number): number => {
  const stat = readIfThere(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0);
};

export function descendsFrom(pid: number, ancestor: number): boolean {
  for (let at = pid; at > 1; at = parentOf(at)) if (at === ancestor) return true;
  return false;
}

/**
 * Looks for programs in cells of a Bondstore, with a word in their command line. What it answers waits for the end of
 * those that are left, and tells whether there were any.
 */
export function watchPrograms(
  data: string,
  word: string,
): () => Promise<{ readonly ran: boolean }> {
  const directory = basename(readFileSync(join(data, "run"), "utf8"));
  let ran = false;
  const look = () => {
    // A cell's mounts name it, whoever is the parent of what runs in it now.
    const found = processesWith((line) => line.includes(word)).filter((pid) =>
      readIfThere(`/proc/${pid}/mountinfo`).includes(`${directory}/`),
    );
    ran ||= found.length > 0;
    return found;
  };
  const timer = setInterval(look, 200).unref();
  return async () => {
    clearInterval(timer);
    await until("the end of what ran", async () => look().length === 0);
    return { ran };
  };
}

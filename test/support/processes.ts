import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

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

/** Looks for what shall be gone, two minutes of them: a cell of a busy machine ends when its turn comes. */
const patience = 2_400;

/**
 * Looks for programs in cells of a Bondstore, with a word in their command line. What it answers tells whether there
 * were any, and which are left some time later.
 */
export function watchPrograms(
  data: string,
  word: string,
): () => Promise<{ readonly ran: boolean; readonly left: readonly number[] }> {
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
    for (let tries = 0; tries < patience && look().length > 0; tries += 1) await delay(50);
    return { ran, left: look() };
  };
}

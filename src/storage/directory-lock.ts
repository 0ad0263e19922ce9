import { existsSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { type Groups, openGroups } from "./groups.ts";

/** Directories that this process has open. */
const held = new Set<string>();

/** The data directory is open already, here or in another process. */
export class DirectoryInUse extends Error {
  override readonly name = "DirectoryInUse";
}

/**
 * Takes a data directory for this process alone; answers how to let go.
 *
 * Another process is found in LMDB's table of readers. Each of its entries is backed by a lock that the kernel holds
 * for the living process, so kill -9 frees it and a reused process id does not feign it. Each opener enters the table
 * first and looks second: two that start at once both see the other, and at most one goes on. The table knows process
 * ids of one namespace only: two containers must not share a data directory.
 */
export async function takeDirectory(directory: string): Promise<{
  readonly check: (groups: Groups) => void;
  readonly release: () => void;
}> {
  const path = await realpath(directory);
  if (held.has(path)) throw new DirectoryInUse(`\`${directory}\` is open in this process already`);
  held.add(path);
  return {
    check(groups) {
      const other = groups.readers().find((pid) => pid !== process.pid);
      if (other !== undefined) {
        throw new DirectoryInUse(`\`${directory}\` is open in process ${other}`);
      }
    },
    release: () => void held.delete(path),
  };
}

/** Whether somebody has a data directory open, to write or to look at; nothing is taken. */
export async function isInUse(directory: string): Promise<boolean> {
  const tables = join(directory, "tables");
  if (!existsSync(join(tables, "data.mdb"))) return false;
  if (held.has(await realpath(directory))) return true;
  const groups = openGroups(tables, true);
  const others = groups.readers().filter((pid) => pid !== process.pid);
  await groups.close();
  return others.length > 0;
}

import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { checkFile, halfFolder } from "../files.ts";

/** Where data files lie, and where those that are not finished do. */
export interface Store {
  readonly data: string;
  path(file: string): string;
  /** A new place for a file or directory that is being written; the work's end, good or bad, clears it. */
  withHalf<Result>(id: string, work: (path: string) => Promise<Result>): Promise<Result>;
  /** Moves what is finished to its place, and answers when a power failure cannot undo it. */
  publish(half: string, file: string): Promise<number>;
}

/** Opens the store below a directory, and clears what a process that died had left half-written in its folder. */
export async function openStore(data: string, folder = halfFolder): Promise<Store> {
  const half = join(data, folder);
  await rm(half, { recursive: true, force: true });
  await mkdir(half, { recursive: true, mode: 0o700 });
  let halves = 0;
  const path = (file: string) => join(data, checkFile(file));
  return {
    data,
    path,
    async withHalf(id, work) {
      halves += 1;
      const own = join(half, `${id.replaceAll(/[^A-Za-z0-9-]/g, "_").slice(0, 64)}-${halves}`);
      try {
        return await work(own);
      } finally {
        await rm(own, { recursive: true, force: true });
      }
    },
    async publish(from, file) {
      const target = path(file);
      const made = await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await sync(from);
      await rename(from, target);
      for (const directory of upTo(dirname(target), made === undefined ? undefined : data)) {
        await sync(directory);
      }
      return (await stat(target)).size;
    },
  };
}

/** A directory, and those above it up to another where that is given. */
function upTo(directory: string, last: string | undefined): string[] {
  const found = [directory];
  if (last === undefined) return found;
  for (let at = directory; at !== last && at.length > last.length; ) {
    at = dirname(at);
    found.push(at);
  }
  return found;
}

async function sync(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

import { mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { checkFile, halfFolder } from "../files.ts";

/** Where data files lie, and where those that are not finished do. */
export interface Store {
  readonly data: string;
  path(file: string): string;
  /** A new place for a file or directory that is being written; the work's end, good or bad, clears it. */
  withHalf<Result>(id: string, work: (path: string) => Promise<Result>): Promise<Result>;
  /** Moves what is finished to its place. It need not survive: no volume does without its cell. */
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
      await mkdir(dirname(target), { recursive: true, mode: 0o700 });
      await rename(from, target);
      return (await stat(target)).size;
    },
  };
}

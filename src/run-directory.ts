import { lstatSync, statfsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

const prefix = "bondstore-";
const form = /^bondstore-[A-Za-z0-9]{6}$/;

const memory = "/dev/shm";
/** What Linux's statfs says of a file system in memory. */
const tmpfsType = 0x01021994;
const roomMin = 1024 * 1024 * 1024;

/** Where tenants' code in clear never reaches a disk; the usual place where there is none such with room. */
function placeInMemory(): string {
  try {
    const { type, bavail, bsize } = statfsSync(memory);
    if (type === tmpfsType && bavail * bsize >= roomMin) return memory;
  } catch {
    // This system has no such place.
  }
  return tmpdir();
}

/**
 * Makes the directory of sockets and of what running applications read, for this process alone. Code of tenants lies
 * in it in clear while it runs, so the one that a killed Bondstore left is removed: its name is kept in the data
 * directory, which nobody else has open now.
 */
export async function makeRunDirectory(
  data: string,
  unmountBelow: (directory: string) => void = () => {},
): Promise<string> {
  const note = join(data, "run");
  const left = await readFile(note, "utf8").catch(() => "");
  if (isOurs(left)) {
    unmountBelow(left);
    await rm(left, { recursive: true, force: true });
  }
  const made = await mkdtemp(join(placeInMemory(), prefix));
  await writeFile(note, made, { mode: 0o600 });
  return made;
}

function isOurs(path: string): boolean {
  if (!form.test(basename(path))) return false;
  const found = lstatSync(path, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === process.getuid?.();
}

/** What a killed Bondstore has left there cannot be opened by anybody: the keys were in its memory. */
export async function makeVolumeDirectory(data: string): Promise<string> {
  const directory = join(data, "volumes");
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { mode: 0o700 });
  return directory;
}

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { lstat, mkdir, opendir, rm, rmdir, stat, statfs, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { Writable } from "node:stream";
import type { VolumeKey } from "../keys/volume-keys.ts";
import { assert } from "../lib/assert.ts";
import type { Random } from "../lib/random.ts";

/** An encrypted directory of one cell: what is written in it is on disk under the volume's key only. */
export interface Volume {
  /** Where it is mounted, for this process's user alone. */
  readonly path: string;
  /** Resolves, never rejects, when it can be used no more: why. */
  readonly failed: Promise<string>;
  /** Unmounts it and removes what it held. The cell must have ended. */
  close(): Promise<void>;
}

export interface VolumeOptions {
  /** Letters, digits and dashes. */
  readonly id: string;
  /** Directory in which it is mounted: this process's own, private. */
  readonly mountsIn: string;
  /** Directory on disk for its ciphertext: this process's own, private. */
  readonly storedIn: string;
  readonly key: VolumeKey;
  readonly random: Random;
  /** What it may hold, in bytes on disk. Looked at again and again: between two looks it may be exceeded. */
  readonly bytesMax: number;
}

const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const mountTimeoutMs = 20_000;
const pollMs = 5;
const endingMs = 3_000;
/** gocryptfs keeps names of this directory's files together with this: 16 random bytes, not secret. */
const directoryVector = "gocryptfs.diriv";

/**
 * Mounts, and unmounts when its input ends: also when Bondstore was killed. `$1` is the mount point, the rest the
 * command; descriptor 3 has the key.
 */
const script = `
exec 4<&0; m=$1; shift
"$@" <&3 4<&- & p=$!
exec 3<&-
{ read -r _ <&4; fusermount3 -uz "$m" || fusermount -uz "$m"; sleep 2; kill -0 $$ && kill -9 $p; } >/dev/null 2>&1 &
wait $p`;

const gocryptfs = [
  "gocryptfs",
  ...["-fg", "-q", "-nosyslog"],
  // The volume dies with its cell: room that is not there shows at the write, as on any disk.
  "-noprealloc",
  "-masterkey=stdin",
  // Nobody writes beside the mount: what the kernel has of a file stays right.
  "-kernel_cache",
];

/** What is to be installed, or allowed, before volumes can be mounted here; undefined: nothing. */
export function missingForVolumes(device = "/dev/fuse"): string | undefined {
  const programs = [
    ["gocryptfs", ["gocryptfs"]],
    ["fuse3", ["fusermount3", "fusermount"]],
  ] as const;
  for (const [name, commands] of programs) {
    if (!commands.some(isInstalled)) return `${name} is not installed here: run \`npm run setup\``;
  }
  if (!existsSync(device)) return `this host has no ${device}: load the kernel module fuse`;
  try {
    accessSync(device, constants.R_OK | constants.W_OK);
  } catch {
    return `${device} may not be opened by this user`;
  }
  return undefined;
}

const isInstalled = (command: string): boolean =>
  searchPath.split(delimiter).some((directory) => existsSync(join(directory, command)));

/** Makes an empty volume. Rejects with the reason when it cannot be mounted. */
export async function openVolume(options: VolumeOptions): Promise<Volume> {
  assert(/^[A-Za-z0-9-]{1,64}$/.test(options.id), "a volume's id is letters, digits and dashes");
  const name = `${options.id}-${options.random.bytes(4).toString("hex")}`;
  const path = join(options.mountsIn, name);
  const sealed = join(options.storedIn, name);
  await mkdir(path, { recursive: true, mode: 0o700 });
  await mkdir(sealed, { recursive: true, mode: 0o700 });
  await writeFile(join(sealed, directoryVector), options.random.bytes(16), { mode: 0o400 });
  const child = spawn("/bin/sh", ["-c", script, "volume", path, ...gocryptfs, sealed, path], {
    // A terminal's interrupt is for Bondstore, which ends the cells first.
    detached: true,
    env: { PATH: searchPath },
    stdio: ["pipe", "ignore", "pipe", "pipe"],
  });
  const ended = endOf(child);
  let closing = false;
  async function close(): Promise<void> {
    closing = true;
    child.stdin?.end();
    const timer = setTimeout(() => endGroup(child), endingMs);
    await ended;
    clearTimeout(timer);
    await removeMountPoint(path);
    await rm(sealed, { recursive: true, force: true });
  }
  try {
    options.key.pour(pipeOf(child));
    await mounted(path, options.mountsIn, ended);
  } catch (error) {
    await close();
    throw error;
  }
  const isOver = () => closing;
  const failed = Promise.race([ended, filled(sealed, options.bytesMax, isOver)]);
  return { path, failed, close };
}

function pipeOf(child: ChildProcess): Writable {
  for (const stream of [child.stdin, child.stdio[3]]) stream?.on("error", () => {});
  const pipe = child.stdio[3];
  assert(pipe && "write" in pipe, "descriptor 3 is a pipe");
  return pipe;
}

/** Why the program ended, once it has. */
function endOf(child: ChildProcess): Promise<string> {
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said = (said + chunk.toString("utf8")).slice(-500);
  });
  return new Promise((resolve) => {
    const end = (how: string) => {
      child.stdin?.end();
      resolve(said.trim() || how);
    };
    child.once("error", (error) => end(error.message));
    child.once("exit", (code) => end(`gocryptfs ended with ${code ?? "a signal"}`));
  });
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}

async function mounted(path: string, parent: string, ended: Promise<string>): Promise<void> {
  let why: string | undefined;
  void ended.then((how) => {
    why = how;
  });
  const { dev } = await stat(parent);
  for (let waitedMs = 0; waitedMs < mountTimeoutMs; waitedMs += pollMs) {
    if (why !== undefined) break;
    if ((await stat(path)).dev !== dev) return;
    await pause(pollMs);
  }
  throw new Error(`the running storage is not mounted: ${why ?? "gocryptfs does not answer"}`);
}

async function removeMountPoint(path: string): Promise<void> {
  for (let tries = 0; tries < 100; tries += 1) {
    try {
      await rmdir(path);
      return;
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return;
      unmount(path);
      await pause(20);
    }
  }
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

const lookMs = 1_000;
/** Looking takes at most a tenth of the time: a tenant may have made as many files as it likes. */
const restShare = 9;
const entriesMax = 50_000;
/** What stays free on the disk, for everybody else. */
const freeBytesMin = 1024 ** 3;

/** Resolves when the volume holds more than it may, or leaves the disk no room. */
async function filled(sealed: string, bytesMax: number, isOver: () => boolean): Promise<string> {
  let waitMs = lookMs;
  for (;;) {
    await restUnseen(waitMs);
    if (isOver()) return "it was closed";
    const startedMs = performance.now();
    const why = await lookAt(sealed, bytesMax).catch(() => undefined);
    if (why !== undefined) return why;
    waitMs = Math.max(lookMs, restShare * (performance.now() - startedMs));
  }
}

/** Looking keeps no process from its end. */
const restUnseen = (ms: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms).unref();
  });

async function lookAt(sealed: string, bytesMax: number): Promise<string | undefined> {
  const { bavail, bsize } = await statfs(sealed);
  if (bavail * bsize < freeBytesMin) return "the disk of the running storage is full";
  let bytes = 0;
  let entries = 0;
  for (const left = [sealed]; left.length > 0; ) {
    const directory = await opendir(left.pop() ?? "").catch(() => undefined);
    if (!directory) continue;
    for await (const entry of directory) {
      entries += 1;
      const path = join(entry.parentPath, entry.name);
      if (entry.isDirectory()) left.push(path);
      else bytes += 512 * ((await lstat(path).catch(() => undefined))?.blocks ?? 0);
      if (bytes > bytesMax) return `the running storage holds more than ${bytesMax} bytes`;
      if (entries > entriesMax) return `the running storage holds more than ${entriesMax} files`;
    }
  }
  return undefined;
}

/** Unmounts what a Bondstore that was killed has left mounted below its own directory. */
export function unmountBelow(directory: string): void {
  for (const line of readText("/proc/self/mountinfo").split("\n")) {
    const path = unescaped(line.split(" ")[4] ?? "");
    if (path.startsWith(`${directory}/`)) unmount(path);
  }
}

const readText = (path: string): string => (existsSync(path) ? readFileSync(path, "utf8") : "");

/** The kernel writes a space as `\040` (proc_pid_mountinfo(5)). */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));

function unmount(path: string): void {
  for (const command of ["fusermount3", "fusermount"].filter(isInstalled)) {
    const { status } = spawnSync(command, ["-uz", path], {
      env: { PATH: searchPath },
      stdio: "ignore",
    });
    if (status === 0) return;
  }
}

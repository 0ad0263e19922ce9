import { existsSync, lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import type { Limits } from "./limits.ts";

/** Something of the host that a cell sees. Read-only, unless it says otherwise. */
export interface Bind {
  readonly source: string;
  /** Path inside; absent: the same. */
  readonly target?: string;
  /** Left out in silence where the host does not have it. */
  readonly optional?: boolean;
  /** For a volume of the cell's owner only: nothing else of the host is ever writable. */
  readonly writable?: boolean;
}

/** Paths inside every cell. */
export const insidePaths = {
  program: "/cell/inside.mjs",
  node: "/cell/node",
  door: "/cell/door.sock",
  wayIn: "/cell/in.sock",
  work: "/work",
  memory: "/memory",
} as const;

const namespaces = [
  "--unshare-user",
  "--disable-userns",
  "--unshare-pid",
  "--unshare-net",
  "--unshare-ipc",
  "--unshare-uts",
  "--unshare-cgroup",
  ...["--uid", "1000", "--gid", "1000", "--hostname", "cell"],
  "--die-with-parent",
  "--new-session",
  ...["--cap-drop", "ALL"],
];

/** Where a host keeps its shared libraries; a link (merged /usr) is repeated as a link. */
const libraryPaths = ["/usr/lib", "/usr/lib64", "/lib", "/lib64"];

/** What the dynamic linker and the JVM look up beside libraries. Holds no secret of the host. */
const systemFiles = ["/etc/ld.so.cache", "/etc/ssl/certs", "/etc/pki/ca-trust/extracted"];

/**
 * Parts of /proc that speak of the whole host. A cell started by root still owns them as the kernel
 * counts users, and needs no capability to write `/proc/sys`: attack test in test/attacks/cells.
 */
const hostProcReadOnly = [
  "/proc/sys",
  "/proc/sysrq-trigger",
  "/proc/fs",
  "/proc/mtrr",
  "/proc/pressure",
];
const hostProcHidden = [
  ...["/proc/acpi", "/proc/asound", "/proc/driver", "/proc/dynamic_debug", "/proc/kcore"],
  ...["/proc/keys", "/proc/kmsg", "/proc/kallsyms", "/proc/latency_stats", "/proc/sched_debug"],
  ...["/proc/kpagecount", "/proc/kpageflags", "/proc/kpagecgroup", "/proc/pagetypeinfo"],
  ...["/proc/scsi", "/proc/slabinfo", "/proc/timer_list", "/proc/vmallocinfo"],
];

const sharedMemoryBytes = 16 * 1024 * 1024;

function libraries(): string[] {
  return libraryPaths.flatMap((path) => {
    if (!existsSync(path)) return [];
    return lstatSync(path).isSymbolicLink()
      ? ["--symlink", readlinkSync(path), path]
      : ["--ro-bind", path, path];
  });
}

function procArgs(): string[] {
  const cover = (path: string) =>
    statSync(path).isDirectory()
      ? ["--tmpfs", path, "--remount-ro", path]
      : ["--ro-bind", "/dev/null", path];
  return [
    ...["--proc", "/proc"],
    ...hostProcReadOnly.filter(existsSync).flatMap((path) => ["--ro-bind", path, path]),
    ...hostProcHidden.filter(existsSync).flatMap(cover),
  ];
}

function bindArgs({ source, target, optional, writable }: Bind): string[] {
  if (optional && !existsSync(source)) return [];
  return [writable ? "--bind" : "--ro-bind", realpathSync(source), target ?? source];
}

/** All that bubblewrap is told, up to the command. The environment is given to it, not written here. */
export function sandboxArgs(binds: readonly Bind[], limits: Limits, filterFd?: number): string[] {
  const size = (bytes: number) => ["--size", String(bytes)];
  const volume = binds.find(({ target }) => target === insidePaths.work);
  const work = volume ? bindArgs(volume) : [...size(limits.workBytes), "--tmpfs", insidePaths.work];
  const { memoryFolderBytes } = limits;
  const memory =
    memoryFolderBytes === undefined
      ? []
      : [...size(memoryFolderBytes), "--tmpfs", insidePaths.memory];
  return [
    ...namespaces,
    ...libraries(),
    ...systemFiles.flatMap((source) => bindArgs({ source, optional: true })),
    ...procArgs(),
    ...["--dev", "/dev"],
    ...[...size(sharedMemoryBytes), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"],
    ...work,
    ...memory,
    ...["--dir", `${insidePaths.work}/tmp`, "--symlink", `${insidePaths.work}/tmp`, "/tmp"],
    ...binds.filter((bind) => bind !== volume).flatMap(bindArgs),
    // Last: what stands above is made in the root, which is memory too.
    ...["--remount-ro", "/", "--chdir", insidePaths.work],
    ...(filterFd === undefined ? [] : ["--seccomp", String(filterFd)]),
  ];
}

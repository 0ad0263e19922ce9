import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/** What one cell may use. */
export interface Limits {
  /** All memory of the cell together: heap, code, its work directory and page cache. */
  readonly memoryBytes: number;
  /** Processors, in parts too: 1.5. */
  readonly cpus: number;
  /** Processes and threads together. */
  readonly processes: number;
  /** Size of the work directory where it is in memory. */
  readonly workBytes: number;
  /** Size of a second directory, which is always in memory; absent: there is none. */
  readonly memoryFolderBytes?: number;
  readonly openFiles: number;
}

export type Enforcement = "cgroup1" | "cgroup2" | "rlimit" | "none";

/** By what each limit of a cell is held, for the health page and the trail. */
export interface Enforced {
  readonly memory: Enforcement;
  readonly processes: Enforcement;
  readonly cpus: Enforcement;
}

/** The control groups of one cell. */
export interface Group {
  readonly enforced: Enforced;
  /** Files into which the first process of the cell writes its id before it becomes the sandbox. */
  readonly joinFiles: readonly string[];
  /** Bytes in use now; undefined where memory is not counted. */
  memoryBytes(): number | undefined;
  /** How often the kernel ended a process of the cell for lack of memory. */
  outOfMemoryCount(): number;
  /** Ends what is left inside and removes the groups. False while a process is still dying. */
  remove(): boolean;
}

type Controller = "memory" | "pids" | "cpu";
const controllers: readonly Controller[] = ["memory", "pids", "cpu"];
const cpuPeriodUs = 100_000;

interface Place {
  readonly version: 1 | 2;
  readonly path: string;
}

function tryWrite(path: string, text: string): boolean {
  try {
    writeFileSync(path, text);
    return true;
  } catch {
    return false;
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** This process's own group: a cell's group stands inside it, so outer limits keep holding. */
function ownGroup(root: string, self: string, controller: Controller): Place | undefined {
  for (const line of self.split("\n")) {
    const [, names = "", path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (!names.split(",").includes(controller)) continue;
    const mount = [join(root, controller), join(root, names)].find((each) => existsSync(each));
    if (mount === undefined) continue;
    const own = join(mount, path);
    return { version: 1, path: existsSync(own) ? own : mount };
  }
  const path = /^0::(.*)$/m.exec(self)?.[1];
  if (path === undefined || !existsSync(join(root, "cgroup.controllers"))) return undefined;
  const own = join(root, path);
  const place = existsSync(own) ? own : root;
  return readText(join(place, "cgroup.controllers")).split(/\s+/).includes(controller)
    ? { version: 2, path: place }
    : undefined;
}

/** In version 2 a group with processes cannot hand controllers on: this process moves to a leaf. */
function handOn(place: Place, controller: Controller): boolean {
  const file = join(place.path, "cgroup.subtree_control");
  if (readText(file).split(/\s+/).includes(controller)) return true;
  if (tryWrite(file, `+${controller}`)) return true;
  const leaf = join(place.path, "bondstore-main");
  try {
    mkdirSync(leaf, { recursive: true });
  } catch {
    return false;
  }
  return (
    tryWrite(join(leaf, "cgroup.procs"), String(process.pid)) && tryWrite(file, `+${controller}`)
  );
}

function setLimit(controller: Controller, { version, path }: Place, limits: Limits): boolean {
  const write = (name: string, value: string) => tryWrite(join(path, name), value);
  const quotaUs = Math.round(limits.cpus * cpuPeriodUs);
  switch (controller) {
    case "pids":
      return write("pids.max", String(limits.processes));
    case "cpu":
      return version === 2
        ? write("cpu.max", `${quotaUs} ${cpuPeriodUs}`)
        : write("cpu.cfs_period_us", String(cpuPeriodUs)) &&
            write("cpu.cfs_quota_us", String(quotaUs));
    case "memory": {
      const bytes = String(limits.memoryBytes);
      if (version === 2) {
        write("memory.swap.max", "0");
        return write("memory.max", bytes);
      }
      if (!write("memory.limit_in_bytes", bytes)) return false;
      write("memory.memsw.limit_in_bytes", bytes);
      return true;
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

/** Groups are named by the process that made them; those of processes that are gone are removed. */
function sweep(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = /^bondstore-cell-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) tryRemove(join(parent, name));
  }
}

function tryRemove(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch {
    return !existsSync(path);
  }
}

function endAll(path: string): void {
  if (tryWrite(join(path, "cgroup.kill"), "1")) return;
  for (const pid of readText(join(path, "cgroup.procs")).split("\n")) {
    if (pid !== "" && Number(pid) !== process.pid) endOne(Number(pid));
  }
}

function endOne(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It ended by itself.
  }
}

function enter(
  controller: Controller,
  name: string,
  limits: Limits,
  root: string,
  self: string,
): Place | undefined {
  const parent = ownGroup(root, self, controller);
  if (!parent) return undefined;
  try {
    if (parent.version === 2 && !handOn(parent, controller)) return undefined;
    sweep(parent.path);
    const place: Place = { version: parent.version, path: join(parent.path, name) };
    mkdirSync(place.path, { recursive: true });
    if (setLimit(controller, place, limits)) return place;
    tryRemove(place.path);
  } catch {
    // Not writable for us: the caller falls back to rlimits, and reports it.
  }
  return undefined;
}

/** Makes the control groups of a cell where this host lets us; what is left to rlimits is said. */
export function createGroup(
  id: string,
  limits: Limits,
  root = "/sys/fs/cgroup",
  self = readText("/proc/self/cgroup"),
): Group {
  const name = `bondstore-cell-${process.pid}-${id}`;
  const places = new Map<Controller, Place>();
  for (const controller of controllers) {
    const place = enter(controller, name, limits, root, self);
    if (place) places.set(controller, place);
  }
  const paths = [...new Set([...places.values()].map(({ path }) => path))];
  const memory = places.get("memory");
  const held = (controller: Controller, otherwise: Enforcement): Enforcement => {
    const place = places.get(controller);
    return place ? (place.version === 1 ? "cgroup1" : "cgroup2") : otherwise;
  };
  // The kernel exempts root from the limit on processes.
  const processes = process.getuid?.() === 0 ? "none" : "rlimit";
  return {
    enforced: {
      memory: held("memory", "rlimit"),
      processes: held("pids", processes),
      cpus: held("cpu", "none"),
    },
    joinFiles: paths.map((path) => join(path, "cgroup.procs")),
    memoryBytes() {
      if (!memory) return undefined;
      const file = memory.version === 1 ? "memory.usage_in_bytes" : "memory.current";
      return Number(readText(join(memory.path, file)));
    },
    outOfMemoryCount() {
      if (!memory) return 0;
      const file = memory.version === 1 ? "memory.oom_control" : "memory.events";
      return Number(/^oom_kill (\d+)$/m.exec(readText(join(memory.path, file)))?.[1] ?? 0);
    },
    remove() {
      for (const path of paths) if (existsSync(path)) endAll(path);
      return paths.map(tryRemove).every(Boolean);
    },
  };
}

/**
 * Command that joins the groups, sets what rlimits can hold, and becomes the rest of its arguments.
 * It runs before the sandbox, so nothing inside ever runs outside its limits.
 */
export function limitedCommand(group: Group, limits: Limits): readonly string[] {
  const lines = ["ulimit -c 0", `ulimit -n ${limits.openFiles}`];
  // In dash the limit on processes is -p; in bash -p is the pipe size, which cannot be set.
  if (group.enforced.processes === "rlimit") {
    lines.push(`{ ulimit -p ${limits.processes} || ulimit -u ${limits.processes}; } 2>/dev/null`);
  }
  if (group.enforced.memory === "rlimit") {
    lines.push(`ulimit -d ${Math.floor(limits.memoryBytes / 1024)}`);
  }
  const join = 'while [ "$1" != -- ]; do echo $$ > "$1" || exit 125; shift; done; shift';
  return [
    "/bin/sh",
    "-c",
    [join, ...lines, 'exec "$@"'].join("; "),
    "cell",
    ...group.joinFiles,
    "--",
  ];
}

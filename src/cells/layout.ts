import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { assert } from "../lib/assert.ts";
import type { Plan } from "./inside.ts";
import { type Group, type Limits, limitedCommand } from "./limits.ts";
import { type Bind, insidePaths, sandboxArgs } from "./sandbox.ts";
import { seccompFilter } from "./seccomp.ts";
import type { Volume } from "./volume.ts";

/** What the engine's command line may refer to, once the cell's layout is known. */
export interface Inside {
  /** Directory for the engine's own files: limited, on the cell's volume or in memory, gone with the cell. */
  readonly work: string;
  /** Directory in memory, where the limits have one; without a sandbox it is in the work directory. */
  readonly memory: string;
  /** Base URL of the front door as seen inside; empty when the cell has no way out. */
  readonly door: string;
  /** Loopback port for a named way in. */
  port(name: string): number;
  /** Socket on which a program calls that takes its connections itself. */
  readonly wayIn: string;
  /** Path inside of a bind's target. */
  path(target: string): string;
}

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** What a cell is made of. */
export interface CellOptions {
  /** Unique among the cells of this process; letters, digits and dashes. */
  readonly id: string;
  readonly program: (inside: Inside) => Program;
  readonly binds: readonly Bind[];
  /** The one way out: a socket that already listens, and what its credentials answer asks for. */
  readonly door?: {
    readonly socket: string;
    /** Sent by the engine's AWS SDK as `Authorization` when it asks for credentials; absent: there are none. */
    readonly credentialsToken?: string;
  };
  /** Names of ports inside that `connect` may reach. */
  readonly ports: readonly string[];
  /** The program calls on the way in itself: no byte to it passes through another. */
  readonly callsItself?: true;
  /** Directory of this Bondstore's cells; the cell's own is made in it with mode 0700. */
  readonly runDirectory: string;
  readonly limits: Limits;
  /** Holds the work directory; absent: memory does. */
  readonly volume?: Pick<Volume, "path" | "failed">;
  readonly onLog?: (line: string) => void;
  /** Runs without a sandbox where the host permits none. The caller writes it in the trail. */
  readonly unconfined?: "accepted";
}

/** Path of the credentials answer on the cell's socket. */
export const credentialsPath = "/credentials";

const firstPort = 4566;
const files = {
  passwd: "root:x:0:0:root:/:/bin/false\ncell:x:1000:1000:cell:/work:/bin/false\n",
  group: "root:x:0:\ncell:x:1000:\n",
  hosts: "127.0.0.1 localhost cell\n::1 localhost\n",
  "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
  "resolv.conf": "",
};

/** How a cell is laid out and what starts it. */
export interface Layout {
  readonly plan: Plan;
  start(group: Group): ChildProcess;
}

function planOf(
  options: CellOptions,
  ports: readonly number[],
  paths: Pick<Inside, "work" | "memory" | "path"> & {
    readonly door: string;
    readonly wayIn: string;
  },
): Plan {
  const [doorPort = 0, ...waysIn] = ports;
  const door = options.door ? `http://127.0.0.1:${doorPort}` : "";
  const program = options.program({
    work: paths.work,
    memory: paths.memory,
    door,
    wayIn: paths.wayIn,
    path: paths.path,
    port(name) {
      const port = waysIn[options.ports.indexOf(name)];
      assert(port !== undefined, `the cell has no port \`${name}\``);
      return port;
    },
  });
  return {
    command: program.command,
    args: program.args,
    env: { ...baseEnv(paths.work), ...credentialsEnv(options, door), ...program.env },
    directory: paths.work,
    door: options.door && { socket: paths.door, port: doorPort },
    wayIn: paths.wayIn,
    ports: waysIn,
    callsItself: options.callsItself === true,
  };
}

function baseEnv(work: string): Record<string, string> {
  return {
    HOME: work,
    TMPDIR: join(work, "tmp"),
    PATH: "/usr/bin:/bin",
    LANG: "C.UTF-8",
    TZ: "UTC",
    USER: "cell",
  };
}

function credentialsEnv({ door }: CellOptions, url: string): Record<string, string> {
  if (door?.credentialsToken === undefined) return {};
  return {
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}${credentialsPath}`,
    AWS_CONTAINER_AUTHORIZATION_TOKEN: door.credentialsToken,
  };
}

const program = fileURLToPath(new URL("./inside.js", import.meta.url));
/** The first program only copies bytes: little memory is left to it, and one thread for files. */
const nodeArgs = ["--max-old-space-size=64", "--max-semi-space-size=2"];
const nodeEnv = { UV_THREADPOOL_SIZE: "1" };

function workBind({ volume }: CellOptions): Bind[] {
  if (!volume) return [];
  const source = join(volume.path, "work");
  mkdirSync(source, { recursive: true });
  return [{ source, target: insidePaths.work, writable: true }];
}

/** In namespaces of its own. */
export function confinedLayout(options: CellOptions, directory: string): Layout {
  const ports = Array.from({ length: options.ports.length + 1 }, (_, at) => firstPort + at);
  const own = Object.entries(files).map(([name, text]) => {
    const source = join(directory, name);
    writeFileSync(source, text, { mode: 0o644 });
    return { source, target: `/etc/${name}` };
  });
  const binds: Bind[] = [
    ...own,
    { source: process.execPath, target: insidePaths.node },
    { source: program, target: insidePaths.program },
    { source: join(directory, "in.sock"), target: insidePaths.wayIn },
    ...(options.door ? [{ source: options.door.socket, target: insidePaths.door }] : []),
    ...workBind(options),
    ...options.binds,
  ];
  const plan = planOf(options, ports, { ...insidePaths, path: (target) => target });
  function start(group: Group): ChildProcess {
    const filter = seccompFilter(process.arch);
    const filterPath = join(directory, "filter");
    if (filter) writeFileSync(filterPath, filter);
    const fd = filter ? openSync(filterPath, "r") : undefined;
    const [shell = "", ...before] = limitedCommand(group, options.limits);
    const sandbox = ["bwrap", ...sandboxArgs(binds, options.limits, fd === undefined ? fd : 3)];
    const inside = [insidePaths.node, ...nodeArgs, insidePaths.program];
    const child = spawn(shell, [...before, ...sandbox, ...inside], {
      cwd: directory,
      env: { ...nodeEnv, PATH: "/usr/local/bin:/usr/bin:/bin" },
      stdio: ["pipe", "pipe", "pipe", ...(fd === undefined ? [] : [fd])],
    });
    if (fd !== undefined) closeSync(fd);
    return child;
  }
  return { plan, start };
}

/** Plain processes with the limits that still work; only what `unconfined` has accepted. */
export async function unconfinedLayout(options: CellOptions, directory: string): Promise<Layout> {
  const work = join(options.volume?.path ?? directory, "work");
  mkdirSync(join(work, "tmp"), { recursive: true });
  const ports = await freePorts(options.ports.length + 1);
  const bindOf = (path: string) =>
    options.binds.find(({ source, target = source }) => `${path}/`.startsWith(`${target}/`));
  const plan = planOf(options, ports, {
    work,
    memory: join(work, "memory"),
    wayIn: join(directory, "in.sock"),
    door: options.door?.socket ?? "",
    path(target) {
      const bind = bindOf(target);
      return bind ? bind.source + target.slice((bind.target ?? bind.source).length) : target;
    },
  });
  function start(group: Group): ChildProcess {
    const [shell = "", ...before] = limitedCommand(group, options.limits);
    return spawn(shell, [...before, process.execPath, ...nodeArgs, program], {
      cwd: work,
      env: nodeEnv,
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
    });
  }
  return { plan, start };
}

/** Without a network namespace ports are shared with the host: the kernel names free ones. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject).listen(0, "127.0.0.1", resolve);
    });
    const address = server.address();
    assert(typeof address === "object" && address, "a server on TCP has an address");
    ports.push(address.port);
  }
  for (const server of servers) server.close();
  return ports;
}

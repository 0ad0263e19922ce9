/**
 * The first program of a cell: serves the cell's one way out and its way in, starts the engine, and
 * ends with it. It runs inside the sandbox from this one file, so it imports nothing of Bondstore.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, readdirSync, readlinkSync } from "node:fs";
import { createConnection, createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";

/** What Bondstore says on the first line of standard input; the rest of it is the cell's life line. */
export interface Plan {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly directory: string;
  /** The front door's socket, and the loopback port on which programs in the cell find it. */
  readonly door: { readonly socket: string; readonly port: number } | undefined;
  /** Socket on which Bondstore takes connections that lead into the cell. */
  readonly wayIn: string;
  readonly ports: readonly number[];
  /** The engine offers connections on that socket, not this program. */
  readonly callsItself: boolean;
}

/**
 * Closes what this process was born with beside its three streams: files that a library of Bondstore's has opened so
 * that children have them too, its database among them. What Node.js opens itself are pairs of pipes and no files.
 */
function closeInherited(): void {
  const open = readdirSync("/proc/self/fd").flatMap((name) => {
    const fd = Number(name);
    try {
      return fd > 2 ? [{ fd, what: readlinkSync(`/proc/self/fd/${fd}`) }] : [];
    } catch {
      return [];
    }
  });
  for (const { fd, what } of open) {
    const file = what.startsWith("/") && what !== "/dev/null";
    const half = what.startsWith("pipe:") && open.filter((one) => one.what === what).length === 1;
    if (file || half || what.startsWith("socket:")) closeSync(fd);
  }
}

const connectionsMax = 512;
const offersAtOnce = 2;

function join(left: Socket, right: Socket): void {
  for (const [from, to] of [
    [left, right],
    [right, left],
  ] as const) {
    from.setNoDelay(true);
    from.pipe(to);
    from.on("error", () => to.destroy());
    from.on("close", () => to.destroySoon());
  }
}

function openDoor({ socket, port }: { socket: string; port: number }): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (inner) =>
    join(inner, createConnection({ path: socket, allowHalfOpen: true })),
  );
  server.maxConnections = connectionsMax;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
}

/** Bondstore listens and the cell calls, so that no path of the host is writable from inside. */
function offerWayIn(plan: Plan): void {
  const link = createConnection({ path: plan.wayIn, allowHalfOpen: true });
  link.once("error", () => process.exit(1));
  link.once("close", () => process.exit(1));
  link.once("data", (first) => {
    link.pause();
    link.removeAllListeners();
    link.on("error", () => link.destroy());
    offerWayIn(plan);
    const end = first.indexOf("\n");
    const port = Number(first.subarray(0, end).toString("latin1"));
    if (end < 0 || !plan.ports.includes(port)) return void link.destroy();
    if (end + 1 < first.length) link.unshift(first.subarray(end + 1));
    join(link, createConnection({ port, host: "127.0.0.1", allowHalfOpen: true }));
  });
}

function signalAll(engine: ChildProcess, signal: NodeJS.Signals): void {
  if (engine.pid === undefined) return;
  try {
    process.kill(-engine.pid, signal);
  } catch {
    // The group is gone already.
  }
}

function run(plan: Plan): ChildProcess {
  const engine = spawn(plan.command, plan.args, {
    cwd: plan.directory,
    env: { ...plan.env },
    stdio: ["ignore", "inherit", "inherit"],
    detached: true,
  });
  engine.once("error", (error) => {
    process.stderr.write(`the engine does not start: ${error.message}\n`, () => process.exit(127));
  });
  engine.once("exit", (code, signal) => {
    signalAll(engine, "SIGKILL");
    process.exit(code ?? (signal === "SIGKILL" ? 137 : 143));
  });
  return engine;
}

async function start(plan: Plan): Promise<ChildProcess> {
  if (plan.door) await openDoor(plan.door);
  if (plan.callsItself) return run(plan);
  for (let offers = 0; offers < offersAtOnce; offers += 1) offerWayIn(plan);
  return run(plan);
}

closeInherited();
let engine: ChildProcess | undefined;
const lifeline = createInterface({ input: process.stdin });
lifeline.on("close", () => {
  if (engine) signalAll(engine, "SIGKILL");
  process.exit(137);
});
lifeline.on("line", (line) => {
  if (line === "stop") {
    if (engine) signalAll(engine, "SIGTERM");
    return;
  }
  start(JSON.parse(line)).then(
    (started) => {
      engine = started;
    },
    (error: Error) => {
      process.stderr.write(`the cell does not start: ${error.message}\n`, () => process.exit(1));
    },
  );
});

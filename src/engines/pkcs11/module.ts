import { type ChildProcess, spawn } from "node:child_process";
import { Duplex } from "node:stream";
import { ConnectionEnded, connectRpc } from "../../hsm/rpc/client.ts";
import { type AsyncCryptoki, openCryptoki } from "../../hsm/rpc/remote-cryptoki.ts";

/** What to run. */
export interface ModuleStart {
  /** The shared object of a PKCS#11 module, absolute. */
  readonly modulePath: string;
  /** All that the module sees of the environment, where its configuration is named. */
  readonly env: Readonly<Record<string, string>>;
  /** The program `p11-kit`, which loads the module in a process of its own. */
  readonly p11Kit: string;
  /** How long one call may take. RSA keys of 4096 bits take seconds. */
  readonly timeoutMs: number;
}

/** A PKCS#11 module of another maker, in a process of its own: a fault in it does not end this one. */
export interface Module {
  /**
   * The functions of the module, in the process that runs; starts one where none runs. What was opened before is lost
   * with its process: calls of it reject with `ConnectionEnded`.
   */
  connect(): Promise<AsyncCryptoki>;
  close(): Promise<void>;
}

const saidMax = 2000;
const goodbyeMs = 3000;

/** Prepares a module; the process starts with the first `connect`. */
export function startModule(start: ModuleStart): Module {
  let running: Promise<Running> | undefined;
  let closed = false;

  return {
    async connect() {
      if (closed) throw new ConnectionEnded("the module was closed");
      const current = running ?? run(start, forget);
      running = current;
      return (await current).functions;

      function forget(): void {
        if (running === current) running = undefined;
      }
    },
    async close() {
      closed = true;
      const last = await running?.catch(() => undefined);
      await last?.stop();
    },
  };
}

interface Running {
  readonly functions: AsyncCryptoki;
  stop(): Promise<void>;
}

async function run(
  { modulePath, env, p11Kit, timeoutMs }: ModuleStart,
  onEnd: () => void,
): Promise<Running> {
  const child = spawn(p11Kit, ["remote", modulePath], { env, stdio: ["pipe", "pipe", "pipe"] });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (piece: string) => {
    said = (said + piece).slice(-saidMax);
  });
  const gone = new Promise<void>((resolve) => {
    child.once("error", (error) => {
      said = error.message;
      resolve();
    });
    child.once("exit", () => resolve());
  });
  // Both are destroyed with the stream that they make up, which is where their faults are heard of.
  for (const end of [child.stdin, child.stdout]) end.on("error", () => undefined);
  const stream = Duplex.from({ readable: child.stdout, writable: child.stdin });
  // The end of the process is the end of its calls, whatever its pipes do.
  void gone.then(() => stream.destroy());
  const why = () => `: PKCS#11 module ${modulePath}${said === "" ? "" : ` (${said.trim()})`}`;
  try {
    const client = await connectRpc(stream, { timeoutMs, why, onEnd });
    // A module that hangs is not waited for: its connection ends at the time limit, and then it does.
    stream.once("close", () => child.kill("SIGKILL"));
    const functions = await openCryptoki(client);
    return { functions, stop: () => stop(child, functions, gone) };
  } catch (error) {
    child.kill("SIGKILL");
    onEnd();
    throw error;
  }
}

async function stop(
  child: ChildProcess,
  functions: AsyncCryptoki,
  gone: Promise<void>,
): Promise<void> {
  const timer = setTimeout(() => child.kill("SIGKILL"), goodbyeMs);
  await functions.finalize();
  await gone;
  clearTimeout(timer);
}

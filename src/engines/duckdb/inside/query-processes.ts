import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, rm } from "node:fs/promises";
import type { IncomingMessage, Server } from "node:http";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { dataFolder, halfFolder } from "../files.ts";
import { type LentFunctions, lendPath } from "../lent-functions.ts";
import type { KeepQuestion } from "../questions.ts";
import { follow } from "./follow-query.ts";
import type { Running } from "./keep.ts";
import type { QueryProcessOptions } from "./query-process.ts";
import type { Line } from "./tell-keep.ts";

/** Queries that call functions of users, each in a process that ends with it. */
export interface QueryProcesses {
  /** Takes connections to functions from a server, before their query comes. */
  admit(server: Server): void;
  /** Runs a query; what it says of itself goes to `line`, its end included. */
  run(
    question: KeepQuestion & { readonly functions: LentFunctions },
    line: Line,
    started: (running: Running) => void,
  ): Promise<void>;
}

const program = fileURLToPath(new URL("./query-process.js", import.meta.url));
/** A query's own process has a share of the cell's memory. */
const memoryShare = 0.25;
const heapMb = 256;
const lentMax = 64;

/** What the cell's server was told of itself. */
type Options = Pick<QueryProcessOptions, "work" | "memoryBytes" | "spillBytes" | "threads">;

/** One process for each query, with the functions that were lent to it. */
export function createQueryProcesses(options: Options, spillFolder: string): QueryProcesses {
  /** Connections by job and function, from the moment they come until their query does. */
  const lent = new Map<string, Duplex>();
  let processes = 0;

  function take(job: string, name: string): Duplex {
    const key = `${job}/${name}`;
    const link = lent.get(key);
    lent.delete(key);
    if (!link) throw new Error(`no connection to ${name}`);
    return link;
  }

  return {
    admit(server) {
      server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
        socket.on("error", () => socket.destroy());
        const key = String(request.headers["x-function"]);
        const isOne = request.url === lendPath && !lent.has(key);
        if (!isOne || lent.size >= lentMax) return void socket.destroy();
        lent.set(key, socket);
        socket.once("close", () => {
          if (lent.get(key) === socket) lent.delete(key);
        });
        if (head.length > 0) socket.unshift(head);
        socket.write(
          "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: function\r\n\r\n",
        );
      });
    },
    async run(question, line, started) {
      processes += 1;
      const id = `q${processes}`;
      const links = question.functions.names.map((name) => take(question.id, name));
      const spill = join(options.work, spillFolder, id);
      const half = join(halfFolder, id);
      await mkdir(spill, { recursive: true, mode: 0o700 });
      const told: QueryProcessOptions = {
        ...{ ...options, half, spill },
        memoryBytes: Math.floor(options.memoryBytes * memoryShare),
      };
      try {
        await follow(begin(told, links), { question, links, line, started });
      } finally {
        for (const link of links) link.destroy();
        await rm(spill, { recursive: true, force: true });
        await rm(join(options.work, dataFolder, half), { recursive: true, force: true });
      }
    },
  };
}

function begin(told: QueryProcessOptions, links: readonly Duplex[]): ChildProcess {
  const args = ["--max-semi-space-size=2", `--max-old-space-size=${heapMb}`];
  return spawn(process.execPath, [...args, program, JSON.stringify(told)], {
    stdio: ["pipe", "pipe", "inherit", ...links.map(() => "pipe" as const)],
    env: {},
  });
}

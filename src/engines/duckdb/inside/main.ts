/** DuckDB for one project: answers questions that come over the cell's way in. Runs inside the cell. */
import { mkdir, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { finished } from "node:stream";
import type { Database } from "@duckdb/node-bindings";
import { dataFolder } from "../files.ts";
import { readColumns, writtenColumns } from "../questions.ts";
import { openDatabase } from "./binding.ts";
import { bodyText, endStream, readToItsEnd, sender } from "./bodies.ts";
import { describe, type Running } from "./keep.ts";
import { createQueryProcesses, type QueryProcesses } from "./query-processes.ts";
import { read } from "./read.ts";
import { openRowSources } from "./row-source.ts";
import { openStore, type Store } from "./store.ts";
import { answerTake, type TakeParts } from "./take.ts";
import { type Line, messageOf, tellKeep } from "./tell-keep.ts";
import { answerGive, answerPut, answerRemove } from "./transfer.ts";
import { serveWayIn } from "./way-in.ts";

/** What the command line says, as JSON. */
export interface InsideOptions {
  readonly work: string;
  /** Directory in memory, for what is soon gone. */
  readonly memory: string;
  /** Socket of the cell's way in. */
  readonly wayIn: string;
  readonly memoryBytes: number;
  readonly spillBytes: number;
  readonly threads: number;
}

const questionBytesMax = 8 * 1024 * 1024;
const spillFolder = "spill";
const streamsFolder = "streams";

/** What streams may use of DuckDB's memory beside queries: each reads or writes one group of rows at a time. */
const streamsShare = 0.4;
const streamsBytesMin = 256 * 1024 * 1024;

interface Engine {
  readonly database: Database;
  /**
   * For streams, whose rows come one batch after the other: in a database of several threads whoever waits for the one
   * that works does so with all its might.
   */
  readonly streams: TakeParts;
  readonly store: Store;
  readonly running: Map<string, Running>;
  readonly processes: QueryProcesses;
}

type Answer = (engine: Engine, request: IncomingMessage, response: ServerResponse) => Promise<void>;

const answers: Readonly<Record<string, Answer>> = {
  "/keep": answerKeep,
  "/describe": answerDescribe,
  "/read": answerRead,
  "/take": ({ streams }, request, response) => answerTake(streams, request, response),
  "/cancel": answerCancel,
  "/give": async ({ store }, request, response) =>
    answerGive(store, await question(request), response),
  "/put": ({ store }, request, response) =>
    answerPut(store, String(request.headers["x-file"]), request, response),
  "/remove": async ({ store }, request, response) =>
    answerRemove(store, await question(request), response),
};

const question = async (request: IncomingMessage) =>
  JSON.parse(await bodyText(request, questionBytesMax));

/** Lines of JSON: how far it is, again and again, and at last what came out. */
async function answerKeep(
  { database, store, running, processes }: Engine,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = await question(request);
  const line: Line = (told) => response.write(`${JSON.stringify(told)}\n`);
  response.writeHead(200);
  response.flushHeaders();
  try {
    const started = (job: Running) => {
      running.set(asked.id, job);
      response.once("close", () => job.cancel());
    };
    if (asked.functions) await processes.run(asked, line, started);
    else await tellKeep(database, store, asked, { line, started });
  } catch (error) {
    line({ error: messageOf(error) });
  } finally {
    running.delete(asked.id);
    response.removeAllListeners("close");
    response.end();
  }
}

async function answerDescribe(
  { database }: Engine,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { sql } = await question(request);
  const columns = await describe(database, sql);
  response.end(JSON.stringify({ columns: writtenColumns(columns) }));
}

async function answerRead(
  { streams: { database }, store }: Engine,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const asked = await question(request);
  const columns = readColumns(asked.columns);
  const out = sender(response, asked.compression);
  const failure = await read(database, store, { ...asked, columns }, out.send)
    .then(out.end)
    .then(
      () => undefined,
      (error: unknown) => messageOf(error),
    );
  endStream(response, failure);
}

async function answerCancel(
  { running }: Engine,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { id } = await question(request);
  running.get(id)?.cancel();
  response.end("{}");
}

async function openStreams(
  options: InsideOptions,
  store: Store,
  spill: string,
): Promise<TakeParts> {
  const memoryBytes = Math.max(streamsBytesMin, Math.floor(options.memoryBytes * streamsShare));
  const { memory } = options;
  const own = { directories: [store.data, memory], spill, memoryBytes, threads: 1 };
  for (const each of [spill, memory]) await mkdir(each, { recursive: true, mode: 0o700 });
  const database = await openDatabase({ ...options, ...own });
  return { database, memory, openSource: await openRowSources(database) };
}

async function start(options: InsideOptions): Promise<void> {
  const spill = join(options.work, spillFolder);
  await rm(spill, { recursive: true, force: true });
  await mkdir(spill, { recursive: true, mode: 0o700 });
  const store = await openStore(join(options.work, dataFolder));
  const database = await openDatabase({ ...options, spill, directories: [store.data] });
  const processes = createQueryProcesses(options, spillFolder);
  const streams = await openStreams(options, store, join(spill, streamsFolder));
  const engine: Engine = { database, store, streams, running: new Map(), processes };
  const server = createServer((request, response) => {
    response.on("error", () => response.destroy());
    const answer = answers[request.url ?? ""];
    if (!answer) return void response.writeHead(404).end();
    answer(engine, request, response).catch((error: unknown) => {
      if (response.headersSent) return void response.destroy();
      response.writeHead(400);
      response.write(JSON.stringify({ error: messageOf(error) }));
      // Who asks ends then.
      readToItsEnd(request);
      finished(request, () => response.end());
    });
  });
  processes.admit(server);
  // Bodies last as long as those who send them.
  server.requestTimeout = 0;
  // Who asks keeps connections for the next question.
  server.keepAliveTimeout = 0;
  serveWayIn(server, options.wayIn);
}

await start(JSON.parse(process.argv[2] ?? "{}"));

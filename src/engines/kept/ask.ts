import { Agent, type ClientRequestArgs, type IncomingMessage, request } from "node:http";
import { type Duplex, Readable } from "node:stream";
import type { Cell } from "../../cells/cell.ts";
import { memberOf } from "../../lib/record.ts";

/** The name of the port on which the program in a kept cell answers over HTTP. */
export const enginePort = "engine";

interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly meanwhile?: boolean;
}

/** The engine answered, and refused. */
export class EngineRefusal extends Error {
  override readonly name = "EngineRefusal";
}

/** The connection into the cell broke: most likely the cell has ended. */
export class EngineLost extends Error {
  override readonly name = "EngineLost";
}

/** What runs inside may have been taken over by a query: its answers must not exhaust this process. */
const answerBytesMax = 16 * 1024 * 1024;

/** Connections into a cell, kept for the next question. */
class Connections extends Agent {
  readonly #cell: Cell;

  constructor(cell: Cell) {
    super({ keepAlive: true });
    this.#cell = cell;
  }

  override createConnection(
    _options: ClientRequestArgs,
    made: (error: Error | null, connection: Duplex) => void,
  ): undefined {
    this.#cell.connect(enginePort).then(
      (connection) => made(null, connection),
      (cause: Error) => (made as (error: Error) => void)(cause),
    );
  }
}

const connections = new WeakMap<Cell, Agent>();

function connectionsTo(cell: Cell): Agent {
  const found = connections.get(cell) ?? new Connections(cell);
  connections.set(cell, found);
  return found;
}

/**
 * Sends a question into the cell; the answer's head is back when this resolves. `meanwhile`: a good answer comes while
 * the question is still being sent.
 */
export function ask(
  cell: Cell,
  path: string,
  body: string | AsyncIterable<Buffer>,
  { headers: more = {}, meanwhile = false }: AskOptions = {},
): Promise<IncomingMessage> {
  const headers = { host: enginePort, ...more };
  return new Promise((resolve, reject) => {
    const asked = request({ agent: connectionsTo(cell), method: "POST", path, headers }, resolve);
    let sourceError: unknown;
    asked.on("error", (error) =>
      reject(sourceError ?? new EngineLost("the engine's connection broke", { cause: error })),
    );
    if (typeof body === "string") return void asked.end(body);
    const source = Readable.from(body);
    source.once("error", (error) => {
      sourceError = error;
      asked.destroy(error);
    });
    asked.once("close", () => source.destroy());
    const enough = () => {
      source.unpipe(asked);
      asked.end();
      source.destroy();
    };
    // An answer may come before all was sent: it is whole only once the question has an end.
    asked.once("response", (response) => {
      if (meanwhile && response.statusCode === 200) {
        response.once("end", enough).once("close", enough);
      } else enough();
    });
    source.pipe(asked);
  });
}

/** Reads a whole answer of JSON. */
export async function answerOf(response: IncomingMessage): Promise<unknown> {
  let text = "";
  for await (const line of linesOf(response)) text += `${line}\n`;
  const answer = parsed(text);
  if (response.statusCode === 200) return answer;
  throw new EngineRefusal(
    String(memberOf(answer, "error") ?? "the engine refused without a reason"),
  );
}

/** Reads an answer line by line. */
export async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let size = 0;
  let rest = "";
  response.setEncoding("utf8");
  for await (const part of bytesOf(response)) {
    size += part.length;
    if (size > answerBytesMax) {
      response.destroy();
      throw new EngineRefusal("the engine's answer is too long");
    }
    const lines = (rest + part).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

/** Reads an answer that is bytes; refuses one that ends early. */
export async function* fileOf(response: IncomingMessage): AsyncGenerator<Buffer> {
  if (response.statusCode !== 200) await answerOf(response);
  yield* bytesOf(response);
}

async function* bytesOf(response: IncomingMessage) {
  try {
    yield* response;
  } catch (error) {
    throw new EngineLost("the engine's connection broke", { cause: error });
  }
  if (!response.complete) throw new EngineLost("the engine's answer ended early");
}

/** Reads JSON that the cell has written. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new EngineRefusal("the engine's answer is no JSON");
  }
}

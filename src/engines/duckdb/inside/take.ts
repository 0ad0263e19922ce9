import type { IncomingMessage, ServerResponse } from "node:http";
import type { Database } from "@duckdb/node-bindings";
import type { Store } from "./store.ts";

/** Takes a stream of the tunnel into a file. */
export async function answerTake(
  _database: Database,
  _store: Store,
  _request: IncomingMessage,
  _response: ServerResponse,
): Promise<void> {
  throw new Error("uploads are not built");
}

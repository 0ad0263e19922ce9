import type { IncomingMessage } from "node:http";
import { EngineLost, EngineRefusal, fileOf } from "../kept/ask.ts";
import { streamError } from "./stream-error.ts";

/** Reads an answer that is a stream; refuses one that ends early or with an error. */
export async function* streamOf(response: IncomingMessage): AsyncGenerator<Buffer> {
  yield* fileOf(response);
  const told = response.trailers[streamError];
  if (told === undefined) throw new EngineLost("the engine's stream ended early");
  if (told !== "") throw new EngineRefusal(decoded(told));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text).slice(0, 2_000);
  } catch {
    return "the engine refused";
  }
}

import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { endStream, sender } from "./bodies.ts";
import type { Store } from "./store.ts";

/** Sends a data file as it is. */
export async function answerGive(
  store: Store,
  { file }: { readonly file: string },
  response: ServerResponse,
): Promise<void> {
  const out = sender(response, undefined);
  let failure: string | undefined;
  try {
    for await (const part of createReadStream(store.path(file), { highWaterMark: chunkBytes })) {
      await out.send(part);
    }
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  endStream(response, failure);
}

const chunkBytes = 256 * 1024;

/** Takes a data file as it is: a copy of one that is kept elsewhere, so it need not survive. */
export async function answerPut(
  store: Store,
  file: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const target = store.path(file);
  await store.withHalf("put", async (half) => {
    await pipeline(request, createWriteStream(half, { mode: 0o600 }));
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await rename(half, target);
  });
  response.end("{}");
}

/** Removes a data file; one that is not there is not missed. */
export async function answerRemove(
  store: Store,
  { file }: { readonly file: string },
  response: ServerResponse,
): Promise<void> {
  await rm(store.path(file), { force: true });
  response.end("{}");
}

import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import { createDeflate } from "node:zlib";
import { notePassed } from "../../../lib/passed-bytes.ts";
import type { Compression } from "../questions.ts";
import { streamError } from "../stream-error.ts";
import { compressor } from "../tunnel/compression/compressions.ts";

/** Reads a short body to its end. */
export async function bodyText(request: IncomingMessage, bytesMax: number): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += part.length;
    if (size > bytesMax) throw new Error(`the question is longer than ${bytesMax} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** Reads on what nobody wants: a connection that is closed on what was not read takes the answer with it. */
export function readToItsEnd(request: IncomingMessage): void {
  request.removeAllListeners("readable").on("data", () => {});
  request.resume();
}

/** Somewhere to send bytes to that says when there is room for more. */
export interface Sender {
  send(bytes: Buffer): Promise<void>;
  /** Sends what a compressor still holds. */
  end(): Promise<void>;
}

/** Sends a stream as an answer's body, compressed where that was asked for. */
export function sender(response: ServerResponse, compression: Compression | undefined): Sender {
  response.writeHead(200, { trailer: streamError });
  const plain = (bytes: Buffer) => written(response, response, bytes);
  if (compression === undefined) return { send: plain, end: async () => {} };
  if (compression === "deflate") return deflated(response);
  const encoder = compressor(compression);
  const all = async (parts: Iterable<Buffer>): Promise<void> => {
    for (const part of parts) await plain(part);
  };
  return { send: (bytes) => all(encoder.push(bytes)), end: () => all(encoder.end()) };
}

function deflated(response: ServerResponse): Sender {
  const deflate = createDeflate();
  deflate.pipe(response, { end: false });
  return {
    send: (bytes) => written(deflate, response, bytes),
    async end() {
      deflate.end();
      await finished(deflate);
    },
  };
}

async function written(into: Writable, response: ServerResponse, bytes: Buffer): Promise<void> {
  if (response.destroyed) throw new Error("nobody reads on");
  notePassed(bytes.length);
  if (into.write(bytes)) return;
  const ending = new AbortController();
  const gone = once(response, "close", { signal: ending.signal }).then(() => {
    throw new Error("nobody reads on");
  });
  const drained = once(into, "drain", { signal: ending.signal });
  gone.catch(() => {});
  drained.catch(() => {});
  try {
    await Promise.race([drained, gone]);
  } finally {
    ending.abort();
  }
}

/** Ends a stream's answer; the trailer says whether it is whole, others what more is to be told. */
export function endStream(
  response: ServerResponse,
  failure: string | undefined,
  more: Readonly<Record<string, string>> = {},
): void {
  response.addTrailers({ ...more, [streamError]: encodeURIComponent(failure ?? "") });
  response.end();
}

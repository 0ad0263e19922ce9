import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import type { HttpResponse, Peer } from "../http.ts";
import { type Body, openBody } from "./body.ts";
import { type Head, makeRequest, readHeaders } from "./head.ts";
import { pump } from "./pump.ts";
import type { Serving } from "./serving.ts";

/** Serves one HTTP/2 stream. */
export async function serveHttp2(
  stream: ServerHttp2Stream,
  pseudo: IncomingHttpHeaders,
  raw: readonly string[],
  peer: Peer,
  serving: Serving,
): Promise<void> {
  stream.on("error", () => {});
  const authority = pseudo[":authority"];
  const head: Head = {
    method: pseudo[":method"] ?? "",
    target: pseudo[":path"] ?? "",
    raw,
    ...(authority === undefined ? {} : { authority }),
  };
  const body = openBody({
    stream,
    length: bodyLength(stream, pseudo["content-length"]),
    invite:
      pseudo.expect === undefined ? undefined : () => stream.additionalHeaders({ ":status": 100 }),
    // What is not read to its end is reset.
    takenEarly: false,
  });
  const headers = readHeaders(head);
  let answer: HttpResponse;
  try {
    answer =
      typeof headers === "number"
        ? { status: headers, headers: {} }
        : await serving.handle(makeRequest(head, headers, peer, body));
  } catch (error) {
    serving.onFault(error);
    answer = { status: 500, headers: {} };
  }
  try {
    await send(stream, head.method, answer, body);
  } catch (error) {
    serving.onFault(error);
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  }
}

function bodyLength(stream: ServerHttp2Stream, declared: string | undefined): number | undefined {
  if (stream.endAfterHeaders) return 0;
  // nghttp2 holds the client to the length that it declares.
  return declared === undefined ? undefined : Number(declared);
}

/** Headers of a single connection have no place in HTTP/2. */
const hopByHop = new Set(["connection", "keep-alive", "transfer-encoding", "upgrade"]);

async function send(
  stream: ServerHttp2Stream,
  method: string,
  answer: HttpResponse,
  body: Body,
): Promise<void> {
  if (stream.destroyed || stream.closed) return;
  const headers: Record<string, string | number> = { ":status": answer.status };
  for (const [name, value] of Object.entries(answer.headers)) {
    const lower = name.toLowerCase();
    if (!hopByHop.has(lower)) headers[lower] = value;
  }
  const silent = method === "HEAD" || answer.status === 204 || answer.status === 304;
  const whole = Buffer.isBuffer(answer.body) ? answer.body : undefined;
  if (!silent && (whole || answer.body === undefined)) {
    headers["content-length"] ??= whole?.length ?? 0;
  }
  const bare = silent || answer.body === undefined;
  stream.respond(headers, { endStream: bare });
  if (!bare) {
    if (whole) stream.end(whole);
    else if (answer.body && !Buffer.isBuffer(answer.body)) await pump(answer.body, stream);
  }
  // A body that nobody reads to its end: the client is told that the rest is not wanted.
  if (body.begun() && !stream.readableEnded) {
    stream.once("finish", () => stream.close(constants.NGHTTP2_NO_ERROR));
  }
}

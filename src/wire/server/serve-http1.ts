import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpResponse } from "../http.ts";
import { type Body, openBody } from "./body.ts";
import { type Head, makeRequest, readHeaders } from "./head.ts";
import { pump } from "./pump.ts";
import type { Serving } from "./serving.ts";

/** Serves one HTTP/1.1 request. `invited`: the client waits for `100 Continue` before it sends the body. */
export async function serveHttp1(
  incoming: IncomingMessage,
  response: ServerResponse,
  serving: Serving,
  invited: boolean,
): Promise<void> {
  const body = openBody({
    stream: incoming,
    length: bodyLength(incoming),
    invite: invited ? () => response.writeContinue() : undefined,
    takenEarly: true,
  });
  const head: Head = {
    method: incoming.method ?? "",
    target: incoming.url ?? "",
    raw: incoming.rawHeaders,
  };
  const headers = readHeaders(head);
  const status = typeof headers === "number" ? headers : refusedStatus(incoming);
  if (typeof headers === "number" || status !== undefined) {
    response.writeHead(status ?? 400, { Connection: "close", "Content-Length": "0" }).end();
    return;
  }

  let answer: HttpResponse;
  try {
    answer = await serving.handle(
      makeRequest(head, headers, serving.peerOf(incoming.socket), body),
    );
  } catch (error) {
    serving.onFault(error);
    answer = { status: 500, headers: {} };
  }
  try {
    await send(incoming, response, answer, body, serving);
  } catch (error) {
    serving.onFault(error);
    incoming.socket.destroy();
  }
}

function bodyLength(incoming: IncomingMessage): number | undefined {
  if (incoming.headers["transfer-encoding"] !== undefined) return undefined;
  return Number(incoming.headers["content-length"] ?? 0);
}

function refusedStatus(incoming: IncomingMessage): number | undefined {
  if (incoming.httpVersion !== "1.1") return 505;
  const coding = incoming.headers["transfer-encoding"];
  return coding === undefined || coding.toLowerCase() === "chunked" ? undefined : 501;
}

/** A body that nobody read is read to its end when it is at most this long; else the connection ends. */
const drainedBytesMax = 256 * 1024;
const lingerMs = 2_000;

/** Small bodies leave in one write with their head. */
const joinedBytesMax = 16 * 1024;

async function send(
  incoming: IncomingMessage,
  response: ServerResponse,
  answer: HttpResponse,
  body: Body,
  serving: Serving,
): Promise<void> {
  if (response.destroyed) return;
  const headers = listed(answer.headers);
  const whole = Buffer.isBuffer(answer.body) ? answer.body : undefined;
  const silent = incoming.method === "HEAD" || answer.status === 204 || answer.status === 304;
  if (!silent && !hasLength(headers) && (whole || answer.body === undefined)) {
    headers.push("Content-Length", String(whole?.length ?? 0));
  }
  const left = leftover(incoming, response, body);
  if (left === "too long" || serving.closing()) headers.push("Connection", "close");
  response.writeHead(answer.status, headers);

  if (left === "too long") await sendThenLinger(incoming, response, answer, silent);
  else if (silent || answer.body === undefined) response.end();
  else if (whole && whole.length <= joinedBytesMax)
    response.end(whole.toString("latin1"), "latin1");
  else if (whole) response.end(whole);
  else if (!Buffer.isBuffer(answer.body)) await pump(answer.body, response);
  if (left === "drain") incoming.resume();
}

/** Names and values by turns, a list that may grow. */
function listed(headers: HttpResponse["headers"]): string[] {
  const list: string[] = [];
  for (const name in headers) list.push(name, headers[name] ?? "");
  return list;
}

function hasLength(list: readonly string[]): boolean {
  for (let at = 0; at < list.length; at += 2) {
    const name = list[at];
    if (name?.length === 14 && name.toLowerCase() === "content-length") return true;
  }
  return false;
}

/** What becomes of the bytes of the request that are still to come. */
function leftover(
  incoming: IncomingMessage,
  response: ServerResponse,
  body: Body,
): "none" | "drain" | "too long" {
  const length = bodyLength(incoming);
  if (length === 0 || incoming.complete) return "none";
  const uninvited = incoming.headers.expect !== undefined && !body.begun();
  if (uninvited || length === undefined || length > drainedBytesMax) return "too long";
  return response.destroyed ? "none" : "drain";
}

/** Ends the connection after an early answer, but reads on for a moment: a reset would swallow the answer. */
async function sendThenLinger(
  incoming: IncomingMessage,
  response: ServerResponse,
  answer: HttpResponse,
  silent: boolean,
): Promise<void> {
  if (silent || answer.body === undefined) response.flushHeaders();
  else if (Buffer.isBuffer(answer.body)) response.write(answer.body);
  else {
    await pump(answer.body, response);
    return;
  }
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, lingerMs);
    const done = () => {
      clearTimeout(timer);
      resolve();
    };
    incoming.on("end", done).on("error", done).on("close", done).resume();
  });
  response.end();
  incoming.socket.destroySoon();
}

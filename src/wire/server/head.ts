import type { HttpRequest, Peer } from "../http.ts";
import type { Body } from "./body.ts";

/** The head of a request, as its version of HTTP gave it. */
export interface Head {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Names and values by turns, as sent. */
  readonly raw: readonly string[];
  /** HTTP/2's `:authority`. */
  readonly authority?: string;
}

const headersMax = 200;

/** Lower-case headers, exactly one of them the host; or the status that the head deserves. */
export function readHeaders(head: Head): HttpRequest["headers"] | number {
  const { raw } = head;
  if (raw.length > 2 * headersMax) return 431;
  const headers: [string, string][] = [];
  let host: string | undefined;
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? "").toLowerCase();
    const value = raw[at + 1] ?? "";
    if (name.startsWith(":")) continue;
    if (name === "host") {
      // Two hosts, even equal ones: one reader takes the first, another the second.
      if (host !== undefined) return 400;
      host = value;
    }
    headers.push([name, value]);
  }
  const { authority } = head;
  if (authority !== undefined) {
    // Some HTTP/2 clients sign the pseudo header, others the host that it stands for.
    headers.push([":authority", authority]);
    if (host === undefined) headers.push(["host", authority]);
    host ??= authority;
  }
  if (host === undefined || host === "") return 400;
  if (authority !== undefined && host !== authority) return 400;
  // Neither the form of proxies (http://…) nor `*`: what is signed is a path.
  return head.target.startsWith("/") ? headers : 400;
}

const plainTarget = /^[!-~]*$/;

/** Puts a head and a body together. */
export function makeRequest(
  head: Head,
  headers: HttpRequest["headers"],
  peer: Peer,
  body: Body,
): HttpRequest {
  const target = plainTarget.test(head.target) ? head.target : encodeBytes(head.target);
  const at = target.indexOf("?");
  return {
    method: head.method,
    path: at < 0 ? target : target.slice(0, at),
    query: at < 0 ? "" : target.slice(at + 1),
    headers,
    header: (name) => findHeader(headers, name),
    peer,
    body: body.body,
    readAll: body.readAll,
  };
}

function findHeader(headers: HttpRequest["headers"], name: string): string | undefined {
  let found: string | undefined;
  for (const [key, value] of headers) {
    if (key === name) found = found === undefined ? value : `${found}, ${value}`;
  }
  return found;
}

/** Bytes that should have been percent-encoded arrive as one character each. */
function encodeBytes(target: string): string {
  return target.replace(
    /[^!-~]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

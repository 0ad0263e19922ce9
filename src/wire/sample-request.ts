import type { HttpRequest } from "./http.ts";

/** A request for tests, from its first line and its headers: `GET /b/k?acl`. */
export function requestOf(
  line: string,
  headers: Readonly<Record<string, string>> = {},
): HttpRequest {
  const [method = "GET", uri = "/"] = line.split(" ");
  const mark = uri.indexOf("?");
  const list = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return {
    method,
    path: mark < 0 ? uri : uri.slice(0, mark),
    query: mark < 0 ? "" : uri.slice(mark + 1),
    headers: list,
    header: (name) => list.find(([own]) => own === name)?.[1],
    peer: { ip: "127.0.0.1", secure: false },
    body: (async function* () {})(),
    readAll: async () => Buffer.alloc(0),
  };
}

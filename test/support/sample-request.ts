import { assert } from "../../src/lib/assert.ts";
import type { HttpRequest, HttpResponse } from "../../src/wire/http.ts";
import { findModel } from "../../src/wire/models.ts";
import type { ProtocolName, Routed } from "../../src/wire/protocol.ts";

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

/** A routed call for tests of one protocol: `routedTo("kms", "Encrypt", "aws-json-1.1")`. */
export function routedTo(service: string, name: string, protocol: ProtocolName): Routed {
  const model = findModel(service);
  const operation = model?.findOperation(name);
  assert(model && operation, `there is no ${service}:${name}`);
  return {
    kind: "routed",
    protocol,
    model,
    operation,
    labels: {},
    head: operation.method === "HEAD",
    resource: "/",
    queryMode: false,
  };
}

/** The text of a response's body. */
export function bodyOf({ body }: HttpResponse): string {
  assert(body === undefined || Buffer.isBuffer(body), "the body is there at once");
  return body?.toString("utf8") ?? "";
}

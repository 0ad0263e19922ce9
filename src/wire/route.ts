import { ServiceError } from "../lib/service-error.ts";
import type { HttpRequest } from "./http.ts";
import type { ServiceModel } from "./model.ts";
import { findModelByTarget } from "./models.ts";
import type { AnswerForm, ProtocolName, Route } from "./protocol.ts";

/** What routing reads of a request. */
export type RequestHead = Pick<HttpRequest, "method" | "path" | "query" | "header">;

/** Finds service, operation and protocol. `scopeService` is the name in the signature's credential scope. */
export function route(head: RequestHead, scopeService: string | undefined): Route {
  const target = head.header("x-amz-target");
  if (target !== undefined) return routeTarget(head, target, scopeService);
  return unrouted(formOf(head, "rest-xml"), "MethodNotAllowed", "not routed");
}

const jsonProtocols: Readonly<Record<string, ProtocolName>> = {
  "application/x-amz-json-1.0": "aws-json-1.0",
  "application/x-amz-json-1.1": "aws-json-1.1",
  "application/x-amz-cbor-1.1": "aws-cbor",
};

function routeTarget(head: RequestHead, target: string, scope: string | undefined): Route {
  const type = (head.header("content-type") ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
  const dot = target.lastIndexOf(".");
  const model = findModelByTarget(target.slice(0, Math.max(dot, 0)));
  const protocol = jsonProtocols[type] ?? "aws-json-1.1";
  const form = formOf(head, protocol, model);
  if (!model?.protocols.includes("json") || jsonProtocols[type] === undefined) {
    return unrouted(form, "UnknownOperationException", `no operation answers \`${cut(target)}\``);
  }
  const operation = model.findOperation(target.slice(dot + 1));
  if (!operation) {
    return unrouted(form, "UnknownOperationException", `no operation answers \`${cut(target)}\``);
  }
  if (scope !== undefined && scope !== model.signingName) {
    const message = `Credential should be scoped to correct service: '${model.signingName}'. `;
    return unrouted(form, "InvalidSignatureException", message);
  }
  return { ...form, kind: "routed", model, operation, labels: {} };
}

/** How to answer this request in the protocol. */
function formOf(head: RequestHead, protocol: ProtocolName, model?: ServiceModel): AnswerForm {
  return {
    protocol,
    ...(model && { model }),
    head: head.method === "HEAD",
    resource: head.path,
    queryMode: head.header("x-amzn-query-mode") === "true",
  };
}

function unrouted(form: AnswerForm, code: string, message: string): Route {
  return { ...form, kind: "unrouted", refusal: new ServiceError(code, message) };
}

const cut = (text: string) => (text.length > 128 ? `${text.slice(0, 128)}...` : text);

import { ServiceError } from "../lib/service-error.ts";
import { findBucketInHost } from "./bucket-host.ts";
import type { HttpRequest } from "./http.ts";
import type { OperationModel, ServiceModel } from "./model.ts";
import {
  findModel,
  findModelByTarget,
  findModelsBySigningName,
  findQueryModels,
  findRestModels,
} from "./models.ts";
import type { AnswerForm, ProtocolName, Route, Routed } from "./protocol.ts";
import { parseQuery } from "./protocols/rest-bindings.ts";
import { matchRest } from "./rest-route.ts";

/** What routing reads of a request. */
export type RequestHead = Pick<HttpRequest, "method" | "path" | "query" | "header">;

/** Whether the body must be read before the request can be routed: a form names its operation inside. */
export function isForm(head: RequestHead, scopeService: string | undefined): boolean {
  return (
    head.method === "POST" &&
    head.path === "/" &&
    mediaType(head) === "application/x-www-form-urlencoded" &&
    (scopeService === undefined || !speaks(scopeService, "rest")) &&
    head.header("x-amz-target") === undefined
  );
}

/**
 * Finds service, operation and protocol. What the request names decides, never the signature's scope; where the
 * two disagree the request is refused, so that nothing signed for one service is judged as another's.
 * `scopeService` is undefined when nobody signed; `baseHosts` are the names, without port, under which clients reach
 * this Bondstore; `body` is the whole body, needed only where `isForm` says so.
 */
export function route(
  head: RequestHead,
  scopeService: string | undefined,
  baseHosts: readonly string[],
  body?: Buffer,
): Route {
  if (head.header("smithy-protocol") === "rpc-v2-cbor") return routeRpc(head, scopeService);
  const target = head.header("x-amz-target");
  if (target !== undefined) return routeTarget(head, target, scopeService);
  const form = formText(head, scopeService, body);
  if (form !== undefined) return routeForm(head, form, scopeService);
  return routeRest(head, scopeService, baseHosts);
}

/** `POST /service/NAME/operation/OPERATION` */
function routeRpc(head: RequestHead, scopeService: string | undefined): Route {
  const path = /^\/service\/([A-Za-z0-9_.]{1,128})\/operation\/([A-Za-z0-9]{1,128})$/.exec(
    head.path,
  );
  const model = path?.[1] === undefined ? undefined : findModelByTarget(path[1]);
  const form = formOf(head, "rpc-v2-cbor", model);
  const operation = model?.protocols.includes("smithy-rpc-v2-cbor")
    ? model.findOperation(path?.[2] ?? "")
    : undefined;
  if (!model || !operation || head.method !== "POST") return unknown(form, head.path);
  return checkScope(routedOf(head, form.protocol, model, operation, noLabels), scopeService);
}

const targetProtocols: ReadonlyMap<string, ProtocolName> = new Map([
  ["application/x-amz-json-1.0", "aws-json-1.0"],
  ["application/x-amz-json-1.1", "aws-json-1.1"],
  ["application/x-amz-cbor-1.1", "aws-cbor"],
]);

const noLabels: Readonly<Record<string, string>> = {};

/** Targets that were found before; only those that exist, so there cannot be many. */
const knownTargets = new Map<string, readonly [ServiceModel, OperationModel]>();

function findTarget(
  target: string,
): readonly [ServiceModel | undefined, OperationModel | undefined] {
  const known = knownTargets.get(target);
  if (known) return known;
  const dot = target.lastIndexOf(".");
  const model = findModelByTarget(target.slice(0, Math.max(dot, 0)));
  if (!model?.protocols.includes("json")) return [model, undefined];
  const operation = model.findOperation(target.slice(dot + 1));
  if (operation) knownTargets.set(target, [model, operation]);
  return [model, operation];
}

/** `X-Amz-Target: PREFIX.OPERATION` */
function routeTarget(head: RequestHead, target: string, scopeService: string | undefined): Route {
  const [model, operation] = findTarget(target);
  const protocol =
    targetProtocols.get(head.header("content-type") ?? "") ?? targetProtocols.get(mediaType(head));
  const addressed = protocol !== undefined && head.method === "POST" && head.path === "/";
  if (!model || !operation || !addressed) {
    return unknown(formOf(head, protocol ?? "aws-json-1.1", model), target);
  }
  return checkScope(routedOf(head, protocol, model, operation, noLabels), scopeService);
}

/** The text that holds `Action`, in the body or in the query of a GET; undefined where there is none. */
function formText(
  head: RequestHead,
  scopeService: string | undefined,
  body: Buffer | undefined,
): string | undefined {
  if (isForm(head, scopeService)) return body?.toString("latin1") ?? "";
  if (head.path !== "/") return undefined;
  if (scopeService !== undefined && speaks(scopeService, "rest")) return undefined;
  if (head.method === "GET" && /(?:^|&)Action=/.test(head.query)) return head.query;
  return scopeService !== undefined && speaks(scopeService, "query") ? "" : undefined;
}

/** `Action=OPERATION&Version=…` */
function routeForm(head: RequestHead, text: string, scopeService: string | undefined): Route {
  const action = /(?:^|&)Action=([A-Za-z0-9]{1,128})(?=&|$)/.exec(text)?.[1];
  const version = /(?:^|&)Version=([0-9-]{1,16})(?=&|$)/.exec(text)?.[1];
  const named = findQueryModels(version);
  const scoped = named.filter(({ signingName }) => signingName === scopeService);
  const candidates = scoped.length > 0 ? scoped : named;
  const model = candidates.find((model) => model.findOperation(action ?? "")) ?? candidates[0];
  const protocol = model?.protocols.includes("ec2") ? "ec2-query" : "aws-query";
  const form = formOf(head, protocol, model);
  if (action === undefined) {
    const message = "The request is missing an action or a required parameter.";
    return unrouted(form, "MissingAction", message);
  }
  const operation = model?.findOperation(action);
  if (!model || !operation) {
    const message = `The action ${action} is not valid for this web service.`;
    return unrouted(form, "InvalidAction", message);
  }
  return checkScope(routedOf(head, form.protocol, model, operation, noLabels), scopeService);
}

/** Method, path and query; for S3 the bucket may be in the host. */
function routeRest(
  head: RequestHead,
  scopeService: string | undefined,
  baseHosts: readonly string[],
): Route {
  const model =
    findRestModels().find(({ signingName }) => signingName === scopeService) ?? findModel("s3");
  const protocol = model?.protocols.includes("rest-json") ? "rest-json" : "rest-xml";
  const form = formOf(head, protocol, model);
  if (!model) return unknown(form, head.path);
  const bucket = model.name === "s3" ? findBucketInHost(head.header("host"), baseHosts) : undefined;
  const path = bucket === undefined ? head.path : `/${bucket}${head.path}`;
  try {
    const query = parseQuery(head.query, invalidUri);
    const match = matchRest(model, head.method, path, query, (name) => head.header(name));
    if (!match) return unknown(form, `${head.method} ${head.path}`);
    const labels = decodeLabels(match.labels);
    // A slash would let one bucket's name look like another bucket's key.
    if (labels["Bucket"]?.includes("/")) {
      return unrouted(form, "InvalidBucketName", "The specified bucket is not valid.");
    }
    return checkScope(routedOf(head, protocol, model, match.operation, labels), scopeService);
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    return { ...form, kind: "unrouted", refusal: error };
  }
}

const invalidUri = () => new ServiceError("InvalidURI", "Couldn't parse the specified URI.");

function decodeLabels(encoded: Readonly<Record<string, string>>): Record<string, string> {
  const labels: Record<string, string> = {};
  try {
    for (const [name, text] of Object.entries(encoded)) labels[name] = decodeURIComponent(text);
  } catch {
    throw invalidUri();
  }
  return labels;
}

/** Refuses a request that was signed for another service than the one that it names. */
function checkScope(routed: Routed, scope: string | undefined): Route {
  const { signingName } = routed.model;
  if (scope === undefined || scope === signingName) return routed;
  if (routed.protocol === "rest-xml") {
    const message = `The authorization header is malformed; incorrect service "${cut(scope)}". This endpoint belongs to "${signingName}".`;
    return unrouted(routed, "AuthorizationHeaderMalformed", message);
  }
  const query = routed.protocol === "aws-query" || routed.protocol === "ec2-query";
  const code = query ? "SignatureDoesNotMatch" : "InvalidSignatureException";
  const message = `Credential should be scoped to correct service: '${signingName}'. `;
  return unrouted(routed, code, message);
}

/** No operation: told in the words of the protocol. */
function unknown(form: AnswerForm, what: string): Route {
  if (form.protocol === "rest-xml") {
    const message = "The specified method is not allowed against this resource.";
    return unrouted(form, "MethodNotAllowed", message);
  }
  return unrouted(form, "UnknownOperationException", `no operation answers \`${cut(what)}\``);
}

function unrouted(form: AnswerForm, code: string, message: string): Route {
  return { ...form, kind: "unrouted", refusal: new ServiceError(code, message) };
}

/** One literal without spreading: this is on the way of every request. */
function routedOf(
  head: RequestHead,
  protocol: ProtocolName,
  model: ServiceModel,
  operation: OperationModel,
  labels: Readonly<Record<string, string>>,
): Routed {
  return {
    kind: "routed",
    protocol,
    model,
    operation,
    labels,
    head: head.method === "HEAD",
    resource: head.path,
    queryMode: head.header("x-amzn-query-mode") === "true",
  };
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

const mediaType = (head: RequestHead) =>
  (head.header("content-type") ?? "").split(";", 1)[0]?.trim().toLowerCase() ?? "";

/** Whether a service of this signing name speaks a protocol of the family. */
const speaks = (signingName: string, family: "rest" | "query") =>
  findModelsBySigningName(signingName).some(({ protocols }) =>
    protocols.some(
      (protocol) => protocol.startsWith(family) || (family === "query" && protocol === "ec2"),
    ),
  );

const cut = (text: string) => (text.length > 128 ? `${text.slice(0, 128)}...` : text);

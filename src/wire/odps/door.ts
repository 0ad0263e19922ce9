import type { Principal } from "../../identity/principal.ts";
import { type OdpsClaim, OdpsSignatures, readOdpsClaim } from "../../identity/signature/odps.ts";
import { bearerKey, verifyBearer } from "../../identity/signature/odps-bearer.ts";
import { ServiceError } from "../../lib/service-error.ts";
import type { Document, OdpsAnswer, OdpsInput } from "../../pipeline/document.ts";
import { type FrontDoorOptions, sourceOf } from "../front-door.ts";
import { BodyTooLarge, type HttpRequest, type HttpResponse } from "../http.ts";
import { MalformedXml } from "../protocols/xml-reader.ts";
import type { Handle } from "../server/serving.ts";
import { encodeAnswer, encodeRefusal, inOdpsWords } from "./answer.ts";
import { type OdpsRouted, routeOdps } from "./routes.ts";
import { readDocument } from "./xml-document.ts";

type DoorOptions = Pick<
  FrontDoorOptions,
  "pipeline" | "directory" | "clock" | "random" | "onFault" | "keepsOut"
>;

/** Path of the endpoint that clients configure; tunnel clients are told a bare host and leave it out. */
const prefix = "/api";
/** Where the Storage API begins; clients put it after the address of the tunnel. */
const storagePrefix = "/storage/";
const bearerHeader = "x-odps-bearer-token";
const bodyBytesMax = 8 * 1024 * 1024;

/** Lets what is signed in MaxCompute's manner to its own door; all else goes on. */
export function admitOdps(handle: Handle, options: DoorOptions): Handle {
  const { directory, clock } = options;
  const signatures = new OdpsSignatures((id) => directory.findCredentials(id), clock);
  return (request) =>
    request.header("authorization")?.startsWith("ODPS ") ||
    request.header(bearerHeader) !== undefined
      ? answer(request, signatures, options)
      : handle(request);
}

async function answer(
  request: HttpRequest,
  signatures: OdpsSignatures,
  options: DoorOptions,
): Promise<HttpResponse> {
  const id = options.random.uuid();
  try {
    return await serve(request, id, signatures, options);
  } catch (error) {
    const known = inOdpsWords(asRefusal(error));
    if (!known || known.cause !== undefined) options.onFault(id, known?.cause ?? error);
    const refusal =
      known ?? new ServiceError("InternalServerError", "The request failed inside the service");
    return encodeRefusal(refusal, {
      id,
      host: request.header("host") ?? "",
      form: formOf(request),
    });
  }
}

/** The Java SDK reads JSON where the tunnel refuses, and PyODPS XML everywhere. */
function formOf(request: HttpRequest): "xml" | "json" {
  const tunnel =
    /(?:^|&)(?:downloads|downloadid|uploads|uploadid)(?:=|&|$)/.test(request.query) ||
    /\/(?:streams|upserts)$|\/tunnel\/(?:uploads|downloads)(?:\/|$)/.test(request.path);
  const python = /pyodps/i.test(request.header("user-agent") ?? "");
  return tunnel && !python ? "json" : "xml";
}

function asRefusal(error: unknown): unknown {
  if (error instanceof BodyTooLarge) {
    return new ServiceError("InvalidArgument", `The body is longer than ${bodyBytesMax} bytes.`);
  }
  if (error instanceof MalformedXml) {
    return new ServiceError("MalformedXML", `The body is not XML: ${error.message}.`);
  }
  return error;
}

async function serve(
  request: HttpRequest,
  id: string,
  signatures: OdpsSignatures,
  options: DoorOptions,
): Promise<HttpResponse> {
  const { pipeline } = options;
  const path = request.path.startsWith(`${prefix}/`)
    ? request.path.slice(prefix.length)
    : request.path;
  // The Storage API has the prefix in its own paths: it is signed with them.
  const signed = path.startsWith(storagePrefix) ? `${prefix}${path}` : path;
  const routed = routeOdps(request, path);
  const principal = await authenticate(request, { path: signed, id, routed }, signatures, options);
  if (!routed) {
    throw new ServiceError(
      "MethodNotAllowed",
      `${request.method} ${path} is not built in this Bondstore, or not known; docs/coverage.md lists what is`,
    );
  }
  const account = "account" in principal ? principal.account : "";
  const output = await pipeline.run({
    id,
    service: "maxcompute",
    operation: routed.operation,
    principal,
    account,
    source: sourceOf(request),
    decode: () =>
      inputOf(request, routed).catch((error: unknown) => {
        throw asRefusal(error);
      }),
    describe: (input) => describeOdps(input as OdpsInput),
    inner: false,
  });
  const scheme = request.peer.secure ? "https" : "http";
  const endpoint = `${scheme}://${request.header("host") ?? ""}${request.path.slice(0, request.path.length - path.length)}`;
  return encodeAnswer((output ?? {}) as OdpsAnswer, id, endpoint);
}

/** Says who asks. What names a key of ours and does not prove it is in that account's trail before it is refused. */
async function authenticate(
  request: HttpRequest,
  { path, id, routed }: { path: string; id: string; routed: OdpsRouted | undefined },
  signatures: OdpsSignatures,
  { directory, pipeline, keepsOut, clock }: DoorOptions,
): Promise<Principal> {
  const bearer = request.header(bearerHeader);
  const claim = readOdpsClaim(request.header("authorization") ?? "");
  const accessKeyId = bearer === undefined ? claim?.accessKeyId : bearerKey(bearer);
  try {
    const principal =
      bearer === undefined
        ? signer(request, path, claim, signatures)
        : verifyBearer(bearer, (key) => directory.findCredentials(key), clock);
    const why = keepsOut(principal);
    if (why !== undefined) throw new ServiceError("NoPermission", why);
    if (accessKeyId !== undefined) directory.noteUse(accessKeyId, "maxcompute");
    return principal;
  } catch (error) {
    const account = accessKeyId === undefined ? undefined : directory.accountOfKey(accessKeyId);
    if (!(error instanceof ServiceError) || accessKeyId === undefined || account === undefined) {
      throw error;
    }
    await pipeline.refused({
      ...{ id, service: "maxcompute", operation: routed?.operation ?? "Unknown" },
      ...{ account, accessKeyId, refusal: error },
      ...sourceOf(request),
    });
    throw error;
  }
}

function signer(
  request: HttpRequest,
  path: string,
  claim: OdpsClaim | undefined,
  signatures: OdpsSignatures,
): Principal {
  if (!claim) {
    throw new ServiceError("AuthorizationRequired", "The Authorization header is malformed.");
  }
  const { method, query, headers } = request;
  const token = request.header("authorization-sts-token");
  return signatures.verify({ method, path, query, headers }, claim, token).principal;
}

/** Headers that operations read, beside MaxCompute's own. */
const kept: ReadonlySet<string> = new Set(["accept-encoding", "content-encoding", "range"]);

async function inputOf(request: HttpRequest, routed: OdpsRouted): Promise<OdpsInput> {
  const { labels, parameters, body } = routed;
  const headers = Object.fromEntries(
    request.headers.filter(([name]) => name.startsWith("x-odps-") || kept.has(name)),
  );
  const input = { labels, parameters, headers };
  if (body === "data") return { ...input, body: request.body };
  const whole = (await request.readAll(bodyBytesMax)).toString("utf8");
  if (body === "xml") return { ...input, document: readDocument(whole) };
  return body === "text" ? { ...input, text: whole } : input;
}

const shownMax = 4096;
/** What a request in a volume speaks of. */
const pathHeader = "x-odps-volume-fs-path";

/** What the trail shows of a call: names and parameters, and the text of what is run. */
function describeOdps({ labels, parameters, headers, document, text }: OdpsInput) {
  const shown = (value: string) =>
    value.length > shownMax ? `${value.slice(0, shownMax)}…` : value;
  return {
    ...labels,
    ...(headers[pathHeader] !== undefined && { path: shown(headers[pathHeader]) }),
    parameters: { ...parameters },
    ...(document && { document: shown(JSON.stringify(document satisfies Document)) }),
    ...(text !== undefined && { text: shown(text) }),
  };
}

import type { Directory } from "../identity/directory.ts";
import type { Principal } from "../identity/principal.ts";
import { type ReadRequest, readClaim } from "../identity/signature/claim.ts";
import { type Family, wordRefusal } from "../identity/signature/refusals.ts";
import type { SignatureOptions, Verified } from "../identity/signature/request.ts";
import { checkClaim, verifyClaim } from "../identity/signature/verify.ts";
import type { Clock } from "../lib/clock.ts";
import type { Random } from "../lib/random.ts";
import { ServiceError } from "../lib/service-error.ts";
import type { Source } from "../pipeline/call.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { findBucketInHost } from "./bucket-host.ts";
import { bodyBytesMax, bodyTooLarge, decode, encode, encodeError, formBytesMax } from "./codecs.ts";
import { describe } from "./describe.ts";
import { BodyTooLarge, type HttpRequest, type HttpResponse } from "./http.ts";
import type { AnswerForm, Input, Route, Routed } from "./protocol.ts";
import { readStreamed, wholeBytesMax } from "./read-streamed.ts";
import { isForm, route } from "./route.ts";

export interface FrontDoorOptions {
  readonly pipeline: Pick<Pipeline, "run" | "refused" | "admitsAnonymous" | "isEverywhere">;
  readonly directory: Directory;
  readonly clock: Clock;
  readonly random: Random;
  /** The home Region, and those besides in which some services are. */
  readonly region: string;
  readonly furtherRegions: readonly string[];
  readonly admitSignatureV2: boolean;
  /** Host names that a bucket's name may stand before: `bucket.s3.localhost`. */
  readonly hosts: readonly string[];
  /** Learns of what went wrong on our side. */
  readonly onFault: (requestId: string, cause: unknown) => void;
  /** Why these credentials are not accepted at this door; undefined: they are. */
  readonly keepsOut: (principal: Principal) => string | undefined;
}

interface Door extends FrontDoorOptions {
  readonly signatures: SignatureOptions;
}

/** From bytes to a call and back: routes, verifies the signature, reads, runs the pipeline, answers. */
export function createFrontDoor(
  given: FrontDoorOptions,
): (request: HttpRequest) => Promise<HttpResponse> {
  const options: Door = { ...given, signatures: judgedBy(given) };
  return async (request) => {
    const id = options.random.uuid();
    const read = readSafely(request);
    const scope = "claim" in read ? read.claim?.scope.service : undefined;
    const form = isForm(request, scope);
    let routed = form ? undefined : route(request, scope, options.hosts);
    try {
      const streamed = routed !== undefined && isStreamed(routed);
      if (!streamed && !isShort(request)) await checkFirst({ request, read, routed, id }, options);
      const whole = streamed ? undefined : await request.readAll(limitOf(routed));
      routed ??= route(request, scope, options.hosts, whole);
      if ("refusal" in read) throw read.refusal;
      if (routed.kind === "unrouted") {
        throw await recorded(routed.refusal, { request, read, form: routed, id }, options);
      }
      return await serve({ request, read, routed, whole, id }, options);
    } catch (error) {
      return refuse(error, routed ?? route(request, scope, options.hosts), id, options);
    }
  };
}

/** How much is read of a body whose operation may be known, or not yet, or never. */
const limitOf = (routed: Route | undefined): number =>
  routed?.kind === "routed" ? bodyBytesMax(routed) : formBytesMax;

function readSafely(request: HttpRequest): ReadRequest | { readonly refusal: unknown } {
  try {
    return readClaim(request);
  } catch (refusal) {
    return { refusal };
  }
}

/** What every signature is judged by. */
const judgedBy = ({
  directory,
  clock,
  region,
  furtherRegions,
  pipeline,
  admitSignatureV2,
  hosts,
}: FrontDoorOptions): SignatureOptions => ({
  find: (accessKeyId) => directory.findCredentials(accessKeyId),
  clock,
  region,
  furtherRegions: (service) => (pipeline.isEverywhere(service) ? furtherRegions : []),
  admitSignatureV2,
  bucketInHost: (host) => findBucketInHost(host, hosts),
});

/** A body of unknown length may be a long one. */
const isShort = (request: HttpRequest): boolean => {
  const length = request.header("content-length") ?? "";
  return /^\d+$/.test(length) && Number(length) <= wholeBytesMax;
};

/** Refuses who cannot be right, before their body is kept in memory. */
async function checkFirst(
  {
    request,
    read,
    routed,
    id,
  }: {
    readonly request: HttpRequest;
    readonly read: ReturnType<typeof readSafely>;
    readonly routed: Route | undefined;
    readonly id: string;
  },
  options: Door,
): Promise<void> {
  if ("refusal" in read) throw read.refusal;
  try {
    checkClaim(read, options.signatures);
  } catch (error) {
    throw routed ? await recorded(error, { request, read, form: routed, id }, options) : error;
  }
}

/** S3's bodies are bound to the signature by a header and checked as they come; all others are read first. */
const isStreamed = ({ kind, model }: Route): boolean => kind === "routed" && model?.name === "s3";

interface Arrived {
  readonly request: HttpRequest;
  readonly read: ReadRequest;
  readonly routed: Routed;
  readonly whole: Buffer | undefined;
  readonly id: string;
}

async function serve(
  { request, read, routed, whole, id }: Arrived,
  options: Door,
): Promise<HttpResponse> {
  const { pipeline } = options;
  const { model, operation } = routed;
  let verified: Verified;
  try {
    verified = authenticate(read, routed, whole, options);
  } catch (error) {
    throw await recorded(error, { request, read, form: routed, id }, options);
  }
  const { principal, region } =
    verified.kind === "signed" ? verified : { ...verified, region: options.region };
  const account = "account" in principal ? principal.account : "";

  const output = await pipeline.run({
    id,
    service: model.name,
    operation: operation.name,
    region,
    principal,
    account,
    source: sourceOf(request),
    decode: () =>
      whole ? decode(routed, request, whole) : readStreamed(request, routed, verified),
    describe: (input) => describe(routed.operation, input as Input),
    inner: false,
  });
  return encode(routed, output ?? {}, id);
}

/** Says who asks. */
function authenticate(
  read: ReadRequest,
  { model }: Routed,
  whole: Buffer | undefined,
  options: Door,
): Verified {
  const verified = verifyClaim(read, options.signatures, whole);
  admit(verified, model.name, options);
  if (verified.kind === "signed") options.directory.noteUse(verified.accessKeyId, model.name);
  return verified;
}

interface Unproven {
  readonly request: HttpRequest;
  readonly read: ReadRequest;
  readonly form: AnswerForm;
  readonly id: string;
}

/** What names a key of ours and does not prove it is in that account's trail before it is refused. */
async function recorded(
  error: unknown,
  { request, read, form, id }: Unproven,
  { directory, pipeline }: FrontDoorOptions,
): Promise<unknown> {
  const refusal = wordRefusal(error, familyOf(form))?.error ?? error;
  const accessKeyId = read.claim?.accessKeyId;
  const account = accessKeyId === undefined ? undefined : directory.accountOfKey(accessKeyId);
  const { model, operation } = form;
  if (!(refusal instanceof ServiceError) || !model || !operation) return refusal;
  if (accessKeyId === undefined || account === undefined) return refusal;
  const { ip, userAgent } = sourceOf(request);
  await pipeline.refused({
    id,
    service: model.name,
    operation: operation.name,
    account,
    accessKeyId,
    ip,
    userAgent,
    refusal,
  });
  return refusal;
}

const userAgentMax = 512;

/** Where a request comes from. */
export const sourceOf = (request: HttpRequest): Source => ({
  ip: request.peer.ip,
  userAgent: (request.header("user-agent") ?? "").slice(0, userAgentMax),
  secure: request.peer.secure,
});

/** Who may not come in at all: nobody without a name where names are needed, nobody through another's door. */
function admit(verified: Verified, service: string, options: FrontDoorOptions): void {
  const { keepsOut, pipeline } = options;
  if (verified.kind === "anonymous" && !pipeline.admitsAnonymous(service)) {
    throw new ServiceError("MissingAuthenticationToken", "Missing Authentication Token");
  }
  const why = keepsOut(verified.principal);
  if (why !== undefined) throw new ServiceError("AccessDenied", why);
}

function familyOf({ model, protocol }: AnswerForm): Family {
  if (protocol === "rest-xml" || model?.name === "s3") return "s3";
  return protocol === "aws-query" || protocol === "ec2-query" ? "query" : "json";
}

function refuse(
  error: unknown,
  form: AnswerForm,
  id: string,
  { onFault }: FrontDoorOptions,
): HttpResponse {
  const known = error instanceof BodyTooLarge ? bodyTooLarge(form) : error;
  const worded = wordRefusal(known, familyOf(form))?.error ?? known;
  if (worded instanceof ServiceError) {
    if (worded.cause !== undefined) onFault(id, worded.cause);
    const { code, message, details } = worded;
    return encodeError(form, { code, message, details }, id);
  }
  onFault(id, worded);
  const message = "The request failed inside the service";
  return encodeError(form, { code: "InternalFailure", message, fault: true }, id);
}

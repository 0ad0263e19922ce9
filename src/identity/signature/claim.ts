import { isoSeconds } from "../../lib/clock.ts";
import { type HeaderValues, headerValues } from "./canonical.ts";
import { refusal } from "./refusals.ts";
import type { Claim, Scope, SignedRequest, V4Claim } from "./request.ts";

/** A request with its headers looked up once, and what it claims about its signature. */
export interface ReadRequest {
  readonly request: SignedRequest;
  readonly headers: HeaderValues;
  /** Undefined: the request names nobody. */
  readonly claim: Claim | undefined;
}

const algorithms = ["AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"] as const;
type Algorithm = (typeof algorithms)[number];

const signedHeadersMax = 200;
const week = 604_800;

/** Reads who a request claims to be from, without believing it. Refuses what is malformed. */
export function readClaim(request: SignedRequest): ReadRequest {
  let hosts = 0;
  for (const [name] of request.headers) if (name === "host") hosts += 1;
  // One reader of two hosts and another of the other: that is how requests are smuggled past a signature.
  if (hosts !== 1) throw refusal("duplicate-host");

  const headers = headerValues(request.headers);
  const authorization = headers.get("authorization");
  const query = queryClaim(request, headers);
  if (authorization !== undefined && query) throw refusal("two-mechanisms");
  const claim = authorization === undefined ? query : headerClaim(authorization, headers);
  return { request, headers, claim };
}

const credentialForm =
  /^([\w-]{1,128})\/(\d{8})\/(?:([\w-]{1,64})\/)?([\w.-]{1,64})\/aws4_request$/;

interface Credential {
  readonly accessKeyId: string;
  readonly scope: Scope;
  readonly scopeText: string;
}

function readCredential(
  text: string,
  algorithm: Algorithm,
  regionSet: string | undefined,
): Credential | undefined {
  const [, accessKeyId, date, region, service] = credentialForm.exec(text) ?? [];
  if (accessKeyId === undefined || date === undefined || service === undefined) return undefined;
  const single = algorithm === "AWS4-HMAC-SHA256";
  const scopeRegion = single ? region : regionSet;
  if (scopeRegion === undefined || (!single && region !== undefined)) return undefined;
  return {
    accessKeyId,
    scope: { date, region: scopeRegion, service },
    scopeText: text.slice(accessKeyId.length + 1),
  };
}

function headerClaim(authorization: string, headers: HeaderValues): V4Claim {
  const at = authorization.indexOf(" ");
  const type = at < 0 ? authorization : authorization.slice(0, at);
  if (type === "AWS") throw refusal("version-2");
  const algorithm = algorithms.find((known) => known === type);
  if (!algorithm) throw refusal("unsupported-type", { type: type.slice(0, 64) });

  const members = readMembers(authorization.slice(at + 1));
  const credential = readCredential(members.Credential, algorithm, headers.get("x-amz-region-set"));
  if (!credential) {
    throw malformedHeader("the Credential is not KEY/DATE/REGION/SERVICE/aws4_request.");
  }

  const date = headers.get("x-amz-date") ?? headers.get("date");
  if (date === undefined) throw refusal("missing-date");
  const timeMs = readTime(date);
  if (timeMs === undefined) throw refusal("missing-date");
  return {
    kind: "v4",
    algorithm,
    accessKeyId: credential.accessKeyId,
    scope: credential.scope,
    scopeText: credential.scopeText,
    time: timeText(date, timeMs),
    timeMs,
    signedHeaders: readSignedHeaders(members.SignedHeaders),
    signature: members.Signature,
    presigned: false,
    expiresSeconds: 0,
    token: headers.get("x-amz-security-token"),
    contentSha256: headers.get("x-amz-content-sha256"),
  };
}

type Member = "Credential" | "SignedHeaders" | "Signature";

function readMembers(text: string): Record<Member, string> {
  const members: Record<Member, string> = { Credential: "", SignedHeaders: "", Signature: "" };
  for (const part of text.split(",", 4)) {
    const at = part.indexOf("=");
    const name = part.slice(0, Math.max(at, 0)).trim();
    if (name !== "Credential" && name !== "SignedHeaders" && name !== "Signature") {
      throw malformedHeader("only Credential, SignedHeaders and Signature belong there.");
    }
    if (members[name] !== "") throw malformedHeader(`${name} is given twice.`);
    members[name] = part.slice(at + 1).trim();
  }
  for (const name of ["Credential", "SignedHeaders", "Signature"] as const) {
    if (members[name] === "") throw malformedHeader(`it requires '${name}' parameter.`);
  }
  return members;
}

const malformedHeader = (detail: string) => refusal("malformed-header", { detail });
const malformedQuery = (detail: string) => refusal("malformed-query", { detail });

function readSignedHeaders(text: string): readonly string[] {
  const names = text.split(";", signedHeadersMax + 1);
  if (names.length > signedHeadersMax) throw malformedHeader("it signs too many headers.");
  return names;
}

/** The parameters that sign a URL, version 4 and 2. */
const signing = new Set([
  "X-Amz-Algorithm",
  "X-Amz-Credential",
  "X-Amz-Date",
  "X-Amz-Expires",
  "X-Amz-SignedHeaders",
  "X-Amz-Signature",
  "X-Amz-Security-Token",
  "X-Amz-Content-Sha256",
  "X-Amz-Region-Set",
  "AWSAccessKeyId",
  "Signature",
  "Expires",
  "x-amz-security-token",
]);

function queryClaim(request: SignedRequest, headers: HeaderValues): Claim | undefined {
  const { query } = request;
  if (!query.includes("X-Amz-") && !query.includes("AWSAccessKeyId=")) return undefined;
  const found = new Map<string, string>();
  for (const part of query.split("&")) {
    const at = part.indexOf("=");
    const name = at < 0 ? part : part.slice(0, at);
    if (!signing.has(name)) continue;
    if (found.has(name)) throw malformedQuery(`${name} is given twice.`);
    found.set(name, decode(at < 0 ? "" : part.slice(at + 1)));
  }
  if (found.has("X-Amz-Algorithm") || found.has("X-Amz-Signature")) {
    return presignedClaim(found, headers);
  }
  const accessKeyId = found.get("AWSAccessKeyId");
  if (accessKeyId === undefined) return undefined;
  return {
    kind: "v2",
    accessKeyId,
    scope: { date: "", region: "", service: "s3" },
    signature: found.get("Signature") ?? "",
    expires: found.get("Expires") ?? "",
    token: found.get("x-amz-security-token"),
  };
}

function presignedClaim(found: ReadonlyMap<string, string>, headers: HeaderValues): V4Claim {
  const need = (name: string): string => {
    const value = found.get(name);
    if (value === undefined || value === "") throw malformedQuery(`${name} is missing.`);
    return value;
  };
  const type = need("X-Amz-Algorithm");
  const algorithm = algorithms.find((known) => known === type);
  if (!algorithm) throw malformedQuery("X-Amz-Algorithm only supports AWS4-HMAC-SHA256.");
  const credential = readCredential(
    need("X-Amz-Credential"),
    algorithm,
    found.get("X-Amz-Region-Set"),
  );
  if (!credential) {
    throw malformedQuery("X-Amz-Credential is not KEY/DATE/REGION/SERVICE/aws4_request.");
  }
  const time = need("X-Amz-Date");
  const timeMs = isoTime.test(time) ? readTime(time) : undefined;
  if (timeMs === undefined) throw malformedQuery('X-Amz-Date must be in "yyyyMMddTHHmmssZ" format');
  return {
    kind: "v4",
    algorithm,
    ...credential,
    time,
    timeMs,
    signedHeaders: readSignedHeaders(need("X-Amz-SignedHeaders")),
    signature: need("X-Amz-Signature"),
    presigned: true,
    expiresSeconds: readExpires(need("X-Amz-Expires")),
    token: found.get("X-Amz-Security-Token") ?? headers.get("x-amz-security-token"),
    contentSha256: found.get("X-Amz-Content-Sha256") ?? headers.get("x-amz-content-sha256"),
  };
}

function readExpires(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw malformedQuery("X-Amz-Expires should be a number");
  const seconds = Number(text);
  if (seconds < 1) throw malformedQuery("X-Amz-Expires must be at least 1 second");
  if (seconds > week) {
    throw malformedQuery(
      `X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than ${week} seconds`,
    );
  }
  return seconds;
}

function decode(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw malformedQuery("it is not percent-encoded UTF-8.");
  }
}

const isoTime = /^\d{8}T\d{6}Z$/;

function readTime(text: string): number | undefined {
  if (!isoTime.test(text)) {
    // A `Date` header: RFC 9110's form only, since Date.parse reads almost anything.
    const parsed = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} [\d:]{8} GMT$/.test(text);
    const time = parsed ? Date.parse(text) : Number.NaN;
    return Number.isNaN(time) ? undefined : time;
  }
  const part = (from: number, to: number) => Number(text.slice(from, to));
  const [month, day] = [part(4, 6), part(6, 8)];
  const [hour, minute, second] = [part(9, 11), part(11, 13), part(13, 15)];
  if (month < 1 || month > 12 || day < 1 || day > 31) return undefined;
  if (hour > 23 || minute > 59 || second > 60) return undefined;
  return Date.UTC(part(0, 4), month - 1, day, hour, minute, second);
}

function timeText(sent: string, timeMs: number): string {
  return isoTime.test(sent) ? sent : formatTime(timeMs);
}

/** `20261102T101500Z`, the form of times in signatures. */
export function formatTime(timeMs: number): string {
  return isoSeconds(timeMs).replace(/[-:]/g, "");
}

import { createHmac } from "node:crypto";
import { equalSecrets } from "../../lib/hash.ts";
import type { HeaderValues } from "./canonical.ts";
import { checkToken, nobody } from "./check-token.ts";
import { refusal } from "./refusals.ts";
import type { SignatureOptions, Signed, SignedRequest, V2Claim } from "./request.ts";

const weekMs = 604_800_000;

/** Parameters that name what is acted on, and so are signed. The others of a version 2 URL are not. */
const signedParameters = new Set(
  (
    "accelerate acl analytics cors defaultObjectAcl delete encryption inventory legal-hold lifecycle location " +
    "logging metrics notification object-lock ownershipControls partNumber policy policyStatus " +
    "publicAccessBlock replication requestPayment response-cache-control response-content-disposition " +
    "response-content-encoding response-content-language response-content-type response-expires restore " +
    "retention select select-type storageClass tagging torrent uploadId uploads versionId versioning versions website"
  ).split(" "),
);

/** Judges an S3 URL signed with HMAC-SHA1, where the operator admits such URLs. */
export function verifyVersion2(
  request: SignedRequest,
  headers: HeaderValues,
  claim: V2Claim,
  options: SignatureOptions,
): Signed {
  if (!options.admitSignatureV2) throw refusal("version-2");
  const nowMs = options.clock.now();
  checkExpiry(claim.expires, nowMs);

  const known = options.find(claim.accessKeyId);
  const credentials = known?.active ? known : nobody;
  const host = headers.get("host") ?? "";
  const bucket = options.bucketInHost ? options.bucketInHost(host) : bucketOfHost(host);
  const text = stringToSign(request, headers, claim, bucket);
  const expected = createHmac("sha1", credentials.secret).update(text).digest();
  const fits = equalSecrets(expected, Buffer.from(claim.signature, "base64"));
  if (!known?.active) throw refusal("unknown-key", { AWSAccessKeyId: claim.accessKeyId });
  if (!fits) {
    throw refusal("wrong-signature", { AWSAccessKeyId: claim.accessKeyId, StringToSign: text });
  }
  checkToken(credentials, claim.token, nowMs);
  return {
    kind: "signed",
    credentials,
    principal: credentials.principal,
    accessKeyId: claim.accessKeyId,
    scope: { ...claim.scope, region: options.region },
    region: options.region,
    presigned: true,
    version: "SigV2",
    payload: { kind: "unsigned" },
  };
}

function checkExpiry(expires: string, nowMs: number): void {
  if (!/^\d{1,12}$/.test(expires)) {
    throw refusal("malformed-query", { detail: "Expires should be a number" });
  }
  const endMs = Number(expires) * 1000;
  const serverTime = new Date(nowMs).toISOString();
  if (nowMs > endMs) {
    throw refusal("url-expired", { expires, serverTime, Expires: expires, ServerTime: serverTime });
  }
  if (endMs - nowMs > weekMs) {
    throw refusal("malformed-query", { detail: "Expires must be less than a week ahead" });
  }
}

function stringToSign(
  request: SignedRequest,
  headers: HeaderValues,
  claim: V2Claim,
  bucket: string | undefined,
): string {
  const amz = new Map<string, string>();
  const resource: string[] = [];
  for (const [name, value] of headers) if (name.startsWith("x-amz-")) amz.set(name, value);
  for (const part of request.query.split("&")) {
    const at = part.indexOf("=");
    const name = at < 0 ? part : part.slice(0, at);
    const lower = name.toLowerCase();
    if (lower.startsWith("x-amz-")) amz.set(lower, decode(part.slice(at + 1)));
    else if (signedParameters.has(name)) {
      resource.push(at < 0 ? name : `${name}=${decode(part.slice(at + 1))}`);
    }
  }
  const lines = [...amz].sort(([a], [b]) => (a < b ? -1 : 1)).map(([n, v]) => `${n}:${v}\n`);
  const query = resource.length === 0 ? "" : `?${resource.sort().join("&")}`;
  return [
    request.method,
    headers.get("content-md5") ?? "",
    headers.get("content-type") ?? "",
    claim.expires,
    `${lines.join("")}${bucket === undefined ? "" : `/${bucket}`}${request.path}${query}`,
  ].join("\n");
}

/** Where nobody says how hosts are read: only `BUCKET.s3.…` names a bucket. */
const bucketOfHost = (host: string): string | undefined =>
  /^([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\.s3[.-]/.exec(host)?.[1];

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refusal("malformed-query", { detail: "it is not percent-encoded UTF-8." });
  }
}

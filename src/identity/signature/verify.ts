import { isoSeconds } from "../../lib/clock.ts";
import { sha256Hex } from "../../lib/hash.ts";
import type { Credentials } from "../directory.ts";
import { canonicalHash } from "./canonical.ts";
import { checkToken, nobody } from "./check-token.ts";
import { formatTime, type ReadRequest, readClaim } from "./claim.ts";
import { payloadRule, sha256Form } from "./payload.ts";
import { refusal } from "./refusals.ts";
import type { SignatureOptions, SignedRequest, V4Claim, Verified } from "./request.ts";
import { verifyVersion2 } from "./signature-v2.ts";
import { signatureCheck } from "./signing-keys.ts";

const skewMs = 15 * 60_000;

/**
 * Says who signed a request, or refuses it.
 * Outside S3 a signature covers the body's hash, so the body comes along; S3 names the hash in a header.
 */
export function verifySignature(
  request: SignedRequest,
  options: SignatureOptions,
  body?: Uint8Array,
): Verified {
  return verifyClaim(readClaim(request), options, body);
}

/** The same for a request that `readClaim` has read: its scope tells whether the body is needed first. */
export function verifyClaim(
  read: ReadRequest,
  options: SignatureOptions,
  body?: Uint8Array,
): Verified {
  const { claim, headers } = read;
  if (!claim) {
    const payload = payloadRule(
      headers.get("x-amz-content-sha256") ?? "UNSIGNED-PAYLOAD",
      undefined,
    );
    return { kind: "anonymous", principal: { kind: "anonymous" }, payload };
  }
  if (claim.kind === "v2") return verifyVersion2(read.request, headers, claim, options);

  const nowMs = options.clock.now();
  checkSignedHeaders(read, claim);
  checkTime(claim, nowMs);
  const region = findRegion(claim, options);
  const payloadHash = payloadHashOf(claim, body);

  const known = options.find(claim.accessKeyId);
  const credentials = known?.active ? known : nobody;
  checkSignature(read, claim, credentials, payloadHash, known?.active === true);
  checkToken(credentials, claim.token, nowMs);
  return {
    kind: "signed",
    credentials,
    principal: credentials.principal,
    accessKeyId: claim.accessKeyId,
    scope: claim.scope,
    region,
    presigned: claim.presigned,
    version: claim.algorithm === "AWS4-HMAC-SHA256" ? "SigV4" : "SigV4A",
    payload: payloadRule(payloadHash, { claim, credentials, checked: body !== undefined }),
  };
}

/**
 * Refuses what is wrong whatever the body will be. Asked before a long body is read, so that nobody without a key of
 * ours can make us keep one.
 */
export function checkClaim(
  read: ReadRequest,
  options: Pick<SignatureOptions, "find" | "clock" | "region" | "furtherRegions">,
): void {
  const { claim } = read;
  if (!claim) throw refusal("unsigned");
  if (claim.kind === "v4") {
    checkSignedHeaders(read, claim);
    checkTime(claim, options.clock.now());
    findRegion(claim, options);
  }
  if (options.find(claim.accessKeyId)?.active) return;
  throw refusal("unknown-key", { AWSAccessKeyId: claim.accessKeyId });
}

/** Every host and x-amz-* header present is signed, and every header said to be signed is present. */
function checkSignedHeaders({ headers }: ReadRequest, claim: V4Claim): void {
  const { signedHeaders } = claim;
  for (const name of headers.keys()) {
    if (name !== "host" && !name.startsWith("x-amz-")) continue;
    // HTTP/2 clients sign the pseudo header that carries the host.
    const carrier = name === "host" && signedHeaders.includes(":authority");
    if (!signedHeaders.includes(name) && !carrier) {
      throw refusal("unsigned-header", { header: name, HeadersNotSigned: name });
    }
  }
  for (const name of signedHeaders) {
    if (!headers.has(name)) {
      throw refusal("signed-header-missing", { header: name, MissingHeaderName: name });
    }
  }
}

function checkTime(claim: V4Claim, nowMs: number): void {
  const { time, timeMs, expiresSeconds } = claim;
  if (claim.presigned) {
    if (timeMs - nowMs > skewMs) {
      throw refusal("url-not-yet-valid", { time, ...serverTimes(nowMs) });
    }
    const endMs = timeMs + expiresSeconds * 1000;
    if (nowMs > endMs) {
      throw refusal("url-expired", {
        expires: formatTime(endMs),
        ...serverTimes(nowMs),
        Expires: isoSeconds(endMs),
        "X-Amz-Expires": String(expiresSeconds),
      });
    }
  } else if (Math.abs(timeMs - nowMs) > skewMs) {
    throw refusal("skewed", {
      time,
      ...serverTimes(nowMs),
      RequestTime: time,
      MaxAllowedSkewMilliseconds: String(skewMs),
    });
  }
}

const serverTimes = (nowMs: number) => ({
  serverTime: formatTime(nowMs),
  ServerTime: isoSeconds(nowMs),
});

/** Services that AWS has once, signed for us-east-1 whatever the region of the client. */
const global = new Set(["iam", "sts", "organizations", "account", "support"]);

/** The Region of ours that a request is signed for; of several, the first. Refuses a scope that is not ours. */
function findRegion(
  claim: V4Claim,
  { region: home, furtherRegions }: Pick<SignatureOptions, "region" | "furtherRegions">,
): string {
  const { scope, time } = claim;
  const requestDate = time.slice(0, 8);
  if (scope.date !== requestDate) {
    throw refusal("wrong-date", { date: scope.date, requestDate, time });
  }
  const single = claim.algorithm === "AWS4-HMAC-SHA256";
  if (single && scope.region === home) return home;
  const regions = [home, ...(furtherRegions?.(scope.service) ?? [])];
  const found = regions.find((region) =>
    single ? scope.region === region : inRegionSet(scope.region, region),
  );
  if (found !== undefined) return found;
  if (single && scope.region === "us-east-1" && global.has(scope.service)) return home;
  throw refusal("wrong-region", {
    region: scope.region,
    service: scope.service,
    regions: regions.join("', '"),
    Region: home,
  });
}

function inRegionSet(set: string, region: string): boolean {
  return set.split(",", 50).some((entry) => {
    const pattern = entry.trim();
    if (!pattern.endsWith("*")) return pattern === region;
    return region.startsWith(pattern.slice(0, -1));
  });
}

/** What stands for the body in the canonical request. */
function payloadHashOf(claim: V4Claim, body: Uint8Array | undefined): string {
  const named = claim.contentSha256;
  if (claim.scope.service === "s3") {
    if (named !== undefined) {
      if (body && sha256Form.test(named) && sha256Hex(body) !== named) {
        throw refusal("wrong-payload");
      }
      return named;
    }
    if (claim.presigned) return "UNSIGNED-PAYLOAD";
    throw refusal("missing-payload-hash", { MissingHeaderName: "x-amz-content-sha256" });
  }
  // Outside S3 nothing but the body's own hash counts, whatever the header says.
  const actual = sha256Hex(body ?? "");
  if (named !== undefined && named !== actual) throw refusal("wrong-payload");
  return actual;
}

function checkSignature(
  read: ReadRequest,
  claim: V4Claim,
  credentials: Credentials,
  payloadHash: string,
  known: boolean,
): void {
  const hash = canonicalHash({
    request: read.request,
    headers: read.headers,
    signedHeaders: claim.signedHeaders,
    payloadHash,
    s3: claim.scope.service === "s3",
    without: claim.presigned ? "X-Amz-Signature" : undefined,
  });
  const text = `${claim.algorithm}\n${claim.time}\n${claim.scopeText}\n${hash}`;
  const fits = signatureCheck(credentials, claim)(claim.signature, text);
  if (!known) throw refusal("unknown-key", { AWSAccessKeyId: claim.accessKeyId });
  if (!fits) {
    throw refusal("wrong-signature", {
      AWSAccessKeyId: claim.accessKeyId,
      StringToSign: text,
      SignatureProvided: claim.signature,
    });
  }
}

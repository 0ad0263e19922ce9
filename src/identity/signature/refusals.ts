import { ServiceError } from "../../lib/service-error.ts";

/** How a service words its errors: by JSON or CBOR, by awsQuery and ec2Query, or as S3 does. */
export type Family = "json" | "query" | "s3";

type Wording = readonly [status: number, code: string, message: string];
type Row = Readonly<Record<Family, Wording>>;

const mismatch =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key " +
  "and signing method. Consult the service documentation for details.";
const badToken = "The security token included in the request is invalid.";
const unknownKey = "The AWS Access Key Id you provided does not exist in our records.";
const v2 =
  "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256. " +
  'With boto3, pass config=Config(signature_version="s3v4") to the client; this Bondstore does not admit ' +
  "signature version 2.";

/** JSON and query differ in their codes only. */
const both = (
  json: string,
  query: string,
  message: string,
  s3: Wording,
  queryStatus = 403,
): Row => ({ json: [400, json, message], query: [queryStatus, query, message], s3 });

const wrong = (message: string, s3: Wording): Row =>
  both("InvalidSignatureException", "SignatureDoesNotMatch", message, s3);
const incomplete = (message: string, s3: Wording): Row =>
  both("IncompleteSignatureException", "IncompleteSignature", message, s3, 400);
const stranger = (s3: Wording): Row =>
  both("UnrecognizedClientException", "InvalidClientTokenId", badToken, s3);

/** Why a signature is refused, and how each family says it. `{name}` stands for a fact of the refusal. */
const wordings = {
  unsigned: both(
    "MissingAuthenticationTokenException",
    "MissingAuthenticationToken",
    "Request is missing Authentication Token",
    [403, "AccessDenied", "Access Denied"],
  ),
  "malformed-header": incomplete("Authorization header is malformed: {detail}", [
    400,
    "AuthorizationHeaderMalformed",
    "The authorization header is malformed; {detail}",
  ]),
  "malformed-query": incomplete("Authorization query parameters are malformed: {detail}", [
    400,
    "AuthorizationQueryParametersError",
    "Error parsing the query parameters of the signature; {detail}",
  ]),
  "unsupported-type": incomplete("Unsupported authorization type: `{type}`", [
    400,
    "InvalidArgument",
    "Unsupported Authorization Type",
  ]),
  "two-mechanisms": incomplete(
    "Only one of the Authorization header and the query may carry a signature",
    [
      400,
      "InvalidArgument",
      "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter " +
        "or the Authorization header should be specified",
    ],
  ),
  "version-2": incomplete(v2, [400, "InvalidRequest", v2]),
  "duplicate-host": incomplete("The request has no Host, or more than one.", [
    400,
    "InvalidRequest",
    "The request has no Host, or more than one.",
  ]),
  "missing-date": incomplete(
    "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    [403, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header"],
  ),
  "unsigned-header": wrong("'{header}' must be a 'SignedHeader' in the AWS Authorization.", [
    403,
    "AccessDenied",
    "There were headers present in the request which were not signed",
  ]),
  "signed-header-missing": wrong(mismatch, [
    400,
    "MissingSecurityHeader",
    "Your request is missing a required header: {header}",
  ]),
  skewed: wrong("Signature expired: {time} is outside of the 15 min. around {serverTime}", [
    403,
    "RequestTimeTooSkewed",
    "The difference between the request time and the current time is too large.",
  ]),
  "url-expired": wrong("Signature expired: {expires} is now earlier than {serverTime}", [
    403,
    "AccessDenied",
    "Request has expired",
  ]),
  "url-not-yet-valid": wrong("Signature not yet current: {time} is still later than {serverTime}", [
    403,
    "AccessDenied",
    "Request is not valid yet",
  ]),
  "wrong-date": wrong(
    "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: " +
      "'{date}' != '{requestDate}', from '{time}'.",
    [
      400,
      "AuthorizationHeaderMalformed",
      "The authorization header is malformed; Invalid credential date '{date}'. This date is not the same as " +
        "X-Amz-Date: '{requestDate}'.",
    ],
  ),
  "wrong-region": wrong(
    "Credential should be scoped to a valid region, not '{region}'. Here {service} is in '{regions}'.",
    [
      400,
      "AuthorizationHeaderMalformed",
      "The authorization header is malformed; the region '{region}' is wrong; expecting '{Region}'",
    ],
  ),
  "unknown-key": stranger([403, "InvalidAccessKeyId", unknownKey]),
  "wrong-signature": wrong(mismatch, [
    403,
    "SignatureDoesNotMatch",
    "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
  ]),
  /** Temporary credentials without their token: nobody knows such a key. */
  "missing-token": stranger([403, "InvalidAccessKeyId", unknownKey]),
  "wrong-token": stranger([
    400,
    "InvalidToken",
    "The provided token is malformed or otherwise invalid.",
  ]),
  "expired-token": both(
    "ExpiredTokenException",
    "ExpiredToken",
    "The security token included in the request is expired",
    [400, "ExpiredToken", "The provided token has expired."],
  ),
  "missing-payload-hash": wrong(mismatch, [
    400,
    "InvalidRequest",
    "Missing required header for this request: x-amz-content-sha256",
  ]),
  "unknown-payload-hash": wrong(mismatch, [
    400,
    "InvalidArgument",
    "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-UNSIGNED-PAYLOAD-TRAILER, " +
      "STREAMING-AWS4-HMAC-SHA256-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER, " +
      "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD, STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER or a valid " +
      "sha256 value.",
  ]),
  "wrong-payload": wrong(mismatch, [
    400,
    "XAmzContentSHA256Mismatch",
    "The provided 'x-amz-content-sha256' header does not match what was computed.",
  ]),
} as const satisfies Record<string, Row>;

/** Why a signature is refused, before it is put into the words of a protocol. */
export type Reason = keyof typeof wordings;

/** A refusal whose code is the reason; the facts fill the words and, where AWS has them, the details. */
export function refusal(
  reason: Reason,
  facts: Readonly<Record<string, string>> = {},
): ServiceError {
  return new ServiceError(reason, fill(wordings[reason].query[2], facts), facts);
}

/** Puts a refusal into the words of a family; undefined when the error is not a refusal of a signature. */
export function wordRefusal(
  error: unknown,
  family: Family,
): { readonly status: number; readonly error: ServiceError } | undefined {
  if (!(error instanceof ServiceError) || !isReason(error.code)) return undefined;
  const [status, code, message] = wordings[error.code][family];
  const shown = Object.entries(error.details).filter(([name]) => /^[A-Z]/.test(name));
  const details = family === "s3" ? Object.fromEntries(shown) : {};
  return { status, error: new ServiceError(code, fill(message, error.details), details) };
}

const isReason = (code: string): code is Reason => Object.hasOwn(wordings, code);

function fill(message: string, facts: Readonly<Record<string, unknown>>): string {
  if (!message.includes("{")) return message;
  return message.replace(/\{(\w+)\}/g, (_, name: string) => {
    const fact = facts[name];
    return typeof fact === "string" ? fact : "";
  });
}

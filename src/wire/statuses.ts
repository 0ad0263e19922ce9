import type { ServiceModel } from "./model.ts";
import type { Failure, ProtocolName } from "./protocol.ts";

/**
 * Statuses of codes that models do not list. Sources: S3's "Error responses" for the codes of S3, "Common errors"
 * of the IAM API Reference for awsQuery's. The JSON protocols answer every fault of the client with 400.
 */
const commonStatuses: Readonly<Record<string, number>> = {
  AccessControlListNotSupported: 400,
  AccessDenied: 403,
  AccessDeniedException: 403,
  AccountProblem: 403,
  AllAccessDisabled: 403,
  BucketNotEmpty: 409,
  ConditionalRequestConflict: 409,
  EntityTooLarge: 400,
  ExpiredToken: 403,
  ExpiredTokenException: 403,
  IncompleteSignature: 400,
  InternalError: 500,
  InternalFailure: 500,
  InternalServerError: 500,
  InvalidAccessKeyId: 403,
  InvalidBucketState: 409,
  InvalidClientTokenId: 403,
  InvalidPartNumber: 416,
  InvalidRange: 416,
  InvalidSecurity: 403,
  InvalidSignatureException: 403,
  KMSInternalException: 500,
  MethodNotAllowed: 405,
  MissingAuthenticationToken: 403,
  MissingAuthenticationTokenException: 403,
  MissingContentLength: 411,
  NoSuchBucketPolicy: 404,
  NoSuchLifecycleConfiguration: 404,
  NoSuchPublicAccessBlockConfiguration: 404,
  NoSuchTagSet: 404,
  NoSuchVersion: 404,
  NotImplemented: 501,
  NotModified: 304,
  OperationAborted: 409,
  OptInRequired: 403,
  OwnershipControlsNotFoundError: 404,
  PreconditionFailed: 412,
  RequestExpired: 400,
  RequestTimeTooSkewed: 403,
  ServerSideEncryptionConfigurationNotFoundError: 404,
  ServiceUnavailable: 503,
  SignatureDoesNotMatch: 403,
  SlowDown: 503,
  Throttling: 400,
  ThrottlingException: 400,
  TokenRefreshRequired: 400,
  UnrecognizedClientException: 403,
};

/** Our own faults among the codes above: a client may try again. */
const faults = new Set(
  Object.keys(commonStatuses).filter((code) => (commonStatuses[code] ?? 0) >= 500),
);

/** Whether the error is the server's doing. */
export function isFault(model: ServiceModel | undefined, { code, fault }: Failure): boolean {
  return fault === true || faults.has(code) || model?.findError(code)?.fault === true;
}

/** The HTTP status of an error in its protocol. */
export function statusOf(
  protocol: ProtocolName,
  model: ServiceModel | undefined,
  failure: Failure,
): number {
  const fault = isFault(model, failure);
  const common = commonStatuses[failure.code];
  if (protocol.includes("json-1") || protocol.endsWith("cbor")) {
    if (!fault) return 400;
    return common !== undefined && common >= 500 ? common : 500;
  }
  return model?.findError(failure.code)?.status ?? common ?? (fault ? 500 : 400);
}

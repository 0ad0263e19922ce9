import type { Principal } from "../../identity/principal.ts";
import type { Context, KeyUse } from "../../keys/keys.ts";
import { keyUse } from "../../pipeline/key-use.ts";
import { ServiceError } from "../../pipeline/operation.ts";
import type { Sealer } from "../../storage/store.ts";
import { type Bucket, bucketArn, type S3Call } from "./find.ts";
import type { BucketEncryption, Seal } from "./records.ts";

/** What a writer may ask for, by headers; the bucket's default fills the rest. */
export interface Wanted {
  readonly ServerSideEncryption?: string | undefined;
  readonly SSEKMSKeyId?: string | undefined;
  readonly SSEKMSEncryptionContext?: string | undefined;
  readonly BucketKeyEnabled?: boolean | undefined;
  readonly SSECustomerAlgorithm?: string | undefined;
  readonly SSECustomerKey?: string | undefined;
}

/** How to seal a body, and what to keep of it. No sealer: the account's own storage key does it (SSE-S3). */
export interface NewSeal {
  readonly sealer?: Sealer;
  readonly seal?: Seal;
}

/** The key that the key service keeps for S3 in each account. */
const managedKey = "alias/aws/s3";

/** Makes the data key that a new object is sealed with, by the caller's or the owning service's permission. */
export async function newSeal(
  bucket: Bucket,
  key: string,
  wanted: Wanted,
  call: S3Call,
): Promise<NewSeal> {
  const { serviceSealing } = bucket.record;
  if (serviceSealing) {
    const { keyArn, context, service, sourceArn } = serviceSealing;
    if (keyArn === undefined) return {};
    return makeSeal(keyArn, context, { bucketKey: false, service, sourceArn }, bucket, call);
  }
  const { algorithm, keyId, bucketKey } = chosen(bucket.record.encryption, wanted);
  if (algorithm === "AES256") return {};
  const arn = bucketKey ? bucketArn(bucket.record.name) : `${bucketArn(bucket.record.name)}/${key}`;
  const context = { ...givenContext(wanted.SSEKMSEncryptionContext), "aws:s3:arn": arn };
  return makeSeal(keyId ?? managedKey, context, { bucketKey }, bucket, call);
}

async function makeSeal(
  keyId: string,
  context: Context,
  rest: Pick<Seal, "bucketKey" | "service" | "sourceArn">,
  bucket: Bucket,
  call: S3Call,
): Promise<NewSeal> {
  const use = useFor(rest, bucket, call);
  const { keys } = call.parts;
  const made = isShared(rest)
    ? keys.sharedDataKey(keyId, context, use)
    : keys.dataKey(keyId, context, use);
  const { sealer, wrapped, keyArn } = await inS3Words(made);
  return { sealer, seal: { keyArn, context, wrapped, ...rest } };
}

/**
 * A bucket key, and the data key of a service's own bucket, seal one object after the other; all others are of one
 * object, as their encryption context is.
 */
const isShared = ({ bucketKey, service }: Pick<Seal, "bucketKey" | "service">): boolean =>
  bucketKey || service !== undefined;

/** What opens an object's bytes. Asks the key service each time: a disabled key stops reading at once. */
export async function openSeal(
  seal: Seal | undefined,
  bucket: Bucket,
  call: S3Call,
): Promise<Sealer | undefined> {
  if (!seal) return undefined;
  const use = useFor(seal, bucket, call);
  const { keys } = call.parts;
  return inS3Words(
    isShared(seal)
      ? keys.openSharedDataKey(seal.wrapped, seal.context, use)
      : keys.openDataKey(seal.wrapped, seal.context, use),
  );
}

/** The members of an answer that tell how an object is sealed. */
export function sealMembers(seal: Seal | undefined): {
  ServerSideEncryption: "AES256" | "aws:kms";
  SSEKMSKeyId?: string;
  BucketKeyEnabled?: boolean;
} {
  if (!seal) return { ServerSideEncryption: "AES256" };
  return {
    ServerSideEncryption: "aws:kms",
    SSEKMSKeyId: seal.keyArn,
    ...(seal.bucketKey && { BucketKeyEnabled: true }),
  };
}

function useFor(
  { service, sourceArn }: Pick<Seal, "service" | "sourceArn">,
  bucket: Bucket,
  call: S3Call,
): KeyUse {
  const { account } = bucket;
  const from = sourceArn === undefined ? {} : { sourceArn, sourceAccount: account };
  if (service === undefined) return keyUse(call, "s3", { account, ...from });
  const principal: Principal = { kind: "service", name: service };
  return keyUse(call, service.replace(/\.amazonaws\.com$/, ""), { principal, account, ...from });
}

function chosen(standard: BucketEncryption, wanted: Wanted): BucketEncryption {
  if (wanted.SSECustomerAlgorithm !== undefined || wanted.SSECustomerKey !== undefined) {
    throw new ServiceError(
      "NotImplemented",
      "Encryption with keys that the client provides (SSE-C) is not built; use SSE-KMS",
    );
  }
  const { ServerSideEncryption: algorithm, SSEKMSKeyId, BucketKeyEnabled } = wanted;
  if (algorithm === undefined) {
    if (SSEKMSKeyId === undefined) return standard;
    throw new ServiceError(
      "InvalidArgument",
      "Server Side Encryption with KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
    );
  }
  if (algorithm === "AES256") return { algorithm, bucketKey: false };
  if (algorithm !== "aws:kms") {
    throw new ServiceError(
      "InvalidArgument",
      `The encryption method specified is not supported: ${algorithm}`,
    );
  }
  const keyId = SSEKMSKeyId ?? standard.keyId;
  return {
    algorithm,
    ...(keyId !== undefined && { keyId }),
    bucketKey: BucketKeyEnabled ?? standard.bucketKey,
  };
}

/** The header is base64 of a JSON object of texts. */
function givenContext(header: string | undefined): Context {
  if (header === undefined) return {};
  try {
    const given: unknown = JSON.parse(Buffer.from(header, "base64").toString());
    const entries = Object.entries(given as Record<string, unknown>);
    if (entries.every(([, value]) => typeof value === "string")) {
      return Object.fromEntries(entries) as Context;
    }
  } catch {
    // Refused below.
  }
  throw new ServiceError(
    "InvalidArgument",
    "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON which represents a string-string map",
  );
}

/** S3's own names for the refusals of KMS (S3 API reference, list of error codes). */
const kmsCodes: Readonly<Record<string, string>> = {
  AccessDeniedException: "AccessDenied",
  DisabledException: "KMS.DisabledException",
  KMSInvalidStateException: "KMS.KMSInvalidStateException",
  NotFoundException: "KMS.NotFoundException",
  InvalidCiphertextException: "KMS.InvalidCiphertextException",
  ThrottlingException: "KMS.ThrottlingException",
};

async function inS3Words<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    throw new ServiceError(kmsCodes[error.code] ?? error.code, error.message, error.details);
  }
}

import type { ListMultipartUploadsOutput, ListObjectsV2Output } from "@aws-sdk/client-s3";
import type { Invoke, Parts, Source } from "../../pipeline/call.ts";
import { encryptionContext } from "./encryption.ts";
import { type ApplicationRecord, bucketName, serviceName } from "./records.ts";

/** Acts as the service itself, for one of its applications. */
export const asService = (account: string, arn: string): Parameters<Invoke>[3] => ({
  principal: { kind: "service", name: serviceName },
  account,
  source: serviceSource(account, arn),
});

export const serviceSource = (account: string, arn: string): Source => ({
  ip: serviceName,
  userAgent: serviceName,
  secure: true,
  via: serviceName,
  sourceArn: arn,
  sourceAccount: account,
});

/**
 * Who reaches the state of an application: the service, and the role's session in the application's own cell. Nobody
 * else, whatever other policies say; not its account's administrator either.
 */
const policyOf = (bucket: string, { arn, role }: ApplicationRecord): string => {
  const resources = [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`];
  const fromCell = { "kinesisanalytics:SourceApplicationArn": arn };
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "TheService",
        Effect: "Allow",
        Principal: { Service: serviceName },
        Action: "s3:*",
        Resource: resources,
        Condition: { ArnEquals: { "aws:SourceArn": arn } },
      },
      {
        Sid: "TheApplicationsCell",
        Effect: "Allow",
        Principal: { AWS: role },
        Action: [
          "s3:GetObject",
          "s3:PutObject",
          "s3:DeleteObject",
          "s3:ListBucket",
          "s3:AbortMultipartUpload",
          "s3:ListMultipartUploadParts",
          "s3:ListBucketMultipartUploads",
          "s3:GetBucketLocation",
        ],
        Resource: resources,
        Condition: { ArnEquals: fromCell },
      },
      {
        Sid: "NobodyElse",
        Effect: "Deny",
        Principal: "*",
        Action: "s3:*",
        Resource: resources,
        Condition: {
          ArnNotEquals: fromCell,
          StringNotEquals: { "aws:PrincipalServiceName": serviceName },
        },
      },
    ],
  });
};

/** Makes the bucket of an application's state, or brings its policy and key up to date. */
export async function prepareStateBucket(
  record: ApplicationRecord,
  account: string,
  parts: Parts,
): Promise<string> {
  const bucket = bucketName(account, record);
  const { encryption, arn } = record;
  await parts.invoke(
    "s3",
    "PutServiceBucket",
    {
      Bucket: bucket,
      Policy: policyOf(bucket, record),
      Sealing: {
        service: serviceName,
        sourceArn: arn,
        context: encryptionContext(arn),
        ...(encryption.type === "CUSTOMER_MANAGED_KEY" && { keyArn: encryption.keyArn }),
      },
    },
    asService(account, arn),
  );
  return bucket;
}

/** Every key below a prefix, oldest name first. */
export async function listState(
  bucket: string,
  prefix: string,
  account: string,
  arn: string,
  parts: Parts,
): Promise<{ readonly key: string; readonly modifiedAtMs: number }[]> {
  const found: { key: string; modifiedAtMs: number }[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page: ListObjectsV2Output = await parts.invoke(
      "s3",
      "ListObjectsV2",
      { Bucket: bucket, Prefix: prefix, ...(ContinuationToken && { ContinuationToken }) },
      asService(account, arn),
    );
    for (const { Key = "", LastModified } of page.Contents ?? []) {
      found.push({ key: Key, modifiedAtMs: LastModified?.getTime() ?? 0 });
    }
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
  return found;
}

/** Removes everything below a prefix, but what is below another one; uploads, too, that a killed cell left open. */
export async function clearState(
  bucket: string,
  prefix: string,
  account: string,
  arn: string,
  parts: Parts,
  but?: string,
): Promise<void> {
  const as = asService(account, arn);
  const isKept = (key: string) => but !== undefined && key.startsWith(but);
  for (const { key } of await listState(bucket, prefix, account, arn, parts)) {
    if (isKept(key)) continue;
    await parts.invoke("s3", "DeleteObject", { Bucket: bucket, Key: key }, as);
  }
  let next: Pick<ListMultipartUploadsOutput, "NextKeyMarker" | "NextUploadIdMarker"> | undefined;
  do {
    const page: ListMultipartUploadsOutput = await parts.invoke(
      "s3",
      "ListMultipartUploads",
      {
        ...{ Bucket: bucket, Prefix: prefix },
        ...(next && { KeyMarker: next.NextKeyMarker, UploadIdMarker: next.NextUploadIdMarker }),
      },
      as,
    );
    for (const { Key = "", UploadId } of page.Uploads ?? []) {
      if (isKept(Key)) continue;
      await parts.invoke("s3", "AbortMultipartUpload", { Bucket: bucket, Key, UploadId }, as);
    }
    next = page.IsTruncated ? page : undefined;
  } while (next);
}

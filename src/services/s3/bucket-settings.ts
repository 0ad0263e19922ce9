import type {
  DeleteBucketEncryptionRequest,
  DeleteBucketPolicyRequest,
  DeletePublicAccessBlockRequest,
  GetBucketEncryptionOutput,
  GetBucketEncryptionRequest,
  GetBucketPolicyOutput,
  GetBucketPolicyRequest,
  GetBucketPolicyStatusOutput,
  GetBucketPolicyStatusRequest,
  GetPublicAccessBlockOutput,
  GetPublicAccessBlockRequest,
  PutBucketEncryptionRequest,
  PutBucketPolicyRequest,
  PutPublicAccessBlockRequest,
} from "@aws-sdk/client-s3";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { compileWildcards } from "../../policy/pattern.ts";
import { compilePolicy, type Policy, PolicyError } from "../../policy/policy.ts";
import { isPublic } from "../../policy/public-policy.ts";
import { type Bucket, findBucket, noBucket, type S3Call } from "./find.ts";
import { type BucketEncryption, type BucketRecord, bucketTable } from "./records.ts";

const policyBytesMax = 20_480;

/** Changes the very bucket that was judged. What a service keeps is not its owner's to change. */
async function change(
  { record, store }: Bucket,
  call: S3Call,
  how: (record: BucketRecord) => BucketRecord,
): Promise<void> {
  if (record.serviceSealing) {
    throw new ServiceError("AccessDenied", `Bucket ${record.name} is kept by a service`);
  }
  await call.parts.store.transaction(() => {
    const now = bucketTable(store).find([record.name]);
    if (now?.id !== record.id) throw noBucket(record.name);
    bucketTable(store).put([record.name], how(now));
  });
}

export const putBucketEncryption = operation("PutBucketEncryption", {
  action: "PutEncryptionConfiguration",
  resolve: (input: Checked<PutBucketEncryptionRequest>, call: S3Call) => findBucket(input, call),

  async handle(bucket, { ServerSideEncryptionConfiguration }, call): Promise<void> {
    const [rule, ...more] = ServerSideEncryptionConfiguration?.Rules ?? [];
    const standard = rule?.ApplyServerSideEncryptionByDefault;
    const algorithm = standard?.SSEAlgorithm;
    if (more.length > 0 || (algorithm !== "AES256" && algorithm !== "aws:kms")) {
      throw new ServiceError(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
      );
    }
    const keyId = standard?.KMSMasterKeyID;
    if (algorithm === "AES256" && keyId !== undefined) {
      throw new ServiceError(
        "InvalidArgument",
        "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms",
      );
    }
    const encryption: BucketEncryption = {
      algorithm,
      ...(keyId !== undefined && { keyId }),
      bucketKey: rule?.BucketKeyEnabled ?? false,
    };
    await change(bucket, call, (record) => ({ ...record, encryption }));
  },
});

export const getBucketEncryption = operation("GetBucketEncryption", {
  action: "GetEncryptionConfiguration",
  resolve: (input: Checked<GetBucketEncryptionRequest>, call: S3Call) => findBucket(input, call),

  handle({ record }): GetBucketEncryptionOutput {
    const { algorithm, keyId, bucketKey } = record.encryption;
    return {
      ServerSideEncryptionConfiguration: {
        Rules: [
          {
            ApplyServerSideEncryptionByDefault: {
              SSEAlgorithm: algorithm,
              ...(keyId !== undefined && { KMSMasterKeyID: keyId }),
            },
            BucketKeyEnabled: bucketKey,
          },
        ],
      },
    };
  },
});

/** Back to SSE-S3: a bucket is never without encryption. */
export const deleteBucketEncryption = operation("DeleteBucketEncryption", {
  action: "PutEncryptionConfiguration",
  resolve: (input: Checked<DeleteBucketEncryptionRequest>, call: S3Call) => findBucket(input, call),
  handle: (bucket, _input, call): Promise<void> =>
    change(bucket, call, (record) => ({
      ...record,
      encryption: { algorithm: "AES256", bucketKey: false },
    })),
});

export const putBucketPolicy = operation("PutBucketPolicy", {
  resolve: (input: Checked<PutBucketPolicyRequest>, call: S3Call) => findBucket(input, call),

  async handle(bucket, { Policy = "" }, call): Promise<void> {
    if (Buffer.byteLength(Policy) > policyBytesMax) {
      throw new ServiceError(
        "PolicyTooLarge",
        `Policies must not exceed ${policyBytesMax} bytes in size`,
      );
    }
    const policy = readPolicy(Policy, bucket.arn);
    if (bucket.record.publicAccessBlock?.BlockPublicPolicy && isPublic(policy)) {
      throw new ServiceError(
        "AccessDenied",
        `User is not authorized to perform: s3:PutBucketPolicy on resource: ${bucket.arn} because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.`,
      );
    }
    await change(bucket, call, (record) => ({ ...record, policy: Policy }));
  },
});

function readPolicy(text: string, arn: string): Policy {
  try {
    const policy = compilePolicy(text, "resource");
    const named = policy.statements.flatMap(({ resources }) =>
      resources && !resources.negated ? resources.texts : [],
    );
    // A policy speaks about its own bucket and what is in it, never about another's.
    if (!named.every((pattern) => covers(pattern, arn))) {
      throw new ServiceError("MalformedPolicy", "Policy has invalid resource");
    }
    return policy;
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new ServiceError("MalformedPolicy", error.message);
  }
}

/** Whether the bucket's part of a pattern fits the bucket. */
const covers = (pattern: string, arn: string): boolean =>
  compileWildcards(pattern.split("/", 1)[0] ?? "")(arn, () => undefined);

export const getBucketPolicy = operation("GetBucketPolicy", {
  resolve: (input: Checked<GetBucketPolicyRequest>, call: S3Call) => findBucket(input, call),

  handle({ record }): GetBucketPolicyOutput {
    if (record.policy === undefined) throw noPolicy(record.name);
    return { Policy: record.policy };
  },
});

export const getBucketPolicyStatus = operation("GetBucketPolicyStatus", {
  resolve: (input: Checked<GetBucketPolicyStatusRequest>, call: S3Call) => findBucket(input, call),

  handle({ record }): GetBucketPolicyStatusOutput {
    if (record.policy === undefined) throw noPolicy(record.name);
    return { PolicyStatus: { IsPublic: isPublic(compilePolicy(record.policy, "resource")) } };
  },
});

const noPolicy = (bucket: string): ServiceError =>
  new ServiceError("NoSuchBucketPolicy", "The bucket policy does not exist", {
    BucketName: bucket,
  });

export const deleteBucketPolicy = operation("DeleteBucketPolicy", {
  resolve: (input: Checked<DeleteBucketPolicyRequest>, call: S3Call) => findBucket(input, call),
  handle: (bucket, _input, call): Promise<void> =>
    change(bucket, call, ({ policy: _, ...record }) => record),
});

export const putPublicAccessBlock = operation("PutPublicAccessBlock", {
  action: "PutBucketPublicAccessBlock",
  resolve: (input: Checked<PutPublicAccessBlockRequest>, call: S3Call) => findBucket(input, call),

  async handle(bucket, { PublicAccessBlockConfiguration: given }, call): Promise<void> {
    const publicAccessBlock = {
      BlockPublicAcls: given?.BlockPublicAcls ?? false,
      IgnorePublicAcls: given?.IgnorePublicAcls ?? false,
      BlockPublicPolicy: given?.BlockPublicPolicy ?? false,
      RestrictPublicBuckets: given?.RestrictPublicBuckets ?? false,
    };
    await change(bucket, call, (record) => ({ ...record, publicAccessBlock }));
  },
});

export const getPublicAccessBlock = operation("GetPublicAccessBlock", {
  action: "GetBucketPublicAccessBlock",
  resolve: (input: Checked<GetPublicAccessBlockRequest>, call: S3Call) => findBucket(input, call),

  handle({ record }): GetPublicAccessBlockOutput {
    const { publicAccessBlock } = record;
    if (publicAccessBlock) return { PublicAccessBlockConfiguration: { ...publicAccessBlock } };
    throw new ServiceError(
      "NoSuchPublicAccessBlockConfiguration",
      "The public access block configuration was not found",
      { BucketName: record.name },
    );
  },
});

export const deletePublicAccessBlock = operation("DeletePublicAccessBlock", {
  action: "PutBucketPublicAccessBlock",
  resolve: (input: Checked<DeletePublicAccessBlockRequest>, call: S3Call) =>
    findBucket(input, call),
  handle: (bucket, _input, call): Promise<void> =>
    change(bucket, call, ({ publicAccessBlock: _, ...record }) => record),
});

import type {
  CreateBucketOutput,
  CreateBucketRequest,
  DeleteBucketRequest,
  GetBucketLocationOutput,
  GetBucketLocationRequest,
  HeadBucketOutput,
  HeadBucketRequest,
  ListBucketsOutput,
  ListBucketsRequest,
} from "@aws-sdk/client-s3";
import { type Checked, operation, ServiceError } from "../../pipeline/operation.ts";
import { bucketArn, findBucket, type S3Call } from "./find.ts";
import { type BucketRecord, bucketTable, objectTable, ownerTable, uploadTable } from "./records.ts";
import { refuseUnbuilt } from "./unbuilt.ts";

const bucketsMax = 1000;
const nameForm = /^(?!xn--|sthree-)(?!.*(-s3alias|--ol-s3)$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

export function checkBucketName(name: string): void {
  if (nameForm.test(name) && !/\.\.|^\d+\.\d+\.\d+\.\d+$/.test(name)) return;
  throw new ServiceError("InvalidBucketName", "The specified bucket is not valid.", {
    BucketName: name,
  });
}

/** Makes a bucket: private, sealed by default, in the caller's account. */
export const createBucket = operation("CreateBucket", {
  resolve: ({ Bucket = "" }: Checked<CreateBucketRequest>, call: S3Call) => ({
    arn: bucketArn(Bucket),
    account: call.account,
    type: "AWS::S3::Bucket",
  }),
  context: ({ CreateBucketConfiguration }, _target, call) => ({
    "s3:locationconstraint": CreateBucketConfiguration?.LocationConstraint ?? call.region,
  }),

  async handle(_target, input, call): Promise<CreateBucketOutput> {
    const { Bucket = "", CreateBucketConfiguration, ObjectOwnership } = input;
    checkBucketName(Bucket);
    refuseUnbuilt(input);
    if (ObjectOwnership !== undefined && ObjectOwnership !== "BucketOwnerEnforced") {
      throw new ServiceError("NotImplemented", "Access control lists are not built; use policies");
    }
    const { LocationConstraint: region, Tags = [], Bucket: kind } = CreateBucketConfiguration ?? {};
    if (Tags.length > 0 || kind !== undefined) {
      throw new ServiceError(
        "NotImplemented",
        "Tags of buckets and directory buckets: not built in this Bondstore yet",
      );
    }
    if (region !== undefined && region !== call.region) {
      throw new ServiceError(
        "IllegalLocationConstraintException",
        `The ${region} location constraint is incompatible for the region specific endpoint this request was sent to.`,
      );
    }
    await addBucket(Bucket, {}, call);
    return { Location: `/${Bucket}` };
  },
});

/** Puts a new bucket into both tables, or refuses because the name is taken. */
export async function addBucket(
  name: string,
  more: Partial<BucketRecord>,
  call: S3Call,
): Promise<void> {
  const owners = ownerTable(call.parts.store.system);
  const buckets = bucketTable(call.store);
  await call.parts.store.transaction(() => {
    const owner = owners.find([name]);
    if (owner?.account === call.account) {
      throw new ServiceError(
        "BucketAlreadyOwnedByYou",
        "Your previous request to create the named bucket succeeded and you already own it.",
        { BucketName: name },
      );
    }
    if (owner) {
      throw new ServiceError(
        "BucketAlreadyExists",
        "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.",
        { BucketName: name },
      );
    }
    if ([...buckets.range({ limit: bucketsMax })].length >= bucketsMax) {
      throw new ServiceError(
        "TooManyBuckets",
        "You have attempted to create more buckets than allowed",
      );
    }
    owners.put([name], { account: call.account });
    buckets.put([name], {
      id: call.parts.random.uuid(),
      name,
      createdAtMs: call.timeMs,
      encryption: { algorithm: "AES256", bucketKey: false },
      publicAccessBlock: {
        BlockPublicAcls: true,
        IgnorePublicAcls: true,
        BlockPublicPolicy: true,
        RestrictPublicBuckets: true,
      },
      ...more,
    });
  });
}

export const headBucket = operation("HeadBucket", {
  action: "ListBucket",
  resolve: (input: Checked<HeadBucketRequest>, call: S3Call) => findBucket(input, call),
  handle: (_bucket, _input, call): HeadBucketOutput => ({ BucketRegion: call.region }),
});

export const getBucketLocation = operation("GetBucketLocation", {
  resolve: (input: Checked<GetBucketLocationRequest>, call: S3Call) => findBucket(input, call),

  handle: (_bucket, _input, call): GetBucketLocationOutput =>
    call.region === "us-east-1"
      ? {}
      : {
          LocationConstraint: call.region as NonNullable<
            GetBucketLocationOutput["LocationConstraint"]
          >,
        },
});

/** Removes an empty bucket. */
export const deleteBucket = operation("DeleteBucket", {
  resolve: (input: Checked<DeleteBucketRequest>, call: S3Call) => findBucket(input, call),

  async handle({ record, store }, _input, call): Promise<void> {
    await call.parts.store.transaction(() => {
      const range = { prefix: [record.id], limit: 1 };
      if ([...objectTable(store).range(range), ...uploadTable(store).range(range)].length > 0) {
        throw new ServiceError("BucketNotEmpty", "The bucket you tried to delete is not empty", {
          BucketName: record.name,
        });
      }
      if (bucketTable(store).find([record.name])?.id !== record.id) return;
      bucketTable(store).remove([record.name]);
      ownerTable(call.parts.store.system).remove([record.name]);
    });
  },
});

/** The caller's account's buckets; those that services keep in it are not shown. */
export const listBuckets = operation("ListBuckets", {
  action: "ListAllMyBuckets",
  resolve: (_input: Checked<ListBucketsRequest>, call: S3Call) => ({
    arn: "*",
    account: call.account,
  }),

  handle(
    _target,
    { Prefix = "", MaxBuckets = bucketsMax, ContinuationToken },
    call,
  ): ListBucketsOutput {
    const after = ContinuationToken === undefined ? undefined : decodeToken(ContinuationToken);
    const found: BucketRecord[] = [];
    for (const { value } of bucketTable(call.store).range({
      ...(after !== undefined && { after: [after] }),
    })) {
      if (!value.name.startsWith(Prefix) || value.serviceSealing) continue;
      found.push(value);
      if (found.length > MaxBuckets) break;
    }
    const shown = found.slice(0, MaxBuckets);
    const last = shown.at(-1)?.name ?? "";
    return {
      Owner: { ID: call.account, DisplayName: call.account },
      Buckets: shown.map(({ name, createdAtMs }) => ({
        Name: name,
        CreationDate: new Date(createdAtMs),
        BucketRegion: call.region as string,
      })),
      ...(Prefix !== "" && { Prefix }),
      ...(found.length > MaxBuckets && {
        ContinuationToken: Buffer.from(last).toString("base64url"),
      }),
    };
  },
});

export const decodeToken = (token: string): string => Buffer.from(token, "base64url").toString();

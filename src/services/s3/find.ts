import type { AccessDemand } from "../../access/authorize.ts";
import type { Call } from "../../pipeline/call.ts";
import { ServiceError, type Target } from "../../pipeline/operation.ts";
import { compilePolicy } from "../../policy/policy.ts";
import type { Applied } from "../../policy/question.ts";
import type { AccountStore } from "../../storage/store.ts";
import { isPublic } from "./public-access.ts";
import {
  type BucketRecord,
  bucketTable,
  type ObjectRecord,
  objectTable,
  ownerTable,
} from "./records.ts";

export type S3Call = Call<S3>;

/** What the service keeps in memory: compiled bucket policies by their text. */
export interface S3 {
  readonly policies: Map<string, Applied>;
}

export interface Bucket extends Target {
  readonly record: BucketRecord;
  readonly store: AccountStore;
}

export interface ObjectTarget extends Bucket {
  readonly key: string;
  /** Undefined only where the operation does not need one. */
  readonly object?: ObjectRecord;
}

const policiesMax = 1000;

export const bucketArn = (name: string): string => `arn:aws:s3:::${name}`;

/** The bucket of this name, whoever owns it. */
export function findBucket(name: string | undefined, call: S3Call): Bucket {
  const { store } = call.parts;
  const bucket = name ?? "";
  const owner = ownerTable(store.system).find([bucket]);
  const record = owner && bucketTable(store.account(owner.account)).find([bucket]);
  if (!owner || !record) return noBucket(bucket, call);
  const policy = policyOf(record, call);
  return {
    arn: bucketArn(bucket),
    account: owner.account,
    type: "AWS::S3::Bucket",
    ...(policy && { policy }),
    record,
    store: store.account(owner.account),
  };
}

/** Who owns the name is nobody's secret: S3 answers NoSuchBucket to all. */
function noBucket(name: string, _call: S3Call): never {
  throw new ServiceError("NoSuchBucket", "The specified bucket does not exist", {
    BucketName: name,
  });
}

/**
 * The bucket policy, compiled. Under RestrictPublicBuckets a public policy speaks to the owner's account and to
 * services only.
 */
function policyOf(
  { name, policy, publicAccessBlock }: BucketRecord,
  call: S3Call,
): Applied | undefined {
  if (policy === undefined) return undefined;
  const { policies } = call.own;
  const known = policies.get(policy);
  const { kind } = call.principal;
  if (publicAccessBlock?.RestrictPublicBuckets && kind === "anonymous" && isPublic(policy)) {
    return undefined;
  }
  if (known) return known;
  const applied = { name: `bucket policy of ${name}`, policy: compilePolicy(policy, "resource") };
  if (policies.size >= policiesMax) policies.clear();
  policies.set(policy, applied);
  return applied;
}

/** A key in a bucket, whether there is an object or not. */
export function findKey(
  { Bucket, Key }: { readonly Bucket?: string | undefined; readonly Key?: string | undefined },
  call: S3Call,
): ObjectTarget {
  const bucket = findBucket(Bucket, call);
  const key = Key ?? "";
  const object = objectTable(bucket.store).find([bucket.record.id, key]);
  return {
    ...bucket,
    arn: `${bucket.arn}/${key}`,
    type: "AWS::S3::Object",
    key,
    ...(object && { object }),
  };
}

/** An object that must be there. Who may not list the bucket does not learn that it is missing. */
export function findObject(
  input: { readonly Bucket?: string | undefined; readonly Key?: string | undefined },
  call: S3Call,
): ObjectTarget {
  const target = findKey(input, call);
  if (target.object) return target;
  const refusal = new ServiceError("NoSuchKey", "The specified key does not exist.", {
    Key: target.key,
  });
  return { ...target, absent: { refusal, visible: listing(findBucket(input.Bucket, call)) } };
}

const listing = (bucket: Bucket): AccessDemand => ({ action: "s3:ListBucket", target: bucket });

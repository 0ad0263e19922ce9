import type { AccessDemand } from "../../access/authorize.ts";
import type { Call } from "../../pipeline/call.ts";
import { ServiceError, type Target } from "../../pipeline/operation.ts";
import { compilePolicy } from "../../policy/policy.ts";
import { isPublic } from "../../policy/public-policy.ts";
import type { Applied } from "../../policy/question.ts";
import type { AccountStore } from "../../storage/store.ts";
import {
  type BucketRecord,
  bucketTable,
  type ObjectRecord,
  objectTable,
  ownerTable,
} from "./records.ts";

export type S3Call = Call<S3>;

/** A bucket policy while it is in memory. */
interface Known {
  readonly text: string;
  readonly applied: Applied;
  readonly isPublic: boolean;
}

/** What the service keeps in memory: compiled bucket policies by the bucket's id. */
export interface S3 {
  readonly policies: Map<string, Known>;
}

/** How an input names a bucket, and whose it must be if it says so. */
interface BucketNamed {
  readonly Bucket?: string | undefined;
  readonly ExpectedBucketOwner?: string | undefined;
}

interface ObjectNamed extends BucketNamed {
  readonly Key?: string | undefined;
  readonly VersionId?: string | undefined;
}

export interface Bucket extends Target {
  readonly record: BucketRecord;
  readonly store: AccountStore;
}

export interface ObjectTarget extends Bucket {
  readonly key: string;
  /** Undefined only where the operation does not need one. */
  readonly object?: ObjectRecord | undefined;
}

const policiesMax = 1000;

export const bucketArn = (name: string): string => `arn:aws:s3:::${name}`;

/** The bucket that an input names, whoever owns it. */
export function findBucket(
  { Bucket: bucket = "", ExpectedBucketOwner: expected }: BucketNamed,
  call: S3Call,
): Bucket {
  const { store } = call.parts;
  const owner = ownerTable(store.system).find([bucket]);
  const record = owner && bucketTable(store.account(owner.account)).find([bucket]);
  if (!owner || !record) throw noBucket(bucket);
  // The caller's own guard against a bucket that changed hands.
  if (expected !== undefined && expected !== owner.account) {
    throw new ServiceError("AccessDenied", "Access Denied");
  }
  const policy = policyOf(record, owner.account, call);
  return {
    arn: bucketArn(bucket),
    account: owner.account,
    type: "AWS::S3::Bucket",
    policy,
    keptFor: record.serviceSealing?.sourceArn,
    record,
    store: store.account(owner.account),
  };
}

/** Who owns the name is nobody's secret: S3 answers NoSuchBucket to all. */
export const noBucket = (name: string): ServiceError =>
  new ServiceError("NoSuchBucket", "The specified bucket does not exist", { BucketName: name });

/**
 * The bucket policy, compiled. Under RestrictPublicBuckets a public policy speaks to the owner's account and to
 * services only; to all others it is as if there were none, which allows them nothing.
 */
function policyOf(record: BucketRecord, owner: string, call: S3Call): Applied | undefined {
  if (record.policy === undefined) return undefined;
  const policy = compiled(record, record.policy, call.own);
  const { principal } = call;
  const ofTheHouse =
    principal.kind === "service" || ("account" in principal && principal.account === owner);
  const restricted = record.publicAccessBlock?.RestrictPublicBuckets && policy.isPublic;
  return restricted && !ofTheHouse ? undefined : policy.applied;
}

function compiled({ id, name }: BucketRecord, text: string, { policies }: S3): Known {
  const known = policies.get(id);
  if (known?.text === text) return known;
  const policy = compilePolicy(text, "resource");
  const applied = { name: `bucket policy of ${name}`, policy };
  const fresh = { text, applied, isPublic: isPublic(policy) };
  if (policies.size >= policiesMax) policies.clear();
  policies.set(id, fresh);
  return fresh;
}

/** A key in a bucket, whether there is an object or not. */
export const findKey = (input: ObjectNamed, call: S3Call): ObjectTarget =>
  keyIn(findBucket(input, call), input.Key ?? "");

function keyIn(
  { arn, account, policy, keptFor, record, store }: Bucket,
  key: string,
): ObjectTarget {
  const object = objectTable(store).find([record.id, key]);
  const type = "AWS::S3::Object";
  // In full: what a spread makes is a slow kind of object to all who read it.
  return { arn: `${arn}/${key}`, account, type, policy, keptFor, record, store, key, object };
}

/** An object that must be there. Who may not list the bucket does not learn that it is missing. */
export function findObject(input: ObjectNamed, call: S3Call): ObjectTarget {
  checkVersion(input.VersionId);
  const bucket = findBucket(input, call);
  const target = keyIn(bucket, input.Key ?? "");
  if (target.object) return target;
  const refusal = new ServiceError("NoSuchKey", "The specified key does not exist.", {
    Key: target.key,
  });
  return { ...target, absent: { refusal, visible: listing(bucket) } };
}

/** Without versioning, the one version of an object is called `null`. */
export function checkVersion(version: string | undefined): void {
  if (version === undefined || version === "null") return;
  throw new ServiceError("NotImplemented", "Versions are not built in this Bondstore yet");
}

const listing = (bucket: Bucket): AccessDemand => ({ action: "s3:ListBucket", target: bucket });

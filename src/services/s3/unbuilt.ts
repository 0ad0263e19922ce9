import { ServiceError } from "../../pipeline/operation.ts";

/** What a writer may ask for and would not get: each is refused, none is passed over in silence. */
export interface Asked {
  readonly ACL?: string | undefined;
  readonly GrantFullControl?: string | undefined;
  readonly GrantRead?: string | undefined;
  readonly GrantReadACP?: string | undefined;
  readonly GrantWrite?: string | undefined;
  readonly GrantWriteACP?: string | undefined;
  readonly StorageClass?: string | undefined;
  readonly Tagging?: string | undefined;
  readonly WebsiteRedirectLocation?: string | undefined;
  readonly ObjectLockMode?: string | undefined;
  readonly ObjectLockRetainUntilDate?: Date | undefined;
  readonly ObjectLockLegalHoldStatus?: string | undefined;
  readonly ObjectLockEnabledForBucket?: boolean | undefined;
  readonly WriteOffsetBytes?: number | undefined;
}

/** Access is by policies alone, as in every new bucket (ObjectOwnership BucketOwnerEnforced). */
const noAcls = (): ServiceError =>
  new ServiceError("AccessControlListNotSupported", "The bucket does not allow ACLs");

const grants = [
  "GrantFullControl",
  "GrantRead",
  "GrantReadACP",
  "GrantWrite",
  "GrantWriteACP",
] as const;

/** These say what is so anyway. */
const harmlessAcls = ["private", "bucket-owner-full-control"];

const features: readonly (readonly [member: keyof Asked, name: string])[] = [
  ["Tagging", "Tags of objects"],
  ["WebsiteRedirectLocation", "Website hosting"],
  ["ObjectLockMode", "Object Lock"],
  ["ObjectLockRetainUntilDate", "Object Lock"],
  ["ObjectLockLegalHoldStatus", "Object Lock"],
  ["ObjectLockEnabledForBucket", "Object Lock"],
  ["WriteOffsetBytes", "Appending to objects"],
];

/** Refuses what a request asks for beyond what is built. */
export function refuseUnbuilt(asked: Asked): void {
  const { ACL, StorageClass } = asked;
  if (ACL !== undefined && !harmlessAcls.includes(ACL)) throw noAcls();
  if (grants.some((member) => asked[member] !== undefined)) throw noAcls();
  if (StorageClass !== undefined && StorageClass !== "STANDARD") {
    throw new ServiceError(
      "InvalidStorageClass",
      "The storage class you specified is not valid: this Bondstore has STANDARD alone",
    );
  }
  for (const [member, name] of features) {
    const value = asked[member];
    if (value === undefined || value === false || value === "") continue;
    throw new ServiceError("NotImplemented", `${name}: not built in this Bondstore yet`);
  }
}

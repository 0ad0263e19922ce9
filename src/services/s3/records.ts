import type { ChecksumAlgorithm } from "../../lib/checksum.ts";
import type { AccountStore, BlobRef, Table } from "../../storage/store.ts";

/** Who seals the objects of a bucket that belongs to a service, and for which of its resources. */
export interface ServiceSealing {
  /** The service that owns the bucket: `kinesisanalytics.amazonaws.com`. */
  readonly service: string;
  /** What the data belongs to: becomes aws:SourceArn. */
  readonly sourceArn: string;
  /** Encryption context of every data key. */
  readonly context: Readonly<Record<string, string>>;
  /** Key of the customer; absent: the account's own storage key. */
  readonly keyArn?: string;
}

export interface BucketEncryption {
  readonly algorithm: "AES256" | "aws:kms";
  readonly keyId?: string;
  readonly bucketKey: boolean;
}

export interface PublicAccessBlock {
  readonly BlockPublicAcls: boolean;
  readonly IgnorePublicAcls: boolean;
  readonly BlockPublicPolicy: boolean;
  readonly RestrictPublicBuckets: boolean;
}

/** A bucket as it is stored, in the table `s3-buckets` of its account, by name. */
export interface BucketRecord {
  /** Never used again, so that a new bucket of the same name has none of the old one's objects. */
  readonly id: string;
  readonly name: string;
  readonly createdAtMs: number;
  readonly encryption: BucketEncryption;
  /** Text of the bucket policy. */
  readonly policy?: string;
  /** Absent: everything public is allowed by policy alone. New buckets block all. */
  readonly publicAccessBlock?: PublicAccessBlock;
  readonly serviceSealing?: ServiceSealing;
}

/** How an object's bytes are sealed when a key other than the account's own does it. */
export interface Seal {
  readonly keyArn: string;
  /** The whole context that is bound, with the ARN that S3 or the service adds. */
  readonly context: Readonly<Record<string, string>>;
  readonly wrapped: Uint8Array;
  readonly bucketKey: boolean;
  /** The service in whose name the key is used; absent: the caller's. */
  readonly service?: string;
  readonly sourceArn?: string;
}

/** Headers that come back as they were sent. */
export interface ObjectHeaders {
  readonly ContentType?: string;
  readonly ContentEncoding?: string;
  readonly ContentLanguage?: string;
  readonly ContentDisposition?: string;
  readonly CacheControl?: string;
  readonly Expires?: string;
  readonly Metadata?: Readonly<Record<string, string>>;
}

export const checksumMembers = [
  "ChecksumCRC32",
  "ChecksumCRC32C",
  "ChecksumCRC64NVME",
  "ChecksumSHA1",
  "ChecksumSHA256",
] as const;

export type Checksums = { readonly [Member in (typeof checksumMembers)[number]]?: string };

export type ChecksumType = "COMPOSITE" | "FULL_OBJECT";

/** An object as it is stored, in `s3-objects`, by bucket id and key. */
export interface ObjectRecord {
  readonly key: string;
  readonly size: number;
  /** Without quotes. */
  readonly etag: string;
  readonly modifiedAtMs: number;
  /** One, or those of a multipart upload in order. */
  readonly blobs: readonly BlobRef[];
  readonly headers: ObjectHeaders;
  readonly checksums: Checksums;
  readonly checksumType?: ChecksumType;
  readonly seal?: Seal;
  /** The multipart upload that made it. */
  readonly uploadId?: string;
}

/** A multipart upload that is under way, in `s3-uploads`, by bucket id, key and upload id. */
export interface UploadRecord {
  readonly id: string;
  readonly key: string;
  readonly startedAtMs: number;
  readonly headers: ObjectHeaders;
  readonly seal?: Seal;
  readonly checksumAlgorithm?: ChecksumAlgorithm;
  readonly checksumType?: ChecksumType;
  /** ARN of who began it. */
  readonly initiator: string;
}

/** One part, in `s3-parts`, by upload id and number. */
export interface PartRecord {
  readonly number: number;
  readonly blob: BlobRef;
  readonly etag: string;
  readonly size: number;
  readonly modifiedAtMs: number;
  readonly checksums: Checksums;
}

export const bucketTable = (store: AccountStore): Table<BucketRecord> => store.table("s3-buckets");
export const objectTable = (store: AccountStore): Table<ObjectRecord> => store.table("s3-objects");
export const uploadTable = (store: AccountStore): Table<UploadRecord> => store.table("s3-uploads");
export const partTable = (store: AccountStore): Table<PartRecord> => store.table("s3-parts");

/** Which account owns a bucket name: names are one space for all accounts. In the system store. */
export const ownerTable = (store: AccountStore): Table<{ readonly account: string }> =>
  store.table("s3-bucket-owners");

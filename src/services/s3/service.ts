import type { Service } from "../../pipeline/operation.ts";
import * as settings from "./bucket-settings.ts";
import * as buckets from "./buckets.ts";
import { completeMultipartUpload } from "./complete-upload.ts";
import * as copies from "./copy.ts";
import { deleteObjects } from "./delete-objects.ts";
import type { S3 } from "./find.ts";
import * as listing from "./listing.ts";
import * as multipart from "./multipart.ts";
import { getObjectTagging } from "./object-tags.ts";
import * as objects from "./objects.ts";
import { putServiceBucket } from "./service-buckets.ts";
import * as uploadListing from "./upload-listing.ts";

/** Amazon S3. */
export const s3: Service<S3> = {
  name: "s3",
  prefix: "s3",
  eventSource: "s3.amazonaws.com",
  denied: "AccessDenied",
  anonymous: true,
  operations: [
    buckets.createBucket,
    buckets.headBucket,
    buckets.getBucketLocation,
    buckets.deleteBucket,
    buckets.listBuckets,
    settings.putBucketEncryption,
    settings.getBucketEncryption,
    settings.deleteBucketEncryption,
    settings.putBucketPolicy,
    settings.getBucketPolicy,
    settings.getBucketPolicyStatus,
    settings.deleteBucketPolicy,
    settings.putPublicAccessBlock,
    settings.getPublicAccessBlock,
    settings.deletePublicAccessBlock,
    objects.putObject,
    objects.getObject,
    objects.headObject,
    objects.deleteObject,
    getObjectTagging,
    deleteObjects,
    copies.copyObject,
    listing.listObjects,
    listing.listObjectsV2,
    multipart.createMultipartUpload,
    multipart.uploadPart,
    copies.uploadPartCopy,
    completeMultipartUpload,
    multipart.abortMultipartUpload,
    uploadListing.listParts,
    uploadListing.listMultipartUploads,
    putServiceBucket,
  ],
  start: () => ({ policies: new Map() }),
};
